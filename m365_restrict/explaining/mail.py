"""What explaining simulates: a message that nobody sent, or the headers of one that somebody did.

Of a real message only its headers are looked at, and nothing of them is kept but addresses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage

from m365_restrict.errors import ConfigurationError
from m365_restrict.mailflow.address_list import addresses_in
from m365_restrict.mailflow.delivery import Copy
from m365_restrict.mailflow.message import Message, read_message
from m365_restrict.register.address import BadAddress, read_address
from m365_restrict.report.documents import CopyLine


@dataclass(frozen=True, kw_only=True)
class MessageHeaders:
    """The header part of a message file as it stands, and the size of the whole file in bytes."""

    raw: bytes
    size: int
    envelope_from: str | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """Whose mail to whom. `message` is None where only an address is asked about.

    `recipients` may be empty: then one of each kind is taken.
    """

    sender: str
    recipients: tuple[str, ...] = ()
    message: Message | None = None

    @property
    def senders(self) -> tuple[str, ...]:
        """Every address by which a rule could know the sender."""
        if self.message is None:
            return (self.sender,)
        return tuple(dict.fromkeys((*self.message.from_addresses, self.message.envelope_from, self.sender)))

    def message_to(self, recipients: Sequence[str]) -> Message:
        """The message to simulate."""
        return message_from(self.sender, recipients) if self.message is None else self.message


def question_about(address: str, recipients: Sequence[str]) -> Question:
    """Ask about one address. ConfigurationError for a text that is not one."""
    return Question(sender=read_sender(address), recipients=_lowered(recipients))


def question_about_message(headers: MessageHeaders, recipients: Sequence[str]) -> Question:
    """Ask about one message: its envelope sender is the one given, else Return-Path, else From.

    Recipients are those given, else To and Cc; who was in Bcc stands in no header. ConfigurationError
    where the message names no sender at all.
    """
    first = read_message(headers.raw, "")
    envelope = headers.envelope_from
    if envelope is None:
        returned = first.headers.all("return-path")
        envelope = next(iter(addresses_in(returned[0])), "") if returned else first.header_from
    message = replace(read_message(headers.raw, envelope), size=headers.size)
    sender = message.header_from or message.envelope_from
    if not sender:
        raise ConfigurationError(
            "The message names no sender: it has no From address and no Return-Path.",
            advice="Save it with all its headers, or give the sender's address in place of --message.",
        )
    asked = _lowered(recipients) or tuple(dict.fromkeys((*message.to, *message.cc)))
    return Question(sender=sender, recipients=asked, message=message)


def _lowered(recipients: Sequence[str]) -> tuple[str, ...]:
    return tuple(one.strip().lower() for one in recipients if one.strip())


def read_sender(address: str) -> str:
    """The address to explain. ConfigurationError for a text that is not one address."""
    sender = read_address(address)
    if isinstance(sender, BadAddress):
        raise ConfigurationError(
            f"'{sender.line}' cannot be explained: {sender.reason}.",
            advice="Give one full e-mail address.",
        )
    return sender


def message_from(sender: str, recipients: Sequence[str]) -> Message:
    """A message from the sender to these recipients, with nothing in it."""
    email = EmailMessage()
    email["From"] = sender
    email["To"] = ", ".join(recipients)
    email["Message-ID"] = "<explained@explained.example>"
    email.set_content("")
    return read_message(email.as_bytes(), sender)


def copy_line(copy: Copy) -> CopyLine:
    """One copy as documents tell it."""
    return CopyLine(
        recipient=copy.recipient,
        outcome=copy.outcome.value,
        mailbox=copy.mailbox,
        folder=copy.folder,
        rules=copy.rules,
        ndr=copy.ndr,
        added_by=copy.added_by,
    )
