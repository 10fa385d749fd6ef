"""What the rules can see of one message: its headers and its envelope sender, never its text."""

import email.errors
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from enum import StrEnum

from m365_restrict.mailflow.address_list import addresses_in
from m365_restrict.mailflow.encoded_words import decoded
from m365_restrict.mailflow.letter_case import lowered

_FOLD = re.compile(r"[\r\n]+[ \t]*")
_COUNT = re.compile(r"[0-9]{1,6}")
_TRANSPORT_LOOP = "x-ms-exchange-transport-rules-loop"
_INBOX_LOOP = "x-ms-exchange-inbox-rules-loop"


class MessageType(StrEnum):
    """Message types that rules can ask for and that headers reveal (exchange.md 2.4)."""

    OUT_OF_OFFICE = "OOF"
    AUTO_FORWARD = "AutoForward"
    ENCRYPTED = "Encrypted"
    CALENDARING = "Calendaring"
    PERMISSION_CONTROLLED = "PermissionControlled"
    VOICEMAIL = "Voicemail"
    SIGNED = "Signed"
    READ_RECEIPT = "ReadReceipt"


class Importance(StrEnum):
    """The importance that the sender gave a message."""

    LOW = "Low"
    NORMAL = "Normal"
    HIGH = "High"


@dataclass(frozen=True)
class Headers:
    """Header fields by name, case-insensitive; a name may occur many times."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, unfolded, in order of appearance."""
        return self.fields.get(name.lower(), ())

    def first(self, name: str) -> str:
        """The first value of a field, or ""."""
        return next(iter(self.all(name)), "")


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message as transport sees it. Addresses are lower case.

    `header_from` is the first visible From address, "" without one; `from_addresses` are all of them.
    `envelope_from` is "" for a bounce. `to` and `cc` are the visible headers, not the envelope.
    `size` is in bytes. `authenticated` says that one of the organisation's own mailboxes sent it.
    `transport_redirects` and `inbox_redirects` count redirects so far (exchange.md 3).
    """

    header_from: str
    from_addresses: tuple[str, ...]
    sender: str
    envelope_from: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    headers: Headers = field(default_factory=Headers)
    message_id: str = ""
    size: int = 0
    types: frozenset[MessageType] = frozenset()
    importance: Importance = Importance.NORMAL
    transport_redirects: int = 0
    inbox_redirects: int = 0
    authenticated: bool = False


def read_message(raw: bytes, envelope_from: str, *, authenticated: bool = False) -> Message:
    """Read what the rules can see. Never raises: what cannot be read is empty.

    Bare line feeds, missing or doubled From fields, group syntax, encoded words and
    undecodable bytes are all accepted.
    """
    headers = _read_headers(raw)
    senders = _addresses(headers.all("from"))
    return Message(
        header_from=next(iter(senders), ""),
        from_addresses=senders,
        sender=next(iter(_addresses(headers.all("sender"))), ""),
        envelope_from=lowered(envelope_from.strip().strip("<>")),
        to=_addresses(headers.all("to")),
        cc=_addresses(headers.all("cc")),
        subject=decoded(headers.first("subject")),
        headers=headers,
        message_id=headers.first("message-id"),
        size=len(raw),
        types=_types(headers),
        importance=_importance(headers),
        transport_redirects=_count(headers.all(_TRANSPORT_LOOP)),
        inbox_redirects=_count(headers.all(_INBOX_LOOP)),
        authenticated=authenticated,
    )


def _read_headers(raw: bytes) -> Headers:
    try:
        parsed = BytesHeaderParser().parsebytes(raw)
    except (email.errors.MessageError, ValueError, LookupError, TypeError):
        return Headers()
    fields: dict[str, list[str]] = {}
    for name, value in parsed.raw_items():
        fields.setdefault(name.strip().lower(), []).append(_text(value))
    return Headers({name: tuple(values) for name, values in fields.items()})


def _text(value: object) -> str:
    """A header value as text on one line: bytes outside ASCII are read as UTF-8."""
    octets = str(value).encode("utf-8", "surrogateescape")
    return _FOLD.sub(" ", octets.decode("utf-8", "replace")).strip()


def _addresses(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address for value in values for address in addresses_in(value)))


def _count(values: tuple[str, ...]) -> int:
    """How often a loop header counts a redirect: its number, else how often it stands there."""
    numbers = [int(value) for value in values if _COUNT.fullmatch(value)]
    return max([len(values), *numbers])


def _importance(headers: Headers) -> Importance:
    stated = headers.first("importance").lower()
    return next((level for level in Importance if level.value.lower() == stated), Importance.NORMAL)


def _types(headers: Headers) -> frozenset[MessageType]:
    content = headers.first("content-type").lower().replace(" ", "").replace('"', "")
    automatic = headers.first("auto-submitted").lower()
    content_class = headers.first("content-class").lower()
    forwarded = headers.first("autoforwarded").lower() in {"true", "yes"}
    enveloped = content.startswith("application/pkcs7-mime") and "signed-data" not in content
    signs = {
        MessageType.OUT_OF_OFFICE: automatic.startswith("auto-replied"),
        MessageType.AUTO_FORWARD: forwarded or automatic.startswith("auto-forwarded"),
        MessageType.ENCRYPTED: enveloped or content.startswith("multipart/encrypted"),
        MessageType.SIGNED: content.startswith("multipart/signed") or "smime-type=signed-data" in content,
        MessageType.CALENDARING: content.startswith("text/calendar")
        or content_class == "urn:content-classes:calendarmessage",
        MessageType.PERMISSION_CONTROLLED: content_class == "rpmsg.message",
        MessageType.VOICEMAIL: content_class.startswith("voice"),
        MessageType.READ_RECEIPT: "report-type=disposition-notification" in content,
    }
    return frozenset(kind for kind, present in signs.items() if present)
