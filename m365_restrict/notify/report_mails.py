"""What is said when a report goes out: the one-line answer, what is new, what is put right, where to read on.

A finding is told by its case reference and by what its code means, never in its own words, which may hold
mailboxes and the names of administrators (policy.md 3, F18).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from m365_restrict.notify.mail import Block, Bullets, Link, Mail, bullets, mail
from m365_restrict.rules.naming import long_day

MOST_LINES = 25
"""Findings that one message lists; the rest are counted."""

_SUBJECT = {
    "daily": "the day",
    "weekly": "the week",
    "monthly": "the month",
    "quarterly": "the quarter",
    "annual": "the year",
}
_NOT_WHOLE = "The run could not look at everything. What is not told here may be wrong all the same."
_CONTINUING = {
    0: "Nothing that you were told of before still stands.",
    1: "1 finding that you were told of before still stands.",
}
_UNSEEN = {
    False: "1 finding that you were told of before could not be looked for and may still stand.",
    True: "{} findings that you were told of before could not be looked for and may still stand.",
}
_NOTHING_NEW = "There is nothing new."
_FILED = "Open the report in the library"
_NOT_FILED = (
    "The report itself could not be filed in the library; the next run tries again. `m365-restrict report` "
    "makes it at any time."
)
_SPREADSHEET = (
    "The page is larger than the library takes in one piece: what is filed is the report as a spreadsheet. "
    "`m365-restrict report --format html` makes the page at any time."
)
_TOO_LARGE = (
    "The report is larger than the library takes in one piece and was not filed. `m365-restrict report` "
    "makes it at any time."
)
_NO_LIBRARY = "`m365-restrict report` makes the report itself; no library is set to file it in."
_WHY = "You get this because the settings of m365-restrict send it to {title}."
_NAMES_NOBODY = "It names nobody on purpose: the case references lead to the register."


@dataclass(frozen=True, kw_only=True)
class FindingTold:
    """One finding. `case_ref` is "" where it is about no single case; `owner` is a title, never a person."""

    case_ref: str
    severity: str
    meaning: str
    code: str
    owner: str = ""
    due: date | None = None


@dataclass(frozen=True, kw_only=True)
class ReportTold:
    """What one addressee is told. `period` is a cadence by its name, `first` and `last` its local days.

    `answer` is a sentence of numbers; `urgent` says that this goes out because of what it tells alone.
    `unseen` counts findings that they know and the run could not look for.
    """

    council: str
    period: str
    first: date
    last: date
    answer: str
    is_whole: bool
    new: Sequence[FindingTold] = ()
    fixed: Sequence[FindingTold] = ()
    continuing: int = 0
    unseen: int = 0
    tells_findings: bool = True
    urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Filing:
    """Where the report is. `link` is "" while it is not filed; `is_wanted` says whether a library is set.

    `is_too_large`: the library does not take the page, so the link is to the spreadsheet, or there is none.
    """

    link: str = ""
    is_wanted: bool = False
    is_too_large: bool = False


def report_mail(told: ReportTold, *, title: str, filing: Filing) -> Mail:
    """The message for a role by its `title`."""
    return mail(
        _subject(told),
        told.answer,
        "" if told.is_whole else _NOT_WHOLE,
        *(_findings(told) if told.tells_findings else ()),
        *_where(filing),
        _WHY.format(title=title),
        _NAMES_NOBODY,
    )


def _subject(told: ReportTold) -> str:
    about = f"Restricted contacts ({told.council})" if told.council else "Restricted contacts"
    if told.urgent:
        many = _counted(len(told.new), "new critical finding")
        gone = f"{_counted(len(told.fixed), 'critical finding')} put right"
        said = " and ".join([*([many] if told.new else ()), *([gone] if told.fixed else ())])
        return f"{about}: {said}"
    days = long_day(told.first)
    if told.last != told.first:
        days += f" to {long_day(told.last)}"
    return f"{about}: report of {_SUBJECT.get(told.period, 'the run')} ({days})"


def _findings(told: ReportTold) -> Iterator[Block | str]:
    if told.new:
        yield _list("New", [_line(one) for one in told.new])
    elif not told.urgent:
        yield _NOTHING_NEW
    if told.fixed:
        yield _list("Put right", [_gone(one) for one in told.fixed])
    if told.unseen and not told.urgent:
        yield _UNSEEN[told.unseen > 1].format(told.unseen)
    if told.urgent or (told.unseen and not told.continuing):
        return
    many = f"{told.continuing} findings that you were told of before still stand."
    yield _CONTINUING.get(told.continuing, many)


def _list(heading: str, lines: Sequence[str]) -> Bullets:
    more = len(lines) - MOST_LINES
    kept = [*lines[:MOST_LINES], *([f"and {more} more, all in the report"] if more > 0 else ())]
    return bullets(f"{heading} ({len(lines)})", kept)


def _line(one: FindingTold) -> str:
    words = [f"{_about(one)}, {one.severity} ({one.code}):", one.meaning]
    if one.owner:
        words.append(f"{one.owner}, by {long_day(one.due)}." if one.due else f"{one.owner}.")
    return " ".join(words)


def _gone(one: FindingTold) -> str:
    return f"{_about(one)}, was {one.severity}: {one.code} is no longer found."


def _about(one: FindingTold) -> str:
    return one.case_ref or "No single case"


def _where(filing: Filing) -> Iterator[Block | str]:
    if filing.is_too_large:
        yield _SPREADSHEET if filing.link else _TOO_LARGE
    if filing.link:
        yield Link(_FILED, filing.link)
    elif not filing.is_too_large:
        yield _NOT_FILED if filing.is_wanted else _NO_LIBRARY


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
