"""A year of one case under each policy that is shipped, judged from outside by a calendar written by hand.

People save items in the lists, the scheduled jobs run, and what they leave in mailboxes, lists, library and
Exchange is read back. Each calendar follows its file in settings/policies; nothing in it is computed, and
whatever is not in it must not happen. Nobody is reminded on 30 August 2027, the late summer bank holiday.
"""

import contextlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import httpx
import pytest

import jobs.enforce
import jobs.retention
import jobs.reviews

CASE, CONTACTS, REVIEWS = "RC-1", "Restricted contacts", "Restriction reviews"
PROFILES = Path(__file__).parents[2] / "settings" / "policies"
PEOPLE = frozenset({"admin", "officer", "director", "deputy", "monitoring", "contact", "planning", "cllr.a"})
WEEKLY = "Restricted contacts: what is due"
QUIET_DAYS = 42

FIELDS = {
    "PersonName": "P Person",
    "ContactDetails": "1 High Street\nAsh",
    "CaseOwner": "officer@ash.example",
    "Grounds": ["Threats"],
    "EffectiveFrom": "2026-09-07",
    "EndsOn": "2027-09-06",
    "NoticeSentOn": None,
    "NextReviewOn": None,
}
SETTINGS = {
    "POLICY__PROTECTED_MAILBOXES": "monitoring@ash.example",
    "NOTIFY__LIBRARY": "Letters",
    "LETTERS__COUNCIL_NAME": "Ash Council",
    "LETTERS__ADDRESS": "Town Hall, Ash",
    "LETTERS__TELEPHONE": "01632 960000",
    "LETTERS__SIGNATORY_TITLE": "Director of Services",
    "LETTERS__POLICY_NAME": "Contact policy",
    "LETTERS__POLICY_URL": "https://ash.example/policy",
    "LETTERS__SERVICE_ROUTE": "Telephone us.",
    "LETTERS__COMPLAINT_ROUTE": "Write to us.",
    "LETTERS__ADJUSTMENTS_ROUTE": "Ask for the equality officer.",
}
WELSH = {
    "LETTERS__WELSH_CHECKED_BY": "A. Translator",
    "LETTERS__WELSH_CHECKED_ON": "2026-08-01",
    "LETTERS__COUNCIL_NAME_CY": "Cyngor Ash",
    "LETTERS__SIGNATORY_TITLE_CY": "Cyfarwyddwr Gwasanaethau",
    "LETTERS__POLICY_NAME_CY": "Polisi cyswllt",
    "LETTERS__SERVICE_ROUTE_CY": "Ffoniwch ni.",
    "LETTERS__COMPLAINT_ROUTE_CY": "Ysgrifennwch atom.",
    "LETTERS__ADJUSTMENTS_ROUTE_CY": "Gofynnwch am y swyddog cydraddoldeb.",
}


class Job(Enum):
    """A job that runs every day."""

    ENFORCE = "enforce"
    REVIEWS = "reviews"


_ENFORCED = re.compile(r"rule |list:|letter:|to .*(waits for your decision|something is missing)")


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happens to one case. In the calendar, `*` is what a person does; other lines are what follows.

    `FIRST..LAST who` is a time in which somebody's weekly list has something in it.
    """

    profile: str
    calendar: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.calendar.splitlines() if line.strip()]

    def acts(self, day: str) -> list[str]:
        """What people do on that day."""
        start = f"{day} * "
        return [line.removeprefix(start) for line in self.lines if line.startswith(start)]

    @property
    def expected(self) -> list[str]:
        return sorted(line for line in self.lines if " * " not in line and ".." not in line[:12])

    @property
    def spans(self) -> list[tuple[str, str, str]]:
        """(first day, last day, who) of the weekly lists."""
        found = [re.fullmatch(r"(\S{10})\.\.(\S{10}) (.*)", line) for line in self.lines]
        return [(one[1], one[2], who) for one in found if one for who in one[3].split(", ")]

    @property
    def days(self) -> dict[str, frozenset[Job]]:
        """The jobs of each day: both where something happens, that which does it the day before and after.

        Both also every few weeks in quiet times. What came on a day that is left out would show on the next
        one that is not, as a line that the calendar lacks.
        """
        found: dict[date, frozenset[Job]] = {}
        for line in self.lines:
            if ".." not in line[:12]:
                day, own = date.fromisoformat(line[:10]), _job_of(line)
                for n, which in ((-1, own), (0, frozenset(Job)), (1, own)):
                    near = day + timedelta(days=n)
                    found[near] = found.get(near, frozenset()) | which
        first, last = min(found), max(found)
        for n in range(QUIET_DAYS, (last - first).days, QUIET_DAYS):
            found[first + timedelta(days=n)] = frozenset(Job)
        return {day.isoformat(): found[day] for day in sorted(found) if found[day]}


def _job_of(line: str) -> frozenset[Job]:
    """Which job does it: rules, letters, the state of the case and mails about a proposal are `enforce`'s."""
    if " * " in line:
        return frozenset()
    return frozenset({Job.ENFORCE if _ENFORCED.match(line[11:]) else Job.REVIEWS})


