"""`import`: a chosen transport rule becomes a draft in the register, proven to mean the same, or is not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from m365_restrict.assess.carry import Carried, NotCarried, carry
from m365_restrict.assess.codes import ImportCode
from m365_restrict.assess.round_trip import proposed_case, round_trip, without_own_exemptions
from m365_restrict.assessing.decisions import item_name
from m365_restrict.assessing.named_rule import Standing, read_standing
from m365_restrict.errors import ExitCode, ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.item import FieldValue, ListItem
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.reference import read_reference, same_reference
from m365_restrict.register.values import as_text, hash_of, protected_values
from m365_restrict.report.documents import Head, Outcome, Source
from m365_restrict.report.import_document import ImportDocument, ProposedField, RefusedImport
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.steps.reading import (
    People,
    Register,
    read_directory,
    read_people,
    read_register,
    remembered,
)
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.lists import ListLocation

_WRITTEN = (
    "Title",
    "Addresses",
    "Measure",
    "Scope",
    "ScopeMailboxes",
    "SpocMailbox",
    "AllowedRecipients",
    "EffectiveFrom",
    "EndsOn",
    "Status",
)


@dataclass(frozen=True, kw_only=True)
class ImportOrder:
    """Which rule, by name or Guid; the case reference that the item gets, or ""; and who asks for it."""

    rule: str
    case_ref: str = ""
    made_by: str = ""


@dataclass(frozen=True)
class _Proposal:
    rule: ObservedTransportRule
    fields: Mapping[str, FieldValue]
    notes: tuple[str, ...]


_Refused = tuple[RefusedImport, ...]


async def import_rule(
    run: Run,
    writing: Writing,
    order: ImportOrder,
    ask: Callable[[ImportDocument], bool],
    finished: Callable[[], datetime],
) -> ImportDocument:
    """Propose the item and write it if `ask` says so. Raises what reading the register raises."""
    run.progress("Reading the register and the rules")
    register = await read_register(run.readers, run.options, remembered(run.ledger))
    standing = await read_standing(run)
    blank = ImportDocument(head=_head(run, register, finished), case_ref=order.case_ref)
    if isinstance(standing, Unknown):
        return replace(blank, head=_head(run, register, finished, ExitCode.PARTIAL, standing))
    rule = standing.named(order.rule)
    if rule is not None:
        blank = replace(blank, rule=rule.name, guid=rule.guid)
    made = await _propose(run, order, standing, register)
    if not isinstance(made, _Proposal):
        return replace(blank, refused=made, head=_head(run, register, finished, ExitCode.REFUSED))
    shown = replace(blank, fields=_shown(made.fields), notes=made.notes, outcome=Outcome.PLANNED)
    if not ask(shown):
        return replace(shown, head=_head(run, register, finished, ExitCode.DIFFERENCES))
    return await _write(run, writing, order, made, shown, finished)


async def _propose(
    run: Run, order: ImportOrder, standing: Standing, register: Register
) -> _Proposal | _Refused:
    rule = standing.named(order.rule)
    if rule is None:
        return _refusal(ImportCode.RULE_NOT_FOUND, ImportCode.RULE_NOT_FOUND.meaning)
    not_free = _not_free(rule, order, standing, register)
    if not_free:
        return not_free
    people = await read_people(run.readers.directory, run.options.people)
    carried = carry(rule, council_domains=people.domains, now=run.now, zone=run.options.zone)
    if not isinstance(carried, Carried):
        return _not_carried(ImportCode.CANNOT_BE_CARRIED, carried)
    proven = await _prove(run, rule, _titled(carried, order.case_ref), people)
    there = _same_item(run, proven, register) if isinstance(proven, _Proposal) else None
    if there is None:
        return proven
    text = f"{item_name(there)} (item {there.item_id}) was made from this rule, or says the same."
    return _refusal(ImportCode.ALREADY_IMPORTED, text)


def _not_free(
    rule: ObservedTransportRule, order: ImportOrder, standing: Standing, register: Register
) -> _Refused:
    """Whether the rule or the reference is somebody's already; empty where neither is."""
    owned = standing.ours(rule.guid)
    if owned is not None:
        return _refusal(
            ImportCode.RULE_IS_OURS, f"The rule is ours already, for case {owned.case_reference}."
        )
    taken = _reference_problem(order.case_ref, register)
    return _refusal(ImportCode.REFERENCE_UNUSABLE, taken) if taken else ()


def _titled(carried: Carried, case_ref: str) -> Carried:
    return replace(carried, fields={"Title": case_ref, **carried.fields}) if case_ref else carried


