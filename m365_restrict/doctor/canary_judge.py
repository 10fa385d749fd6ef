"""What operator and message trace together say of a canary (graph.md 6.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from m365_restrict.outcome import Unknown
from m365_restrict.plan.leaks import RedirectTrace
from m365_restrict.rules.tenant_profile import NO, YES
from m365_restrict.tenant.trace import TraceLine

CONTRADICTED = "contradicted"
"""Stands for an answer that the message trace does not bear out."""
_FAILED, _DELIVERED = "failed", "delivered"


class CanaryCheck(StrEnum):
    """What is to be known of a canary."""

    MATCH = "match"
    """The first mailbox got nothing of the first message."""
    EXEMPTION = "exemption"
    """The second mailbox, which is exempt, got the first message."""
    COPIES = "copies"
    """How many copies of it the second mailbox got: 1 or 2."""
    NDR = "ndr"
    """The sender got a refusal for the third mailbox, with the text of the rule."""
    EXPIRY = "expiry"
    """The second message, sent after the end, reached every mailbox."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the trace tells of the two messages. Unknown where it could not be read.

    `named` says whether the events of the first message name the rule, None where nobody can tell.
    `refused` is the mailbox that refuses, or "".
    """

    first: tuple[TraceLine, ...] | Unknown = ()
    second: tuple[TraceLine, ...] | Unknown = ()
    named: bool | None = None
    refused: str = ""


def wanted_checks(*, refuses: bool) -> tuple[CanaryCheck, ...]:
    """All checks; without a third mailbox nothing is refused."""
    return tuple(one for one in CanaryCheck if refuses or one is not CanaryCheck.NDR)


def is_answer(check: CanaryCheck, value: str) -> bool:
    """Whether a person may answer so: copies are a number, everything else is yes or no."""
    return value.isdigit() if check is CanaryCheck.COPIES else value in {YES, NO}


def is_good(check: CanaryCheck, value: str) -> bool:
    """Whether the answer is as it must be. One copy or two: either is right, and good to know."""
    return value in {"1", "2"} if check is CanaryCheck.COPIES else value == YES


def settle(
    given: Mapping[CanaryCheck, str], evidence: Evidence, *, ended: bool
) -> Iterator[tuple[CanaryCheck, str]]:
    """The answers that count now. One about a message that the trace has not seen waits.

    `ended`: the canary's end has passed, so that a message after it can have been sent.
    """
    if CanaryCheck.MATCH not in given and evidence.named:
        yield CanaryCheck.MATCH, YES
    for check, value in given.items():
        lines = evidence.second if check is CanaryCheck.EXPIRY else evidence.first
        unseen = not isinstance(lines, Unknown) and not lines
        if unseen or (check is CanaryCheck.EXPIRY and not ended):
            continue
        yield check, CONTRADICTED if _contradicts(check, value, evidence) else value


def redirect_shown(evidence: Evidence, captured: str) -> RedirectTrace | None:
    """How the trace shows that the first message was redirected away from `captured`; None: unknown.

    Only for a canary whose rule has acted.
    """
    if isinstance(evidence.first, Unknown) or not evidence.first:
        return None
    if _status(evidence.first, captured) != _DELIVERED:
        return RedirectTrace.CONTACT
    return RedirectTrace.RECIPIENT if evidence.named else RedirectTrace.UNTOLD


def _contradicts(check: CanaryCheck, value: str, evidence: Evidence) -> bool:
    """Whether the trace says otherwise. It shows a redirected copy as delivered, so it seldom can."""
    if value != YES or not evidence.refused:
        return False
    if check is CanaryCheck.NDR:
        return _status(evidence.first, evidence.refused) == _DELIVERED
    return check is CanaryCheck.EXPIRY and _status(evidence.second, evidence.refused) == _FAILED


def _status(lines: tuple[TraceLine, ...] | Unknown, recipient: str) -> str:
    if isinstance(lines, Unknown):
        return ""
    return next((line.status.lower() for line in lines if line.recipient == recipient), "")