# --- the calendars: working days leave out Good Friday, 26 March 2027, and Easter Monday ---

# Review 6 months from the start, told within 7 working days; deleted 12 months after closing. Held late.
DEFAULT = Story(
    profile="default",
    fields={"Measure": "Redirect to single contact"},
    calendar="""
        2026-08-24 * officer proposes
        2026-08-24 case: there
        2026-08-24 list: Not in force
        2026-08-24 to deputy, director: Case RC-1 waits for your decision
        2026-08-24 to officer: Case RC-1: something is missing
        2026-08-25 * director approves
        2026-08-25 letter: RC-1_decision_2026-08-25_en.docx
        2026-08-25 letter: RC-1_decision_2026-08-25_en.html
        2026-08-25..2026-08-25 officer, monitoring
        2026-08-26 * officer sends the notice
        2026-08-26 list: Approved, not yet in force
        2026-09-07 rule RC-1 Redirect to single contact: Enabled until 2027-09-06T23:00Z
        2026-09-07 list: In force
        2027-02-07..2027-04-02 officer, monitoring
        2027-02-07 review 2, Scheduled review: opened
        2027-02-07 to officer: Case RC-1: a review is due on 7 March 2027
        2027-03-07 to director, officer: Case RC-1: the review is due today
        2027-03-08 to director, officer: Case RC-1: the review is overdue
        2027-03-14 to director, monitoring, officer: Case RC-1: the review is overdue
        2027-03-19 * director decides Keep
        2027-03-19 letter: RC-1_review_2027-03-19_en.docx
        2027-03-19 letter: RC-1_review_2027-03-19_en.html
        2027-03-19 to officer: Case RC-1: the outcome of a review must be told
        2027-04-02 to director, officer: Case RC-1: the outcome of a review has not been told
        2027-04-03 * officer tells the outcome
        2027-07-08..2027-09-06 officer, monitoring
        2027-07-08 to officer: Case RC-1 ends on 6 September 2027
        2027-07-27 review 3, Annual log review: opened
        2027-07-27 to monitoring: The yearly review of the register is due
        2027-08-09 review 4, Scheduled review: opened
        2027-08-09 to officer: Case RC-1 ends on 6 September 2027
        2027-08-09 to officer: Case RC-1: a review is due on 6 September 2027
        2027-08-23 to director, officer: Case RC-1 ends on 6 September 2027
        2027-08-24 * monitoring looks at the log
        2027-08-31 to director, monitoring, officer: Case RC-1 ends on 6 September 2027
        2027-09-05 to director, monitoring, officer: Case RC-1 ends on 6 September 2027
        2027-09-06 to director, officer: Case RC-1: the review is due today
        2027-09-07 rule RC-1 Redirect to single contact: gone
        2027-09-07 list: Ended
        2027-09-07 letter: RC-1_lift_2027-09-07_en.docx
        2027-09-07 letter: RC-1_lift_2027-09-07_en.html
        2027-09-07 queue: closed 7 September 2027, to be deleted on 7 September 2028: kept
        2028-07-27..2028-12-31 monitoring
        2028-07-27 review 5, Annual log review: opened
        2028-07-27 to monitoring: The yearly review of the register is due
        2028-09-07..2028-09-07 officer
        2028-09-07 to monitoring: Case RC-1 may be deleted
        2028-09-07 queue: closed 7 September 2027, to be deleted on 7 September 2028: due
        2028-09-07 certificate of deletion: RC-1
        2028-09-07 case: gone
        2028-09-07 list: gone
        2028-09-07 review 2, Scheduled review: gone
        2028-09-07 review 4, Scheduled review: gone
    """,
)

