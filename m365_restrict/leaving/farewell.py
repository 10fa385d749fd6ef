"""Who is told that the installation is out of use, and what the lists show from then on.

A councillor gets the mail that every end of a choice brings; the monitoring officer gets one mail. What
fails is said and holds nothing up: by then the rules are gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from m365_restrict.errors import RestrictError
from m365_restrict.notify import texts
from m365_restrict.notify.choice_mails import ChoiceEnd, ChoicePlace, ended_mail
from m365_restrict.notify.mail import Mail, mail
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS
from m365_restrict.register.item import FieldValue
from m365_restrict.register.recipient import Recipient
from m365_restrict.register.reference import reference_key
from m365_restrict.register.values import as_text
from m365_restrict.steps.reading import Register, read_people, read_register, remembered
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.case_notes import CaseStanding
from m365_restrict.telling.choice_notes import ChoiceStanding
from m365_restrict.telling.mail_post import DueMail, Post, Told, ToldKind, ToldOutcome, is_news
from m365_restrict.telling.write_back import write_list
from m365_restrict.tenant.session import TenantWriters
from m365_restrict.writes.write_outcome import Result

_LIVE, _HOLDER = "live", "holder"
_STATE = "retired"
_OUT_OF_USE = (
    "This program was taken out of use and enforces nothing any more; the decision stands in this list."
)
_LEFT = (
    "This program was taken out of use. The restriction ends by itself at the end of {end}; to lift it "
    "earlier ask ICT, who remove its rule in Exchange."
)
_STANDS = "This program is being taken out of use and could not remove a rule of this case yet. Ask ICT."
_CHOICE = "The council has taken this program out of use. Mail comes to your Inbox again."
_ENDED_ALREADY = frozenset(
    one.value
    for one in (
        CaseStanding.DRAFT,
        CaseStanding.NOT_IN_FORCE,
        CaseStanding.OPENED,
        CaseStanding.ENDED,
        CaseStanding.NO_MAIL_EFFECT,
    )
)
_CARRIED_OUT = frozenset(
    one.value for one in (ChoiceStanding.IN_PLACE, ChoiceStanding.NOT_YET, ChoiceStanding.NOT_KNOWN)
)


@dataclass(frozen=True, kw_only=True)
class CaseEnds:
    """What became of the cases, by reference. `left` gives the last day as people read it.

    `choices_ended`: no rule that a councillor chose stands any more. `edited_by_holder` are mailboxes from
    which a rule went that the councillor had changed in Outlook.
    """

    opened: frozenset[str]
    left: Mapping[str, str]
    standing: frozenset[str]
    choices_ended: bool
    edited_by_holder: frozenset[str] = frozenset()


async def say_farewell(
    run: Run, writers: TenantWriters, ends: CaseEnds
) -> tuple[tuple[Told, ...], tuple[str, ...]]:
    """Write the tool's own columns, then send the mails; what was due, and what could not be done."""
    notes = await _note_in_lists(run, writers, ends)
    try:
        people = await read_people(run.readers.directory, run.options.people)
        due = [*await _due_for_holders(run, ends), *_due_for_officer(run, ends)]
    except RestrictError as error:
        return (), (*notes, f"Nobody could be told by mail: {error.message}")
    post = Post(
        sender=writers.mail,
        from_mailbox=run.options.notify.sender,
        domains=people.domains,
        memory=run.ledger.told,
        run_id=run.run_id,
        now=run.now,
        stopping=lambda: run.is_stopping,
    )
    return await post.send_all(due), notes


def all_told(told: tuple[Told, ...]) -> bool:
    """Whether no mail failed. One that may not be sent at all is said, and waits for nothing."""
    return all(one.outcome is not ToldOutcome.FAILED for one in told)


