"""Anchored patterns for exact addresses, from the subset on which .NET and Python agree (exchange.md 2.3)."""

from enum import StrEnum

LONGEST_PATTERN = 128
_SPECIAL = frozenset(".^$*+?{}[]|()\\#")


class PatternAnchors(StrEnum):
    """How a pattern is tied to both ends: sources disagree on what Exchange honours (exchange.md 2.3)."""

    CARET = "caret"
    ABSOLUTE = "absolute"


_ENDS = {PatternAnchors.CARET: ("^", "$"), PatternAnchors.ABSOLUTE: (r"\A", r"\Z")}


def exact_pattern(address: str, anchors: PatternAnchors) -> str:
    """A pattern that matches `address` and nothing else; it may be longer than `LONGEST_PATTERN`."""
    start, end = _ENDS[anchors]
    body = "".join(f"\\{character}" if character in _SPECIAL else character for character in address)
    return f"{start}{body}{end}"


def plain_sender(sender: str) -> str:
    """The address behind an exact pattern of ours; anything else as it is."""
    for anchors, (start, end) in _ENDS.items():
        if sender.startswith(start) and sender.endswith(end):
            address = sender.removeprefix(start).removesuffix(end).replace("\\", "")
            if exact_pattern(address, anchors) == sender:
                return address
    return sender
