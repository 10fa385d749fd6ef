"""Mails about one case: to its approvers when it is proposed, and to its owner when something is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from m365_restrict.codes import CatalogueCode
from m365_restrict.notify import texts
from m365_restrict.notify.effect import Effect, effect_sentences
from m365_restrict.notify.mail import Block, Link, Mail, Paragraph, bullets, mail
from m365_restrict.outcome import Unknown
from m365_restrict.register.case import OpenFields, ProtectedFields, Scope
from m365_restrict.rules.naming import long_day


@dataclass(frozen=True, kw_only=True)
class CasePlace:
    """How the reader finds a case: its reference, its item and list, and a link or ""."""

    reference: str
    item_id: str
    list_title: str
    link: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A proposed case. `measure_given` and `scope_given` are false where the column says nothing usable."""

    protected: ProtectedFields
    other: OpenFields
    measure_given: bool
    scope_given: bool
    missing: tuple[str, ...]
    effect: Effect | Unknown | None


def safe_sentence(message: str, code: CatalogueCode) -> str:
    """A check's message; where it quotes an address, the code's own words instead (policy.md 3, F18)."""
    return f"{code.meaning} {code.advice}" if "@" in message else message


def approver_mail(place: CasePlace, proposal: Proposal) -> Mail:
    """The decision in six lines, what is missing, what it would do, and where to decide."""
    missing: Block | str = texts.APPROVER_NOTHING_MISSING
    if proposal.missing:
        missing = bullets(texts.APPROVER_MISSING, proposal.missing)
    return mail(
        texts.APPROVER_SUBJECT.format(reference=place.reference),
        texts.APPROVER_START.format(reference=place.reference),
        bullets(texts.APPROVER_DECISION, six_lines(proposal)),
        missing,
        bullets(texts.APPROVER_EFFECT, effect_sentences(proposal.effect)),
        texts.APPROVER_HOW,
        _where(place),
        texts.NAMES_NOBODY,
    )


def owner_mail(place: CasePlace, missing: Sequence[str], *, enforced: bool) -> Mail:
    """What is missing. `enforced` says whether an earlier approved form of the case stays in force."""
    return mail(
        texts.OWNER_SUBJECT.format(reference=place.reference),
        texts.OWNER_START.format(reference=place.reference),
        bullets(texts.OWNER_MISSING, missing),
        texts.OWNER_WAITING if enforced else texts.OWNER_REFUSED,
        _where(place),
        texts.OWNER_AGAIN,
        texts.NAMES_NOBODY,
    )


def six_lines(proposal: Proposal) -> tuple[str, ...]:
    """What, whose mail, councillors, how long, what stays open, told: in this order, never more."""
    protected, other = proposal.protected, proposal.other
    route = protected.councillor_route
    channels = ", ".join(channel.value for channel in other.channels_open)
    told = other.notice_sent_on
    return (
        texts.LINE_MEASURE[protected.measure] if proposal.measure_given else texts.LINE_MEASURE_MISSING,
        _scope_line(proposal),
        texts.LINE_COUNCILLORS[route] if route else texts.LINE_COUNCILLORS_MISSING,
        texts.LINE_DAYS.format(start=_day(protected.effective_from), end=_day(protected.ends_on)),
        texts.LINE_CHANNELS.format(channels=channels) if channels else texts.LINE_NO_CHANNEL,
        texts.LINE_TOLD.format(day=long_day(told)) if told else texts.LINE_NOT_TOLD,
    )


def _scope_line(proposal: Proposal) -> str:
    protected = proposal.protected
    if not proposal.scope_given:
        return texts.LINE_SCOPE_MISSING
    if protected.scope is Scope.WHOLE_COUNCIL:
        return texts.LINE_WHOLE_COUNCIL.format(addresses=len(protected.addresses))
    return texts.LINE_NAMED.format(
        mailboxes=len(protected.scope_mailboxes), addresses=len(protected.addresses)
    )


def _day(day: date | None) -> str:
    return long_day(day) if day else texts.NONE_GIVEN


def _where(place: CasePlace) -> Block:
    if place.link:
        return Link(texts.OPEN_CASE.format(reference=place.reference), place.link)
    return Paragraph(texts.FIND_CASE.format(item=place.item_id, title=place.list_title))
