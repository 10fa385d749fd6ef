"""How Graph shows an inbox rule, with what nobody knows about that as switches (graph.md 1.3, 1.6)."""

from collections.abc import Mapping
from typing import Any, assert_never

from m365_restrict.sandbox.graph.answer import GraphCall
from m365_restrict.sandbox.seed import Behaviour

_LISTS = frozenset(
    {
        "bodyContains", "bodyOrSubjectContains", "categories", "fromAddresses", "headerContains",
        "recipientContains", "senderContains", "sentToAddresses", "subjectContains",
    }
)  # fmt: skip
_TRUTHS = frozenset(
    {
        "hasAttachments", "isApprovalRequest", "isAutomaticForward", "isAutomaticReply", "isEncrypted",
        "isMeetingRequest", "isMeetingResponse", "isNonDeliveryReport", "isPermissionControlled",
        "isReadReceipt", "isSigned", "isVoicemail", "notSentToMe", "sentCcMe", "sentOnlyToMe", "sentToMe",
        "sentToOrCcMe",
    }
)  # fmt: skip
PREDICATES = _LISTS | _TRUTHS | {"importance", "messageActionFlag", "sensitivity", "withinSizeRange"}
RECIPIENTS = frozenset(
    {"fromAddresses", "sentToAddresses", "forwardTo", "forwardAsAttachmentTo", "redirectTo"}
)
_COMPLEX = ("conditions", "exceptions", "actions")


def shown_rule(call: GraphCall, rule: Mapping[str, Any]) -> dict[str, Any]:
    """A stored rule as it is read; one beyond Graph's schema without conditions and actions (1.3)."""
    behaviour = call.tenant.behaviour
    shown = {
        key: value
        for key, value in rule.items()
        if not (key in _COMPLEX and rule["isReadOnly"]) and not (key == "exceptions" and not value)
    }
    for name in _COMPLEX:
        if name in shown:
            shown[name] = _members(call, shown[name], behaviour)
            if name != "actions":
                shown[name] = {**_unset(behaviour), **shown[name]}
    return shown


def _members(call: GraphCall, members: Mapping[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    return {
        name: [_recipient(call, entry, behaviour) for entry in value] if name in RECIPIENTS else value
        for name, value in members.items()
    }


def _recipient(call: GraphCall, entry: Mapping[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Case kept or not, and an inside sender by SMTP or as a legacy DN: all unknown (graph.md 1.6)."""
    named = dict(entry.get("emailAddress") or {})
    address = str(named.get("address", ""))
    inside = call.tenant.directory.find(address) if behaviour.inside_senders == "legacy_dn" else None
    if inside is not None and inside["mailbox"] in {"user", "shared"}:
        root = "/o=ExchangeLabs/ou=Exchange Administrative Group (SANDBOX)/cn=Recipients"
        return {"emailAddress": {**named, "address": f"{root}/cn={inside['id'].replace('-', '')}"}}
    return {
        "emailAddress": {
            **named,
            "address": address.lower() if behaviour.address_case == "lower" else address,
        }
    }


def _unset(behaviour: Behaviour) -> dict[str, Any]:
    match behaviour.unset_predicates:
        case "absent":
            return {}
        case "null":
            # A collection is never null by Graph's own description (testing.md, official descriptions).
            return {name: [] if name in _LISTS else None for name in sorted(PREDICATES)}
        case "empty":
            return {name: [] if name in _LISTS else False for name in sorted(_LISTS | _TRUTHS)}
        case _:
            assert_never(behaviour.unset_predicates)
