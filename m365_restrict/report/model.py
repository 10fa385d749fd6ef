"""The one report model; every face is made from it: console, JSON, HTML, CSV, spreadsheet (policy.md 5).

Values here are fit to be shown: councillors' mailboxes are numbers, nobody's name or own address is in
them, and each sentence is whole. A face decides how it looks and in which order its medium allows, never
what is said. The order of the fields of `Report` is the order in which the parts are told.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from m365_restrict.plan.beside import Actor, ContactMailbox, MailCounts, NotCovered, Point
from m365_restrict.plan.change import Severity
from m365_restrict.report.documents import (
    DriftSummary,
    FindingLine,
    GuardLine,
    Head,
    LiveState,
    Mailbox,
    OverrideLine,
)
from m365_restrict.report.edition import Edition, Period, ReportLanguage


class ReportVerb(StrEnum):
    """The one verb of this document."""

    REPORT = "report"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


class Continuity(StrEnum):
    """How a finding stands against the run before."""

    NEW = "new"
    CONTINUING = "continuing"
    FIXED = "fixed"


class ResultWord(StrEnum):
    """How far a run came."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """Part 1 of the report: what was looked at, with which rules, by what, and how far it came.

    `mode` is audit or enforce, `applications` the application ids that the run signed in with, by role.
    `evidence_hash` is the hash of the run's entry in the ledger's chain, "" where none was made.
    """

    head: Head
    council: str
    tenant_id: str
    instance_id: str
    profile: str
    profile_version: str
    mode: str
    enforce_with: str
    applications: tuple[tuple[str, str], ...]
    tool_version: str
    result: ResultWord
    time_zone: str
    evidence_hash: str = ""


@dataclass(frozen=True, kw_only=True)
class PeriodCovered:
    """First and last local day of what a pack tells of, both included. One day for a run."""

    kind: Period
    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class ReportFinding:
    """One finding with everything that somebody needs to act on it (policy.md 5, parts 3 and 4).

    `owner` is a role or title, `due` the local day by which it is to be done. `approved_by` are titles or
    object ids as the register's evidence has them, `approved_on` the day of the latest approval that
    counts; empty and None without a case. `number` counts through the report from 1.
    """

    number: int
    line: FindingLine
    continuity: Continuity
    actors: tuple[Actor, ...]
    owner: str
    due: date | None
    approved_by: tuple[str, ...] = ()
    approved_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class LiveCase:
    """Part 5: one live case. `days_left` counts from the local day of the run; 0 is its last day.

    `open_by_hand` is the cmdlet that opens it, in the ICT edition alone, else "".
    """

    case_ref: str
    measure: str
    effective_from: date | None
    ends_on: date | None
    days_left: int | None
    next_review_on: date | None
    review_overdue_days: int
    state: LiveState
    rules: tuple[str, ...]
    approved_by: tuple[str, ...]
    approved_on: date | None
    enforced_since: datetime | None
    mail: MailCounts | None
    open_by_hand: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CouncillorNumbers:
    """Part 6: councillors in numbers. Nobody's choice, and no senders."""

    members: int | None
    with_choices: int
    choices_live: int
    choices_healthy: int
    choices_refused: int


@dataclass(frozen=True, kw_only=True)
class ActionTaken:
    """Part 7: one write of the tool in the period, with the decision behind it."""

    at: datetime
    action: str
    kind: str
    name: str
    mailbox: Mailbox
    case_ref: str | None
    result: str
    run_id: str
    approved_by: tuple[str, ...] = ()
    approved_on: date | None = None


class ExceptionKind(StrEnum):
    """What is in force although it is not the rule (part 8)."""

    WAIVER = "waiver"
    OPENED_BY_HAND = "opened_by_hand"
    OVERRIDE = "override"
    FREEZE = "freeze"
    SIGNED_ONE_CHANNEL = "signed_one_channel"


