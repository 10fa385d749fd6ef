"""Whether a rule that a mailbox's owner put above one of ours keeps it from ever running (graph.md 1.5).

Nothing else is ever learnt or kept of the owner's own rules (design.md 6).
"""

from collections.abc import Mapping, Sequence

STOPPED_ABOVE = "stoppedAbove"
"""The key under which our reader adds the answer to a rule of ours; Graph knows no such property."""


def is_stopped_above(rule: Mapping[str, object], owners: Sequence[Mapping[str, object]]) -> bool:
    """Whether one of the owner's rules certainly meets our senders' mail first, and stops all later rules.

    A rule that asks for anything but the sender may or may not meet it, and is not counted.
    """
    senders = _senders(_part(rule, "conditions"))
    return any(
        _runs_before(other, rule)
        and _part(other, "actions").get("stopProcessingRules") is True
        and not _part(other, "exceptions")
        and _meets(_part(other, "conditions"), senders)
        for other in owners
    )


def _runs_before(other: Mapping[str, object], rule: Mapping[str, object]) -> bool:
    acts = other.get("isEnabled") is not False and other.get("hasError") is not True
    known = other.get("isReadOnly") is not True  # Those come without conditions and actions (graph.md 1.3).
    return acts and known and _place(other) < _place(rule)


def _meets(conditions: Mapping[str, object], senders: frozenset[str]) -> bool:
    """Every mail, or that of all our senders."""
    if not conditions:
        return True
    if conditions.keys() == {"fromAddresses"}:
        return bool(senders) and senders <= _senders(conditions)
    words = conditions.get("senderContains")
    if conditions.keys() != {"senderContains"} or not isinstance(words, list):
        return False
    return bool(senders) and all(any(str(word).casefold() in one for word in words) for one in senders)


def _part(rule: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Conditions, exceptions or actions without what means absent (graph.md 1.6)."""
    found = rule.get(name)
    members = found.items() if isinstance(found, Mapping) else ()
    return {key: value for key, value in members if "@" not in key and value not in (None, False, "", [], {})}


def _senders(conditions: Mapping[str, object]) -> frozenset[str]:
    listed = conditions.get("fromAddresses")
    entries = listed if isinstance(listed, list) else []
    inner = [one.get("emailAddress") for one in entries if isinstance(one, Mapping)]
    return frozenset(str(one.get("address")).strip().casefold() for one in inner if isinstance(one, Mapping))


def _place(rule: Mapping[str, object]) -> int:
    return int(str(rule.get("sequence") or 0))
