"""What in a message's headers makes it look as if a rule ought to have caught it, or ought not to have."""

import re
from collections.abc import Iterator, Mapping

from m365_restrict.mailflow.address_list import addresses_in
from m365_restrict.mailflow.encoded_words import decoded
from m365_restrict.mailflow.message import Message
from m365_restrict.rules.transport_rule import SenderLocation

_NOT_SYNTAX = re.compile(r'"[^"]*"|\([^)]*\)|<[^>]*>')
_GROUP = re.compile(r":[^;]*;?")
_LONGEST_LOOKED_AT = 4096
"""Characters of a From field: marks that are never closed take time by the square of their number."""


def header_remarks(message: Message, listed: Mapping[str, str], location: SenderLocation) -> Iterator[str]:
    """One sentence for each oddity. `listed` maps addresses of cases in force to their references.

    `location` says which sender our rules look at (exchange.md 2.3). No sentence holds a word of the message.
    """
    yield from _from_field(message)
    yield from _envelope(message, listed, location)
    yield from _elsewhere(message, listed)


def _from_field(message: Message) -> Iterator[str]:
    fields, addresses = message.headers.all("from"), message.from_addresses
    if len(fields) > 1:
        yield f"The message has {len(fields)} From fields, which no honest program writes; every one counts."
    if len(addresses) > 1:
        yield f"Its From fields hold {len(addresses)} addresses; a rule acts if it names any of them."
    if any(_GROUP.search(_NOT_SYNTAX.sub("", text[:_LONGEST_LOOKED_AT])) for text in fields):
        yield "Its From field is written as a group; the addresses inside the group are what counts."
    if not addresses:
        yield "No address can be read in From, so no rule that looks at the From field acts on it."


def _envelope(message: Message, listed: Mapping[str, str], location: SenderLocation) -> Iterator[str]:
    envelope, shown = message.envelope_from, message.from_addresses
    if not envelope:
        yield "Its envelope has no sender, as that of a bounce."
    if not envelope or envelope in shown:
        return
    counts = location is SenderLocation.HEADER_OR_ENVELOPE
    case = listed.get(envelope)
    whose = f", which is an address of case {case}" if case else ""
    yield (
        f"Its envelope sender is another than the one in From{whose}. "
        + ("Rules look at both." if counts else "Rules look at From alone (RULES__SENDER_LOCATION=header).")
    )


def _elsewhere(message: Message, listed: Mapping[str, str]) -> Iterator[str]:
    """Addresses of cases in fields that no rule looks at."""
    for field in ("Reply-To", "Sender"):
        found = (address for text in message.headers.all(field) for address in addresses_in(text))
        for case in dict.fromkeys(listed[one] for one in found if one in listed):
            if not any(listed.get(one) == case for one in message.from_addresses):
                yield f"Its {field} is an address of case {case}; rules do not look there."
    names = " ".join(decoded(text).lower() for text in message.headers.all("from"))
    in_name = (case for address, case in listed.items() if _named(address, names, message))
    for case in dict.fromkeys(in_name):
        yield f"The name shown beside From holds an address of case {case}; rules compare the address alone."


def _named(address: str, names: str, message: Message) -> bool:
    """Whether the address stands in From without being one of its addresses."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)")
    return address not in message.from_addresses and whole.search(names) is not None
