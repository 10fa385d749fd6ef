"""One thing that was looked into, and how it stands."""

from dataclasses import dataclass
from enum import StrEnum

from m365_restrict.doctor.codes import CheckCode
from m365_restrict.outcome import Unknown


class CheckState(StrEnum):
    """How it stands."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check. `about` names the thing; `next_step` is "" where all is well."""

    code: CheckCode
    state: CheckState
    about: str
    message: str
    next_step: str = ""


def good(code: CheckCode, about: str, message: str) -> Check:
    """All is well."""
    return Check(code=code, state=CheckState.OK, about=about, message=message)


def warning(code: CheckCode, about: str, message: str, next_step: str = "") -> Check:
    """It works, and somebody should see to it."""
    return Check(
        code=code,
        state=CheckState.WARNING,
        about=about,
        message=message,
        next_step=next_step or code.advice,
    )


def bad(code: CheckCode, about: str, message: str, next_step: str = "") -> Check:
    """Something does not work, or not safely."""
    return Check(
        code=code, state=CheckState.FAILED, about=about, message=message, next_step=next_step or code.advice
    )


def unread(code: CheckCode, about: str, why: Unknown | str, next_step: str = "") -> Check:
    """Nobody can tell; that is never taken for good."""
    reason = why.reason if isinstance(why, Unknown) else why
    return Check(
        code=code,
        state=CheckState.UNKNOWN,
        about=about,
        message=f"It could not be told: {reason.rstrip('.')}.",
        next_step=next_step or "Restore access to what the message names and run again.",
    )
