"""Which mails about cases are due: to approvers of proposals, and to owners of what lacks something."""

import hashlib
from collections.abc import Iterator, Sequence

from m365_restrict.notify.case_mails import CasePlace, Proposal, approver_mail, owner_mail, safe_sentence
from m365_restrict.notify.effect import Effect
from m365_restrict.notify.links import ListPages
from m365_restrict.outcome import Unknown
from m365_restrict.policy.codes import CheckCode, WarningCode
from m365_restrict.register.address import normalise
from m365_restrict.register.case import Case, ItemType, Measure, ProtectedFields, Scope, Stage, Status
from m365_restrict.register.codes import ApprovalCode
from m365_restrict.register.item import Identity, ListItem, Person
from m365_restrict.register.read_case import ProtectedReading, read_open_fields, read_protected
from m365_restrict.register.reference import read_reference
from m365_restrict.register.values import as_text, hash_of, protected_values
from m365_restrict.rules.compilation import Blocks
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.mail_post import DueMail, ToldKind, is_news
from m365_restrict.telling.proposal_effect import effect_of
from m365_restrict.tenant.directory import Member
from m365_restrict.tenant.session import TenantReaders

# The first waits for an approver, who is told anyway; about the second there is nothing to mend.
_NOT_MISSING = frozenset({ApprovalCode.NOT_APPROVED, CheckCode.NO_MAIL_EFFECT})
_EDITS = frozenset({WarningCode.EDIT_WAITS, WarningCode.EDIT_UNREADABLE})
_BLANK = ProtectedFields(
    item_type=ItemType.PERSON,
    addresses=(),
    stage=Stage.NONE,
    measure=Measure.NO_EMAIL,
    scope=Scope.NAMED,
    scope_mailboxes=(),
    spoc_mailbox="",
    allowed_recipients=(),
    councillor_route=None,
    ward_councillors=(),
    effective_from=None,
    ends_on=None,
)


async def due_for_approvers(run: Run, found: Found, readers: TenantReaders) -> tuple[DueMail, ...]:
    """One mail to each approver for every version of a proposal that they have not been told of."""
    told = run.ledger.told.all(ToldKind.PROPOSAL.value)
    approvers: dict[Stage, tuple[Member, ...]] = {}
    due: list[DueMail] = []
    for item in _proposed(found):
        reading = read_protected(protected_values(item.fields), instead=_BLANK)
        stage = (reading.fields or _BLANK).stage
        if stage not in approvers:
            approvers[stage] = await _approvers(run, readers, stage)
        state = _version_of(item)
        everyone = _recipients(item, approvers[stage])
        keys = [(ToldKind.PROPOSAL.value, item.item_id, recipient) for recipient in everyone]
        news = [recipient for key, recipient in zip(keys, everyone, strict=True) if is_news(told, key, state)]
        if not news:
            continue
        place = _place_of(run, item)
        # Traces are asked for only where somebody will read the answer.
        asked = readers if any(news) and run.options.notify.sender else None
        mail = approver_mail(place, await _proposal(run, found, asked, item, reading))
        due += [
            DueMail(
                kind=ToldKind.PROPOSAL,
                subject=item.item_id,
                about=place.reference,
                recipient=recipient,
                state=state,
                mail=mail,
            )
            for recipient in news
        ]
    return tuple(due)


def due_for_owners(run: Run, found: Found) -> tuple[DueMail, ...]:
    """One mail to the owner of each case that lacks something, whenever what it lacks changes.

    What a case no longer lacks is forgotten, so that its owner is told if it comes back.
    """
    told = run.ledger.told.all(ToldKind.MISSING.value)
    items = {item.item_id: item for item in found.register.cases.items}
    missing = {item_id: lines for item_id, lines in _missing(found).items() if item_id in items}
    for key, record in told.items():
        if record.subject not in missing:
            run.ledger.told.forget(key)
    enforced = {one.case.item_id for one in found.judgement.accepted}
    enforced -= _blocked_items(found)
    due: list[DueMail] = []
    for item_id, lines in missing.items():
        item = items[item_id]
        owner, state = _owner_of(item), _digest(lines)
        if is_news(told, (ToldKind.MISSING.value, item_id, owner), state):
            place = _place_of(run, item)
            due.append(
                DueMail(
                    kind=ToldKind.MISSING,
                    subject=item_id,
                    about=place.reference,
                    recipient=owner,
                    state=state,
                    mail=owner_mail(place, lines, enforced=item_id in enforced),
                )
            )
    return tuple(due)


def _proposed(found: Found) -> Iterator[ListItem]:
    """Proposed items whose last day has not passed."""
    over = {one.item_id for one in found.judgement.ended_by_register}
    for item in found.register.cases.items:
        if item.fields.get("Status") == Status.PROPOSED and item.item_id not in over:
            yield item


