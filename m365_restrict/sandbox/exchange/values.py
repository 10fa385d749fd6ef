"""Plain values of rule parameters, from JSON to what is stored (exchange.md 1.3, 2, 7.1)."""

import re
from datetime import UTC, datetime

from m365_restrict.sandbox.exchange.catalogue import Kind, Property
from m365_restrict.sandbox.exchange.patterns import checked_pattern
from m365_restrict.sandbox.exchange.refusals import bad_enumerator, invalid, not_transformable

_LONGEST_WORD = 128
_LOWEST_SCL, _HIGHEST_SCL = -1, 9
_STATUS_CODE = re.compile(r"5\.7\.(?:1|9\d\d)")
_SIZE = re.compile(r"(\d+)\s*(B|KB|MB|GB|TB)?(?:\s*\([\d,]+ bytes\))?", re.IGNORECASE)
_UNITS = ("B", "KB", "MB", "GB", "TB")


def instant_text(moment: datetime) -> str:
    """How Exchange shows an instant: seven fractional digits and an offset (exchange.md 1.6)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def string(entry: Property, value: object) -> str | None:
    """Text within the property's length; an empty one is null."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise not_transformable(
            entry.name, f'Cannot convert value "{value}" of type {_net_type(value)} to type "System.String".'
        )
    text = str(value)
    if entry.longest is not None and len(text) > entry.longest:
        raise invalid(
            f"The value of {entry.name} has {len(text)} characters; at most {entry.longest} are allowed.",
            entry.name,
        )
    if entry.kind is Kind.STATUS_CODE and text and not _STATUS_CODE.fullmatch(text):
        raise invalid(f"The status code '{text}' isn't 5.7.1 or between 5.7.900 and 5.7.999.", entry.name)
    return text or None


def strings(entry: Property, value: object) -> list[str]:
    """A list of strings; a bare string is a list of one.

    Add/Remove tables are refused: whether rule parameters take them is unknown (exchange.md 1.3).
    """
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise not_transformable(
            entry.name, f'Cannot convert value "{value}" of type {_net_type(value)} to a list of strings.'
        )
    return list(given)


def texts(entry: Property, value: object) -> list[str] | None:
    """Words, patterns and other texts.

    An empty string is accepted and leaves the condition absent, so that the rule may match all mail: the
    service's own trap, kept (exchange.md 1.4).
    """
    given = [text for text in strings(entry, value) if text]
    for text in given:
        if entry.kind is Kind.WORDS:
            _check_word(entry, text)
        elif entry.kind is Kind.PATTERNS:
            checked_pattern(entry.name, text)
    return list(dict.fromkeys(given)) or None


def _check_word(entry: Property, word: str) -> None:
    """At most 128 characters and no outer blanks (exchange.md 2.3); the refusals' texts are ours."""
    if len(word) > _LONGEST_WORD:
        raise invalid(f"The word '{word}' exceeds the maximum length of 128 characters.", entry.name)
    if word != word.strip():
        raise invalid(f"The word '{word}' begins or ends with a space.", entry.name)


def integer(entry: Property, value: object) -> int:
    """A whole number, or text that is one."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise not_transformable(entry.name, f'Cannot convert value "{value}" to type "System.Int32".')
    try:
        return int(value)
    except ValueError:
        raise not_transformable(
            entry.name, f'Cannot convert value "{value}" to type "System.Int32".'
        ) from None


def boolean(entry: Property, value: object) -> bool:
    """True or false; the words are not taken for them."""
    if not isinstance(value, bool):
        raise not_transformable(entry.name, f'Cannot convert value "{value}" to type "System.Boolean".')
    return value


def enumerator(entry: Property, value: object) -> str | None:
    """An exact name in any case, else the only name that begins so (exchange.md 1.3)."""
    given = string(entry, value)
    if given is None:
        return None if entry.default is None else str(entry.default)
    wanted = given.strip().lower()
    exact = [name for name in entry.values if name.lower() == wanted]
    begun = [name for name in entry.values if wanted and name.lower().startswith(wanted)]
    found = exact or begun
    if len(found) != 1:
        raise bad_enumerator(entry.name, entry.type_name, given, entry.values)
    return found[0]


def enumerators(entry: Property, value: object) -> list[str]:
    """A list of names of an enumeration."""
    return [name for text in strings(entry, value) if (name := enumerator(entry, text))]


def size(entry: Property, value: object) -> str:
    """`10MB` or a number of bytes, shown as `10 MB (10,485,760 bytes)` (the form of ../data limits)."""
    match = None if isinstance(value, bool) else _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise not_transformable(entry.name, f'Cannot convert value "{value}" to type "ByteQuantifiedSize".')
    unit = (match[2] or "B").upper()
    count = int(match[1]) * 1024 ** _UNITS.index(unit)
    power = max(p for p in range(len(_UNITS)) if count >= 1024**p or p == 0)
    return f"{count / 1024**power:.4g} {_UNITS[power]} ({count:,} bytes)"


def scl(entry: Property, value: object) -> str:
    """-1 to 9, shown as text (exchange.md 2.5, 7.1 row 14)."""
    level = integer(entry, value)
    if not _LOWEST_SCL <= level <= _HIGHEST_SCL:
        raise invalid(f"The spam confidence level {level} isn't between -1 and 9.", entry.name)
    return str(level)


def instant(entry: Property, value: object) -> str:
    """ISO 8601. How REST reads a time without a zone is unproven (exchange.md 10): here it is UTC."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        if read is not None:
            return instant_text(read if read.tzinfo is not None else read.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        pass
    raise not_transformable(entry.name, f'Cannot convert value "{value}" to type "System.DateTime".')


def _net_type(value: object) -> str:
    if isinstance(value, list):
        return '"System.Collections.Generic.List`1[System.Object]"'
    return '"Newtonsoft.Json.Linq.JObject"' if isinstance(value, dict) else f'"{type(value).__name__}"'
