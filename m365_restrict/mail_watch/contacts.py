"""Whether the mailboxes of single contacts are read: what nobody reads is no open route (F11, F24)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from m365_restrict.outcome import Unknown
from m365_restrict.plan.beside import ContactMailbox, NotCovered, Unseen
from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.register.dates import local_day
from m365_restrict.register.recipient import Recipient
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.contact_mailboxes import NOT_GRANTED, ContactState
from m365_restrict.tenant.together import all_of

_CODE = FindingCode.CONTACT_MAILBOX_UNREAD
_NOT_RECEIVED = "How much was sent on to it is not known: message traces were not read."
_GRANT = (
    "Assign the reader application the Exchange role Application Mail.ReadBasic for it "
    "(docs/did-it-work.md); or ask who looks after the mailbox."
)
_AGAIN = "Run it again. If it stays so, ask who looks after the mailbox."


@dataclass(frozen=True, kw_only=True)
class ContactsWatched:
    """What is told of the mailboxes."""

    contacts: tuple[ContactMailbox, ...] = ()
    findings: tuple[Finding, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    unseen: frozenset[Unseen] = frozenset()


async def watch_contacts(
    run: Run, found: Found, planned: Planned, received: Mapping[str, int]
) -> ContactsWatched:
    """Ask about the mailbox of every case in force that sends mail to one.

    `received` is how many messages were sent on, by mailbox; one that is not in it is not known.
    """
    cases = _cases_by_mailbox(found, planned)
    reader = run.readers.contact_mailboxes
    states = await all_of(reader.state(mailbox) for mailbox in cases)
    told = dict(zip(cases, states, strict=True))
    return ContactsWatched(
        contacts=tuple(_contact(run, mailbox, state, received) for mailbox, state in told.items()),
        findings=tuple(_unread(run, told, cases)),
        not_covered=tuple(_not_covered(told)),
        unseen=frozenset(
            Unseen(_CODE.value, _only(cases[box]))
            for box, state in told.items()
            if isinstance(state, Unknown)
        ),
    )


def _cases_by_mailbox(found: Found, planned: Planned) -> Mapping[str, list[str]]:
    """The references of cases by the mailbox in the cloud that is their single contact."""
    cases: dict[str, list[str]] = {}
    for one in found.judgement.in_force:
        protected = one.case.protected
        if not protected.measure.needs_single_contact or not protected.spoc_mailbox:
            continue
        entry = planned.directory.resolve(protected.spoc_mailbox)
        if isinstance(entry, Recipient) and entry.kind.is_mailbox:
            cases.setdefault(entry.address, []).append(one.case.reference)
    return {mailbox: cases[mailbox] for mailbox in sorted(cases)}


def _contact(
    run: Run, mailbox: str, state: ContactState | Unknown, received: Mapping[str, int]
) -> ContactMailbox:
    sent_on = received.get(mailbox)
    reasons = [f"{state.reason}."] if isinstance(state, Unknown) else []
    reasons += [_NOT_RECEIVED] if sent_on is None else []
    known = None if isinstance(state, Unknown) else state
    return ContactMailbox(
        mailbox=mailbox,
        received=sent_on,
        unread=known.unread if known else None,
        oldest_unread_days=_days(run, known.oldest_unread_at) if known else None,
        unread_in_junk=known.unread_in_junk if known else None,
        reason=" ".join(f"{one[:1].upper()}{one[1:]}" for one in reasons),
    )


def _days(run: Run, oldest: datetime | None) -> int | None:
    """Whole local days; None where nothing is unread."""
    return None if oldest is None else max(0, (run.today - local_day(oldest, run.options.zone)).days)


def _unread(
    run: Run, told: Mapping[str, ContactState | Unknown], cases: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    for mailbox, state in told.items():
        days = None if isinstance(state, Unknown) else _days(run, state.oldest_unread_at)
        if isinstance(state, Unknown) or days is None or days <= run.options.unread_days:
            continue
        about = ", ".join(sorted(cases[mailbox]))
        yield Finding(
            code=_CODE,
            change_class=ChangeClass.REGISTER,
            severity=Severity.HIGH,
            message=(
                f"{_CODE.meaning} {mailbox}: {state.unread} unread, {state.unread_in_junk} unread in Junk "
                f"Email, the oldest for {days} days. It is the single contact of {about}."
            ),
            case_reference=_only(cases[mailbox]),
            mailbox=mailbox,
            key=f"contact:{mailbox}",
            began_at=state.oldest_unread_at,
        )


def _only(references: Sequence[str]) -> str:
    """The one case that a mailbox is about, "" where it is several."""
    return references[0] if len(references) == 1 else ""


def _not_covered(told: Mapping[str, ContactState | Unknown]) -> Iterator[NotCovered]:
    by_reason: dict[Unknown, list[str]] = {}
    for mailbox, state in told.items():
        if isinstance(state, Unknown):
            by_reason.setdefault(state, []).append(mailbox)
    for unknown, mailboxes in by_reason.items():
        yield NotCovered(
            scope=f"Whether {', '.join(mailboxes)} is read",
            reason=f"{unknown.reason[:1].upper()}{unknown.reason[1:]}.",
            next_step=_GRANT if unknown == NOT_GRANTED else _AGAIN,
        )