# Reviewed once a year; whoever proposes may approve; representations; no longest time; nothing deleted.
# Nobody holds the review.
YORK_2013 = Story(
    profile="york-2013",
    fields={
        "Measure": "Allowed recipients only",
        "AllowedRecipients": "planning@ash.example",
        "EndsOn": "2027-12-06",
    },
    calendar="""
        2026-08-24 * director proposes
        2026-08-24 case: there
        2026-08-24 list: Not in force
        2026-08-24 to deputy: Case RC-1 waits for your decision
        2026-08-24 to officer: Case RC-1: something is missing
        2026-08-25 * director approves
        2026-08-25 letter: RC-1_decision_2026-08-25_en.docx
        2026-08-25 letter: RC-1_decision_2026-08-25_en.html
        2026-08-25..2026-08-25 officer, monitoring
        2026-08-26 * officer sends the notice
        2026-08-26 list: Approved, not yet in force
        2026-09-07 rule RC-1 Allowed recipients only: Enabled until 2027-12-07T00:00Z
        2026-09-07 list: In force
        2026-10-05..2026-11-04 officer, monitoring
        2026-10-05 * officer records a representation
        2026-10-05 review 2, Representation: opened
        2026-11-03 to director, officer: Case RC-1: an answer is overdue
        2026-11-04 * director decides Dismissed
        2026-11-04 letter: RC-1_review_2026-11-04_en.docx
        2026-11-04 letter: RC-1_review_2026-11-04_en.html
        2026-11-04 to officer: Case RC-1: the outcome of a review must be told
        2026-11-05 * officer tells the outcome
        2027-07-27..2027-08-23 monitoring
        2027-07-27 review 3, Annual log review: opened
        2027-07-27 to monitoring: The yearly review of the register is due
        2027-08-10..2028-12-31 officer, monitoring
        2027-08-10 review 4, Scheduled review: opened
        2027-08-10 to officer: Case RC-1: a review is due on 7 September 2027
        2027-08-24 * monitoring looks at the log
        2027-09-07 to director, officer: Case RC-1: the review is due today
        2027-09-08 to director, officer: Case RC-1: the review is overdue
        2027-09-14 to director, monitoring, officer: Case RC-1: the review is overdue
        2027-10-05 to director, monitoring, officer: Case RC-1: the review is overdue
        2027-10-07 to officer: Case RC-1 ends on 6 December 2027
        2027-11-08 to officer: Case RC-1 ends on 6 December 2027
        2027-11-22 to director, officer: Case RC-1 ends on 6 December 2027
        2027-11-29 to director, monitoring, officer: Case RC-1 ends on 6 December 2027
        2027-12-05 to director, monitoring, officer: Case RC-1 ends on 6 December 2027
        2027-12-07 rule RC-1 Allowed recipients only: gone
        2027-12-07 list: Ended
        2027-12-07 letter: RC-1_lift_2027-12-07_en.docx
        2027-12-07 letter: RC-1_lift_2027-12-07_en.html
        2027-12-07 to director, monitoring, officer: Case RC-1 has ended without a review
        2027-12-07 queue: closed 7 December 2027: kept
        2028-07-27..2028-12-31 monitoring
        2028-07-27 review 5, Annual log review: opened
        2028-07-27 to monitoring: The yearly review of the register is due
        2028-12-07 * nobody acts
    """,
)

