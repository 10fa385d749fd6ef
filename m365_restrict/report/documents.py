"""The documents of every verb: one value each, from which JSON and console text are made.

Keys of the JSON are the names here (contracts.md 3); its Schemas are in `docs/schemas/`. Values
here are already fit to be shown: `report.lines` makes them from the plan, the findings and the
checks, and hides what must not be told.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from m365_restrict.errors import ExitCode
from m365_restrict.outcome import Unknown
from m365_restrict.plan.basis import Basis
from m365_restrict.plan.beside import NotCovered
from m365_restrict.plan.change import FieldChange
from m365_restrict.plan.limits import Headroom
from m365_restrict.report.verb import Verb

if TYPE_CHECKING:
    from m365_restrict.plan.foreign_line import ForeignLine  # slow to load, and only a plan has it

Mailbox: TypeAlias = str | int
"""An address, "" where no mailbox is meant, or the opaque number of a councillor's mailbox."""


class Outcome(StrEnum):
    """What became of a change."""

    PLANNED = "planned"
    APPLIED = "applied"
    FAILED = "failed"
    SKIPPED = "skipped"


class LiveState(StrEnum):
    """How an accepted case that is in force stands in the tenant."""

    IN_STEP = "in_step"
    DIFFERS = "differs"
    MISSING = "missing"
    UNKNOWN = "unknown"
    NOT_ON_MAIL = "not_on_mail"


class CaseStatus(StrEnum):
    """What the checks concluded about an item of the register."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DRAFT = "draft"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The register as it was read: how many items, whether whole, and its version."""

    items: int = 0
    complete: bool = False
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The error that ended the run."""

    code: str
    message: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Head:
    """What every document begins with. `started_at` and `finished_at` are aware instants."""

    run_id: str
    started_at: datetime
    finished_at: datetime
    exit_code: ExitCode
    source: Source = Source()
    unknown: tuple[Unknown, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """One change of a plan, and what became of it. `waived`: not made, because what stands was accepted.

    `measure` is that of its case, "" where there is none or where a councillor chose.
    """

    action: str
    kind: str
    mailbox: Mailbox
    name: str
    case_ref: str | None
    class_: str
    fields: tuple[FieldChange, ...]
    effect: str
    outcome: Outcome
    reason: str
    waived: bool = False
    measure: str = ""


@dataclass(frozen=True, kw_only=True)
class RefusedLine:
    """One reason why a case is not enforced."""

    case_ref: str
    code: str
    message: str
    policy_refs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChoiceCounts:
    """How many councillors' choices are live and refused: numbers only, nobody's choice."""

    live: int = 0
    refused: int = 0


@dataclass(frozen=True, kw_only=True)
class GuardLine:
    """A guard that fired. `override` is "" where nothing overrides it."""

    code: str
    message: str
    override: str


@dataclass(frozen=True, kw_only=True)
class OverrideLine:
    """An override of a guard that stands. `limit` is in cases; `used`: the guard would have fired."""

    code: str
    reason: str
    until: datetime
    limit: int | None
    used: bool


@dataclass(frozen=True, kw_only=True)
class RuleTestCounts:
    """How many rule tests passed and failed."""

    passed: int = 0
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class FailedTestLine:
    """A rule test of the council that fails for what is planned. `stops` says that it holds the run back."""

    name: str
    place: str
    message: str
    stops: bool


@dataclass(frozen=True, kw_only=True)
class ScriptLine:
    """The script that waits for an administrator: its file, its body's SHA-256, how many changes it makes."""

    file: str
    sha256: str
    changes: int


@dataclass(frozen=True, kw_only=True)
class SettlingLine:
    """A rule that stays, wholly or in part, until its successor has settled; it may go from `until` on."""

    name: str
    case_ref: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class PlanDocument:
    """What plan would do, or what apply or heal did. `basis` is None where a run ended before its plan."""

    verb: Verb
    head: Head
    plan_id: str = ""
    basis: Basis | None = None
    changes: tuple[ChangeLine, ...] = ()
    refused: tuple[RefusedLine, ...] = ()
    choices: ChoiceCounts = ChoiceCounts()
    guards: tuple[GuardLine, ...] = ()
    tests: RuleTestCounts = RuleTestCounts()
    failed_tests: tuple[FailedTestLine, ...] = ()
    overrides: tuple[OverrideLine, ...] = ()
    headroom: Headroom | None = None
    settling: tuple[SettlingLine, ...] = ()
    foreign_rules: "ForeignLine | None" = None
    script: ScriptLine | None = None


@dataclass(frozen=True, kw_only=True)
class WaivedLine:
    """That a difference was accepted: the waiver's number, who answers for it, why, and its last day."""

    number: int
    owner: str
    reason: str
    until: date


