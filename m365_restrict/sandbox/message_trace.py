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
_RULES = "rules"
_ENDS = {"delivered": "Deliver", "expanded": "Expand", "quarantined": "Quarantine"}
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

    def keep(
        self,
        message: Message,
        copies: Sequence[Copy],
        *,
        size: int,
        received: datetime,
        rules: frozenset[str],
    ) -> None:
        """Keep one message's lines: of its recipients and of groups' members, not of what rules added.

        `rules` are the names of transport rules: events tell which of them acted.
        """
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
        lines: dict[str, dict[str, Any]] = {}
        for copy in copies:
            if copy.added_by is None or copy.added_by.startswith(_OF_A_GROUP):
                recipient = self._shown(copy)
                acted = [rule for rule in copy.rules if rule in rules]
                line = {"recipientAddress": recipient, "status": self._status(copy), _RULES: acted}
                lines.setdefault(recipient, {**shared, **line})
        self._store.put(_KIND, str(number), {"lines": list(lines.values())})

    def _shown(self, copy: Copy) -> str:
        """Under whose address a copy is shown; of a redirected one nobody has written (graph.md 6.1)."""
        at_target = self._behaves("redirect_trace", usual="contact") == "contact"
        if copy.outcome is Outcome.REDIRECTED and at_target and copy.mailbox:
            return copy.mailbox
        return self._directory.primary(copy.recipient)

    def events(self, trace_id: str, recipient: str) -> list[dict[str, Any]] | None:
        """What happened to one message on its way to one recipient; None where there is no such line.

        Whether a transport rule shows by its name is unknown (graph.md 6.1); that it does is inferred.
        """
        named = self._behaves("trace_names_rules", usual=True)
        for line in self.all():
            if line["id"] == trace_id and line["recipientAddress"] == recipient.lower():
                told = [f"Transport rule: '{rule}'" if named else "" for rule in line[_RULES]]
                return [
                    _event(line, "Receive", ""),
                    *(_event(line, "Transport rule", description) for description in told),
                    _event(line, _ENDS.get(line["status"], "Fail"), ""),
                ]
        return None

    def all(self) -> Iterator[Mapping[str, Any]]:
        """Every line."""
        for _, document in self._store.all(_KIND):
            yield from document["lines"]

    def _behaves(self, name: str, *, usual: object) -> object:
        behaviour = (self._store.get("tenant", "tenant") or {}).get("behaviour") or {}
        return behaviour.get(name, usual)

    def _status(self, copy: Copy) -> str:
        if self._directory.is_group(copy.recipient):
            return "expanded"
        return _STATUS[copy.outcome]


def shown_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as the list of traces has it: what rules did stands in the events alone."""
    return {name: value for name, value in line.items() if name != _RULES}


def _event(line: Mapping[str, Any], event: str, description: str) -> dict[str, Any]:
    return {
        "id": line["id"],
        "messageId": line["messageId"],
        "dateTime": line["receivedDateTime"],
        "event": event,
        "action": "",
        "description": description,
        "data": "",
    }
