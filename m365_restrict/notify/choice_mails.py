"""The one mail that follows every change of a councillor's choice; it goes to the holder alone.

It names the choice by its number, never the sender: it may be read over a shoulder or by an assistant.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from m365_restrict.notify import texts
from m365_restrict.notify.mail import Link, Mail, mail
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Handling
from m365_restrict.rules.naming import long_day


class ChoiceEnd(StrEnum):
    """Why a choice has ended."""

    STOPPED = "stopped"
    DATE = "date"
    GONE = "gone"
    HOLDER = "holder"
    REFUSED = "refused"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True)
class ChoicePlace:
    """How the holder finds the choice: its number, the list's title, and a link or ""."""

    item_id: str
    list_title: str
    link: str


@dataclass(frozen=True, kw_only=True)
class LiveChoice:
    """What a choice does. `measure` is that of the case it follows, if any; `audit` means: only logged."""

    handling: Handling
    folder: str = ""
    case_reference: str = ""
    measure: Measure | None = None
    ends_on: date | None = None
    audit: bool = False

    @property
    def goes_to_junk(self) -> bool:
        """Whether its mail lands in Junk Email."""
        follows_junk = self.handling is Handling.AS_COUNCIL and self.measure is Measure.JUNK
        return self.handling is Handling.JUNK or follows_junk


def live_mail(place: ChoicePlace, choice: LiveChoice) -> Mail:
    """What happens, until when, that Junk is emptied, how to stop, and that nobody else is told."""
    happens = texts.CHOICE_HAPPENS[choice.handling].format(folder=choice.folder, case=choice.case_reference)
    with_council = choice.handling is Handling.AS_COUNCIL
    delegates = choice.handling is Handling.DELEGATE
    stop = texts.CHOICE_HOW_TO_STOP_DELEGATE if delegates else texts.CHOICE_HOW_TO_STOP
    return mail(
        texts.CHOICE_SUBJECT_LIVE.format(item=place.item_id),
        happens,
        texts.CHOICE_AS_COUNCIL[choice.measure] if with_council and choice.measure else "",
        texts.CHOICE_AUDIT if with_council and choice.audit and not choice.goes_to_junk else "",
        texts.CHOICE_JUNK_EMPTIED if choice.goes_to_junk else "",
        texts.CHOICE_UNTIL.format(end=long_day(choice.ends_on)) if choice.ends_on else "",
        stop.format(title=place.list_title),
        "" if delegates else texts.CHOICE_DELAY,
        _link(place),
        texts.CHOICE_NOBODY_ELSE,
    )


def refused_mail(place: ChoicePlace, reason: str) -> Mail:
    """Why a choice is not carried out. `reason` names neither sender nor holder."""
    return mail(
        texts.CHOICE_SUBJECT_REFUSED.format(item=place.item_id),
        texts.CHOICE_REFUSED,
        texts.CHOICE_REASON.format(reason=reason),
        _link(place),
        texts.CHOICE_NOBODY_ELSE,
    )


def ended_mail(place: ChoicePlace, end: ChoiceEnd, *, reason: str = "") -> Mail:
    """That a choice has ended, and how to have it again."""
    again = texts.CHOICE_AGAIN.format(title=place.list_title)
    return mail(
        texts.CHOICE_SUBJECT_ENDED.format(item=place.item_id),
        texts.CHOICE_ENDED[end.value],
        texts.CHOICE_REASON.format(reason=reason) if reason else "",
        again if end in {ChoiceEnd.DATE, ChoiceEnd.HOLDER} else "",
        "" if end is ChoiceEnd.GONE else _link(place),
        texts.CHOICE_NOBODY_ELSE,
    )


def _link(place: ChoicePlace) -> Link | str:
    return Link(texts.OPEN_CHOICE, place.link) if place.link else ""
