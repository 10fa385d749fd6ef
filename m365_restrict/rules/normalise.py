"""Raw rules of the services, reduced to the normal form (exchange.md 7.1; graph.md 1.6)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from m365_restrict.rules.observed import (
    ObservedInboxRule,
    ObservedTransportRule,
    PropertyValue,
)
from m365_restrict.rules.properties import sorted_values
from m365_restrict.rules.text import normal_comments, straight
from m365_restrict.rules.token import is_our_token, token_in

# Derived, localised, moved by others' edits, or set by the admin center by itself (rows 7, 12, 17-19, 22).
_NOT_COMPARED = frozenset(
    [
        "Actions",
        "Conditions",
        "CreatedBy",
        "Description",
        "DistinguishedName",
        "DlpPolicyId",
        "Exceptions",
        "Guid",
        "Identity",
        "ImmutableId",
        "LastModifiedBy",
        "ManuallyModified",
        "ObjectState",
        "OrganizationId",
        "Priority",
        "RegexSize",
        "RuleConfigurationUnsupportedReason",
        "RuleVersion",
        "SetAuditSeverity",
        "Size",
        "WhenChanged",
    ]
)
_DEFAULTS: Mapping[str, object] = {
    "SenderAddressLocation": "Header",
    "RecipientAddressType": "Resolved",
    "RuleErrorAction": "Ignore",
    "RuleSubType": "None",
    "RejectMessageEnhancedStatusCode": "5.7.1",
    "IsValid": True,
    "IsRuleConfigurationSupported": True,
}
_DATES = frozenset({"ActivationDate", "ExpiryDate"})
_ENUMS = frozenset(
    [
        "Mode",
        "State",
        "SenderAddressLocation",
        "RecipientAddressType",
        "RuleErrorAction",
        "RuleSubType",
        "FromScope",
        "ExceptIfFromScope",
        "SentToScope",
        "ExceptIfSentToScope",
    ]
)
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
        "None",
        "InOrganization",
        "NotInOrganization",
    ]
}
_ADDRESSES = re.compile(
    r"(ExceptIf)?(From|FromMemberOf|SentTo|SentToMemberOf|BetweenMemberOf[12]|ManagerAddresses"
    r"|AnyOf(To|Cc|ToCc)Header(MemberOf)?|SenderDomainIs|RecipientDomainIs)"
    r"|RedirectMessageTo|BlindCopyTo|CopyTo|AddToRecipients|ModerateMessageByUser"
)
_LISTS = re.compile(r".*(ContainsWords|MatchesPatterns|MatchesWords)|(ExceptIf)?SenderIpRanges")
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
    """Reduce one object of Get-TransportRule. Properties that we do not model are kept by name."""
    properties = dict(_transport_properties(raw))
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
    )


def _transport_properties(raw: Mapping[str, object]) -> Iterator[tuple[str, PropertyValue]]:
    yield "State", _CANONICAL.get(str(raw.get("State") or "Enabled").casefold(), "Enabled")
    yield "Mode", _CANONICAL.get(str(raw.get("Mode") or "Enforce").casefold(), str(raw.get("Mode")))
    for name, value in raw.items():
        if name in _NOT_COMPARED or name in {"State", "Mode"} or "@" in name:
            continue
        normal = _transport_value(name, value)
        if normal is not None and normal != _DEFAULTS.get(name):
            yield name, normal


def _transport_value(name: str, value: object) -> PropertyValue | None:
    """The normal form of one value; None where it is not set (rows 2, 5, 6, 8-11, 14)."""
    if value is None or value in ("", []):
        return None
    if isinstance(value, bool):
        # False is the default of every truth value but the two that say whether the rule can run.
        return value if value or name in _DEFAULTS else None
    if _ADDRESSES.fullmatch(name):
        return _strings(value, lambda text: text.strip().lower())
    if _LISTS.fullmatch(name) or isinstance(value, list):
        return _strings(value, str)
    return _scalar(name, value)


def _scalar(name: str, value: object) -> PropertyValue | None:
    if name in _DATES:
        return read_instant(value) or str(value)
    if name in _ENUMS:
        return _CANONICAL.get(str(value).casefold(), str(value))
    if name == "Comments":
        return normal_comments(str(value)) or None
    if isinstance(value, int) and name != "SetSCL":
        return value
    if isinstance(value, str | int):
        return straight(str(value))
    return json.dumps(value, sort_keys=True, default=str)


def _strings(value: object, normal: Callable[[str], str]) -> tuple[str, ...] | None:
    items = value if isinstance(value, list | tuple) else [value]
    texts = (
        normal(item if isinstance(item, str) else json.dumps(item, sort_keys=True, default=str))
        for item in items
    )
    return sorted_values(tuple(text for text in texts if text)) or None


def observe_inbox_rule(
    raw: Mapping[str, object],
    *,
    mailbox: str,
    instance_id: str,
    folders: Mapping[str, str],
    known_ids: frozenset[str] = frozenset(),
) -> ObservedInboxRule | None:
    """Reduce one messageRule if it is ours by token or by id; None for the owner's own rules.

    `folders` maps the mailbox's folder ids to the names under which our rules know them.
    """
    display_name = str(raw.get("displayName") or "")
    rule_id = str(raw.get("id") or "")
    token = token_in(display_name)
    ours = is_our_token(token, instance_id)
    if not ours and rule_id not in known_ids:
        return None
    enabled = raw.get("isEnabled") is not False
    return ObservedInboxRule(
        mailbox=mailbox,
        rule_id=rule_id,
        display_name=display_name,
        token=token if ours else "",
        enabled=enabled,
        read_only=raw.get("isReadOnly") is True,
        has_error=raw.get("hasError") is True,
        properties={
            "displayName": display_name,
            "isEnabled": enabled,
            **dict(_inbox_properties(raw, folders)),
        },
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
    if value is None or value is False or value in ("", [], {}):
        return None
    if name in {"moveToFolder", "copyToFolder"}:
        return folders.get(str(value), str(value))
    if isinstance(value, list):
        if name == "assignCategories":
            return _strings(value, str.strip)
        return _strings([_address_or(item) for item in value], lambda text: text.strip().lower())
    if isinstance(value, str | bool | int):
        return value
    return json.dumps(value, sort_keys=True, default=str)


def _address_or(item: object) -> object:
    """The address of a Graph recipient; anything else as it is."""
    inner = item.get("emailAddress") if isinstance(item, Mapping) else None
    if isinstance(inner, Mapping) and isinstance(inner.get("address"), str):
        return inner["address"]
    return item