async def _prove(
    run: Run, rule: ObservedTransportRule, carried: Carried, people: People
) -> _Proposal | _Refused:
    """Compile the item back and compare, with the directory's answers for everybody whom it names."""
    case = proposed_case(carried.fields)
    if case is None:
        return _refusal(
            ImportCode.NOT_THE_SAME, "The register could not read the item that the rule would be."
        )
    directory = await read_directory(run.readers.directory, people, [case], [])
    carried = without_own_exemptions(carried, directory)
    case = proposed_case(carried.fields) or case
    proof = round_trip(case, rule, directory, run.options.compile)
    if proof.against:
        return _not_carried(ImportCode.NOT_THE_SAME, proof.against)
    return _Proposal(rule, carried.fields, (*carried.notes, *proof.notes))


def _same_item(run: Run, proposal: _Proposal, register: Register) -> ListItem | None:
    """The item that this rule has become, by the ledger; without one, an item that says just the same."""
    known = run.ledger.imports.item_of(proposal.rule.guid)
    by_ledger = next((item for item in register.cases.items if item.item_id == known), None)
    wanted = _meaning(proposal.fields)
    by_meaning = (item for item in register.cases.items if _meaning(item.fields) == wanted)
    return by_ledger or next(by_meaning, None)


def _meaning(fields: Mapping[str, FieldValue]) -> str:
    """What an item does to whose mail; days are left out, because governance fills them in."""
    days = {"EffectiveFrom", "EndsOn"}
    return hash_of(protected_values({name: value for name, value in fields.items() if name not in days}))


def _reference_problem(case_ref: str, register: Register) -> str:
    if not case_ref:
        return ""
    read = read_reference(case_ref)
    if isinstance(read, FieldProblem):
        return read.message
    there = next(
        (one for one in register.cases.items if same_reference(as_text(one.fields.get("Title", "")), read)),
        None,
    )
    return f"Item {there.item_id} of the register has the reference {read} already." if there else ""


async def _write(
    run: Run,
    writing: Writing,
    order: ImportOrder,
    made: _Proposal,
    shown: ImportDocument,
    finished: Callable[[], datetime],
) -> ImportDocument:
    """Add the item, remember it, and read it back. Raises ServiceError: then look at the list first."""
    run.progress("Writing the draft")
    places = run.options.lists
    place = await run.readers.lists.locate(places.register_site, places.register, RESTRICTED_CONTACTS)
    async with writing.open_writers() as writers:
        try:
            item_id = await writers.list_items.add(place, made.fields)
        except ServiceError as error:
            error.advice = f"See whether the list '{place.title}' has a new draft before you run this again."
            raise
    run.ledger.imports.record(
        made.rule.guid, item_id=item_id, imported_by=order.made_by, at=run.now, run_id=run.run_id
    )
    read = await run.readers.lists.read_list(
        places.register_site, places.register, RESTRICTED_CONTACTS, with_versions=False
    )
    written = next((one for one in read.items if one.item_id == item_id), None)
    head = replace(shown.head, finished_at=finished(), exit_code=ExitCode.IN_STEP)
    done = replace(shown, head=head, item_id=item_id, outcome=Outcome.APPLIED)
    if written is not None and _columns(written.fields, place) == _columns(made.fields, place):
        return done
    text = f"Item {item_id} of the list '{place.title}' does not hold what was written."
    refused = _refusal(ImportCode.NOT_AS_WRITTEN, text)
    return replace(
        done,
        head=replace(head, exit_code=ExitCode.PARTIAL),
        outcome=Outcome.FAILED,
        refused=refused,
    )


def _columns(fields: Mapping[str, FieldValue], place: ListLocation) -> Mapping[str, list[str]]:
    """The columns that an import writes, without regard to line ends. Absent ones are empty."""
    return {name: as_text(fields.get(name, "")).splitlines() for name in _WRITTEN if name in place.names}


def _shown(fields: Mapping[str, FieldValue]) -> tuple[ProposedField, ...]:
    return tuple(ProposedField(name, as_text(value)) for name, value in fields.items())


def _refusal(code: ImportCode, message: str) -> _Refused:
    return (RefusedImport(code=code.value, message=f"{message} {code.advice}"),)


def _not_carried(code: ImportCode, against: tuple[NotCarried, ...]) -> _Refused:
    return tuple(
        RefusedImport(
            code=code.value,
            message=f"{one.reason} {code.advice}",
            property=one.property,
            value_kind=one.value_kind,
        )
        for one in against
    )


def _head(
    run: Run,
    register: Register,
    finished: Callable[[], datetime],
    exit_code: ExitCode = ExitCode.IN_STEP,
    *unknown: Unknown,
) -> Head:
    return Head(
        run_id=run.run_id,
        started_at=run.now,
        finished_at=finished(),
        exit_code=exit_code,
        source=Source(items=len(register.cases.items), complete=True, version=register.version),
        unknown=unknown,
    )