async def _approvers(run: Run, readers: TenantReaders, stage: Stage) -> tuple[Member, ...]:
    """Those who may approve; none where the directory could not be asked, which is then said."""
    approvers = run.options.people.approvers
    found = await readers.directory.expand(approvers.get(stage) or approvers[Stage.NONE])
    if isinstance(found, Unknown):
        return ()
    return tuple(sorted(found.members, key=lambda member: member.address))


def _recipients(item: ListItem, approvers: Sequence[Member]) -> tuple[str, ...]:
    """Approvers with an account in use, without the proposers where others are left to decide."""
    working = [one for one in approvers if one.account_enabled]
    proposers = {identity.object_id.lower() for identity in _proposers(item)}
    others = [one for one in working if one.object_id.lower() not in proposers]
    return tuple(one.address for one in others or working) or ("",)


def _proposers(item: ListItem) -> tuple[Identity, ...]:
    """The creator, and whoever last changed what is approved (contracts.md 1)."""
    changers = [
        after.saver
        for before, after in zip(item.versions, item.versions[1:], strict=False)
        if protected_values(before.fields) != protected_values(after.fields)
    ]
    return (item.created_by, *changers[-1:])


def _version_of(item: ListItem) -> str:
    """Changes when the case is proposed anew or what is proposed changes, and by no other save."""
    proposed_at = [
        after.number
        for before, after in zip(item.versions, item.versions[1:], strict=False)
        if before.fields.get("Status") != Status.PROPOSED and after.fields.get("Status") == Status.PROPOSED
    ]
    return f"{proposed_at[-1] if proposed_at else 'first'}|{hash_of(protected_values(item.fields))}"


async def _proposal(
    run: Run, found: Found, readers: TenantReaders | None, item: ListItem, reading: ProtectedReading
) -> Proposal:
    protected = reading.fields or _BLANK
    unreadable = {problem.column for problem in reading.problems}
    other = read_open_fields(item.fields).fields
    effect: Effect | Unknown | None = None
    problems: tuple[str, ...] = ()
    if readers is not None and not unreadable:
        case = Case(item_id=item.item_id, reference=_reference_of(item), protected=protected, other=other)
        effect, problems = await effect_of(run, found, readers, case)
    missing = (*_missing(found).get(item.item_id, ()), *problems)
    return Proposal(
        protected=protected,
        other=other,
        measure_given="Measure" not in unreadable,
        scope_given="Scope" not in unreadable,
        missing=tuple(dict.fromkeys(missing)),
        effect=effect,
    )


def _missing(found: Found) -> dict[str, tuple[str, ...]]:
    """What each item lacks, by item id. Drafts are left in peace: the list shows their notes."""
    lines: dict[str, list[str]] = {}
    for refusal in found.judgement.refused:
        if refusal.code not in _NOT_MISSING:
            lines.setdefault(refusal.item_id, []).append(safe_sentence(refusal.message, refusal.code))
    for warning in found.judgement.warnings:
        if warning.code in _EDITS:
            lines.setdefault(warning.item_id, []).append(safe_sentence(warning.message, warning.code))
    references = {one.case.reference: one.case.item_id for one in found.judgement.accepted}
    for problem in found.planned.desired.problems if found.planned else ():
        item_id = references.get(problem.case_reference)
        if item_id and problem.blocks is Blocks.CASE:
            lines.setdefault(item_id, []).append(f"{problem.code.meaning} {problem.code.advice}")
    return {item_id: tuple(dict.fromkeys(found)) for item_id, found in lines.items()}


def _blocked_items(found: Found) -> frozenset[str]:
    blocked = found.planned.desired.blocked_cases if found.planned else frozenset[str]()
    return frozenset(one.case.item_id for one in found.judgement.accepted if one.case.reference in blocked)


def _owner_of(item: ListItem) -> str:
    owner = item.fields.get("CaseOwner")
    return normalise(owner.address) if isinstance(owner, Person) else ""


def _place_of(run: Run, item: ListItem) -> CasePlace:
    places = run.options.lists
    pages = ListPages(site_url=run.options.notify.site_url, title=places.register)
    return CasePlace(
        reference=_reference_of(item),
        item_id=item.item_id,
        list_title=places.register,
        link=pages.item(item.item_id),
    )


def _reference_of(item: ListItem) -> str:
    """The case reference; "item 7" where it cannot be shown, because it may hold anything."""
    reference = read_reference(as_text(item.fields.get("Title", "")))
    return reference if isinstance(reference, str) else f"item {item.item_id}"


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
