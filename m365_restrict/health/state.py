"""How this installation stands, as one value: what `status` shows, and what metrics count."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from m365_restrict.codes import CatalogueCode
from m365_restrict.errors import ExitCode
from m365_restrict.ledger.figures import LeaseHeldNow, RunCount, RunTraffic
from m365_restrict.plan.change import Severity
from m365_restrict.report.documents import Head
from m365_restrict.schedule.jobs import Job
from m365_restrict.tenant.sign_in_way import SignInWay


class JobState(StrEnum):
    """How a job stands against its timetable."""

    WELL = "well"
    """It did its work when it was last due, or is due now."""
    OVERDUE = "overdue"
    """It was due and has not succeeded since."""
    SILENT = "silent"
    """The same for longer than the council allows."""
    NOT_YET = "not_yet"
    """It has never run, and was not due since the first job ran."""
    OFF = "off"
    """It has no timetable here."""


@dataclass(frozen=True, kw_only=True)
class JobLine:
    """One job. What is not known is None; instants are aware. `running`: a process works on it now."""

    job: Job
    state: JobState
    running: bool
    last_began: datetime | None
    last_ended: datetime | None
    last_exit_code: int | None
    last_success: datetime | None
    next_due: datetime | None
    run_id: str


@dataclass(frozen=True, kw_only=True)
class FindingCount:
    """How many findings of a class and severity the last comparison had; `waived` are not among `count`."""

    class_: str
    severity: str
    count: int
    waived: int


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What the last comparison that could be made found. `at` is None where there was none."""

    at: datetime | None = None
    run_id: str = ""
    counts: tuple[FindingCount, ...] = ()

    def open(self, *severities: Severity) -> int:
        """How many are open of these severities."""
        return sum(one.count for one in self.counts if one.severity in severities)


@dataclass(frozen=True, kw_only=True)
class FrozenSince:
    """The freeze that stands."""

    reason: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class RetiredSince:
    """That the installation was taken out of use. `completed`: nothing of ours stands that was to go."""

    reason: str
    since: datetime
    completed: bool


@dataclass(frozen=True, kw_only=True)
class StandingOverride:
    """A guard that may be passed until an instant."""

    code: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class StandingWaiver:
    """A difference that is accepted until a day. `case_ref` is None where it is of no case."""

    number: int
    code: str
    case_ref: str | None
    until: date


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason why a run held something back or ended. `case_ref` is None where it is of no case."""

    code: str
    message: str
    case_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class RefusedRun:
    """The last run that writes, where it did not do all that it was for."""

    run_id: str
    verb: str
    at: datetime
    exit_code: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class SignInLine:
    """How one application signs in.

    `ends_at` is of a certificate that can be read, `problem` says why one cannot.
    """

    role: str
    kind: SignInWay
    ends_at: datetime | None = None
    days_left: int | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """The ledger: where, how large in bytes (None where its server does not say), and how its chain ends."""

    place: str = ""
    bytes: int | None = None
    revision: str = ""
    entries: int = 0
    chain_head: str = ""


@dataclass(frozen=True, kw_only=True)
class UsedOf:
    """How much of one limit of the service was used when a run last looked."""

    used: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class HeadroomLine:
    """The organisation's limits on transport rules. `largest_rule` is None where its size is not known."""

    at: datetime
    rules: UsedOf
    pattern_characters: UsedOf
    largest_rule: UsedOf | None


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Something that somebody should see to. `only_told` does not count towards the exit code."""

    code: CatalogueCode
    about: str
    message: str
    action: str
    only_told: bool = False


@dataclass(frozen=True, kw_only=True)
class HealthState:
    """All of it. Nothing here names a person or an address."""

    jobs: tuple[JobLine, ...] = ()
    live_cases: int = 0
    findings: Findings = Findings()
    freeze: FrozenSince | None = None
    retired: RetiredSince | None = None
    overrides: tuple[StandingOverride, ...] = ()
    waivers: tuple[StandingWaiver, ...] = ()
    leases: tuple[LeaseHeldNow, ...] = ()
    refused: RefusedRun | None = None
    sign_in: tuple[SignInLine, ...] = ()
    ledger: LedgerLine = LedgerLine()
    headroom: HeadroomLine | None = None
    traffic: tuple[RunTraffic, ...] = ()
    runs: tuple[RunCount, ...] = ()
    attention: tuple[Attention, ...] = ()


class StatusVerb(StrEnum):
    """The verb of the document."""

    STATUS = "status"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class StatusDocument(HealthState):
    """The state with what every document begins with."""

    head: Head
    verb: StatusVerb = field(default=StatusVerb.STATUS, init=False)


def exit_code_of(state: HealthState) -> ExitCode:
    """4 where a job is overdue or silent, 2 where somebody should see to something else, else 0."""
    if any(one.state in {JobState.OVERDUE, JobState.SILENT} for one in state.jobs):
        return ExitCode.PARTIAL
    needs = any(not one.only_told for one in state.attention)
    return ExitCode.DIFFERENCES if needs else ExitCode.IN_STEP
