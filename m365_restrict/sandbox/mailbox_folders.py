"""The folders of a mailbox: the well-known ones and the owner's own."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

CLOUD_MAILBOXES = frozenset({"user", "shared"})

_ROOT = "msgfolderroot"
_WELL_KNOWN = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "junkemail": "Junk Email",
    "outbox": "Outbox",
    "archive": "Archive",
    "conversationhistory": "Conversation History",
}


def has_cloud_mailbox(user: Mapping[str, Any]) -> bool:
    """Whether Graph can reach a mailbox for this account (graph.md 2)."""
    return user["mailbox"] in CLOUD_MAILBOXES


def folders_of_new_mailbox(user_id: str, own: Sequence[str]) -> dict[str, Any]:
    """The folder document of a new mailbox."""
    known = [make_folder(user_id, path, name) for name, path in _WELL_KNOWN.items()]
    return {"folders": known + [make_folder(user_id, path) for path in own]}


def make_folder(user_id: str, path: str, well_known: str = "", *, number: int = 0) -> dict[str, Any]:
    """A folder at the root. Its id is constant and differs from mailbox to mailbox (graph.md 1.2).

    With `number` it is one that was made later, and is not the one that bore its name before.
    """
    return {
        "id": _folder_id(user_id, f"{path}\n{number}" if number else path),
        "path": path,
        "displayName": path,
        "parent": _folder_id(user_id, _ROOT),
        "wellKnown": well_known,
    }


def find_folder(folders: Sequence[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """A folder by id, or by well-known name."""
    for folder in folders:
        if name == folder["id"] or (folder["wellKnown"] and name.lower() == folder["wellKnown"]):
            return folder
    return None


def find_folder_by_any_name(folders: Sequence[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """A folder by id, well-known name or root path: how people in seeds and Outlook name it."""
    by_path = (folder for folder in folders if folder["path"].lower() == name.lower())
    return find_folder(folders, name) or next(by_path, None)


def message_id(user_id: str, number: int) -> str:
    """The id of the n-th message of a mailbox."""
    return _folder_id(user_id, f"message {number}")


def new_rule_id(number: int) -> str:
    """The id of the n-th inbox rule of the tenant, in the shape that Graph gives (graph.md 1.2)."""
    return f"AQAAAJ{number:05d}="


def _folder_id(user_id: str, path: str) -> str:
    digest = hashlib.sha256(f"{user_id}:{path.lower()}".encode()).digest()
    return "AAMkAD" + urlsafe_b64encode(digest + digest[:10]).decode() + "AAA="
