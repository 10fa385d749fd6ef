"""Which mails to councillors are due: after every change of their own choice, to the holder alone."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from m365_restrict.ledger.told import ToldKey, ToldMails, ToldRecord
from m365_restrict.notify.choice_mails import (
    ChoiceEnd,
    ChoicePlace,
    LiveChoice,
    ended_mail,
    live_mail,
    refused_mail,
)
from m365_restrict.notify.links import ListPages
from m365_restrict.notify.mail import Mail
from m365_restrict.outcome import Unknown
from m365_restrict.register.choice import Choice, Handling
from m365_restrict.register.choice_holder import Delegations, Holder, find_holder
from m365_restrict.register.codes import ChoiceCode
from m365_restrict.register.item import ListItem
from m365_restrict.register.recipient import Recipient
from m365_restrict.register.reference import reference_key
from m365_restrict.register.values import as_text
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.transport_rule import RuleMode
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.choice_notes import ChoiceNote, ChoiceStanding, choice_notes
from m365_restrict.telling.mail_post import DueMail, ToldKind, is_news
from m365_restrict.tenant.session import TenantReaders

_LIVE = "live"
_OWN_COLUMNS = ("Title", "Handling", "FolderName", "EndsOn", "OnBehalfOf", "Delegate")
_WAITS_FOR_CASE = frozenset({ChoiceCode.CASE_NOT_LIVE.value, RuleCode.CHOICE_CASE_NOT_LIVE.value})


async def due_for_holders(run: Run, found: Found, readers: TenantReaders) -> tuple[DueMail, ...]:
    """One mail for each choice whose state its holder has not been told of.

    None at all where the councillors' group could not be read: then nobody's choice has really changed.
    """
    if found.planned is None or isinstance(found.people.councillors, Unknown):
        return ()
    told = run.ledger.told.all(ToldKind.CHOICE.value)
    teller = _Teller(run, found, told)
    due = [one for item in found.register.choices.items if (one := teller.due(item)) is not None]
    due += teller.gone()
    theirs = await _theirs(found, readers, due)
    return tuple(one.mail for one in due if one in theirs)


@dataclass(frozen=True)
class _Due:
    """A mail with the account that it is meant for; `object_id` is "" where only the address is known."""

    mail: DueMail
    object_id: str


class _Teller:
    """Compares what is so with what was told."""

    def __init__(self, run: Run, found: Found, told: Mapping[ToldKey, ToldRecord]) -> None:
        self._run = run
        self._found = found
        self._told = told
        self._memory: ToldMails = run.ledger.told
        self._notes = choice_notes(run, found)
        self._live = {one.item_id: one for one in found.choices.choices}
        self._delegations = Delegations.read(found.register.choices.items, today=run.today)

    def due(self, item: ListItem) -> _Due | None:
        """The mail that one item calls for, if any."""
        holder = find_holder(item, self._delegations)
        if not isinstance(holder, Holder):
            return None
        key = (ToldKind.CHOICE.value, item.item_id, holder.address)
        record = self._told.get(key)
        was_live = record is not None and record.sent_state.startswith(_LIVE)
        note = self._notes.get(item.item_id)
        if note is not None and note.status is ChoiceStanding.REPLACED:
            # The newer item is what the holder is told of.
            self._memory.forget(key)
            return None
        said = self._delegation(item, holder) if note is None else self._choice(item, note, was_live=was_live)
        if said is None or not is_news(self._told, key, said[0]):
            return None
        return _Due(self._mail(item.item_id, holder.address, *said), holder.object_id)

    def gone(self) -> list[_Due]:
        """Items that were deleted from the list."""
        present = {item.item_id for item in self._found.register.choices.items}
        due = []
        for key, record in self._told.items():
            if record.subject in present:
                continue
            if not record.sent_state.startswith(_LIVE):
                self._memory.forget(key)
                continue
            mail = ended_mail(self._place(record.subject), ChoiceEnd.GONE)
            due.append(_Due(self._mail(record.subject, record.recipient, "gone", mail, forget=True), ""))
        return due

    def _choice(self, item: ListItem, note: ChoiceNote, *, was_live: bool) -> tuple[str, Mail] | None:
        place, digest = self._place(item.item_id), _digest(item)
        match note.status:
            case ChoiceStanding.IN_PLACE:
                choice = self._live[item.item_id]
                shown = self._shown(choice)
                state = f"{_LIVE}|{digest}|{shown.ends_on}|{shown.measure}|{shown.audit}"
                return state, live_mail(place, shown)
            case ChoiceStanding.NOT_IN_PLACE:
                return self._refused(item, note, was_live=was_live)
            case ChoiceStanding.CHANGED if was_live:
                return f"holder|{digest}", ended_mail(place, ChoiceEnd.HOLDER)
            case ChoiceStanding.STOPPED:
                return f"stopped|{digest}", ended_mail(place, ChoiceEnd.STOPPED)
            case ChoiceStanding.ENDED if was_live:
                return f"date|{digest}", ended_mail(place, ChoiceEnd.DATE)
            case _:
                # Not yet settled, not known, or over before its holder was ever told of it.
                return None

    def _refused(self, item: ListItem, note: ChoiceNote, *, was_live: bool) -> tuple[str, Mail] | None:
        code = self._refusal_code(item.item_id)
        planned = self._found.planned
        if planned is not None and planned.cases.kept and code in _WAITS_FOR_CASE:
            # A case that has vanished without proof keeps its rules, and so does this choice.
            return None
        place, state = self._place(item.item_id), f"refused|{code}|{_digest(item)}"
        if was_live:
            return state, ended_mail(place, ChoiceEnd.REFUSED, reason=note.note)
        return state, refused_mail(place, note.note)

    def _refusal_code(self, item_id: str) -> str:
        planned = self._found.planned
        refused = [*self._found.choices.refused, *(planned.desired.choice_refusals if planned else ())]
        return next((one.code for one in refused if one.item_id == item_id), "")

    def _delegation(self, item: ListItem, holder: Holder) -> tuple[str, Mail] | None:
        """A councillor who lets somebody else choose is told so too."""
        people = self._found.people
        councillor = holder.object_id in people.councillor_ids or holder.address in people.councillor_names
        if not councillor or not any(own == holder.address for own, _ in self._delegations.pairs):
            return None
        mail = live_mail(self._place(item.item_id), LiveChoice(handling=Handling.DELEGATE))
        return f"{_LIVE}|{_digest(item)}", mail

    def _shown(self, choice: Choice) -> LiveChoice:
        measures = {
            reference_key(reference): measure
            for reference, measure in self._found.judgement.live_measures.items()
        }
        return LiveChoice(
            handling=choice.handling,
            # A folder that is named like an address is not repeated, as in the name of its rule.
            folder=choice.folder_name if "@" not in choice.folder_name else "…",
            case_reference=choice.case_reference,
            measure=measures.get(reference_key(choice.case_reference)),
            ends_on=choice.ends_on,
            audit=self._run.options.compile.mode is RuleMode.AUDIT,
        )

    def _place(self, item_id: str) -> ChoicePlace:
        places = self._run.options.lists
        # Only the register's site has an address to link to.
        site_url = self._run.options.notify.site_url if places.choices_site == places.register_site else ""
        own_list = "/Lists/" not in site_url
        pages = ListPages(site_url=site_url if own_list else "", title=places.choices)
        return ChoicePlace(item_id=item_id, list_title=places.choices, link=pages.item(item_id))

    def _mail(self, item_id: str, recipient: str, state: str, mail: Mail, *, forget: bool = False) -> DueMail:
        return DueMail(
            kind=ToldKind.CHOICE,
            subject=item_id,
            about=f"choice {item_id}",
            recipient=recipient,
            state=state,
            mail=mail,
            forget=forget,
        )


async def _theirs(found: Found, readers: TenantReaders, due: Sequence[_Due]) -> frozenset[_Due]:
    """The mails whose mailbox still belongs to the account that made the choice: no successor reads them."""
    councillors = found.people.councillors
    known = {} if isinstance(councillors, Unknown) else {one.address: one.object_id for one in councillors}
    asked = [one.mail.recipient for one in due if one.mail.recipient not in known]
    for address, entry in (await readers.directory.resolve(asked)).items():
        if isinstance(entry, Recipient) and entry.kind.is_mailbox:
            known[address] = entry.object_id
    return frozenset(
        one
        for one in due
        if one.mail.recipient in known and one.object_id in {"", known[one.mail.recipient].lower()}
    )


def _digest(item: ListItem) -> str:
    own = [as_text(item.fields.get(column, "")) for column in _OWN_COLUMNS]
    return hashlib.sha256("\x1f".join(own).encode()).hexdigest()[:32]
