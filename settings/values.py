"""How one text becomes one value: lists, addresses, days, loopback."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator

from m365_restrict.plan.windows import ChangeWindow, read_window

_STAMP_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def split_list(value: object) -> object:
    """Comma-separated text to its parts, blanks dropped; anything else is left to the type."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def paths(value: object) -> object:
    """Comma-separated text to paths; anything else is left to the type."""
    parts = split_list(value)
    return tuple(Path(part) for part in parts) if isinstance(parts, tuple) else parts


def windows(value: object) -> object:
    """Comma-separated text to change windows; ValueError names the one that is misspelt."""
    parts = split_list(value)
    return (
        tuple(read_window(str(part)) for part in parts)
        if isinstance(value, str) and isinstance(parts, tuple)
        else value
    )


def lower_all(values: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses and domains are compared in lower case."""
    return tuple(value.lower() for value in values)


def stamp_name(name: str) -> str:
    """A name that can stand in the stamp of a rule; ValueError otherwise."""
    if not _STAMP_NAME.fullmatch(name):
        raise ValueError("it may hold letters, digits, dots, dashes and underscores only, at most 64")
    return name


def known_zone(name: str) -> str:
    """A time zone that this computer knows; ValueError otherwise."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("it must be a time zone name such as Europe/London") from error
    return name


def endpoint(url: str) -> str:
    """An https URL without a trailing slash; http only on this computer."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("it must be a URL such as https://graph.microsoft.com/v1.0")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("it must begin with https://, because tokens are sent there")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether a URL names this computer and cannot name another."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Words: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(split_list), AfterValidator(lower_all)]
Paths: TypeAlias = Annotated[tuple[Path, ...], BeforeValidator(paths)]
Windows: TypeAlias = Annotated[tuple[ChangeWindow, ...], BeforeValidator(windows)]
Endpoint: TypeAlias = Annotated[str, AfterValidator(endpoint)]
InstanceId: TypeAlias = Annotated[str, AfterValidator(stamp_name)]
ZoneName: TypeAlias = Annotated[str, AfterValidator(known_zone)]