# Two approvers; at most 12 months unless a review extends it; review 6 months from the start. Held in time.
YORK_2025 = Story(
    profile="york-2025",
    fields={"Measure": "File without reply"},
    calendar="""
        2026-08-24 * officer proposes
        2026-08-24 case: there
        2026-08-24 list: Not in force
        2026-08-24 to deputy, director: Case RC-1 waits for your decision
        2026-08-24 to officer: Case RC-1: something is missing
        2026-08-25 * director approves
        2026-08-25 to officer: Case RC-1: something is missing
        2026-08-26 * deputy approves
        2026-08-26 to officer: Case RC-1: something is missing
        2026-08-26 letter: RC-1_decision_2026-08-26_en.docx
        2026-08-26 letter: RC-1_decision_2026-08-26_en.html
        2026-08-26..2026-08-26 officer, monitoring
        2026-08-27 * officer sends the notice
        2026-08-27 list: Approved, not yet in force
        2026-09-07 rule RC-1 File without reply: Enabled until 2027-09-06T23:00Z
        2026-09-07 list: In force
        2027-02-07..2027-03-02 officer, monitoring
        2027-02-07 review 2, Scheduled review: opened
        2027-02-07 to officer: Case RC-1: a review is due on 7 March 2027
        2027-03-01 * director decides Extend to 2027-10-31
        2027-03-01 rule RC-1 File without reply: Enabled until 2027-11-01T00:00Z
        2027-03-01 letter: RC-1_review_2027-03-01_en.docx
        2027-03-01 letter: RC-1_review_2027-03-01_en.html
        2027-03-01 to officer: Case RC-1: the outcome of a review must be told
        2027-03-03 * officer tells the outcome
        2027-07-27 review 3, Annual log review: opened
        2027-07-27..2027-08-03 monitoring
        2027-07-27 to monitoring: The yearly review of the register is due
        2027-08-04..2027-10-31 officer, monitoring
        2027-08-04 review 4, Scheduled review: opened
        2027-08-04 to officer: Case RC-1: a review is due on 1 September 2027
        2027-08-24 * monitoring looks at the log
        2027-09-01 * deputy decides Keep
        2027-09-01 letter: RC-1_review_2027-09-01_en.docx
        2027-09-01 letter: RC-1_review_2027-09-01_en.html
        2027-09-01 to officer: Case RC-1: the outcome of a review must be told
        2027-09-01 to officer: Case RC-1 ends on 31 October 2027
        2027-09-02 * officer tells the outcome
        2027-10-03 to officer: Case RC-1 ends on 31 October 2027
        2027-10-17 to deputy, officer: Case RC-1 ends on 31 October 2027
        2027-10-24 to deputy, monitoring, officer: Case RC-1 ends on 31 October 2027
        2027-10-30 to deputy, monitoring, officer: Case RC-1 ends on 31 October 2027
        2027-11-01 rule RC-1 File without reply: gone
        2027-11-01 list: Ended
        2027-11-01 letter: RC-1_lift_2027-11-01_en.docx
        2027-11-01 letter: RC-1_lift_2027-11-01_en.html
        2027-11-01 queue: closed 1 November 2027: kept
        2028-07-27 review 5, Annual log review: opened
        2028-07-27..2028-12-31 monitoring
        2028-07-27 to monitoring: The yearly review of the register is due
        2028-11-01 * nobody acts
    """,
)