async def _due_for_holders(run: Run, ends: CaseEnds) -> list[DueMail]:
    """One mail for each choice that its holder was told is in place, where that still is a mailbox."""
    if not ends.choices_ended:
        return []
    told = run.ledger.told.all(ToldKind.CHOICE.value)
    live = [
        record
        for record in told.values()
        if record.sent_state.startswith(_LIVE)
        or (record.sent_state.startswith(_HOLDER) and record.recipient in ends.edited_by_holder)
    ]
    known = await run.readers.directory.resolve([one.recipient for one in live])
    places = run.options.lists
    return [
        DueMail(
            kind=ToldKind.CHOICE,
            subject=record.subject,
            about=f"choice {record.subject}",
            recipient=record.recipient,
            state=_STATE,
            mail=ended_mail(
                ChoicePlace(item_id=record.subject, list_title=places.choices, link=""), ChoiceEnd.RETIRED
            ),
        )
        for record in live
        if isinstance(entry := known.get(record.recipient), Recipient) and entry.kind.is_mailbox
    ]


def _due_for_officer(run: Run, ends: CaseEnds) -> Iterator[DueMail]:
    """One mail, once nothing stands that was to go."""
    officer = run.options.notify.monitoring_officer
    if not officer or ends.standing or not ends.choices_ended:
        return
    key = (ToldKind.NOTICE.value, _STATE, officer)
    if is_news(run.ledger.told.all(ToldKind.NOTICE.value), key, _STATE):
        yield DueMail(
            kind=ToldKind.NOTICE,
            subject=_STATE,
            about="leaving",
            recipient=officer,
            state=_STATE,
            mail=_officer_mail(ends),
        )


def _officer_mail(ends: CaseEnds) -> Mail:
    left = ", ".join(f"{case} (until the end of {day})" for case, day in sorted(ends.left.items()))
    return mail(
        texts.RETIRED_SUBJECT,
        texts.RETIRED_START,
        texts.RETIRED_OPEN.format(case=", ".join(sorted(ends.opened)) or texts.RETIRED_NONE),
        texts.RETIRED_LEFT.format(case=left) if left else "",
        texts.RETIRED_COUNCILLORS,
    )


async def _note_in_lists(run: Run, writers: TenantWriters, ends: CaseEnds) -> tuple[str, ...]:
    """What the lists say must not go on saying that a case is in force."""
    places = run.options.lists
    try:
        register = await read_register(run.readers, run.options, remembered(run.ledger))
    except RestrictError as error:
        return (f"The lists could not be told: {error.message}",)
    register_place = (places.register_site, places.register, RESTRICTED_CONTACTS)
    choices_place = (places.choices_site, places.choices, CHOICES)
    written = await write_list(run, writers, register_place, register.cases.items, _cases(register, ends))
    written += await write_list(run, writers, choices_place, register.choices.items, _choices(register, ends))
    failed = [one for one in written if one.result is not Result.APPLIED]
    return tuple(
        f"Item {one.item_id or 'all'} of '{one.list_title}' could not be told: {one.reason}" for one in failed
    )


def _cases(register: Register, ends: CaseEnds) -> dict[str, dict[str, FieldValue]]:
    left = {reference_key(case): day for case, day in ends.left.items()}
    standing = {reference_key(case) for case in ends.standing}
    wanted: dict[str, dict[str, FieldValue]] = {}
    for item in register.cases.items:
        status, case = (
            as_text(item.fields.get("EnforcementStatus", "")),
            as_text(item.fields.get("Title", "")),
        )
        if not status or status in _ENDED_ALREADY:
            continue
        key = reference_key(case)
        if key in standing:
            told = CaseStanding.FAILED, _STANDS
        elif key in left:
            told = CaseStanding.IN_FORCE, _LEFT.format(end=left[key])
        elif status == CaseStanding.SCHEDULED.value:
            told = CaseStanding.NOT_IN_FORCE, _OUT_OF_USE
        else:
            told = CaseStanding.OPENED, _OUT_OF_USE
        wanted[item.item_id] = {"EnforcementStatus": told[0].value, "EnforcementNote": told[1]}
    return wanted


def _choices(register: Register, ends: CaseEnds) -> dict[str, dict[str, FieldValue]]:
    if not ends.choices_ended:
        return {}
    return {
        item.item_id: {"ChoiceStatus": ChoiceStanding.ENDED.value, "ChoiceNote": _CHOICE}
        for item in register.choices.items
        if as_text(item.fields.get("ChoiceStatus", "")) in _CARRIED_OUT
    }
