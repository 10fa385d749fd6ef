"""Whom a rule or an entry of a list names: whole addresses, domains, and parts of addresses."""

import re
from collections.abc import Iterator

from m365_restrict.assess.block import Direction, Named, NamedKind
from m365_restrict.plan.blocking import names_senders
from m365_restrict.register.address import domain_of, read_address
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.patterns import addresses_in

_EXEMPTIONS = "ExceptIf"
_NOT_CONDITIONS = frozenset(
    [
        "Name",
        "Comments",
        "RedirectMessageTo",
        "BlindCopyTo",
        "CopyTo",
        "AddToRecipients",
        "ModerateMessageByUser",
        "GenerateIncidentReport",
        "RejectMessageReasonText",
        "ApplyHtmlDisclaimerText",
        "GenerateNotification",
        "PrependSubject",
    ]
)
_DOMAIN = re.compile(r"@?(?:[\w-]+\.)+[\w-]+")
# An anchored pattern in which nothing but escaped signs and letters stands.
_WHOLE = re.compile(r"(?:\^|\\A)(?:\\[^A-Za-z0-9]|[^\\.^$*+?{}\[\]|()])+(?:\$|\\Z)")
_ANCHORS = re.compile(r"^(?:\^|\\A)|(?:\$|\\Z)$")


def names_in_rule(properties: Properties, council_domains: frozenset[str]) -> tuple[Named, ...]:
    """Every outsider whom a condition names. Exceptions and actions name nobody who is blocked."""
    found = (
        one
        for name, value in properties.items()
        if not name.startswith(_EXEMPTIONS) and name not in _NOT_CONDITIONS
        for text in (value if isinstance(value, tuple) else (value,))
        if isinstance(text, str)
        for one in _names(name, text, properties)
    )
    return tuple(dict.fromkeys(one for one in found if _is_outside(one, council_domains)))


def named_in_list(value: str, council_domains: frozenset[str]) -> Named | None:
    """Whom one entry of a block list names; None for the council's own addresses and domains."""
    text = value.strip().lower()
    kind = NamedKind.ADDRESS if isinstance(read_address(text), str) else NamedKind.DOMAIN
    named = Named(text if kind is NamedKind.ADDRESS else text.lstrip("@*."), kind)
    return named if _is_outside(named, council_domains) else None


def address_in_pattern(pattern: str) -> str | None:
    """The one address that an anchored pattern matches and no other, or None (exchange.md 2.3)."""
    found = _WHOLE.fullmatch(pattern.strip())
    address = read_address(_unescaped(found.group())) if found else None
    return address if isinstance(address, str) else None


def _names(name: str, text: str, properties: Properties) -> Iterator[Named]:
    if names_senders(name, properties):
        yield from _sender_names(text)
        return
    direction = Direction.TO if name.startswith(("SentTo", "AnyOf", "Recipient")) else Direction.ABOUT
    for address in addresses_in(text):
        yield Named(address, NamedKind.ADDRESS, direction)


def _sender_names(text: str) -> Iterator[Named]:
    plain = _unescaped(text)
    addresses = tuple(addresses_in(text))
    if addresses:
        yield from (Named(address, NamedKind.ADDRESS) for address in addresses)
    elif _DOMAIN.fullmatch(plain):
        yield Named(plain.lstrip("@").lower(), NamedKind.DOMAIN)
    elif plain:
        yield Named(text, NamedKind.TEXT)


def _unescaped(text: str) -> str:
    """A pattern without its anchors and backslashes; any other text as it is."""
    return re.sub(r"\\(.)", r"\1", _ANCHORS.sub("", text.strip()))


def _is_outside(named: Named, council_domains: frozenset[str]) -> bool:
    if named.kind is NamedKind.TEXT:
        return True
    domain = named.value if named.kind is NamedKind.DOMAIN else domain_of(named.value)
    return domain not in council_domains