# Stage 1; review 6 months from the decision, told within 7 working days; deleted 12 months after the last
# activity. Held in time, and lifted at the second.
MANAGED_REGISTER = Story(
    profile="managed-register",
    fields={"Measure": "Copy to single contact", "Stage": "1", "SupportServicesContacted": "Yes"},
    calendar="""
        2026-08-24 * officer proposes
        2026-08-24 case: there
        2026-08-24 list: Not in force
        2026-08-24 to deputy, director: Case RC-1 waits for your decision
        2026-08-24 to officer: Case RC-1: something is missing
        2026-08-25 * director approves
        2026-08-25 letter: RC-1_decision_2026-08-25_en.docx
        2026-08-25 letter: RC-1_decision_2026-08-25_en.html
        2026-08-25..2026-08-25 officer, monitoring
        2026-08-26 * officer sends the notice
        2026-08-26 list: Approved, not yet in force
        2026-09-07 rule RC-1 Copy to single contact: Enabled until 2027-09-06T23:00Z
        2026-09-07 list: In force
        2027-01-28..2027-02-25 officer, monitoring
        2027-01-28 review 2, Scheduled review: opened
        2027-01-28 to officer: Case RC-1: a review is due on 25 February 2027
        2027-02-24 * director decides Keep
        2027-02-24 letter: RC-1_review_2027-02-24_en.docx
        2027-02-24 letter: RC-1_review_2027-02-24_en.html
        2027-02-24 to officer: Case RC-1: the outcome of a review must be told
        2027-02-26 * officer tells the outcome
        2027-07-08..2027-08-25 officer, monitoring
        2027-07-08 to officer: Case RC-1 ends on 6 September 2027
        2027-07-27 review 3, Scheduled review: opened
        2027-07-27 review 4, Annual log review: opened
        2027-07-27 to monitoring: The yearly review of the register is due
        2027-07-27 to officer: Case RC-1: a review is due on 24 August 2027
        2027-08-09 to officer: Case RC-1 ends on 6 September 2027
        2027-08-23 to director, officer: Case RC-1 ends on 6 September 2027
        2027-08-24 * director decides Lift
        2027-08-24 * officer lifts
        2027-08-24 * monitoring looks at the log
        2027-08-24 rule RC-1 Copy to single contact: gone
        2027-08-24 list: Ended
        2027-08-24 letter: RC-1_lift_2027-08-24_en.docx
        2027-08-24 letter: RC-1_lift_2027-08-24_en.html
        2027-08-24 letter: RC-1_review_2027-08-24_en.docx
        2027-08-24 letter: RC-1_review_2027-08-24_en.html
        2027-08-24 to officer: Case RC-1: the outcome of a review must be told
        2027-08-24 queue: closed 24 August 2027, to be deleted on 24 August 2028: kept
        2027-08-26 * officer tells the outcome
        2027-08-26 queue: closed 24 August 2027, to be deleted on 26 August 2028: kept
        2028-07-27..2028-12-31 monitoring
        2028-07-27 review 5, Annual log review: opened
        2028-07-27 to monitoring: The yearly review of the register is due
        2028-08-26..2028-08-26 officer
        2028-08-26 to monitoring: Case RC-1 may be deleted
        2028-08-26 queue: closed 24 August 2027, to be deleted on 26 August 2028: due
        2028-08-26 certificate of deletion: RC-1
        2028-08-26 case: gone
        2028-08-26 list: gone
        2028-08-26 review 2, Scheduled review: gone
        2028-08-26 review 3, Scheduled review: gone
    """,
)

# Letters in both languages; the day of each review is the officer's; nothing deleted. Held very late.
WREXHAM = Story(
    profile="wrexham",
    fields={"Measure": "Refuse with notice", "NextReviewOn": "2027-02-15", "LanguagePreference": "Unknown"},
    settings=WELSH,
    calendar="""
        2026-08-24 * officer proposes
        2026-08-24 case: there
        2026-08-24 list: Not in force
        2026-08-24 to deputy, director: Case RC-1 waits for your decision
        2026-08-24 to officer: Case RC-1: something is missing
        2026-08-25 * director approves
        2026-08-25 letter: RC-1_decision_2026-08-25_cy-en.docx
        2026-08-25 letter: RC-1_decision_2026-08-25_cy-en.html
        2026-08-25..2026-08-25 officer, monitoring
        2026-08-26 * officer sends the notice
        2026-08-26 list: Approved, not yet in force
        2026-09-07 rule RC-1 Refuse with notice: Enabled until 2027-09-06T23:00Z
        2026-09-07 list: In force
        2027-01-18..2027-03-24 officer, monitoring
        2027-01-18 review 2, Scheduled review: opened
        2027-01-18 to officer: Case RC-1: a review is due on 15 February 2027
        2027-02-15 to director, officer: Case RC-1: the review is due today
        2027-02-16 to director, officer: Case RC-1: the review is overdue
        2027-02-22 to director, monitoring, officer: Case RC-1: the review is overdue
        2027-03-15 to director, monitoring, officer: Case RC-1: the review is overdue
        2027-03-16 * director decides Keep
        2027-03-16 letter: RC-1_review_2027-03-16_cy-en.docx
        2027-03-16 letter: RC-1_review_2027-03-16_cy-en.html
        2027-03-16 to officer: Case RC-1: the outcome of a review must be told
        2027-03-25 * officer tells the outcome
        2027-07-08..2027-09-06 officer, monitoring
        2027-07-08 to officer: Case RC-1 ends on 6 September 2027
        2027-07-27 review 3, Annual log review: opened
        2027-07-27 to monitoring: The yearly review of the register is due
        2027-08-09 review 4, Scheduled review: opened
        2027-08-09 to officer: Case RC-1 ends on 6 September 2027
        2027-08-09 to officer: Case RC-1: a review is due on 6 September 2027
        2027-08-23 to director, officer: Case RC-1 ends on 6 September 2027
        2027-08-24 * monitoring looks at the log
        2027-08-31 to director, monitoring, officer: Case RC-1 ends on 6 September 2027
        2027-09-05 to director, monitoring, officer: Case RC-1 ends on 6 September 2027
        2027-09-06 to director, officer: Case RC-1: the review is due today
        2027-09-07 rule RC-1 Refuse with notice: gone
        2027-09-07 list: Ended
        2027-09-07 letter: RC-1_lift_2027-09-07_cy-en.docx
        2027-09-07 letter: RC-1_lift_2027-09-07_cy-en.html
        2027-09-07 queue: closed 7 September 2027: kept
        2028-07-27..2028-12-31 monitoring
        2028-07-27 review 5, Annual log review: opened
        2028-07-27 to monitoring: The yearly review of the register is due
        2028-09-07 * nobody acts
    """,
)

