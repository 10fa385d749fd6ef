"""Mailbox settings and folders (graph.md 1.2, 2)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.filters import read_filter
from m365_restrict.sandbox.graph.paging import page
from m365_restrict.sandbox.graph.people import find_user
from m365_restrict.sandbox.mailbox_folders import find_folder, has_cloud_mailbox, make_folder

# Graph shows ten folders a page unless it is asked for more.
_FOLDER_PAGE = 10
_MAILBOX_FOLDER = ("displayName", "parentFolderId", "childFolderCount", "totalItemCount")


def find_mailbox(call: GraphCall) -> dict[str, Any]:
    """The account that `{user}` names, if it has a cloud mailbox that the caller may open."""
    user = find_user(call)
    owner = call.principal.mailbox
    if owner and owner != user["id"]:
        raise GraphFailure(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    scope = call.principal.scope
    if scope is not None and not call.tenant.directory.is_within(user, scope):
        # Outside the scope that Exchange's RBAC gives the application (graph.md 1.1, 2, 8.2).
        text = "Access is denied. Check credentials and try again."
        raise GraphFailure(403, "ErrorAccessDenied", text, target=user["upn"])
    if not has_cloud_mailbox(user):
        raise GraphFailure(
            404, "MailboxNotEnabledForRESTAPI",
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise.", target=user["upn"],
        )  # fmt: skip
    return user


def settings(call: GraphCall) -> GraphAnswer:
    """GET /users/{user}/mailboxSettings."""
    user = find_mailbox(call)
    shown = {
        "timeZone": call.tenant.document["time_zone"],
        "automaticRepliesSetting": {"status": "disabled"},
        "userPurpose": user["mailbox"],
    }
    return GraphAnswer(select(shown, call.query), target=user["upn"])


def purpose(call: GraphCall) -> GraphAnswer:
    """GET /users/{user}/mailboxSettings/userPurpose."""
    user = find_mailbox(call)
    return GraphAnswer({"value": user["mailbox"]}, target=user["upn"])


def list_folders(call: GraphCall) -> GraphAnswer:
    """GET /users/{user}/mailFolders: those at the root."""
    user = find_mailbox(call)
    counts = _counts(call, user)
    shown = [_folder(folder, counts) for folder in _folders(call, user)]
    expression = call.query.get("$filter")
    if expression:
        test = read_filter(expression)
        shown = [folder for folder in shown if test(folder)]
    body = page(call, shown, lambda folder: select(folder, call.query), size=_FOLDER_PAGE)
    return GraphAnswer(body, target=user["upn"])


def get_folder(call: GraphCall) -> GraphAnswer:
    """GET /users/{user}/mailFolders/{folder}, by id or well-known name."""
    user = find_mailbox(call)
    folder = folder_of(call, user)
    return GraphAnswer(select(_folder(folder, _counts(call, user)), call.query), target=user["upn"])


def folder_of(call: GraphCall, user: dict[str, Any]) -> dict[str, Any]:
    """The folder that `{folder}` names, by id or well-known name; a failure where there is none."""
    folder = find_folder(_folders(call, user), call.params["folder"])
    if folder is None:
        raise _no_folder(user["upn"])
    return folder


def child_folders(call: GraphCall) -> GraphAnswer:
    """GET .../childFolders: the sandbox keeps every folder at the root."""
    get_folder(call)
    return GraphAnswer(page(call, [], dict), target=call.params["user"])


def create_folder(call: GraphCall) -> GraphAnswer:
    """POST /users/{user}/mailFolders, as the owner does in Outlook."""
    user = find_mailbox(call)
    name = call.fields.get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise GraphFailure(400, "ErrorInvalidRequest", "A folder needs a displayName.")
    with call.tenant.store.batch():
        folders = _folders(call, user)
        if any(folder["path"].lower() == name.lower() for folder in folders):
            raise GraphFailure(409, "ErrorFolderExists", "A folder with the specified name already exists.")
        made = make_folder(user["id"], name, number=call.tenant.store.next_number("folder"))
        call.tenant.store.put("folders", user["id"], {"folders": [*folders, made]})
    return GraphAnswer(_folder(made, {}), status=201, target=user["upn"])


def exchange_settings(call: GraphCall) -> GraphAnswer:
    """GET /users/{user}/settings/exchange: the mailbox's id in the mailbox API."""
    user = find_mailbox(call)
    return GraphAnswer({"primaryMailboxId": _mailbox_id(user)}, target=user["upn"])


