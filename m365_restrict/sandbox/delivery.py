"""The sandbox's post: what a message meets in the tenant as it is now, and where it is kept.

It evaluates what the tenant stores, by `mailflow`, and nothing else (design.md 8).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from m365_restrict.mailflow.behaviour import AfterRedirect, StopReach, TransportBehaviour, Undecided
from m365_restrict.mailflow.delivery import Copy, MailFlow, StoredMessage, trace
from m365_restrict.mailflow.inbox import InboxFolders
from m365_restrict.mailflow.message import Message, read_message
from m365_restrict.sandbox.clock import SandboxClock, format_instant
from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.message_trace import TraceLines
from m365_restrict.sandbox.store import Store

if TYPE_CHECKING:
    from m365_restrict.sandbox.exchange.service import ExchangeService

_ELSEWHERE = frozenset({"on_premises", "guest", "contact"})
_SHOWN = ("from", "to", "cc", "subject", "message_id", "rules")


class StoredMailboxes:
    """`mailflow.mailboxes.Mailboxes` over the store; every answer is read at the time of asking."""

    def __init__(self, store: Store, directory: SandboxDirectory) -> None:
        """Read mailboxes from `store`, by addresses that `directory` resolves."""
        self._store = store
        self._directory = directory

    def inbox_rules(self, mailbox: str) -> Sequence[Mapping[str, object]]:
        """The mailbox's messageRule objects."""
        rules: list[dict[str, object]] = self._document("inbox_rules", mailbox).get("rules", [])
        return rules

    def folders(self, mailbox: str) -> InboxFolders:
        """The mailbox's folders by id, well-known name and path."""
        paths: dict[str, str] = {}
        for folder in self._document("folders", mailbox).get("folders", []):
            names = (folder.get("id"), folder.get("wellKnown"), folder.get("path"))
            paths.update({name: folder["path"] for name in names if name})
        return InboxFolders(paths)

    def forwarding(self, mailbox: str) -> str:
        """Where the mailbox's settings forward a copy to, or ""."""
        user = self._directory.find(mailbox) or {}
        return str(user.get("forwarding") or "")

    def accepts_outsiders(self, mailbox: str) -> bool:
        """Whether the mailbox takes mail from senders who did not sign in."""
        user = self._directory.find(mailbox) or {}
        return bool(user.get("accepts_external", True))

    def is_elsewhere(self, address: str) -> bool:
        """Whether the address is a recipient without a mailbox in this tenant."""
        user = self._directory.find(address)
        return user is not None and user["mailbox"] in _ELSEWHERE

    def _document(self, kind: str, mailbox: str) -> dict[str, Any]:
        user = self._directory.find(mailbox)
        return {} if user is None else self._store.get(kind, user["id"]) or {}


