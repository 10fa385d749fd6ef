"""What the main path is told by the settings, as plain values: the package never reads settings itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from m365_restrict.plan.change import Severity
from m365_restrict.plan.guards import GuardSettings
from m365_restrict.plan.leaks import TraceReading
from m365_restrict.plan.place import Place
from m365_restrict.plan.rule_test_file import RuleTestFiles
from m365_restrict.policy.known_senders import KnownSenders
from m365_restrict.policy.profile import Profile
from m365_restrict.register.case import Stage
from m365_restrict.report.letters.council import LetterOptions
from m365_restrict.report.letters.language import is_checked
from m365_restrict.rules.compilation import Carrier, CompileOptions


@dataclass(frozen=True, kw_only=True)
class ListPlaces:
    """The site and title of each list."""

    register_site: str
    register: str
    reviews: str
    choices_site: str
    choices: str


@dataclass(frozen=True, kw_only=True)
class PeopleOptions:
    """Who decides, who is exempt. Entries are sign-in names or group addresses.

    `pre_election` is the first and the last day of the period before an election.
    """

    approvers: Mapping[Stage, tuple[str, ...]]
    councillors_group: str
    protected_mailboxes: tuple[str, ...]
    council_domains: tuple[str, ...]
    flow_identities: tuple[str, ...]
    term_ends_on: date | None
    known_senders: KnownSenders = field(default_factory=KnownSenders)
    pre_election: tuple[date, date] | None = None


@dataclass(frozen=True, kw_only=True)
class NotifyOptions:
    """How people are told. Without a `sender` no mail is sent; without a `site_url` mails hold no links."""

    sender: str = ""
    monitoring_officer: str = ""
    site_url: str = ""
    library: str = ""


@dataclass(frozen=True, kw_only=True)
class CanaryOptions:
    """The outside address that ICT owns, and the pilot mailboxes in the order of their parts."""

    address: str = ""
    mailboxes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScriptOptions:
    """How changes are handed over where nothing holds a write grant (ENFORCE_WITH=script).

    A script that nobody has run within `high_after` becomes a finding of high severity.
    """

    folder: Path
    high_after: timedelta


class AuditUse(StrEnum):
    """Whether something that needs a permission of its own is read: `auto` is where the reader may."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """How `drift` uses the audit log, which keeps records for `reach`.

    `approvals` are held against it, and it tells who made `changes` of rules.
    """

    approvals: AuditUse = AuditUse.AUTO
    changes: AuditUse = AuditUse.AUTO
    reach: timedelta = timedelta(days=180)


@dataclass(frozen=True, kw_only=True)
class SecondViewOptions:
    """Whether and how `drift` compares the rules with a snapshot by Tenant Configuration Management.

    At most once in `every`.
    """

    use: AuditUse = AuditUse.AUTO
    every: timedelta = timedelta(hours=20)


def _due_days() -> Mapping[Severity, int | None]:
    return {Severity.CRITICAL: 0, Severity.HIGH: 2, Severity.MEDIUM: 10, Severity.LOW: None}


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Whom reports name as owners, by title, and by when something is to be done.

    `due_days` are working days after the day on which a finding was first seen; 0 is that same day, None no
    day at all. `sign_off_days` are working days after a month. `year_begins` is the month in which the
    council's year begins. `applications` are the client ids that runs sign in with, by role.
    `welsh_checked_by` and `welsh_checked_on` record who checked the Welsh wording of reports, and when.
    """

    ict: str = "ICT"
    governance: str = "Governance officer"
    information_asset_owner: str = "Information Asset Owner"
    due_days: Mapping[Severity, int | None] = field(default_factory=_due_days)
    sign_off_days: int = 10
    year_begins: int = 4
    applications: tuple[tuple[str, str], ...] = ()
    welsh_checked_by: str = ""
    welsh_checked_on: date | None = None

    def welsh_is_checked(self, today: date) -> bool:
        """Whether somebody is recorded as having checked the Welsh of reports."""
        return is_checked(self.welsh_checked_by, self.welsh_checked_on, today=today)


@dataclass(frozen=True, kw_only=True)
class TraceOptions:
    """How `drift` asks what became of mail (docs/did-it-work.md).

    A run asks at most `questions`. What is younger than `settled` is asked about again. Leaks are told for
    `leak_days`, counts for `count_days`.
    """

    reading: TraceReading = field(default_factory=TraceReading)
    questions: int = 40
    settled: timedelta = timedelta(hours=24)
    leak_days: int = 7
    count_days: int = 30


@dataclass(frozen=True, kw_only=True)
class SilentJob:
    """A job that has long not succeeded. `last_success` is None where it never has."""

    job: str
    last_success: datetime | None


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """All of it. `zone` is the council's time zone, by which days begin and end.

    `assess_mailboxes` are looked into by `assess` beside the shared ones. `script` is None where the
    program writes rules itself. `settle` is how long after a write its effect is taken to have reached
    all of Exchange. A single contact's mail that is unread for more than `unread_days` is told.
    `create_folders`: a folder that a choice names is made where it is missing. `folders_remembered` is how
    long the id of a folder that our rule shows is not asked for again; none at all where it is zero.
    `shaping` holds a digest of each setting that shapes rules, by name. `silent_jobs` are told of by `drift`.
    """

    lists: ListPlaces
    people: PeopleOptions
    profile: Profile
    compile: CompileOptions
    guards: GuardSettings
    place: Place
    zone: ZoneInfo
    settle: timedelta = timedelta(minutes=60)
    notify: NotifyOptions = NotifyOptions()
    letters: LetterOptions = field(default_factory=LetterOptions)
    assess_mailboxes: tuple[str, ...] = ()
    rule_tests: RuleTestFiles = field(default_factory=RuleTestFiles)
    script: ScriptOptions | None = None
    create_folders: bool = False
    folders_remembered: timedelta = timedelta()
    canary: CanaryOptions = CanaryOptions()
    audit: AuditOptions = AuditOptions()
    second_view: SecondViewOptions = SecondViewOptions()
    trace: TraceOptions = TraceOptions()
    unread_days: int = 5
    report: ReportOptions = field(default_factory=ReportOptions)
    tenant_id: str = ""
    shaping: Mapping[str, str] = field(default_factory=dict)
    silent_jobs: tuple[SilentJob, ...] = ()

    @property
    def sees_transport_rules(self) -> bool:
        """Whether the program has an Exchange role. Without one it makes no request to Exchange."""
        return self.compile.carrier is Carrier.TRANSPORT_RULES

    @property
    def instance_id(self) -> str:
        """The name in the stamp of every rule of this installation."""
        return self.compile.instance_id
