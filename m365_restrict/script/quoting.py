"""Values and comments as PowerShell text that nothing in a value can break out of.

Only literals are written: single-quoted strings, numbers, $true, $false, $null, @() and instants.
PowerShell ends a single-quoted string at any of five quote characters, so each of them is doubled.
"""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeAlias

Literal: TypeAlias = "str | int | bool | datetime | tuple[str, ...] | None"

_QUOTES = frozenset("'\u2018\u2019\u201a\u201b")
# Control and format characters, line and paragraph separators, lone surrogates: what a reader of the
# script would not see, or would see in another order, is written as a number.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
_LAST_SINGLE = 0xFFFF
_TAB = "    "


def is_unseen(character: str) -> bool:
    """Whether a person who reads the script could not see this character for what it is."""
    return unicodedata.category(character) in _UNSEEN


def quoted(text: str) -> str:
    """The text as a PowerShell string; characters that cannot be seen are added by their number."""
    parts = []
    for unseen, run in groupby(text, is_unseen):
        characters = "".join(run)
        if unseen:
            parts += [_numbered(character) for character in characters]
        else:
            doubled = "".join(one * 2 if one in _QUOTES else one for one in characters)
            parts.append(f"'{doubled}'")
    if len(parts) == 1 and not parts[0].startswith("["):
        return parts[0]
    # The first part decides what + means, so it is always a string.
    first = [] if parts and parts[0].startswith("'") else ["''"]
    return f"({' + '.join([*first, *parts])})" if parts else "''"


def _numbered(character: str) -> str:
    code = ord(character)
    if code <= _LAST_SINGLE:
        return f"[char]{code}"
    return f"[char]::ConvertFromUtf32({code})"


def literal(value: Literal, *, indent: int = 0) -> str:
    """Any value of a rule as a PowerShell literal. A list of several stands on several lines."""
    match value:
        case None:
            return "$null"
        case bool():
            return "$true" if value else "$false"
        case int():
            return str(value)
        case datetime():
            return _instant(value)
        case str():
            return quoted(value)
        case tuple():
            return _array(value, indent)


def _instant(moment: datetime) -> str:
    """A moment in UTC, to be read as such under every culture (exchange.md 1.3, row DateTime)."""
    written = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"[datetime]::Parse('{written}', [cultureinfo]::InvariantCulture, 'RoundtripKind')"


def _array(values: tuple[str, ...], indent: int) -> str:
    if len(values) <= 1:
        return f"@({', '.join(quoted(value) for value in values)})"
    inner = _TAB * (indent + 1)
    return "@(\n" + "".join(f"{inner}{quoted(value)}\n" for value in values) + f"{_TAB * indent})"


def table(entries: Mapping[str, Literal], *, indent: int = 0) -> str:
    """A hashtable literal, one entry a line, in the order given."""
    if not entries:
        return "@{}"
    inner = _TAB * (indent + 1)
    lines = [
        f"{inner}{quoted(name)} = {literal(value, indent=indent + 1)}" for name, value in entries.items()
    ]
    return "@{\n" + "\n".join(lines) + f"\n{_TAB * indent}}}"


def comment(text: str) -> str:
    """One comment line. What could end it, or show it otherwise than it is, becomes a space."""
    plain = "".join(" " if is_unseen(character) else character for character in text)
    return f"# {plain}".rstrip()
