"""Inbox rules under /users/{user}/mailFolders/inbox/messageRules (graph.md 1)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from m365_restrict.sandbox.audit_log import Actor, AuditLog, RecordType
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.mailboxes import find_mailbox
from m365_restrict.sandbox.graph.paging import page
from m365_restrict.sandbox.graph.shown_rules import PREDICATES, RECIPIENTS, shown_rule
from m365_restrict.sandbox.mailbox_folders import find_folder, find_folder_by_any_name, new_rule_id
from m365_restrict.sandbox.store import Json

# All enabled rules of a mailbox together (graph.md 1.4).
_QUOTA_BYTES = 256 * 1024

_COMPLEX = ("conditions", "exceptions", "actions")
_WRITABLE = {"displayName", "sequence", "isEnabled", *_COMPLEX}
_READ_ONLY = {"id", "hasError", "isReadOnly"}
_ACTIONS = frozenset(
    {
        "assignCategories", "copyToFolder", "moveToFolder", "delete", "permanentDelete", "forwardTo",
        "forwardAsAttachmentTo", "redirectTo", "markAsRead", "markImportance", "stopProcessingRules",
    }
)  # fmt: skip
_MEMBERS = {"conditions": PREDICATES, "exceptions": PREDICATES, "actions": _ACTIONS}


def list_rules(call: GraphCall) -> GraphAnswer:
    """GET: all rules in the order in which they run."""
    user = _inbox_of(call)
    body = page(call, _rules(call, user), lambda rule: select(shown_rule(call, rule), call.query))
    return GraphAnswer(body, target=user["upn"])


def get_rule(call: GraphCall) -> GraphAnswer:
    """GET one rule."""
    user = _inbox_of(call)
    rule = _find(_rules(call, user), call.params["rule"])
    return GraphAnswer(select(shown_rule(call, rule), call.query), target=rule["displayName"])


def create_rule(call: GraphCall) -> GraphAnswer:
    """POST: actions, displayName and sequence are required."""
    user = _inbox_of(call)
    missing = [
        name for name in ("displayName", "sequence", "actions") if call.fields.get(name) in (None, "", {})
    ]
    if missing:
        raise _invalid(f"The rule lacks the required {', '.join(missing)}.")
    with call.tenant.store.batch():
        made = {
            "id": new_rule_id(call.tenant.store.next_number("inbox_rule")),
            "isEnabled": False,
            "hasError": False,
            "isReadOnly": False,
            **_checked(call, user),
        }
        _keep(call, user, [*_rules(call, user), made])
        _record(call, user, made, "AddMailboxRule")
    return GraphAnswer(shown_rule(call, made), status=201, target=made["displayName"])


def update_rule(call: GraphCall) -> GraphAnswer:
    """PATCH: each complex member is replaced whole; what is not named stays (graph.md 1.2)."""
    user = _inbox_of(call)
    with call.tenant.store.batch():
        rules = _rules(call, user)
        rule = _find_writable(rules, call.params["rule"])
        changes = _checked(call, user)
        if call.tenant.behaviour.rule_patch == "merges":
            # Replacement is stated by one client's authors; Microsoft's pages are silent (graph.md 1.2).
            changes |= {
                name: _merged(rule[name], changes[name], call.fields[name])
                for name in _COMPLEX
                if name in changes
            }
        rule.update(changes)
        if not rule["actions"]:
            raise _invalid("A rule needs at least one action.")
        _keep(call, user, rules)
        _record(call, user, rule, "ModifyMailboxRule")
    return GraphAnswer(shown_rule(call, rule), target=rule["displayName"])


def _merged(old: Mapping[str, Any], new: Mapping[str, Any], sent: Json) -> dict[str, Any]:
    """A complex member after a PATCH that merges: what was sent empty goes, what was not sent stays.

    No source says what a tenant that merges makes of an empty member: this is assumed.
    """
    emptied = {name for name, value in (sent or {}).items() if value in (None, [], "")}
    return {**{name: value for name, value in old.items() if name not in emptied}, **new}


def delete_rule(call: GraphCall) -> GraphAnswer:
    """DELETE one rule."""
    user = _inbox_of(call)
    with call.tenant.store.batch():
        rules = _rules(call, user)
        rule = _find_writable(rules, call.params["rule"])
        _keep(call, user, [kept for kept in rules if kept is not rule])
        _record(call, user, rule, "RemoveMailboxRule")
    return GraphAnswer(None, status=204, target=rule["displayName"])


def _record(call: GraphCall, user: Mapping[str, Any], rule: Mapping[str, Any], action: str) -> None:
    """Edits of inbox rules that are no cmdlets are recorded as UpdateInboxRules (exchange.md 10)."""
    owner = call.principal.mailbox
    who = str(user["upn"]) if owner else call.principal.display_name
    log = AuditLog(call.tenant.store, call.tenant.clock)
    log.record(
        RecordType.EXCHANGE_ITEM,
        "UpdateInboxRules",
        Actor(who, owner, "" if owner else call.principal.client_id),
        str(user["upn"]),
        details={
            "MailboxOwnerUPN": user["upn"],
            "OperationProperties": [
                {"Name": "RuleOperation", "Value": action},
                {"Name": "RuleName", "Value": rule["displayName"]},
                {"Name": "RuleId", "Value": rule["id"]},
            ],
        },
    )


def _inbox_of(call: GraphCall) -> dict[str, Any]:
    user = find_mailbox(call)
    folders = (call.tenant.store.get("folders", user["id"]) or {"folders": []})["folders"]
    folder = find_folder(folders, call.params["folder"])
    if folder is None or folder["wellKnown"] != "inbox":
        raise GraphFailure(404, "ErrorItemNotFound", "Rules exist only in the Inbox.", target=user["upn"])
    return user


def _rules(call: GraphCall, user: Mapping[str, Any]) -> list[dict[str, Any]]:
    document = call.tenant.store.get("inbox_rules", user["id"]) or {"rules": []}
    return sorted(document["rules"], key=lambda rule: int(rule["sequence"]))


def _keep(call: GraphCall, user: Mapping[str, Any], rules: Sequence[dict[str, Any]]) -> None:
    enabled = [rule for rule in rules if rule["isEnabled"]]
    if sum(len(json.dumps(rule)) for rule in enabled) > _QUOTA_BYTES:
        # Graph's own code for this is not known (graph.md 1.4).
        raise _invalid("The rules of this mailbox would be larger than its rules quota of 256 KB.")
    ordered = sorted(rules, key=lambda rule: int(rule["sequence"]))
    behaviour = call.tenant.behaviour
    if behaviour.client_rules == "lost" and not call.principal.mailbox:
        # What writes do to rules that only Outlook knows is unknown (graph.md 1.7).
        ordered = [rule for rule in ordered if not rule["isReadOnly"]]
    if behaviour.sequence == "renumbered":
        for place, rule in enumerate(ordered, start=1):
            rule["sequence"] = place
    call.tenant.store.put("inbox_rules", str(user["id"]), {"rules": ordered})


def _find(rules: Sequence[dict[str, Any]], rule_id: str) -> dict[str, Any]:
    for rule in rules:
        if rule["id"] == rule_id:
            return rule
    raise GraphFailure(
        404, "ErrorItemNotFound", "The specified object was not found in the store.", target=rule_id
    )


def _find_writable(rules: Sequence[dict[str, Any]], rule_id: str) -> dict[str, Any]:
    rule = _find(rules, rule_id)
    if rule["isReadOnly"]:
        raise GraphFailure(
            400,
            "ErrorNotSupportedMessageRule",
            "The message rule is not supported.",
            target=rule["displayName"],
        )
    return rule


def _checked(call: GraphCall, user: Mapping[str, Any]) -> dict[str, Any]:
    """The writable members of the body in the form that is read back."""
    checked: dict[str, Any] = {}
    for name, value in call.fields.items():
        if name in _READ_ONLY or "@odata." in name:
            continue
        if name not in _WRITABLE:
            raise _unknown(name, "microsoft.graph.messageRule")
        checked[name] = _checked_complex(call, user, name, value) if name in _COMPLEX else value
    if not isinstance(checked.get("displayName", ""), str):
        raise _invalid("displayName is a text.")
    if not isinstance(checked.get("isEnabled", False), bool):
        raise _invalid("isEnabled is true or false.")
    sequence = checked.get("sequence", 1)
    if isinstance(sequence, bool) or not isinstance(sequence, int) or sequence < 0:
        raise _invalid("sequence is a number.")
    return checked


def _checked_complex(call: GraphCall, user: Mapping[str, Any], name: str, value: Json) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(f"{name} is not an object.")
    members: dict[str, Any] = {}
    for member, wanted in value.items():
        if "@odata." in member:
            continue
        if member not in _MEMBERS[name]:
            raise _unknown(
                member, f"microsoft.graph.messageRule{'Actions' if name == 'actions' else 'Predicates'}"
            )
        if wanted in (None, [], "") or member == call.tenant.document["behaviour"].get("drop_parameter"):
            continue
        members[member] = _read_back(call, user, member, wanted)
    return members


def _read_back(call: GraphCall, user: Mapping[str, Any], member: str, value: Json) -> Json:
    if member in RECIPIENTS:
        return _recipients(member, value)
    if member in {"moveToFolder", "copyToFolder"}:
        return _folder_id(call, user, value)
    if member.endswith("Contains"):
        # Documented for senderContains; its neighbours most likely behave the same (graph.md 1.6).
        raised = call.tenant.behaviour.contains_upper
        upper = raised == "all" or (raised == "sender" and member == "senderContains")
        return [str(text).upper() for text in value] if upper else value
    return value


def _recipients(member: str, value: Json) -> list[dict[str, Any]]:
    entries = value if isinstance(value, list) else [value]
    shown = []
    for entry in entries:
        address = (entry.get("emailAddress") or {}).get("address") if isinstance(entry, dict) else None
        if not isinstance(address, str) or "@" not in address:
            raise _invalid(f"{member} holds something that is not an e-mail address.")
        shown.append(
            {"emailAddress": {"name": entry["emailAddress"].get("name") or address, "address": address}}
        )
    return shown


def _folder_id(call: GraphCall, user: Mapping[str, Any], value: Json) -> str:
    """An id that exists in this mailbox; whether a well-known name will do is a switch (graph.md 1.2)."""
    folders = (call.tenant.store.get("folders", str(user["id"])) or {"folders": []})["folders"]
    by_name = bool(call.principal.mailbox)
    found = (find_folder_by_any_name if by_name else find_folder)(folders, str(value))
    names_allowed = by_name or call.tenant.document["behaviour"]["junkemail_as_id"]
    if found is None or (found["id"] != value and not names_allowed):
        raise GraphFailure(400, "ErrorInvalidIdMalformed", "Id is malformed.", target=str(user["upn"]))
    return str(found["id"])


def _invalid(message: str) -> GraphFailure:
    return GraphFailure(400, "ErrorInvalidRequest", message)


def _unknown(name: str, kind: str) -> GraphFailure:
    message = f"The property '{name}' does not exist on type '{kind}'."
    return GraphFailure(400, "RequestBodyRead", message)