def create_mailbox_folder(call: GraphCall) -> GraphAnswer:
    """POST /admin/exchange/mailboxes/{mailbox}/folders: a folder at the root, without a right to messages."""
    wanted = call.params["mailbox"]
    user = next((one for _, one in call.tenant.store.all("users") if _mailbox_id(one) == wanted), None)
    if user is None or not has_cloud_mailbox(user):
        raise GraphFailure(404, "ErrorMailboxNotFound", "The mailbox was not found.", target=wanted)
    if not isinstance(call.fields.get("type"), str):
        raise GraphFailure(400, "ErrorInvalidRequest", "A folder needs a type.", target=user["upn"])
    made = create_folder(replace(call, params={"user": user["id"]}))
    if made.body is None:
        return made
    # Fewer members than a mail folder has; whether this id works in moveToFolder is unknown (graph.md 11).
    usable = call.tenant.behaviour.admin_folder_id == "usable"
    shown = {name: made.body[name] for name in _MAILBOX_FOLDER}
    identifier = made.body["id"] if usable else f"EXO:{made.body['id']}"
    return replace(made, body={**shown, "id": identifier, "type": call.fields["type"]})


def _mailbox_id(user: Mapping[str, Any]) -> str:
    return f"MBX:{user['id'].replace('-', '')[:8]}@{user['id'].replace('-', '')[-8:]}"


def delete_folder(call: GraphCall) -> GraphAnswer:
    """DELETE /users/{user}/mailFolders/{folder}; a well-known one cannot be deleted."""
    user = find_mailbox(call)
    with call.tenant.store.batch():
        folders = _folders(call, user)
        folder = find_folder(folders, call.params["folder"])
        if folder is None:
            raise _no_folder(user["upn"])
        if folder["wellKnown"]:
            text = "Distinguished folders cannot be deleted."
            raise GraphFailure(403, "ErrorDeleteDistinguishedFolder", text)
        kept = [other for other in folders if other != folder]
        call.tenant.store.put("folders", user["id"], {"folders": kept})
    return GraphAnswer(None, status=204, target=user["upn"])


def _folders(call: GraphCall, user: dict[str, Any]) -> list[dict[str, Any]]:
    document = call.tenant.store.get("folders", user["id"]) or {"folders": []}
    folders: list[dict[str, Any]] = document["folders"]
    return folders


def _counts(call: GraphCall, user: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Unread and all messages by the folder's path."""
    document = call.tenant.store.get("messages", user["id"]) or {"messages": []}
    counts: dict[str, tuple[int, int]] = {}
    for message in document["messages"]:
        unread, total = counts.get(message["folder"], (0, 0))
        counts[message["folder"]] = unread + (not message.get("read", False)), total + 1
    return counts


def _folder(folder: dict[str, Any], counts: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    unread, total = counts.get(folder["path"], (0, 0))
    return {
        "id": folder["id"],
        "displayName": folder["displayName"],
        "parentFolderId": folder["parent"],
        "childFolderCount": 0,
        "unreadItemCount": unread,
        "totalItemCount": total,
        "isHidden": False,
    }


def _no_folder(mailbox: str) -> GraphFailure:
    text = "The specified object was not found in the store."
    return GraphFailure(404, "ErrorItemNotFound", text, target=mailbox)
