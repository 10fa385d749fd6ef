"""Anchored patterns for exact addresses, from the subset on which .NET and Python agree (exchange.md 2.3)."""

import re
from collections.abc import Iterator
from enum import StrEnum

from m365_restrict.register.address import read_address

LONGEST_PATTERN = 128
_SPECIAL = frozenset(".^$*+?{}[]|()\\#")
# Narrower before the @ than an address may be: the rest are signs of a pattern.
_ADDRESS = re.compile(r"[\w.!#%&'+=~-]+@[\w-]+(?:\.[\w-]+)+")
# An anchor or a class, whose letter is no part of an address: \Apat@post\.example\Z.
_LETTER = re.compile(r"\\[A-Za-z][*+?]?")
_ESCAPED = re.compile(r"\\(.)")


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


def addresses_in(text: str) -> Iterator[str]:
    """The whole e-mail addresses in a word or a pattern, in lower case; a class names none."""
    for found in _ADDRESS.findall(_ESCAPED.sub(r"\1", _LETTER.sub(" ", text))):
        address = read_address(found)
        if isinstance(address, str):
            yield address
