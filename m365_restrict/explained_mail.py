"""A message that nobody sent: what explaining simulates, and how its copies are told."""

from collections.abc import Sequence
from email.message import EmailMessage

from m365_restrict.errors import ConfigurationError
from m365_restrict.mailflow.delivery import Copy
from m365_restrict.mailflow.message import Message, read_message
from m365_restrict.register.address import BadAddress, read_address
from m365_restrict.report.documents import CopyLine


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