# Review 6 months from the start; nothing deleted. Nobody ever holds it, nor looks at the log: it fails open.
TAMWORTH = Story(
    profile="tamworth",
    fields={"Measure": "Redirect to single contact"},
    calendar="""
        2026-08-24 * officer proposes
        2026-08-24 case: there
        2026-08-24 list: Not in force
        2026-08-24 to deputy, director: Case RC-1 waits for your decision
        2026-08-24 to officer: Case RC-1: something is missing
        2026-08-25 * director approves
        2026-08-25 letter: RC-1_decision_2026-08-25_en.docx
        2026-08-25 letter: RC-1_decision_2026-08-25_en.html
        2026-08-25..2026-08-25 officer, monitoring
        2026-08-26 * officer sends the notice
        2026-08-26 list: Approved, not yet in force
        2026-09-07 rule RC-1 Redirect to single contact: Enabled until 2027-09-06T23:00Z
        2026-09-07 list: In force
        2027-02-07..2028-12-31 officer, monitoring
        2027-02-07 review 2, Scheduled review: opened
        2027-02-07 to officer: Case RC-1: a review is due on 7 March 2027
        2027-03-07 to director, officer: Case RC-1: the review is due today
        2027-03-08 to director, officer: Case RC-1: the review is overdue
        2027-03-14 to director, monitoring, officer: Case RC-1: the review is overdue
        2027-04-04 to director, monitoring, officer: Case RC-1: the review is overdue
        2027-07-08 to officer: Case RC-1 ends on 6 September 2027
        2027-07-27 review 3, Annual log review: opened
        2027-07-27 to monitoring: The yearly review of the register is due
        2027-08-09 to officer: Case RC-1 ends on 6 September 2027
        2027-08-23 to director, officer: Case RC-1 ends on 6 September 2027
        2027-08-31 to director, monitoring, officer: Case RC-1 ends on 6 September 2027
        2027-09-05 to director, monitoring, officer: Case RC-1 ends on 6 September 2027
        2027-09-07 rule RC-1 Redirect to single contact: gone
        2027-09-07 list: Ended
        2027-09-07 letter: RC-1_lift_2027-09-07_en.docx
        2027-09-07 letter: RC-1_lift_2027-09-07_en.html
        2027-09-07 to director, monitoring, officer: Case RC-1 has ended without a review
        2027-09-07 queue: closed 7 September 2027: kept
        2028-09-07 * nobody acts
    """,
)

STORIES = (DEFAULT, YORK_2013, YORK_2025, MANAGED_REGISTER, WREXHAM, TAMWORTH)


