"""E-mail addresses: read strictly, compared without case, never guessed."""

import re
from dataclasses import dataclass

# RFC 5322 allows a * as well. Whoever types one means everybody, which no rule ever does (design.md 4).
_LOCAL = r"[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})+", re.ASCII)
# The standard library's reader takes the first of two addresses, and that differs between its releases.
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")

# RFC 5321 4.5.3.1: 64 octets before the @, 254 in all.
_LONGEST_LOCAL_PART = 64
_LONGEST_ADDRESS = 254


@dataclass(frozen=True)
class BadAddress:
    """A line that is not one e-mail address, kept as it was written."""

    line: str
    reason: str


def normalise(address: str) -> str:
    """The form that two spellings of one address share: trimmed and lower case (exchange.md 7.1 row 5)."""
    return address.strip().lower()


def domain_of(address: str) -> str:
    """The part after the last @, lower case; "" where there is none."""
    return normalise(address).rpartition("@")[2] if "@" in address else ""


def read_address(line: str) -> str | BadAddress:
    """Read `a@b` or `Name <a@b>`; anything else is a `BadAddress` that says why.

    A name that is an address counts as a name only where both are the same.
    """
    text = line.strip()
    named = _NAMED.fullmatch(text)
    candidate = named["address"].strip() if named else text
    name = named["name"].strip(" \t'\"") if named else ""
    if "@" in name and normalise(name) != normalise(candidate):
        return BadAddress(text, "it holds more than one address")
    if "@" not in candidate:
        return BadAddress(text, "it has no @")
    if not _ADDRESS.fullmatch(candidate):
        return BadAddress(text, "it is not one e-mail address such as name@domain.example")
    if len(candidate) > _LONGEST_ADDRESS or len(candidate.partition("@")[0]) > _LONGEST_LOCAL_PART:
        return BadAddress(text, "it is longer than an e-mail address can be")
    return normalise(candidate)


def read_address_lines(text: str) -> tuple[tuple[str, ...], tuple[BadAddress, ...]]:
    """Read a column with one address a line: good addresses once each in order, and every bad line."""
    read = [read_address(line) for line in text.splitlines() if line.strip()]
    good = dict.fromkeys(entry for entry in read if isinstance(entry, str))
    return tuple(good), tuple(entry for entry in read if isinstance(entry, BadAddress))


def without_names(text: str) -> str:
    """The same lines with the address alone for each `Name <a@b>` that can be read; others as they are.

    `read_address_lines` finds the same in it, so whoever judges it needs no name of anybody.
    """
    return "\n".join(_without_name(line) for line in text.splitlines())


def _without_name(line: str) -> str:
    named = _NAMED.fullmatch(line.strip())
    return named["address"].strip() if named and isinstance(read_address(line), str) else line
