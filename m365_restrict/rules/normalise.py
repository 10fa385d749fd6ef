"""Raw rules of the services, reduced to the normal form (exchange.md 7.1; graph.md 1.6)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from m365_restrict.rules.naming import COUNCIL_FOLDERS
from m365_restrict.rules.observed import (
    ObservedInboxRule,
    ObservedTransportRule,
    Properties,
    PropertyValue,
    Spellings,
)
from m365_restrict.rules.properties import sorted_values
from m365_restrict.rules.service_properties import DEFAULTS, DESCRIPTIVE, KINDS, MARKS, ValueKind
from m365_restrict.rules.spelling import known, with_known_addresses
from m365_restrict.rules.stopped_above import STOPPED_ABOVE
from m365_restrict.rules.text import normal_comments, straight
from m365_restrict.rules.token import is_our_token, token_in

_CANONICAL = {
    word.casefold(): word
    for word in [
        "Enforce",
        "Audit",
        "AuditAndNotify",
        "Enabled",
        "Disabled",
        "Header",
        "Envelope",
        "HeaderOrEnvelope",
        "Resolved",
        "Original",
        "Ignore",
        "Defer",
        "InOrganization",
        "NotInOrganization",
    ]
}
_NONE: Mapping[str, Spellings] = {}
_DOTNET_DATE = re.compile(r"/Date\((-?\d+)\)/")
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")


def read_instant(value: object) -> datetime | None:
    """A date of either spelling as a UTC instant, or None (exchange.md 7.1 rows 8 and 25)."""
    if not isinstance(value, str):
        return None
    found = _DOTNET_DATE.fullmatch(value)
    if found:
        return datetime.fromtimestamp(int(found.group(1)) / 1000, tz=UTC)
    try:
        instant = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", value))
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def observe_transport_rule(raw: Mapping[str, object]) -> ObservedTransportRule:
    """Reduce one object of Get-TransportRule.

    Properties that we do not know, or that no Set can clear, are kept apart: they are told and never written.
    """
    properties = dict(_known_properties(raw))
    return ObservedTransportRule(
        guid=str(raw.get("Guid") or ""),
        name=str(raw.get("Name") or ""),
        priority=int(str(raw.get("Priority") or 0)),
        enabled=properties["State"] == "Enabled",
        comments=str(properties.get("Comments", "")),
        properties=properties,
        changed_by=str(raw.get("LastModifiedBy") or ""),
        changed_at=read_instant(raw.get("WhenChanged")),
        raw=raw,
        out_of_reach=dict(_unknown_properties(raw)),
        marks={name: value for name in sorted(MARKS) if (value := _as_found(raw.get(name))) is not None},
    )


def _known_properties(raw: Mapping[str, object]) -> Iterator[tuple[str, PropertyValue]]:
    yield "State", _CANONICAL.get(str(raw.get("State") or "Enabled").casefold(), "Enabled")
    yield "Mode", _CANONICAL.get(str(raw.get("Mode") or "Enforce").casefold(), str(raw.get("Mode")))
    for name, kind in KINDS.items():
        if name in {"State", "Mode"}:
            continue
        value = raw.get(name)
        normal = None if value in (None, "", []) else _NORMAL[kind](value)
        if normal is not None and normal != DEFAULTS.get(name, False if kind is ValueKind.FLAG else None):
            yield name, normal


def _unknown_properties(raw: Mapping[str, object]) -> Iterator[tuple[str, PropertyValue]]:
    """What is set and stands in no table of ours. Type side-cars are no properties (row 19)."""
    for name in sorted(raw.keys() - KINDS.keys() - DESCRIPTIVE - MARKS):
        normal = None if "@" in name else _as_found(raw[name])
        if normal is not None and normal != DEFAULTS.get(name):
            yield name, normal


def _one_text(value: object) -> str:
    """Some services of one value answer with a list of one (row 23)."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return str(value) if isinstance(value, str | int) else _json(value)


def _as_found(value: object) -> PropertyValue | None:
    """A value of a kind that nobody has told us, or None where it looks unset."""
    if value in (None, False, 0, "", [], {}):
        return None
    if isinstance(value, list):
        return _strings(value, str)
    return value if isinstance(value, str | int) else _json(value)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _strings(value: object, normal: Callable[[str], str]) -> tuple[str, ...] | None:
    items = value if isinstance(value, list | tuple) else [value]
    texts = (normal(item if isinstance(item, str) else _json(item)) for item in items)
    return sorted_values(tuple(text for text in texts if text)) or None


