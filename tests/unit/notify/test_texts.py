"""Every closed choice has its words, and no words have room for a person."""

import re
from string import Formatter

import pytest

from m365_restrict.notify import texts
from m365_restrict.notify.choice_mails import ChoiceEnd
from m365_restrict.notify.notice import NoticeKind, Role
from m365_restrict.register.case import CouncillorRoute, Measure
from m365_restrict.register.choice import Handling

ALLOWED = {
    "addresses", "case", "channels", "count", "day", "days", "days_left", "days_open", "days_over",
    "decided_on", "due", "due_on", "effective_from", "end", "ends_on", "folder", "item", "mailboxes",
    "messages", "opened_on", "outcome", "overdue", "parts", "places", "reason", "reference",
    "review_item", "review_kind", "review_recorded", "start", "term", "term_ends_on", "text", "title",
    "unseen", "waiting", "who",
}  # fmt: skip


def _sentences():
    for name, value in vars(texts).items():
        if name.isupper():
            entries = value.values() if hasattr(value, "values") else [value]
            for entry in entries:
                yield from [entry] if isinstance(entry, str) else entry


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (texts.LINE_MEASURE, Measure),
        (texts.EFFECT_CAUGHT, Measure),
        (texts.CHOICE_AS_COUNCIL, Measure),
        (texts.LINE_COUNCILLORS, CouncillorRoute),
        (texts.CHOICE_HAPPENS, Handling),
        (texts.NOTICE_SUBJECT, NoticeKind),
        (texts.NOTICE_BODY, NoticeKind),
        (texts.NOTICE_ROLE, Role),
        (texts.CHOICE_ENDED, ChoiceEnd),
    ],
)
def test_every_member_of_a_closed_choice_has_words(words, kinds):
    assert set(words) == set(kinds)


def test_sentences_have_room_only_for_what_is_known_to_be_harmless():
    fields = {name for sentence in _sentences() for _, name, _, _ in Formatter().parse(sentence) if name}
    assert fields <= ALLOWED
    assert "reference" in fields


def test_no_sentence_holds_an_address_or_two_spaces():
    assert not [sentence for sentence in _sentences() if re.search(r"@|  ", sentence)]
