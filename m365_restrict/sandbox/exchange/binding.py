"""From the JSON of a request to the value that is stored and read back (exchange.md 1.3, 1.4, 7.1)."""

from collections.abc import Callable, Mapping
from typing import Any

from m365_restrict.sandbox.exchange.catalogue import Kind, Part, Property, names_without_case, properties
from m365_restrict.sandbox.exchange.recipients import RECIPIENT_LISTS, RuleRecipients
from m365_restrict.sandbox.exchange.refusals import not_transformable, null_argument, unknown_parameter
from m365_restrict.sandbox.exchange.values import (
    boolean,
    enumerator,
    enumerators,
    instant,
    integer,
    scl,
    size,
    string,
    strings,
    texts,
)

_COMMON = frozenset(
    {
        "confirm", "whatif", "verbose", "debug", "erroraction", "warningaction", "informationaction",
        "errorvariable", "warningvariable", "informationvariable", "outvariable", "outbuffer",
        "pipelinevariable", "progressaction",
    }
)  # fmt: skip


def named(parameters: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """The parameters under their canonical names; common ones and type side-cars left out.

    `known` maps lower-case spellings to names; anything else is refused as live (exchange.md 1.7).
    """
    found: dict[str, Any] = {}
    for spelling, value in parameters.items():
        lower = spelling.lower()
        if "@" in spelling or lower in _COMMON:
            continue
        if lower not in known:
            raise unknown_parameter(spelling)
        found[known[lower]] = value
    return found


def rule_parameters(*, for_new: bool) -> dict[str, str]:
    """The parameters of New- or Set-TransportRule: Enabled and UseLegacyRegex are New's alone (2.2)."""
    allowed = {e.name for e in properties().values() if (e.new if for_new else e.set)}
    return {lower: name for lower, name in names_without_case().items() if name in allowed}


class ValueBinder:
    """Turns given values into stored ones, or refuses them."""

    def __init__(self, recipients: RuleRecipients) -> None:
        """Use `recipients` for parameters that name people or groups."""
        self._recipients = recipients

    def bind_for_new(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values of a new rule; null for a condition, exception or action is refused (exchange.md 1.4)."""
        for name, value in values.items():
            if value is None and properties()[name].part is not Part.SETTING:
                raise null_argument(name)
        return self._bind(values)

    def bind_for_set(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values that change a rule; null and an empty list clear (exchange.md 1.4, contracts.md 2)."""
        return self._bind(values)

    def _bind(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._value(properties()[name], value) for name, value in values.items()}

    def _value(self, entry: Property, value: object) -> object:
        if value is None or value == []:
            return entry.default
        if entry.kind is Kind.RECIPIENT:
            return self._address(entry, value)
        if entry.kind in RECIPIENT_LISTS:
            return self._addresses(entry, value)
        return _CONVERTERS[entry.kind](entry, value)

    def _address(self, entry: Property, value: object) -> str:
        return self._recipients.stored(entry.kind, entry.name, string(entry, value) or "")

    def _addresses(self, entry: Property, value: object) -> list[str]:
        stored = (self._recipients.stored(entry.kind, entry.name, one) for one in strings(entry, value))
        return list({address.lower(): address for address in stored}.values())


def _not_settable(entry: Property, value: object) -> object:
    raise not_transformable(entry.name, f'The value "{value}" can\'t be set.')


_CONVERTERS: Mapping[Kind, Callable[[Property, object], object]] = {
    Kind.STRING: string,
    Kind.STATUS_CODE: string,
    Kind.INTEGER: integer,
    Kind.BOOLEAN: boolean,
    Kind.ENUMERATION: enumerator,
    Kind.ENUMERATIONS: enumerators,
    Kind.WORDS: texts,
    Kind.PATTERNS: texts,
    Kind.STRINGS: texts,
    Kind.TABLES: _not_settable,
    Kind.SIZE: size,
    Kind.SCL: scl,
    Kind.INSTANT: instant,
}