_Normal: TypeAlias = Callable[[object], PropertyValue | None]
_NORMAL: Mapping[ValueKind, _Normal] = {
    ValueKind.ADDRESSES: lambda value: _strings(value, lambda text: text.strip().lower()),
    ValueKind.ADDRESS: lambda value: _one_text(value).strip().lower() or None,
    ValueKind.TEXTS: lambda value: _strings(value, str),
    ValueKind.TEXT: lambda value: straight(_one_text(value)) or None,
    ValueKind.NUMBER_TEXT: lambda value: _one_text(value).strip() or None,
    ValueKind.COMMENTS: lambda value: normal_comments(str(value)) or None,
    ValueKind.ENUMERATION: lambda value: _CANONICAL.get(_one_text(value).casefold(), _one_text(value)),
    ValueKind.INSTANT: lambda value: read_instant(value) or str(value),
    ValueKind.FLAG: lambda value: str(value).casefold() == "true",
}


def folder_names(ids: Mapping[str, str]) -> Mapping[str, str]:
    """The one name of each folder id, from the ids of every spelling that a choice or the ledger uses.

    A folder that the council's rules use keeps the name that they give it.
    """
    names: dict[str, str] = {}
    for name in sorted(ids, key=lambda name: (name not in COUNCIL_FOLDERS, name)):
        names.setdefault(ids[name], name)
    return names


def observe_inbox_rule(
    raw: Mapping[str, object],
    *,
    mailbox: str,
    instance_id: str,
    folders: Mapping[str, str],
    known_ids: frozenset[str] = frozenset(),
    spellings: Mapping[str, Spellings] = _NONE,
) -> ObservedInboxRule | None:
    """Reduce one messageRule if it is ours by token or by id; None for the owner's own rules.

    `folders` maps the mailbox's folder ids to the names under which our rules know them. `spellings` are
    those that were learned when the rule was written, by its id.
    """
    display_name = str(raw.get("displayName") or "")
    rule_id = str(raw.get("id") or "")
    token = token_in(display_name)
    ours = is_our_token(token, instance_id)
    if not ours and rule_id not in known_ids:
        return None
    enabled = raw.get("isEnabled") is not False
    found = dict(_inbox_properties(raw, folders))
    learned = known(found, spellings.get(rule_id, {}))
    named: Properties = {"displayName": display_name, "isEnabled": enabled}
    return ObservedInboxRule(
        mailbox=mailbox,
        rule_id=rule_id,
        display_name=display_name,
        token=token if ours else "",
        enabled=enabled,
        read_only=raw.get("isReadOnly") is True,
        has_error=raw.get("hasError") is True,
        stopped_above=raw.get(STOPPED_ABOVE) is True,
        properties={**named, **with_known_addresses(found, learned)},
        spellings=learned,
        shown={**named, **found},
    )


def _inbox_properties(
    raw: Mapping[str, object], folders: Mapping[str, str]
) -> Iterator[tuple[str, PropertyValue]]:
    for part in ("conditions", "exceptions", "actions"):
        members = raw.get(part)
        if not isinstance(members, Mapping):
            continue
        for name, value in members.items():
            normal = _inbox_value(str(name), value, folders)
            if normal is not None and "@" not in str(name):
                yield f"{part}.{name}", normal


def _inbox_value(name: str, value: object, folders: Mapping[str, str]) -> PropertyValue | None:
    """null, [] and false all mean absent; words come back in capitals (graph.md 1.6)."""
    if value in (None, False, "", [], {}):
        return None
    if name in {"moveToFolder", "copyToFolder"}:
        return folders.get(str(value), str(value))
    if isinstance(value, list):
        if name == "assignCategories":
            return _strings(value, str.strip)
        return _strings([_address_or(item) for item in value], lambda text: text.strip().lower())
    if isinstance(value, str | bool | int):
        return value
    return _json(value)


def _address_or(item: object) -> object:
    """The address of a Graph recipient; anything else as it is."""
    inner = item.get("emailAddress") if isinstance(item, Mapping) else None
    if isinstance(inner, Mapping) and isinstance(inner.get("address"), str):
        return inner["address"]
    return item