@dataclass(frozen=True, kw_only=True)
class StandingException:
    """One exception in force. `until` is None where it ends only by hand, which the text then says."""

    kind: ExceptionKind
    subject: str
    case_ref: str | None
    reason: str
    owner: str
    since: datetime
    until: date | None


@dataclass(frozen=True, kw_only=True)
class SignOff:
    """Part 9. `signed_on` is None while it is unsigned; `due` is ten working days after the period."""

    statement: str
    due: date
    signed_by: str = ""
    signed_on: date | None = None
    comments: str = ""


@dataclass(frozen=True, kw_only=True)
class DueTask:
    """One thing that somebody has to do about a case's life: the weekly worklist. `owner` is a role.

    `kind` and `urgency` are the values of `policy.life.TaskKind` and `Urgency`; both texts are sentences.
    """

    kind: str
    urgency: str
    case_ref: str | None
    owner: str
    due: date | None
    message: str
    action: str


class NumberOf(StrEnum):
    """What a number of the report counts, in the order in which the board reads them."""

    LIVE = "live"
    ENFORCED = "enforced"
    DIFFERING = "differing"
    ORPHANS = "orphans"
    UNKNOWN = "unknown"
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    OVERDUE_FINDINGS = "overdue_findings"
    """Findings whose day has passed."""
    OVERDUE_REVIEWS = "overdue_reviews"
    ACTIONS = "actions"
    """Writes of the tool in the period."""
    EXCEPTIONS = "exceptions"


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number, and what it was in the last pack of the same cadence; None where there was none."""

    of: NumberOf
    now: int
    before: int | None = None


@dataclass(frozen=True, kw_only=True)
class PublicCount:
    """How many cases a measure had in the period. None: withheld, because few people are meant."""

    measure: str
    count: int | None


@dataclass(frozen=True, kw_only=True)
class PublicCounts:
    """All that the public edition tells. `total` is withheld where it would undo what is withheld above."""

    by_measure: tuple[PublicCount, ...]
    total: int | None
    smallest_shown: int


@dataclass(frozen=True, kw_only=True)
class Trends:
    """What is better seen than read. Days without a run have no point: absence is not nought."""

    findings: tuple[tuple[Severity, tuple[Point, ...]], ...] = ()
    mail_by_week: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    live_by_measure: tuple[tuple[str, int], ...] = ()
    days_to_review: tuple[tuple[str, int], ...] = ()
    """Bands in words (`overdue`, `within 30 days` …) and how many live cases are in each."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that one report says, in the order of policy.md 5.

    A part that an edition leaves out is empty. In the public edition that is every part but `identity`,
    `period` and `public`; the noughts of its `summary` mean nothing and no face shows them.
    """

    identity: RunIdentity
    period: PeriodCovered
    edition: Edition
    summary: DriftSummary
    findings: tuple[ReportFinding, ...]
    fixed: tuple[str, ...]
    """Sentences: what the run before found and this one does not."""
    live: tuple[LiveCase, ...]
    contacts: tuple[ContactMailbox, ...]
    councillors: CouncillorNumbers
    actions: tuple[ActionTaken, ...]
    exceptions: tuple[StandingException, ...]
    guards: tuple[GuardLine, ...]
    overrides: tuple[OverrideLine, ...]
    not_covered: tuple[NotCovered, ...]
    sign_off: SignOff | None
    trends: Trends
    language: ReportLanguage = ReportLanguage.ENGLISH
    numbers: tuple[Number, ...] = ()
    compared_on: date | None = None
    """The local day of the pack that `numbers` are compared with."""
    worklist: tuple[DueTask, ...] = ()
    public: PublicCounts | None = None
    welsh_is_checked: bool = False
    """Whether somebody is recorded as having checked the Welsh wording; a Welsh edition says it if not."""

    @property
    def head(self) -> Head:
        """What every document begins with."""
        return self.identity.head

    @property
    def verb(self) -> ReportVerb:
        """The verb that it is the document of."""
        return ReportVerb.REPORT
