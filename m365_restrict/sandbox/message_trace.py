"""What the message trace keeps of the sandbox's mail: a line per message and recipient (graph.md 6.1)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from m365_restrict.mailflow.delivery import Copy, Outcome
from m365_restrict.mailflow.directory import MailDirectory
from m365_restrict.mailflow.message import Message
from m365_restrict.sandbox.clock import format_instant
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.store import Store

_KIND = "message_traces"
_OF_A_GROUP = "group "
_STATUS = {
    Outcome.DELIVERED: "delivered",
    Outcome.REDIRECTED: "delivered",
    Outcome.REJECTED: "failed",
    Outcome.QUARANTINED: "quarantined",
    Outcome.DROPPED: "failed",
}


class TraceLines:
    """The lines of all messages, oldest first."""

    def __init__(self, store: Store, directory: MailDirectory) -> None:
        """Keep them in `store`."""
        self._store = store
        self._directory = directory

    def keep(self, message: Message, copies: Sequence[Copy], *, size: int, received: datetime) -> None:
        """Keep one message's lines: of its recipients and of groups' members, not of what rules added."""
        number = self._store.next_number("message_trace")
        shared = {
            "id": object_id_for(f"message trace {number}"),
            "senderAddress": (message.envelope_from or message.header_from).lower(),
            "messageId": message.message_id,
            "receivedDateTime": format_instant(received),
            "subject": message.subject,
            "size": size,
            "fromIP": "",
            "toIP": "",
        }
        lines = [
            {
                **shared,
                "recipientAddress": self._directory.primary(copy.recipient),
                "status": self._status(copy),
            }
            for copy in copies
            if copy.added_by is None or copy.added_by.startswith(_OF_A_GROUP)
        ]
        self._store.put(_KIND, str(number), {"lines": lines})

    def all(self) -> Iterator[Mapping[str, Any]]:
        """Every line."""
        for _, document in self._store.all(_KIND):
            yield from document["lines"]

    def _status(self, copy: Copy) -> str:
        if self._directory.is_group(copy.recipient):
            return "expanded"
        return _STATUS[copy.outcome]
