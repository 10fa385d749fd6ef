"""`person-export`: gathers all that is held about one person. Reads everything, writes nothing.

The list of councillors' choices is not read at all: what a councillor chose is that councillor's own
data, and the councillor alone answers for it (policy.md 4).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from m365_restrict.errors import ExitCode
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.outcome import Unknown
from m365_restrict.person_export.held_item import held_item, to_redact
from m365_restrict.register.address import normalise, read_address_lines
from m365_restrict.register.columns import RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.register.item import ListItem, ListSnapshot
from m365_restrict.register.reference import same_reference
from m365_restrict.register.values import as_text
from m365_restrict.report.documents import Head, Source
from m365_restrict.report.person_document import (
    HeldApproval,
    HeldCase,
    HeldItem,
    HeldRule,
    HeldRun,
    LeftOut,
    PersonDocument,
    RelatedCase,
    ToRedact,
)
from m365_restrict.rules.naming import OPTED_IN
from m365_restrict.rules.patterns import addresses_in
from m365_restrict.steps.options import ListPlaces
from m365_restrict.tenant.session import TenantReaders

_TRACED = timedelta(days=90)

LEFT_OUT = (
    LeftOut(
        what="Councillors' own choices about mail",
        why="A councillor who sorts their own mail decides for themself what to do with it and answers for "
        "it themself. The council is only their IT provider, and this program neither reads nor shows them.",
    ),
    LeftOut(
        what="The text of messages",
        why="This program never reads a message. Mail is in the mailboxes that received it; search those.",
    ),
    LeftOut(
        what="Letters and decision documents",
        why="They are in the council's records under the document numbers that are shown here, and letters "
        "that this program drafted are in the library that is linked from the case. Add them by hand.",
    ),
    LeftOut(
        what="Which members of staff were mailed about the case",
        why="Those mails hold the case reference alone. The ledger keeps who was mailed so that nobody is "
        "mailed twice.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class PersonRun:
    """What one export works with. Exactly one of `reference` and `address` is given."""

    run_id: str
    now: datetime
    reference: str
    address: str
    places: ListPlaces
    readers: TenantReaders
    ledger: Ledger


async def export_person(run: PersonRun, clock: Callable[[], datetime]) -> PersonDocument:
    """Gather it. SourceIncomplete where the register could not be read whole: a part is no answer."""
    places = run.places
    lists = run.readers.lists
    cases = await lists.read_list(
        places.register_site, places.register, RESTRICTED_CONTACTS, with_versions=True
    )
    reviews = await lists.read_list(places.register_site, places.reviews, REVIEWS, with_versions=True)
    items = [await _with_names(run, item) for item in cases.items if _is_asked_for(run, item)]
    addresses = frozenset({address for item in items for address in _addresses(item)} | _asked(run))
    rules, unknown_rules = await _tenant_rules(run, addresses)
    messages, unknown_messages = await _messages(run, addresses)
    held = tuple(_held_case(run, _reference(item), item, reviews) for item in items)
    if not held and run.reference and _is_remembered(run):
        held = (_held_case(run, run.reference, None, reviews),)
    unknown = (*unknown_rules, *unknown_messages)
    return PersonDocument(
        head=Head(
            run_id=run.run_id,
            started_at=run.now,
            finished_at=clock(),
            exit_code=ExitCode.PARTIAL if unknown else ExitCode.IN_STEP,
            source=Source(
                items=len(cases.items), complete=True, version=f"{cases.version}-{reviews.version}"
            ),
            unknown=unknown,
        ),
        asked="case" if run.reference else "address",
        cases=held,
        related=tuple(_related(cases, items, addresses)),
        other_rules=rules,
        messages=messages,
        left_out=LEFT_OUT,
        redact=tuple(_redactions(held)),
    )


async def _with_names(run: PersonRun, item: ListItem) -> ListItem:
    """The item with the columns that say who it is about, which no other read asks for."""
    lists, places = run.readers.lists, run.places
    place = await lists.locate(places.register_site, places.register, RESTRICTED_CONTACTS)
    now = await lists.read_personal_fields(place, RESTRICTED_CONTACTS, item.item_id)
    past = await lists.read_personal_versions(place, RESTRICTED_CONTACTS, item.item_id)
    versions = (
        replace(version, fields={**version.fields, **past.get(version.number, {})})
        for version in item.versions
    )
    return replace(item, fields={**item.fields, **now}, versions=tuple(versions))


def _asked(run: PersonRun) -> frozenset[str]:
    return frozenset({normalise(run.address)} if run.address else ())


def _is_asked_for(run: PersonRun, item: ListItem) -> bool:
    if run.reference:
        return same_reference(_reference(item), run.reference)
    return normalise(run.address) in _addresses(item)


def _is_remembered(run: PersonRun) -> bool:
    """Whether the ledger knows a case of which the register holds nothing any more."""
    known = [one.case_reference for one in run.ledger.deletions.all().values()]
    known += [one.case_reference for one in run.ledger.lives.all().values()]
    return any(same_reference(one, run.reference) for one in known)


def _reference(item: ListItem) -> str:
    return as_text(item.fields.get("Title", ""))


def _addresses(item: ListItem) -> frozenset[str]:
    """Every address of the person that any kept version holds."""
    texts = [item.fields.get("Addresses", ""), *(one.fields.get("Addresses", "") for one in item.versions)]
    return frozenset(address for text in texts for address in read_address_lines(as_text(text))[0])


def _held_case(run: PersonRun, reference: str, item: ListItem | None, reviews: ListSnapshot) -> HeldCase:
    if not reference:
        # Without a reference nothing but the item itself can be told to be about it.
        return HeldCase(case_ref="", item=_held(run, item))
    about = [one for one in reviews.items if same_reference(_reference(one), reference)]
    lives = [one for one in run.ledger.lives.all().values() if same_reference(one.case_reference, reference)]
    deleted = [
        one for one in run.ledger.deletions.all().values() if same_reference(one.case_reference, reference)
    ]
    ids = frozenset({item.item_id} if item else ()) | {f"review:{one.item_id}" for one in about}
    return HeldCase(
        case_ref=reference,
        item=_held(run, item),
        reviews=tuple(held_item(one, REVIEWS, run.places.reviews) for one in about),
        approvals=tuple(_approvals(run.ledger, ids)),
        rules=tuple(_ledger_rules(run.ledger, reference)),
        runs=tuple(_runs(run.ledger, reference)),
        ended_on=next((one.ended_on for one in lives), None),
        closed_on=next((one.closed_on for one in lives), None),
        deleted_on=next((one.deleted_on for one in deleted), None),
    )


def _held(run: PersonRun, item: ListItem | None) -> HeldItem | None:
    return held_item(item, RESTRICTED_CONTACTS, run.places.register) if item else None


def _approvals(ledger: Ledger, ids: frozenset[str]) -> Iterator[HeldApproval]:
    for one in ledger.register.evidence().values():
        if one.item_id in ids:
            yield HeldApproval(
                item=one.item_id,
                version=one.version,
                verdict=one.verdict.value,
                saved_at=one.saved_at,
                saved_by=one.saver_address or one.saver_object_id,
                seen_on=one.seen_on,
            )


def _ledger_rules(ledger: Ledger, reference: str) -> Iterator[HeldRule]:
    for one in ledger.rules.all():
        if same_reference(one.case_reference, reference) and not one.chosen_by_holder:
            yield HeldRule(
                name=one.name, kind=one.kind.value, mailbox=one.mailbox, source="ledger", case_ref=reference
            )


def _runs(ledger: Ledger, reference: str) -> Iterator[HeldRun]:
    for one in ledger.runs.mentioning(reference):
        yield HeldRun(run_id=one.run_id, verb=one.verb, started_at=one.started_at, status=one.status)


async def _tenant_rules(
    run: PersonRun, addresses: frozenset[str]
) -> tuple[tuple[HeldRule, ...], tuple[Unknown, ...]]:
    """Rules of others in the tenant that name an address: an outside individual's data all the same.

    Left out are our own, which the ledger tells, and a councillor's, which nobody is told.
    """
    raw = await run.readers.transport_rules.list_rules()
    if isinstance(raw, Unknown):
        return (), (raw,)
    ours = {one.guid_or_rule_id.lower() for one in run.ledger.rules.all()}
    found = (
        HeldRule(name=str(rule.get("Name")), kind="transport_rule", mailbox="", source="tenant", case_ref="")
        for rule in raw
        if str(rule.get("Guid")).lower() not in ours
        and OPTED_IN not in str(rule.get("Name"))
        and addresses & _named(rule)
    )
    return tuple(found), ()


def _named(rule: Mapping[str, Any]) -> frozenset[str]:
    """Every address that any parameter of a rule holds: plainly, in a pattern or in what somebody noted."""
    values = (entry for value in rule.values() for entry in (value if isinstance(value, list) else [value]))
    texts = [entry for entry in values if isinstance(entry, str)]
    return frozenset([*map(normalise, texts), *(one for entry in texts for one in addresses_in(entry))])


async def _messages(
    run: PersonRun, addresses: frozenset[str]
) -> tuple[Mapping[str, int], tuple[Unknown, ...]]:
    counts: dict[str, int] = {}
    for address in sorted(addresses):
        found = await run.readers.traces.counts(address, since=run.now - _TRACED, until=run.now)
        if isinstance(found, Unknown):
            return counts, (found,)
        counts[address] = found.messages
    return counts, ()


def _related(
    cases: ListSnapshot, items: Sequence[ListItem], addresses: frozenset[str]
) -> Iterator[RelatedCase]:
    """Cases that share an address with the person but may be about somebody else of the household."""
    exported = {item.item_id for item in items}
    for item in cases.items:
        if item.item_id not in exported and addresses & _addresses(item):
            yield RelatedCase(
                case_ref=_reference(item) or f"item {item.item_id}",
                why="It holds the same address. If it is about the same person, export it too; if not, its "
                "data belongs to somebody else.",
            )


def _redactions(cases: Sequence[HeldCase]) -> Iterator[ToRedact]:
    for case in cases:
        if case.item:
            yield from to_redact(case.item, case.case_ref)
        for review in case.reviews:
            yield from to_redact(review, f"{case.case_ref}, review {review.item_id}")
        for one in case.approvals:
            yield ToRedact(
                where=f"{case.case_ref}, approval of version {one.version}, saved by",
                why="It names another person: staff.",
            )
        for rule in case.rules:
            if rule.mailbox:
                why = "It names a mailbox, which may be one member of staff's."
                yield ToRedact(where=f"{case.case_ref}, rule {rule.name}", why=why)
