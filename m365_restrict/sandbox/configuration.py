"""Transport rules as Tenant Configuration Management shows them: the Microsoft365DSC shape (graph.md 6.2).

The key is the name; there is no Guid and no WhenChanged. Unset collections are [] and unset booleans false.
Whether members of a group or a list are shown by address or by display name is unknown (graph.md 10.8):
here by what the rule holds, which are addresses.
"""

from collections.abc import Mapping
from typing import Any

from m365_restrict.sandbox.exchange.catalogue import Kind, Part, properties

TRANSPORT_RULE = "microsoft.exchange.transportrule"
_LISTS = frozenset(
    {
        Kind.WORDS, Kind.PATTERNS, Kind.STRINGS, Kind.SENDERS, Kind.PEOPLE, Kind.GROUPS, Kind.ANYONE,
        Kind.COPIES, Kind.MODERATORS, Kind.ENUMERATIONS,
    }
)  # fmt: skip


def rule_resource(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One rule as a resource of a snapshot."""
    shown: dict[str, Any] = {"Ensure": "Present", "Enabled": rule["State"] == "Enabled"}
    for entry in properties().values():
        if entry.part is Part.DERIVED or not (entry.read and entry.set):
            continue
        value = rule[entry.name]
        if entry.kind in _LISTS:
            shown[entry.name] = value or []
        elif value is not None:
            shown[entry.name] = value
    return {
        "displayName": f"EXOTransportRule-{rule['Name']}",
        "resourceType": TRANSPORT_RULE,
        "properties": shown,
    }


def drifted(wanted: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The properties in which a baseline's rule differs from the tenant; `rules` are resources by name."""
    name = str(wanted.get("Name", ""))
    found = rules.get(name.casefold())
    if found is None:
        return [{"propertyName": "Ensure", "currentValue": "Absent", "desiredValue": "Present"}]
    current = found["properties"]
    return [
        {"propertyName": property_name, "currentValue": current.get(property_name), "desiredValue": value}
        for property_name, value in wanted.items()
        if not property_name.startswith("@") and "@odata" not in property_name
        and _plain(current.get(property_name)) != _plain(value)
    ]  # fmt: skip


def _plain(value: object) -> object:
    if isinstance(value, list):
        return sorted(str(one).casefold() for one in value)
    return None if value in ("", []) else value
