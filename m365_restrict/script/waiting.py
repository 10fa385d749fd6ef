"""How a change that waits for a hand is known again from run to run."""

import hashlib
import json
from dataclasses import replace

from m365_restrict.plan.change import Change, ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.rules.stamp import plain_value

CODE = FindingCode.WAITING_FOR_HAND


def mark_of(change: Change) -> str:
    """The rule's key and 16 hex digits over the form that it is to get.

    The same before the script is run and while it is half run; another once the register has moved.
    """
    target = None if change.target is None else {name: plain_value(v) for name, v in change.target.items()}
    text = json.dumps([change.key, target], sort_keys=True, separators=(",", ":"))
    return f"{change.key}#{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def is_left_to_hand(found: Finding, *, known: frozenset[str]) -> bool:
    """Whether nobody but the person with the script has to act: nothing of ours was edited or removed.

    `known` are the keys that the ledger holds. A rule that it does not know was made by the script.
    """
    made_by_script = found.change_class is ChangeClass.BOTH and found.key not in known
    return made_by_script or found.change_class is ChangeClass.PENDING


def waiting_finding(change: Change, found: Finding, *, severity: Severity) -> Finding:
    """`found`, told as a change for which a script was written that was not run, or not whole."""
    return replace(
        found,
        code=CODE,
        change_class=ChangeClass.PENDING,
        severity=severity,
        message=f"{CODE.meaning} {change.effect}",
        key=mark_of(change),
    )
