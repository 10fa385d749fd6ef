"""Inbox rules over Graph. A mailbox owner's own rules are dropped here and go no further (design.md 6)."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.rules.stopped_above import STOPPED_ABOVE, is_stopped_above
from m365_restrict.rules.token import token_in
from m365_restrict.tenant.graph import GraphReader, GraphWriter, path_of

RawRule: TypeAlias = dict[str, Any]

# A 404 for the account or its mailbox says nothing about a folder (graph.md 2, error shapes).
_FOLDER_ABSENT = frozenset({"ErrorItemNotFound", "ErrorFolderNotFound"})
_NO_MAILBOX_TEXT = "inactive, soft-deleted, or is hosted on-premise"
_CONFLICT = 409
_MAIL_FOLDER = "IPF.Note"
_FOLDERS = {"$select": "id,displayName", "$top": "100"}

# graph.md 1.2: names that Graph takes in place of a folder id, beside the English names that people write.
_WELL_KNOWN = {
    "inbox": "inbox",
    "junkemail": "junkemail",
    "junk email": "junkemail",
    "deleteditems": "deleteditems",
    "deleted items": "deleteditems",
    "archive": "archive",
}


class InboxRuleReader:
    """Reads rules that carry a token of ours, and folder ids."""

    def __init__(self, graph: GraphReader) -> None:
        """`graph` is the reader application's."""
        self._graph = graph

    async def list_rules(
        self, mailbox: str, *, known_ids: frozenset[str] = frozenset()
    ) -> tuple[RawRule, ...] | Unknown:
        """Rules in `mailbox` that end in an 8-character token or are known by id, or Unknown with the reason.

        Whether the token is this instance's is judged by `rules.token`. Of the owner's own rules nothing is
        kept but whether one of them keeps ours from running.
        """
        ours: list[RawRule] = []
        owners: list[RawRule] = []
        try:
            async for rule in self._graph.get_pages(_rules_path(mailbox)):
                known = token_in(str(rule.get("displayName") or "")) or str(rule.get("id")) in known_ids
                (ours if known else owners).append(rule)
        except ServiceError as error:
            return Unknown(mailbox, error.message)
        return tuple({**rule, STOPPED_ABOVE: is_stopped_above(rule, owners)} for rule in ours)

    async def folder_id(self, mailbox: str, folder: str) -> str | Unknown | None:
        """The id of a well-known folder or a path from the root such as "Set aside"; None if there is none.

        Ids differ per mailbox, and only ids are accepted in a rule (graph.md 1.2).
        """
        try:
            well_known = _WELL_KNOWN.get(folder.strip().lower())
            if well_known:
                found = await self._graph.get_json(
                    path_of("users", mailbox, "mailFolders", well_known), query={"$select": "id"}
                )
                return str(found["id"])
            return await self._folder_by_path(mailbox, folder)
        except ServiceError as error:
            if error.service_code in _FOLDER_ABSENT and not is_no_mailbox(error):
                return None
            return Unknown(mailbox, error.message)

    async def mailbox_id(self, mailbox: str) -> str | Unknown:
        """The id by which Graph's mailbox API knows a mailbox; worldwide cloud only, User.Read.All."""
        try:
            found = await self._graph.get_json(path_of("users", mailbox, "settings", "exchange"))
        except ServiceError as error:
            return Unknown(mailbox, error.message)
        return str(found.get("primaryMailboxId") or "") or Unknown(mailbox, "Graph gave no id for it.")

    async def _folder_by_path(self, mailbox: str, folder: str) -> str | None:
        path = path_of("users", mailbox, "mailFolders")
        found: str | None = None
        for name in [part.strip() for part in folder.split("/") if part.strip()]:
            if found is not None:
                path = path_of("users", mailbox, "mailFolders", found, "childFolders")
            found = await self._child(path, name)
            if found is None:
                return None
        return found

    async def _child(self, path: str, name: str) -> str | None:
        async for folder in self._graph.get_pages(path, query=_FOLDERS):
            if str(folder.get("displayName") or "").casefold() == name.casefold():
                return str(folder["id"])
        return None


class InboxRuleWriter:
    """Changes inbox rules one at a time. Every method raises ServiceError on failure."""

    def __init__(self, graph: GraphWriter) -> None:
        """`graph` is the writer application's."""
        self._graph = graph

    async def create(self, mailbox: str, body: Mapping[str, object]) -> str:
        """POST a whole rule; its id.

        After a ServiceError the rule may exist all the same: list the rules before asking again.
        """
        made = await self._graph.post(_rules_path(mailbox), body)
        return str(made.get("id") or "")

    async def create_folder(self, mailbox_id: str, name: str) -> None:
        """Make a folder at the top of the mailbox; one that is there already is a success.

        By the mailbox API, which needs MailboxFolder.ReadWrite.All: the same below `/users` would need a
        right to read and write messages (graph.md 11). What its id is worth in a rule nobody says, so
        look the folder up by its name afterwards.
        """
        path = path_of("admin", "exchange", "mailboxes", mailbox_id, "folders")
        try:
            await self._graph.post(path, {"displayName": name, "type": _MAIL_FOLDER})
        except ServiceError as error:
            if error.status != _CONFLICT:
                raise

    async def update(self, mailbox: str, rule_id: str, body: Mapping[str, object]) -> None:
        """PATCH. Conditions, actions and exceptions are each replaced whole (graph.md 1.2)."""
        await self._graph.patch(f"{_rules_path(mailbox)}{path_of(rule_id)}", body)

    async def delete(self, mailbox: str, rule_id: str) -> None:
        """DELETE; a rule that is already gone is a success."""
        await self._graph.delete(f"{_rules_path(mailbox)}{path_of(rule_id)}")


def is_no_mailbox(error: ServiceError) -> bool:
    """Whether Graph says that the account has no cloud mailbox (graph.md 2, error shapes)."""
    return error.service_code == "MailboxNotEnabledForRESTAPI" or _NO_MAILBOX_TEXT in error.message


def _rules_path(mailbox: str) -> str:
    return path_of("users", mailbox, "mailFolders", "inbox", "messageRules")