class Delivery:
    """Takes messages in, as the control call `/mail` and the SMTP server hand them over."""

    def __init__(
        self,
        store: Store,
        directory: SandboxDirectory,
        clock: SandboxClock,
        exchange: "ExchangeService",
    ) -> None:
        """Hold the tenant's parts; their state is read at every message, because a seed replaces it."""
        self._store = store
        self._directory = directory
        self._clock = clock
        self._exchange = exchange
        self._mailboxes = StoredMailboxes(store, directory)
        self.trace_lines = TraceLines(store, directory)

    def deliver(self, raw: bytes, envelope_from: str, recipients: Sequence[str]) -> dict[str, Any]:
        """Deliver and keep a message; the answer is that of `/mail` (contracts.md 2).

        No message is an error, however malformed.
        """
        sender = _storable(envelope_from)
        message = read_message(raw, sender, authenticated=self._signed_in(raw, sender))
        with self._store.batch():
            outcome = trace(message, [_storable(recipient) for recipient in recipients], self._flow())
            for stored in outcome.stored:
                self._keep(message, stored)
            for copy in outcome.copies:
                if copy.ndr is not None:
                    self._report(message, copy)
            copies = [_as_json(copy) for copy in outcome.copies]
            self._remember(message, copies)
            rules = frozenset(str(rule.get("Name") or "") for rule in self._exchange.rules_in_force())
            self.trace_lines.keep(
                message, outcome.copies, size=len(raw), received=self._clock.now(), rules=rules
            )
        return {"copies": copies}

    def file(self, mailbox: str, raw: bytes, folder: str) -> None:
        """Put a message into a folder of a mailbox (its id), as a copy in Sent Items is."""
        self._keep(read_message(raw, ""), StoredMessage(mailbox=mailbox, folder=folder, rules=()))

    def traces(self) -> list[dict[str, Any]]:
        """Every message that came in, by SMTP or control call, with where its copies went; oldest first."""
        return [document for _, document in self._store.all("traces")]

    def _remember(self, message: Message, copies: list[dict[str, Any]]) -> None:
        key = str(self._store.next_number("trace"))
        self._store.put("traces", key, {"message_id": message.message_id, "copies": copies})

    def mailbox(self, upn: str) -> dict[str, Any] | None:
        """What a mailbox holds, folder by folder; None where there is no mailbox (contracts.md 2)."""
        user = self._directory.find(upn)
        if user is None or not self._directory.has_mailbox(upn):
            return None
        kept = (self._store.get("messages", user["id"]) or {}).get("messages", [])
        folders = (self._store.get("folders", user["id"]) or {}).get("folders", [])
        return {
            "mailbox": self._directory.primary(upn),
            "folders": [
                {
                    "path": folder["path"],
                    "id": folder["id"],
                    "messages": [
                        {name: message[name] for name in _SHOWN}
                        for message in kept
                        if message["folder"] == folder["path"]
                    ],
                }
                for folder in folders
            ],
        }

    def _flow(self) -> MailFlow:
        tenant = self._store.get("tenant", "tenant") or {}
        return MailFlow(
            directory=self._directory,
            transport_rules=self._exchange.rules_in_force(),
            mailboxes=self._mailboxes,
            now=self._clock.now(),
            behaviour=transport_behaviour(tenant.get("behaviour") or {}),
        )

    def _signed_in(self, raw: bytes, envelope_from: str) -> bool:
        """Whether one of the tenant's mailboxes sent this under an address of the tenant.

        The sandbox has no signed-in submission, so the envelope sender stands for it; a
        header that names a colleague in a message from outside stays outside (exchange.md 2.3).
        """
        claimed = read_message(raw, envelope_from)
        domain = claimed.header_from.rpartition("@")[2]
        own = self._directory.has_mailbox(claimed.envelope_from)
        return own and self._directory.is_accepted_domain(domain)

    def _keep(self, message: Message, stored: StoredMessage) -> None:
        user = self._directory.find(stored.mailbox)
        if user is None:
            return
        kept = self._store.get("messages", user["id"]) or {"messages": []}
        kept["messages"].append(
            {
                "folder": stored.folder,
                "received": format_instant(self._clock.now()),
                "read": False,
                "from": message.header_from,
                "to": list(message.to),
                "cc": list(message.cc),
                "subject": message.subject,
                "message_id": message.message_id,
                "rules": list(stored.rules),
                "categories": list(stored.categories),
            }
        )
        self._store.put("messages", user["id"], kept)

    def _report(self, message: Message, copy: Copy) -> None:
        """Exchange accepts first and reports later, so a refusal is a report to the envelope sender."""
        number = self._store.next_number("ndr")
        report = {
            "to": message.envelope_from,
            "recipient": copy.recipient,
            "text": copy.ndr,
            "message_id": message.message_id,
        }
        self._store.put("ndrs", str(number), report)


def transport_behaviour(stated: Mapping[str, Any]) -> TransportBehaviour:
    """The seed's `behaviour` as far as it is about transport. ValueError for an unknown value."""
    default = TransportBehaviour()
    return TransportBehaviour(
        after_redirect=AfterRedirect(stated.get("after_redirect", default.after_redirect)),
        stop_reach=StopReach(stated.get("stop_reach", default.stop_reach)),
        undecided=Undecided(stated.get("undecided", default.undecided)),
        subdomains=bool(stated.get("subdomains", default.subdomains)),
        caret_anchors=bool(stated.get("caret_anchors", default.caret_anchors)),
        sees_all_forks=bool(stated.get("sees_all_forks", default.sees_all_forks)),
        junk_from_scl=stated.get("junk_from_scl", default.junk_from_scl),
    )


def _storable(text: str) -> str:
    """Text that UTF-8 can hold: half of a surrogate pair in an address must not break the store."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _as_json(copy: Copy) -> dict[str, Any]:
    return {
        "recipient": copy.recipient,
        "outcome": copy.outcome.value,
        "mailbox": copy.mailbox,
        "folder": copy.folder,
        "rules": list(copy.rules),
        "ndr": copy.ndr,
        "added_by": copy.added_by,
    }
