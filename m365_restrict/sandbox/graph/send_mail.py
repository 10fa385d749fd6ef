"""POST /users/{user}/sendMail (graph.md 7; testing.md, what real clients send)."""

from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from email.utils import formataddr
from typing import Any

from m365_restrict.sandbox.clock import format_instant
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure
from m365_restrict.sandbox.graph.mailboxes import find_mailbox
from m365_restrict.sandbox.store import Json

SENT = "sent"
_RECIPIENTS = ("toRecipients", "ccRecipients", "bccRecipients")


def send_mail(call: GraphCall) -> GraphAnswer:
    """Deliver a message as that mailbox, signed in; 202 with nothing in it."""
    user = find_mailbox(call)
    given = _lowered(call.fields)
    raw = given.get("message")
    if not isinstance(raw, Mapping):
        raise GraphFailure(400, "ErrorInvalidRequest", "The message is missing.", target=user["upn"])
    message = _lowered(raw)
    addresses = {name: list(_addresses(message.get(name.lower()))) for name in _RECIPIENTS}
    everyone = [address for found in addresses.values() for address in found]
    if not everyone:
        text = "At least one recipient is not valid, or there is none."
        raise GraphFailure(400, "ErrorInvalidRecipients", text, target=user["upn"])
    sender = call.tenant.directory.primary(user["upn"])
    number = call.tenant.store.next_number("sent")
    email = _email(message, addresses, sender=sender, name=user["display_name"], number=number)
    _remember(call, number, sender, everyone, message)
    call.tenant.delivery.deliver(email.as_bytes(), sender, everyone)
    if given.get("savetosentitems", True):
        call.tenant.delivery.file(user["id"], email.as_bytes(), "Sent Items")
    return GraphAnswer(None, status=202, target=user["upn"])


def _email(
    message: Mapping[str, Json], addresses: Mapping[str, list[str]], *, sender: str, name: str, number: int
) -> EmailMessage:
    email = EmailMessage()
    email["From"] = formataddr((name, sender))
    email["To"] = ", ".join(addresses["toRecipients"])
    if addresses["ccRecipients"]:
        email["Cc"] = ", ".join(addresses["ccRecipients"])
    email["Subject"] = str(message.get("subject") or "")
    email["Message-ID"] = f"<sent-{number}@{sender.rpartition('@')[2]}>"
    for header in message.get("internetmessageheaders") or []:
        if not str(header.get("name", "")).lower().startswith("x-"):
            text = "The internet message header name should start with 'x-' or 'X-'."
            raise GraphFailure(400, "InvalidInternetMessageHeader", text)
        email[str(header["name"])] = str(header.get("value") or "")
    body = _lowered(message.get("body") or {})
    subtype = "html" if str(body.get("contenttype") or "").lower() == "html" else "plain"
    email.set_content(str(body.get("content") or ""), subtype=subtype)
    return email


def _remember(
    call: GraphCall, number: int, sender: str, recipients: list[str], message: Mapping[str, Json]
) -> None:
    """Keep what was sent with its words, for `GET /sandbox/sent`: mailboxes show no bodies."""
    body = _lowered(message.get("body") or {})
    call.tenant.store.put(
        SENT,
        str(number),
        {
            "at": format_instant(call.tenant.clock.now()),
            "from": sender,
            "to": recipients,
            "subject": str(message.get("subject") or ""),
            "content_type": str(body.get("contenttype") or "Text"),
            "content": str(body.get("content") or ""),
        },
    )


def _addresses(entries: Json) -> Iterator[str]:
    for entry in entries or []:
        address = _lowered(_lowered(entry).get("emailaddress") or {}).get("address")
        if not isinstance(address, str) or "@" not in address:
            raise GraphFailure(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
        yield address.strip()


def _lowered(document: Mapping[str, Any]) -> dict[str, Json]:
    """Names in lower case: the SDK writes `Message`, others `message`."""
    if not isinstance(document, Mapping):
        raise GraphFailure(400, "ErrorInvalidRequest", "Unable to read the message.")
    return {name.lower(): value for name, value in document.items()}