class Year:
    """Lives through a story day by day and notes whatever changed in the tenant."""

    def __init__(self, life: Any, story: Story, client: httpx.Client) -> None:
        self.life, self.council, self.story, self._client = life, life.council, story, client
        self.notes: list[str] = []
        self.reviewed: list[str] = []
        self._item = 0
        self._known: dict[str, str] = {}
        self._queue = ""
        self._site = f"/v1.0/sites/{self.council.sandbox.env['M365_RESTRICT_REGISTER__SITE']}:/lists"

    def live(self) -> None:
        """All of it."""
        for day, which in self.story.days.items():
            self._day(day, which)
        self.notes += [*self._mails(), *self._letters()]

    @property
    def weekly(self) -> list[tuple[str, str]]:
        """Who got a weekly list on which day."""
        mails = self._ask("GET", "/sandbox/sent")["sent"]
        return sorted((one["at"][:10], _names(one["to"])) for one in mails if one["subject"] == WEEKLY)

    def _day(self, day: str, which: frozenset[Job]) -> None:
        """People act first, then the jobs run; what `retention` then finds to be due is deleted."""
        self._ask("POST", "/sandbox/clock", json={"now": f"{day}T09:00:00Z"})
        for act in self.story.acts(day):
            who, _, what = act.partition(" ")
            self._act(day, f"{who}@ash.example", what)
        if Job.ENFORCE in which:
            assert _run(jobs.enforce.main)[0] == 0
        if Job.REVIEWS in which:
            self.reviewed.append(day)
            _run(jobs.reviews.main)
        self._look(day)
        if self._known.get("list") == "Ended":
            self._retain(day)

    def _retain(self, day: str) -> None:
        code, text = _run(jobs.retention.main)
        (queued,) = re.findall(rf"{CASE}: (closed [^:]*: \w+)", text)
        if queued != self._queue:
            self.notes.append(f"{day} queue: {queued}")
        self._queue = queued
        if code:
            (certificate,) = self.life.retention(approve=True)["certificates"]
            self.notes.append(f"{day} certificate of deletion: {certificate['case_ref']}")
            self._look(day)

    def _act(self, day: str, who: str, what: str) -> None:
        match what:
            case "proposes":
                usual = self.council.case(CASE)["versions"][0]["fields"]
                fields = {**usual, **FIELDS, **self.story.fields}
                self._item = int(self.council.add(by=who, **fields))
            case "approves":
                self.council.edit(self._item, by=who, Status="Approved")
            case "sends the notice":
                told = {"NoticeSentOn": day, "NoticeMethod": "By post", "NoticeDocId": "DOC-2"}
                self.council.edit(self._item, by=who, **told)
            case "lifts":
                self.council.edit(self._item, by=who, Status="Lifted")
            case "acts":
                assert who.startswith("nobody")
            case "records a representation":
                fields = {"Title": CASE, "Kind": "Representation", "OpenedOn": day, "Outcome": "Pending"}
                self.council.add(by=who, title=REVIEWS, **fields)
            case "tells the outcome":
                self.council.edit(self._review(), by=who, title=REVIEWS, OutcomeToldOn=day)
            case _:
                self._decide(day, who, what)

    def _decide(self, day: str, who: str, what: str) -> None:
        """`decides Keep`, `decides Extend to 2027-10-06`, `looks at the log`."""
        found = re.fullmatch(r"(?:decides (\w+)|looks at the log)(?: to (\S+))?", what)
        assert found, what
        fields = {"Outcome": found.group(1) or "Keep", "DecidedOn": day, "NewEndsOn": found.group(2)}
        record = {"OfficerTitle": "Cyfarwyddwr | Director", "Considerations": "Dim cyswllt. | No contact."}
        review = self._review() if found.group(1) else self._review("Log ")
        self.council.edit(review, by=who, title=REVIEWS, **fields, **record)

    def _review(self, title: str = CASE) -> int:
        """The latest review of the case, or of the log."""
        found = [one for one in self._items(REVIEWS) if one["fields"]["Title"].startswith(title)]
        return max(int(one["id"]) for one in found)

    def _look(self, day: str) -> None:
        """Rules, the case and its reviews as they are now."""
        rules = self._ask("POST", "/sandbox/cmdlet", json=_GET_RULES)["value"]
        now = {f"rule {one['Name']}": f"{one['State']} until {one['ExpiryDate'][:16]}Z" for one in rules}
        for item in self._items(CONTACTS):
            now |= {"case": "there", "list": item["fields"].get("EnforcementStatus", "")}
        for item in self._items(REVIEWS):
            now[f"review {item['id']}, {item['fields']['Kind']}"] = "opened"
        changed = [name for name in {*self._known, *now} if self._known.get(name) != now.get(name)]
        self.notes += [f"{day} {name}: {now.get(name, 'gone')}" for name in changed]
        self._known = now

    def _mails(self) -> Iterator[str]:
        """Who got which mail, the weekly lists left out."""
        readers: dict[tuple[str, str], list[str]] = {}
        for one in self._ask("GET", "/sandbox/sent")["sent"]:
            if one["subject"] != WEEKLY:
                readers.setdefault((one["at"][:10], one["subject"]), []).append(_names(one["to"]))
        for (day, subject), names in readers.items():
            yield f"{day} to {', '.join(sorted(names))}: {subject}"

    def _letters(self) -> Iterator[str]:
        for file in self._ask("GET", "/sandbox/library")["files"]:
            yield f"{file['at'][:10]} letter: {file['path'].rpartition('/')[2]}"

    def _items(self, title: str) -> list[dict[str, Any]]:
        found = self._ask("GET", f"{self._site}/{title}/items", params={"$expand": "fields"})["value"]
        return [one for one in found if not one["fields"]["Title"].startswith("~")]

    def _ask(self, method: str, path: str, **asked: Any) -> Any:
        answer = self._client.request(method, path, **asked)
        assert answer.is_success, answer.text
        return answer.json()


