from datetime import date

import pytest

from m365_restrict.notify.invitation import invitation
from m365_restrict.notify.notice import Notice, NoticeKind, Role
from m365_restrict.notify.notice_mails import notice_mail

FACTS = {
    "days_left": 28, "days_over": 3, "days_open": 30, "ends_on": date(2027, 3, 28), "outcome": "Extend",
    "due_on": date(2027, 2, 1), "decided_on": date(2027, 1, 5), "opened_on": date(2026, 12, 1),
    "effective_from": date(2026, 11, 30), "review_item": "9", "review_kind": "Appeal",
    "review_recorded": "no",
    "places": ("tenant block list", "a rule of another owner"), "overdue": 2, "due": 3, "waiting": 1,
    "text": "RC-1 review\nRC-2 letter",
}  # fmt: skip


def _notice(kind, **changes):
    values = {"kind": kind, "to_role": Role.CASE_OWNER, "recipients": ("owner@ash.example",)}
    return Notice(**{**values, "case_ref": "RC-2026-014", "subject_key": "1", "facts": FACTS, **changes})


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_becomes_a_mail_with_all_its_facts(kind):
    mail = notice_mail(_notice(kind), link="https://c.example/x")
    assert "not given yet" not in mail.subject + mail.text
    assert "{" not in mail.subject + mail.text
    assert "https://c.example/x" in mail.text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (NoticeKind.ENDING, "up to and including 28 March 2027; days left: 28"),
        (NoticeKind.BLOCKED_ELSEWHERE, "stops mail: tenant block list; a rule of another owner."),
        (NoticeKind.LETTER_OVERDUE, "told in writing by 1 February 2027; days over: 3"),
        (NoticeKind.WORKLIST, "RC-1 review\nRC-2 letter"),
    ],
)
def test_facts_are_told_in_words(kind, words):
    assert words in notice_mail(_notice(kind)).text


def test_a_fact_that_is_missing_is_said_to_be_missing():
    assert "not given yet" in notice_mail(_notice(NoticeKind.ENDING, facts={})).text


def test_the_monitoring_officer_reads_why_they_get_it():
    mail = notice_mail(_notice(NoticeKind.ENDING, to_role=Role.MONITORING_OFFICER))
    assert "because nobody has acted so far" in mail.text


@pytest.mark.requirement("Y1-23", "Y1-24", "Y1-25")
def test_the_invitation_says_what_may_be_chosen_and_that_nothing_is_inherited():
    mail = invitation(choices_list="Councillor mail choices", term_ends_on=date(2027, 5, 6))
    for words in (
        "None of these restrictions touches mail that is written to you",
        "nobody is told what you chose",
        "'Councillor mail choices'",
        "after 30 days",
        "at the latest on 6 May 2027",
        "you have inherited none",
    ):
        assert words in mail.text


def test_the_invitation_does_without_an_end_of_term():
    assert "or earlier if you say so. You may" in invitation(choices_list="x").text
