"""From a notice about the life of a case to a mail."""

from datetime import date

from m365_restrict.notify import texts
from m365_restrict.notify.mail import Link, Mail, mail
from m365_restrict.notify.notice import Fact, Notice
from m365_restrict.rules.naming import long_day


class _Facts(dict[str, str]):
    """Facts as words; one that a notice lacks shows as not given rather than as an error."""

    def __missing__(self, key: str) -> str:
        return texts.NONE_GIVEN


def notice_mail(notice: Notice, *, link: str = "") -> Mail:
    """The words of one notice. `link` leads to the case, or to the list where it is about no single case."""
    facts = _Facts({name: _words(value) for name, value in notice.facts.items()})
    facts["reference"] = notice.case_ref
    body = [line.format_map(facts) for line in texts.NOTICE_BODY[notice.kind]]
    words = texts.OPEN_CASE.format(reference=notice.case_ref) if notice.case_ref else texts.OPEN_LIST
    return mail(
        texts.NOTICE_SUBJECT[notice.kind].format_map(facts),
        *body,
        Link(words, link) if link else "",
        texts.NOTICE_ROLE[notice.to_role],
        texts.NAMES_NOBODY,
    )


def _words(fact: Fact) -> str:
    if isinstance(fact, date):
        return long_day(fact)
    if isinstance(fact, tuple):
        return "; ".join(fact)
    return str(fact)
