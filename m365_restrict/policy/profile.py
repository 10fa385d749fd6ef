"""A policy as configuration: what differs from council to council (policy.md 2, policy profiles)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeVar

from m365_restrict.errors import ConfigurationError
from m365_restrict.register.case import Measure, Stage
from m365_restrict.register.columns import RESTRICTED_CONTACTS

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One policy.

    `stages` is empty where the policy has none. `quorum` is the number of different approvers.
    `max_months` is the longest time in force without a review, `review_months` the longest
    time to the next review. `required` holds groups of columns: one of each group must be filled.
    `max_live_cases` keeps lists out that belong elsewhere.
    """

    name: str
    quorum: int
    proposer_may_approve: bool
    stages: tuple[Stage, ...]
    measures: tuple[Measure, ...]
    max_months: int
    review_months: int
    required: tuple[tuple[str, ...], ...]
    max_live_cases: int = 200


def profile_from_mapping(data: Mapping[str, object]) -> Profile:
    """Build a profile from a TOML table; ConfigurationError names the unknown, missing or wrong key."""
    known = {field.name for field in fields(Profile)}
    reader = _TableReader(data)
    unknown = sorted(set(data) - known)
    if unknown:
        raise ConfigurationError(
            f"The policy profile has an unknown key {unknown[0]!r}; it may have {', '.join(sorted(known))}."
        )
    return Profile(
        name=reader.text("name"),
        quorum=reader.number("quorum", least=1),
        proposer_may_approve=reader.truth("proposer_may_approve"),
        stages=tuple(reader.choice("stages", text, Stage) for text in reader.texts("stages")),
        measures=tuple(reader.choice("measures", text, Measure) for text in reader.texts("measures")),
        max_months=reader.number("max_months", least=1),
        review_months=reader.number("review_months", least=1),
        required=tuple(_columns(text) for text in reader.texts("required")),
        max_live_cases=reader.number("max_live_cases", least=1) if "max_live_cases" in data else 200,
    )


def _columns(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(" or "))
    for name in names:
        if name not in RESTRICTED_CONTACTS.names:
            raise ConfigurationError(
                f"The policy profile's key 'required' names {name!r}, which is not a column of the register."
            )
    return names


class _TableReader:
    """Reads typed values from a TOML table; errors name the key."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self._data = data

    def text(self, key: str) -> str:
        value = self._value(key)
        if not isinstance(value, str) or not value:
            raise _wrong(key, "a text")
        return value

    def truth(self, key: str) -> bool:
        value = self._value(key)
        if not isinstance(value, bool):
            raise _wrong(key, "true or false")
        return value

    def number(self, key: str, *, least: int) -> int:
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise _wrong(key, f"a whole number of {least} or more")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise _wrong(key, "a list of texts")
        return tuple(value)

    def choice(self, key: str, text: str, kind: type[_Choice]) -> _Choice:
        try:
            return kind(text)
        except ValueError as error:
            raise _wrong(key, f"made of these: {', '.join(kind)}") from error

    def _value(self, key: str) -> object:
        if key not in self._data:
            raise ConfigurationError(f"The policy profile lacks the key {key!r}.")
        return self._data[key]


def _wrong(key: str, wanted: str) -> ConfigurationError:
    return ConfigurationError(f"The policy profile's key {key!r} must be {wanted}.")
