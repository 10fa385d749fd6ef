"""Reads single values of stored parameters, in every spelling that the services return."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

_TICKS = re.compile(r"/Date\((-?\d{1,15})\)/")
_BYTES = re.compile(r"\(([\d,]+) bytes\)")
_SIZE = re.compile(r"([\d.]{1,18})\s*(B|KB|MB|GB)?", re.IGNORECASE)
_UNITS = {"": 1, "B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}


def texts(value: object) -> tuple[str, ...]:
    """A list of strings; null, "", [] and a bare string mean what they say (exchange.md 7.1 rows 2, 6)."""
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return tuple([said for part in value if part is not None and (said := str(part))])
    return () if value is None or value is False else (str(value),)


def text(value: object) -> str:
    """One string; "" for null."""
    return "" if value is None else str(value)


def flag(value: object) -> bool:
    """A boolean, also where a client sent it as a word (exchange.md 1.3)."""
    return value.strip().lower() == "true" if isinstance(value, str) else value is True


def whole_number(value: object) -> int | None:
    """An integer in either spelling (exchange.md 7.1 rows 7, 14); None where there is none."""
    try:
        return int(str(value))
    except ValueError:
        return None


def instant(value: object) -> datetime | None:
    """An instant in UTC, None for null (exchange.md 7.1 rows 8, 25). ValueError when unreadable.

    A time without a zone is taken as UTC, which exchange.md 10 leaves unproven.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        moment = value
    elif ticks := _TICKS.fullmatch(str(value)):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(ticks[1]))
    else:
        moment = datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def size_in_bytes(value: str) -> int | None:
    """A size such as `10 MB (10,485,760 bytes)`, `10MB` or `10485760`; None when unreadable."""
    if exact := _BYTES.search(value):
        return int(exact[1].replace(",", ""))
    plain = _SIZE.fullmatch(value.strip())
    if plain is None:
        return None
    try:
        return int(float(plain[1]) * _UNITS[(plain[2] or "").upper()])
    except ValueError:
        return None
