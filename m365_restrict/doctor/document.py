"""What `doctor` found, as one value (contracts.md 3). It names mailboxes of the council: for ICT alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from m365_restrict.doctor.check import Check, CheckState
from m365_restrict.report.documents import Head
from m365_restrict.report.text import Line, counted

_MARKS = {CheckState.OK: "=", CheckState.WARNING: "~", CheckState.FAILED: "!", CheckState.UNKNOWN: "?"}
_STYLES = {CheckState.FAILED: "red", CheckState.WARNING: "yellow", CheckState.UNKNOWN: "yellow"}
_WORST_FIRST = (CheckState.FAILED, CheckState.UNKNOWN, CheckState.WARNING, CheckState.OK)


class DoctorVerb(StrEnum):
    """The one verb of this document."""

    DOCTOR = "doctor"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


class Doing(StrEnum):
    """What was asked of it."""

    EXAMINE = "examine"
    PROBE = "probe"
    CANARY_START = "canary_start"
    CANARY_CONFIRM = "canary_confirm"
    CANARY_STATUS = "canary_status"


@dataclass(frozen=True, kw_only=True)
class AnswerLine:
    """One answer of the tenant. `source` is probe or canary."""

    question: str
    asked: str
    value: str
    source: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class MessageLine:
    """A message that the operator sends from `sender` to all of `recipients`, not before `from_`."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    from_: datetime


class CanaryState(StrEnum):
    """How a canary stands."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class CanaryLine:
    """The canary that stands, or the last one. `open` are the checks that nobody has answered yet."""

    token: str
    form: str
    state: CanaryState
    started_at: datetime
    expires_at: datetime
    answers: Mapping[str, str]
    open: tuple[str, ...]
    messages: tuple[MessageLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DoctorSummary:
    """How many checks stand how."""

    ok: int = 0
    warning: int = 0
    failed: int = 0
    unknown: int = 0


@dataclass(frozen=True, kw_only=True)
class DoctorDocument:
    """All checks, what is known of the tenant, and the canary."""

    head: Head
    doing: Doing = Doing.EXAMINE
    checks: tuple[Check, ...] = ()
    answers: tuple[AnswerLine, ...] = ()
    canary: CanaryLine | None = None
    verb: DoctorVerb = field(default=DoctorVerb.DOCTOR, init=False)

    @property
    def summary(self) -> DoctorSummary:
        """Counted from the checks, so that it cannot disagree with them."""
        states = [check.state for check in self.checks]
        return DoctorSummary(
            ok=states.count(CheckState.OK),
            warning=states.count(CheckState.WARNING),
            failed=states.count(CheckState.FAILED),
            unknown=states.count(CheckState.UNKNOWN),
        )


def doctor_lines(document: DoctorDocument) -> Iterator[Line]:
    """The lines for a person at a terminal, what is worst first."""
    for check in sorted(document.checks, key=lambda one: _WORST_FIRST.index(one.state)):
        yield Line(
            f"{_MARKS[check.state]} {check.code.value}: {check.about}: {check.message}",
            _STYLES.get(check.state, ""),
        )
        if check.next_step:
            yield Line(f"Next step: {check.next_step}", indent=2)
    for answer in document.answers:
        yield Line(f"- {answer.asked} {answer.value} ({answer.source}, {answer.at:%Y-%m-%d})")
    if document.canary is not None:
        yield from _canary_lines(document.canary)
    head = document.head
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    if document.checks:
        found = document.summary
        yield Line(
            f"{counted(found.failed, 'check')} failed, {counted(found.warning, 'warning')}, "
            f"{found.unknown or 'none'} unknown, {found.ok or 'none'} good."
        )
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")


def _canary_lines(canary: CanaryLine) -> Iterator[Line]:
    yield Line(
        f"Canary {canary.token} ({canary.form}): {canary.state.value}. "
        f"Its rules end by themselves at {canary.expires_at:%Y-%m-%d %H:%M} UTC.",
        "bold",
    )
    for name, value in canary.answers.items():
        yield Line(f"{name}: {value}", indent=1)
    if canary.state is not CanaryState.WAITING:
        return
    for message in canary.messages:
        yield Line(f"Not before {message.from_:%Y-%m-%d %H:%M} UTC, send one message:", indent=1)
        yield Line(f"From: {message.sender}", indent=2)
        yield Line(f"To: {', '.join(message.recipients)}", indent=2)
        yield Line(f"Subject: {message.subject}", indent=2)
    yield Line(
        f"Still open: {', '.join(canary.open)}. Answer what you have seen with "
        f"`m365-restrict doctor --canary confirm {' '.join(f'--answer {name}=…' for name in canary.open)}`.",
        indent=1,
    )
