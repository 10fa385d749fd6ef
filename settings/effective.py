"""What is in force, for `show-config`: every setting, secrets masked, and where each came from."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from settings.model import Settings
from settings.names import known_names, value_of

_MASK = "********"
_DEFAULT = "default"
_PASSWORD = re.compile(r"((?:^|&)[^=&]*password=)[^&]+", re.IGNORECASE)


@dataclass(frozen=True)
class EffectiveSetting:
    """One variable. `origin` is "default", "environment" or the settings file."""

    name: str
    value: str
    origin: str


def effective_settings(settings: Settings) -> list[EffectiveSetting]:
    """Every setting in the model's order; columns that are not remapped are left out."""
    rows: list[EffectiveSetting] = []
    for name in known_names():
        value = value_of(settings, name)
        if isinstance(value, dict):
            rows += _remapped(name, value, settings.origins)
        else:
            rows.append(EffectiveSetting(name, _shown(value), settings.origins.get(name, _DEFAULT)))
    return rows


def _remapped(name: str, value: dict[str, Any], origins: dict[str, str]) -> list[EffectiveSetting]:
    found = [(f"{name}{column.upper()}", str(target)) for column, target in value.items()]
    return [EffectiveSetting(key, target, origins.get(key, _DEFAULT)) for key, target in found]


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return _MASK if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ",".join(str(entry) for entry in value)
    if isinstance(value, bool):
        return str(value).lower()
    # A StrEnum and a date already write themselves as they are read.
    return shown_url(str(value))


def shown_url(text: str) -> str:
    """The text, but for passwords that a URL such as the ledger's may hold."""
    parts = urlsplit(text)
    query = _PASSWORD.sub(rf"\1{_MASK}", parts.query) if parts.scheme and parts.netloc else parts.query
    if not parts.password and query == parts.query:
        return text
    netloc = parts.netloc
    if parts.password:
        user, _, rest = netloc.partition(":")
        netloc = f"{user}:{_MASK}@{rest.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=netloc, query=query))
