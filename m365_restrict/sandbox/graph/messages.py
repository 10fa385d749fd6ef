"""Messages in a folder of a mailbox, without their text: what Mail.ReadBasic shows (graph.md 1.2, 8.1)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from m365_restrict.sandbox.clock import parse_instant
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.mailboxes import find_mailbox, folder_of
from m365_restrict.sandbox.graph.paging import page
from m365_restrict.sandbox.mailbox_folders import message_id

_PAGE = 10
_RECEIVED = "receivedDateTime"
_TERM = re.compile(
    rf"({_RECEIVED})\s+(ge|le|gt|lt)\s+([0-9TZ:.+-]+)|isRead\s+eq\s+(true|false)", re.IGNORECASE
)
_JOIN = re.compile(r"\s+and\s+", re.IGNORECASE)


def list_messages(call: GraphCall) -> GraphAnswer:
    """GET .../mailFolders/{folder}/messages; an order by receivedDateTime needs it first in the filter."""
    user = find_mailbox(call)
    folder = folder_of(call, user)
    order = call.query.get("$orderby", f"{_RECEIVED} desc").split()
    wanted = call.query.get("$filter", "")
    if order[0] != _RECEIVED or order[1:] not in ([], ["asc"], ["desc"]):
        raise _refused("Only receivedDateTime can be sorted by.")
    if wanted and "$orderby" in call.query and not wanted.startswith(_RECEIVED):
        text = "The restriction or sort order is too complex for this operation."
        raise GraphFailure(400, "InefficientFilter", text)
    found = [one for one in _kept(call, user) if one["folder"] == folder["path"] and _holds(one, wanted)]
    found.sort(key=_received, reverse=order[1:] == ["desc"])
    body = page(call, found, lambda one: select(_shown(one), call.query), size=_PAGE)
    return GraphAnswer(body, target=user["upn"])


def update_message(call: GraphCall) -> GraphAnswer:
    """PATCH .../messages/{message}: whether it has been read, as its reader's program says."""
    user = find_mailbox(call)
    kept = _kept(call, user)
    message = next((one for one in kept if one.get("id") == call.params["message"]), None)
    if message is None:
        text = "The specified object was not found in the store."
        raise GraphFailure(404, "ErrorItemNotFound", text, target=user["upn"])
    is_read = call.fields.get("isRead")
    if not isinstance(is_read, bool):
        raise GraphFailure(400, "ErrorInvalidRequest", "isRead must be true or false.", target=user["upn"])
    message["read"] = is_read
    call.tenant.store.put("messages", user["id"], {"messages": kept})
    return GraphAnswer(_shown(message), target=user["upn"])


def _kept(call: GraphCall, user: Mapping[str, Any]) -> list[dict[str, Any]]:
    document = call.tenant.store.get("messages", user["id"]) or {"messages": []}
    kept: list[dict[str, Any]] = document["messages"]
    return [{**one, "id": one.get("id") or message_id(user["id"], at)} for at, one in enumerate(kept)]


def _holds(message: Mapping[str, Any], expression: str) -> bool:
    return all(_term_holds(message, term) for term in _JOIN.split(expression.strip()) if term)


def _term_holds(message: Mapping[str, Any], term: str) -> bool:
    found = _TERM.fullmatch(term.strip())
    if found is None:
        raise _refused(f"The filter clause {term!r} is not supported.")
    if found[4]:
        return message.get("read", False) is (found[4].lower() == "true")
    bound, at = parse_instant(found[3]), _received(message)
    return {"ge": at >= bound, "gt": at > bound, "le": at <= bound, "lt": at < bound}[found[2].lower()]


def _received(message: Mapping[str, Any]) -> datetime:
    return parse_instant(message.get("received") or "1990-01-01T00:00:00Z")


def _shown(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": message["id"],
        "receivedDateTime": message.get("received") or "1990-01-01T00:00:00Z",
        "subject": message["subject"],
        "isRead": bool(message.get("read", False)),
        "internetMessageId": message["message_id"],
        "from": _recipient(message["from"]),
        "toRecipients": _recipients(message["to"]),
        "ccRecipients": _recipients(message["cc"]),
    }


def _recipients(addresses: Sequence[str]) -> list[dict[str, Any]]:
    return [_recipient(address) for address in addresses]


def _recipient(address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": address, "address": address}}


def _refused(message: str) -> GraphFailure:
    return GraphFailure(400, "ErrorInvalidUrlQueryFilter", message)
