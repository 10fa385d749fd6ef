"""The deletion queue and the certificates of what was deleted, as one value (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from m365_restrict.errors import ExitCode
from m365_restrict.policy.deletion import DeletionCertificate
from m365_restrict.report.documents import Head
from m365_restrict.report.text import Line, counted
from m365_restrict.report.worklist import head_lines
from m365_restrict.rules.naming import long_day


class RetentionVerb(StrEnum):
    """The one verb of this document."""

    RETENTION = "retention"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


class QueueState(StrEnum):
    """Where a closed case stands."""

    WAITING = "waiting"
    DUE = "due"
    LEGAL_HOLD = "legal_hold"
    NO_TIME_SET = "no_time_set"
    DELETED = "deleted"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class QueueLine:
    """One closed case. `delete_on` is the first day on which it may be deleted."""

    case_ref: str
    closed_on: date
    last_activity_on: date
    delete_on: date | None
    state: QueueState
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RetentionDocument:
    """Closed cases, and the certificates of those that this run deleted."""

    head: Head
    queue: tuple[QueueLine, ...] = ()
    certificates: tuple[DeletionCertificate, ...] = ()
    verb: RetentionVerb = field(default=RetentionVerb.RETENTION, init=False)


_STATES = {
    QueueState.WAITING: "kept until then",
    QueueState.DUE: "due: give --approve to delete it",
    QueueState.LEGAL_HOLD: "kept: legal hold",
    QueueState.NO_TIME_SET: "kept: the policy profile names no time after which closed cases are deleted",
    QueueState.DELETED: "deleted",
    QueueState.SKIPPED: "kept: somebody has saved it meanwhile",
    QueueState.FAILED: "could not be deleted",
}
_MEANINGS = {
    ExitCode.IN_STEP: "nothing is waiting to be deleted",
    ExitCode.DIFFERENCES: "closed cases are due to be deleted; give --approve to delete them",
    ExitCode.PARTIAL: "something could not be read or deleted; see above",
    ExitCode.LEASE_HELD: "another run holds the lease",
    ExitCode.CONFIGURATION: "the settings or permissions are wrong",
    ExitCode.SOURCE_INCOMPLETE: "the register could not be read whole",
}


def retention_lines(document: RetentionDocument) -> Iterator[Line]:
    """The document for a person."""
    if document.queue or document.head.error is None:  # A failed run knows of no queue, not of none.
        yield Line(f"{counted(len(document.queue), 'closed case')}.", "bold")
    for line in document.queue:
        day = f", to be deleted on {long_day(line.delete_on)}" if line.delete_on else ""
        yield Line(
            f"{line.case_ref}: closed {long_day(line.closed_on)}{day}: {_STATES[line.state]}", indent=1
        )
        if line.reason:
            yield Line(line.reason, indent=2)
    for certificate in document.certificates:
        yield from certificate_lines(certificate)
    meaning = _MEANINGS.get(document.head.exit_code, "something failed that this program does not know")
    yield from head_lines(document.head, meaning)


def certificate_lines(certificate: DeletionCertificate) -> Iterator[Line]:
    """One certificate as text that can be printed and filed."""
    yield Line(f"Certificate of deletion: case {certificate.case_ref}", "bold")
    yield Line(f"Deleted on {long_day(certificate.deleted_on)} by run {certificate.run_id}.", indent=1)
    yield Line(f"Nothing in the mail system named it on {long_day(certificate.proven_on)}.", indent=1)
    for place in certificate.places:
        until = f" Until {long_day(place.until)}." if place.until else ""
        yield Line(f"{place.place}: {place.state}. {place.what}{until}", indent=1)
