"""Names, comments and reject texts: what people see of a rule. Never a person's name or address."""

from datetime import date

from m365_restrict.rules.inbox_rule import AssignCategory, InboxAction, MoveToFolder, SendOn
from m365_restrict.rules.stamp import LONGEST_COMMENTS, Stamp, stamp_text
from m365_restrict.rules.text import normal_comments, plain_text

LONGEST_NAME = 64
LONGEST_REJECT_TEXT = 1024
JUNK_FOLDER = "junkemail"
ASIDE_FOLDER = "Archive"
"""Where originals go that were sent on: a folder of every mailbox, in which nothing is deleted by itself."""
COUNCIL_FOLDERS = {JUNK_FOLDER: "Junk Email", ASIDE_FOLDER: "Archive"}
"""The folders that the council's own rules move mail to, and what people call them."""
OPTED_IN = " (councillor opted in)"
_SHORTEST_MEASURE = 1
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def long_day(day: date) -> str:
    """A day in words, such as 7 March 2027, without asking the locale."""
    return f"{day.day} {month_and_year(day)}"


def month_and_year(day: date) -> str:
    """The month of a day in words, such as March 2027."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def rule_name(reference: str, measure: str, suffix: str) -> str | None:
    """`<reference> <measure><suffix>` in 64 characters: the measure is shortened, nothing else.

    None where the reference leaves no room for a measure.
    """
    room = LONGEST_NAME - len(reference) - 1 - len(suffix)
    if room < min(_SHORTEST_MEASURE, len(measure)):
        return None
    shortened = measure if len(measure) <= room else measure[:room].rstrip()
    return f"{reference} {shortened}{suffix}"


def part_suffix(number: int, count: int) -> str:
    """` (n)` where a case needs several rules."""
    return f" ({number})" if count > 1 else ""


def opted_in_suffix(number: int) -> str:
    """The ending of a second rule; a number from the second councillor on."""
    return OPTED_IN if number == 1 else f"{OPTED_IN} ({number})"


def comments_for(stamp: Stamp, ends_on: date) -> str:
    """What an administrator reads on the rule, then the stamp. Raises ValueError over 1024 characters."""
    text = normal_comments(
        f"Case {stamp.case_reference}, ends {long_day(ends_on)}. Change it in the register, not here.\n"
        f"{stamp_text(stamp)}"
    )
    if len(text) > LONGEST_COMMENTS:
        raise ValueError("the comments of a rule are longer than 1024 characters")
    return text


def reject_text(route: str, reference: str) -> str:
    """The neutral text of a refusal: the open route and the reference, no grounds (policy.md 6)."""
    way = plain_text(route).rstrip(".")
    return f"This message was not delivered. How to reach us: {way}. Reference {reference}."


def inbox_rule_name(*, subject: str, action: InboxAction, ends_on: date, token: str) -> str:
    """Plain words, the end date and the token, such as `… to Junk Email until 7 March 2027 [k3v9q2mx]`."""
    return f"{subject}: {_action_words(action)} until {long_day(ends_on)} [{token}]"


def _action_words(action: InboxAction) -> str:
    match action:
        case MoveToFolder(folder="junkemail"):
            return "to Junk Email"
        case MoveToFolder(folder=folder):
            # A folder that is named like an address would put the address into the rule's name, and one with
            # characters that nobody sees could make the name read as another.
            unfit = "@" in folder or not plain_text(folder).isprintable()
            return "to a folder" if unfit else f"to {plain_text(folder)}"
        case AssignCategory():
            return "category only"
        case SendOn(folder=""):
            return "a copy to the single contact"
        case SendOn():
            return "to the single contact"