_GET_RULES = {"by": "admin@ash.example", "cmdlet": "Get-TransportRule", "parameters": {}}


def _names(addresses: Sequence[str]) -> str:
    return ", ".join(one.partition("@")[0] for one in addresses)


def _run(job: Callable[[], int]) -> tuple[int, str]:
    """The exit code of a job and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = job()
    assert code in {0, 2}, (code, out.getvalue(), err.getvalue())
    return code, out.getvalue()


def lists_in(spans: Sequence[tuple[str, str, str]], reviewed: Sequence[str]) -> list[tuple[str, str]]:
    """The first day of each week on which somebody's list has something in it."""
    found: dict[tuple[tuple[int, int], str], str] = {}
    for day in reviewed:
        for first, last, who in spans:
            if first <= day <= last:
                found.setdefault((date.fromisoformat(day).isocalendar()[:2], who), day)
    return sorted((day, who) for (_, who), day in found.items())


@pytest.fixture
def year(life: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Year]:
    """The small council of the story, with the environment that the jobs read."""
    story, council = request.param, life.council
    users = [one for one in council.users if one["upn"].partition("@")[0] in PEOPLE]
    settings = {**life.settings, **SETTINGS, **story.settings, "POLICY__PROFILE": story.profile}
    group = {"address": "councillors@ash.example", "members": ["cllr.a@ash.example"]}
    council.plant(
        now="2026-08-24T09:00:00Z", users=users, groups=[group], transport_rules=[], settings=settings
    )
    # A year has many runs: secrets and plain HTTP, which `client.env` offers too, halve the time.
    plain = council.sandbox.plain_base
    quick = {"GRAPH__BASE_URL": f"{plain}/v1.0", "EXCHANGE__BASE_URL": plain}
    quick |= {"CLOCK__URL": f"{plain}/sandbox/clock"}
    quick |= {f"AUTH__{role}__CERTIFICATE_PATH": "" for role in ("READER", "WRITER")}
    env = {**council.sandbox.env, **{f"M365_RESTRICT_{name}": value for name, value in quick.items()}}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    headers = {"Authorization": f"Bearer {council.sandbox.token('reader')}"}
    with httpx.Client(base_url=plain, headers=headers, trust_env=False, timeout=30) as client:
        yield Year(life, story, client)


@pytest.mark.requirement(
    "Y1-12", "Y1-20", "Y1-22", "M-22", "M-28", "M-30", "M-35", "M-49", "M-50", "M-52", "W-16"
)
@pytest.mark.parametrize("year", STORIES, indirect=True, ids=lambda story: story.profile)
def test_everything_happens_on_its_day_and_nothing_else(year: Year) -> None:
    year.live()
    assert "\n".join(sorted(year.notes)) == "\n".join(year.story.expected)
    reviewed = [
        day for day in year.reviewed if day != "2027-08-30"
    ]  # the bank holiday: the list comes a day later
    assert year.weekly == lists_in(year.story.spans, reviewed)


def test_every_policy_has_its_year() -> None:
    assert sorted(story.profile for story in STORIES) == sorted(path.stem for path in PROFILES.glob("*.toml"))
