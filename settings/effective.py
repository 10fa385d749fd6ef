"""What is in force, for `show-config`: every setting, secrets masked, and where each came from."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from settings.model import Settings
from settings.names import known_names, value_of

_MASK = "********"
_DEFAULT = "default"


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
    return _without_password(str(value))


def _without_password(text: str) -> str:
    """A URL such as the ledger's may hold a password."""
    parts = urlsplit(text)
    if not parts.password:
        return text
    user, _, rest = parts.netloc.partition(":")
    return urlunsplit(parts._replace(netloc=f"{user}:{_MASK}@{rest.rpartition('@')[2]}"))