@dataclass(frozen=True, kw_only=True)
class FindingLine:
    """One difference. `action` is what to do; `changed_by` is None where nobody is known to have acted.

    `id` is the same as long as it stands: `waive` takes it. `waived` is None where nobody accepted it.
    """

    code: str
    class_: str
    severity: str
    case_ref: str | None
    mailbox: Mailbox
    rule: str
    fields: tuple[FieldChange, ...]
    since: datetime
    changed_by: str | None
    changed_at: datetime | None
    message: str
    action: str
    id: str = ""
    waived: WaivedLine | None = None


@dataclass(frozen=True, kw_only=True)
class LiveLine:
    """One case that is accepted and in force."""

    case_ref: str
    measure: str
    ends_on: date | None
    next_review_on: date | None
    state: LiveState


@dataclass(frozen=True, kw_only=True)
class DriftSummary:
    """The numbers of a drift document."""

    live: int
    enforced: int
    differing: int
    orphans: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class DriftDocument:
    """Whether the decisions hold in the tenant now.

    `not_covered` is what of that which is read beside the rules was not: nothing of it is told as well.
    """

    head: Head
    findings: tuple[FindingLine, ...] = ()
    live: tuple[LiveLine, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    verb: Verb = field(default=Verb.DRIFT, init=False)

    @property
    def summary(self) -> DriftSummary:
        """Counted from the lines, so that it cannot disagree with them."""
        states = [line.state for line in self.live]
        return DriftSummary(
            live=len(states),
            enforced=states.count(LiveState.IN_STEP),
            differing=states.count(LiveState.DIFFERS) + states.count(LiveState.MISSING),
            orphans=sum(line.class_ == "orphan" for line in self.findings),
            unknown=states.count(LiveState.UNKNOWN),
        )


@dataclass(frozen=True, kw_only=True)
class RuleLine:
    """A rule that names the address. `mode` is "" for an inbox rule."""

    name: str
    kind: str
    case_ref: str | None
    mailbox: Mailbox
    enabled: bool
    mode: str


@dataclass(frozen=True, kw_only=True)
class CopyLine:
    """What becomes of one copy, as the sandbox answers it too."""

    recipient: str
    outcome: str
    mailbox: Mailbox | None
    folder: str | None
    rules: tuple[str, ...]
    ndr: str | None
    added_by: str | None


@dataclass(frozen=True, kw_only=True)
class ExplainDocument:
    """What becomes of mail from one address, and because of what."""

    head: Head
    address: str
    case_refs: tuple[str, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    copies: tuple[CopyLine, ...] = ()
    because: tuple[str, ...] = ()
    verb: Verb = field(default=Verb.EXPLAIN, init=False)


@dataclass(frozen=True, kw_only=True)
class CheckLine:
    """One thing that a check found in a case."""

    code: str
    message: str
    policy_refs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseLine:
    """What the checks conclude about one item. `state` says where it stands in time, or why it ended."""

    case_ref: str
    item_id: str
    status: CaseStatus
    state: str
    waiting: tuple[str, ...] = ()
    refusals: tuple[CheckLine, ...] = ()
    warnings: tuple[CheckLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChoiceLine:
    """A refused choice. The item id is the only identifier that may be shown."""

    item_id: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class ValidateSummary:
    """The numbers of a validate document."""

    accepted: int
    refused: int
    draft: int
    ended: int


@dataclass(frozen=True, kw_only=True)
class ValidateDocument:
    """What is missing or wrong in the register and in the choices."""

    head: Head
    cases: tuple[CaseLine, ...] = ()
    choices: ChoiceCounts = ChoiceCounts()
    refused_choices: tuple[ChoiceLine, ...] = ()
    policy_warnings: tuple[CheckLine, ...] = ()
    verb: Verb = field(default=Verb.VALIDATE, init=False)

    @property
    def summary(self) -> ValidateSummary:
        """Counted from the lines, so that it cannot disagree with them."""
        statuses = [line.status for line in self.cases]
        return ValidateSummary(**{one.value: statuses.count(one) for one in CaseStatus})


Document: TypeAlias = PlanDocument | DriftDocument | ExplainDocument | ValidateDocument


def document_after_failure(verb: Verb, head: Head, *, address: str = "") -> Document:
    """The document of a run that an error ended before it had anything to say: every list empty."""
    match verb:
        case Verb.PLAN | Verb.APPLY | Verb.HEAL:
            return PlanDocument(verb=verb, head=head)
        case Verb.DRIFT:
            return DriftDocument(head=head)
        case Verb.EXPLAIN:
            return ExplainDocument(head=head, address=address)
        case Verb.VALIDATE:
            return ValidateDocument(head=head)


def is_empty(document: Document) -> bool:
    """Whether the document says nothing beyond its head."""
    address = document.address if isinstance(document, ExplainDocument) else ""
    return document == document_after_failure(document.verb, document.head, address=address)
