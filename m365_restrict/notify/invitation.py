"""The mail that invites councillors after an election (policy.md 3, F14 and F16)."""

from datetime import date

from m365_restrict.notify import texts
from m365_restrict.notify.mail import Link, Mail, mail
from m365_restrict.rules.naming import long_day


def invitation(*, choices_list: str, list_url: str = "", term_ends_on: date | None = None) -> Mail:
    """What every councillor should know of their mail and may choose. It is the same for all of them."""
    term = texts.INVITATION_TERM.format(term_ends_on=long_day(term_ends_on)) if term_ends_on else ""
    paragraphs = [line.format(title=choices_list, term=term) for line in texts.INVITATION]
    link = Link(texts.OPEN_LIST, list_url) if list_url else ""
    return mail(texts.INVITATION_SUBJECT, *paragraphs, link)
