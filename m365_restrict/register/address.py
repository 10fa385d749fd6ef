"""E-mail addresses: read strictly, compared without case, never guessed."""

import re
from dataclasses import dataclass
from email.utils import parseaddr

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})+", re.ASCII)

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
    """Read `a@b` or `Name <a@b>`; anything else is a `BadAddress` that says why."""
    text = line.strip()
    candidate = parseaddr(text)[1] if text.endswith(">") and "<" in text else text
    candidate = candidate.strip()
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
