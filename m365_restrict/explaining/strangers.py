"""Why mail from an address that no case in force names may look as if one did."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from m365_restrict.policy.judgement import Judgement
from m365_restrict.policy.known_senders import KnownSenders, one_edit_apart
from m365_restrict.register.address import domain_of, read_address_lines
from m365_restrict.register.case import CaseState
from m365_restrict.register.item import ListItem
from m365_restrict.register.values import as_text
from m365_restrict.rules.naming import long_day
from m365_restrict.tenant.block_lists import BlockedEntry

_MOST_OF_A_KIND = 5
"""Cases that one kind of likeness names; a large provider of a small town could otherwise fill a page."""


@dataclass(frozen=True, kw_only=True)
class StrangerGround:
    """What a stranger is held against. `items` are the register's, as they are now."""

    items: Sequence[ListItem]
    judgement: Judgement
    known: KnownSenders
    council_domains: frozenset[str]
    blocked: Sequence[BlockedEntry]


def stranger_remarks(sender: str, ground: StrangerGround) -> Iterator[str]:
    """One sentence for each reason. Cases are named by their reference and never by an address."""
    yield from _itself(sender, ground)
    yield from _not_in_force(sender, ground)
    yield from _likenesses(sender, ground)
    for place in dict.fromkeys(entry.place for entry in ground.blocked if _covers(entry.value, sender)):
        yield f"It stands in {place}, so its mail may be stopped or go to Junk Email without any rule."


def _itself(sender: str, ground: StrangerGround) -> Iterator[str]:
    if domain_of(sender) in ground.council_domains:
        yield (
            "It is an address of the council's own, which no case can name. A message from outside that only "
            "claims to come from it counts as an outside message."
        )
    elif ground.known.must_reach(sender):
        yield "It is among the senders that are never restricted."


def _not_in_force(sender: str, ground: StrangerGround) -> Iterator[str]:
    """Cases whose items name the address and that do not act on it."""
    why = _standing(ground.judgement)
    for item in ground.items:
        if sender in read_address_lines(as_text(item.fields.get("Addresses", "")))[0]:
            reference = as_text(item.fields.get("Title", "")) or f"item {item.item_id}"
            yield f"Case {reference} names it: {why.get(item.item_id, 'it is not in force')}."


def _standing(judgement: Judgement) -> Mapping[str, str]:
    """By item, why a case that names an address in the list need not act on it."""
    why = {one.item_id: f"it is refused ({one.code.value})" for one in judgement.refused}
    why |= {one.item_id: "it is a draft" for one in judgement.drafts}
    why |= {one.item_id: "it has ended" for one in judgement.ended_by_register}
    for one in judgement.accepted:
        begins = one.case.protected.effective_from
        scheduled = one.state is CaseState.SCHEDULED and begins is not None
        text = f"it begins on {long_day(begins)}" if scheduled and begins else "the edit waits for approval"
        opened = one.state is CaseState.OPENED_BY_HAND
        why[one.case.item_id] = "somebody has opened it by hand" if opened else text
    return why


def _likenesses(sender: str, ground: StrangerGround) -> Iterator[str]:
    """How the address is like one of a case in force."""
    known, domain, local = ground.known, domain_of(sender), sender.rpartition("@")[0]
    pairs = [
        (one.case.reference, address)
        for one in ground.judgement.in_force
        for address in one.case.protected.addresses
        if address != sender
    ]
    same_box = [case for case, one in pairs if known.mailbox_of(one) == known.mailbox_of(sender)]
    if same_box:
        yield (
            f"It is another spelling of an address of {_cases(same_box)} (a plus sign, dots, or another "
            "domain of one provider). Rules compare the exact address, so they do not catch it."
        )
    near = [case for case, one in pairs if one_edit_apart(one, sender) and case not in same_box]
    if near:
        yield f"It is one letter away from an address of {_cases(near)}."
    private = domain and domain not in known.providers and domain not in ground.council_domains
    neighbours = [case for case, one in pairs if private and domain_of(one) == domain]
    if neighbours:
        yield f"It shares its domain with an address of {_cases(neighbours)}; no rule names a whole domain."
    namesakes = [case for case, one in pairs if one.rpartition("@")[0] == local and case not in same_box]
    if namesakes:
        yield f"It has the same name before the @ as an address of {_cases(namesakes)}, at another domain."


def _cases(references: Iterable[str]) -> str:
    found = list(dict.fromkeys(references))
    more = len(found) - _MOST_OF_A_KIND
    named = ", ".join(found[:_MOST_OF_A_KIND])
    word = "case" if len(found) == 1 else "cases"
    return f"{word} {named} and {more} more" if more > 0 else f"{word} {named}"


def _covers(blocked: str, sender: str) -> bool:
    """Whether an entry of a block list is this address, or its domain."""
    entry = blocked.removeprefix("*").removeprefix("@").removeprefix(".")
    domain = domain_of(sender)
    return entry == sender or (
        "@" not in entry and bool(entry) and (domain == entry or domain.endswith(f".{entry}"))
    )
