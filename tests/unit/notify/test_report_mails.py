"""What is said when a report goes out, as a mail and as a card."""

from datetime import date
from typing import Any

import pytest

from m365_restrict.notify.cards import card_message, size_of
from m365_restrict.notify.mail import Mail
from m365_restrict.notify.report_mails import Filing, FindingTold, ReportTold, report_mail
from m365_restrict.tenant.workflow import LARGEST_CARD

_FINDING = FindingTold(
    case_ref="RC-2026-014", severity="high", meaning="Someone edited a rule.", code="rule-drifted",
    owner="ICT", due=date(2026, 11, 25),
)  # fmt: skip


def made(*, filing: Filing = Filing(), **told: Any) -> Mail:  # noqa: B008
    given: dict[str, Any] = {
        "council": "", "period": "daily", "first": date(2026, 11, 22), "last": date(2026, 11, 22),
        "answer": "2 live restrictions.", "is_whole": True, **told,
    }  # fmt: skip
    return report_mail(ReportTold(**given), title="ICT", filing=filing)


def test_a_finding_is_one_line_with_who_is_to_act_and_by_when() -> None:
    line = "- RC-2026-014, high (rule-drifted): Someone edited a rule. ICT, by 25 November 2026."
    assert line in made(new=[_FINDING]).text.splitlines()


@pytest.mark.parametrize(
    ("continuing", "says"),
    [
        (0, "Nothing that you were told of before still stands."),
        (1, "1 finding that you were told of before still stands."),
        (7, "7 findings that you were told of before still stand."),
    ],
)
def test_what_continues_is_a_count(continuing: int, says: str) -> None:
    text = made(continuing=continuing).text
    assert says in text
    assert "There is nothing new." in text


def test_what_is_put_right_is_said() -> None:
    assert "- RC-2026-014, was high: rule-drifted is no longer found." in made(fixed=[_FINDING]).text


def test_the_subject_names_the_council_and_the_days() -> None:
    mail = made(council="Ashbourne Council", period="weekly", first=date(2026, 11, 16))
    assert mail.subject == (
        "Restricted contacts (Ashbourne Council): report of the week (16 November 2026 to 22 November 2026)"
    )


@pytest.mark.parametrize(
    ("new", "fixed", "says"),
    [
        (1, 0, "1 new critical finding"),
        (2, 1, "2 new critical findings and 1 critical finding put right"),
        (0, 2, "2 critical findings put right"),
    ],
)
def test_what_goes_out_at_once_says_in_its_subject_why(new: int, fixed: int, says: str) -> None:
    mail = made(period="run", urgent=True, new=[_FINDING] * new, fixed=[_FINDING] * fixed)
    assert mail.subject == f"Restricted contacts: {says}"
    assert "told of before" not in mail.text


@pytest.mark.parametrize(
    ("filing", "says"),
    [
        (Filing(link="https://c.example/r.html", is_wanted=True), "https://c.example/r.html"),
        (Filing(is_wanted=True), "could not be filed"),
        (Filing(), "no library is set"),
    ],
)
def test_a_reader_learns_where_the_report_is(filing: Filing, says: str) -> None:
    assert says in made(filing=filing).text


def test_a_run_that_missed_something_says_so() -> None:
    assert "could not look at everything" in made(is_whole=False).text


def test_published_figures_come_without_findings() -> None:
    text = made(period="annual", tells_findings=False, new=[_FINDING]).text
    assert "RC-2026-014" not in text
    assert "nothing new" not in text


def test_many_findings_are_counted_and_the_card_stays_within_its_limit() -> None:
    mail = made(new=[_FINDING] * 5000, fixed=[_FINDING] * 5000, filing=Filing(link="https://c.example/r"))
    assert "New (5000)" in mail.text
    assert "and 4975 more, all in the report" in mail.text
    assert size_of(card_message(mail)) < LARGEST_CARD / 2


def test_a_card_says_what_the_mail_says_and_carries_its_link_as_a_button() -> None:
    message: Any = card_message(made(new=[_FINDING], filing=Filing(link="https://c.example/r")))
    (attachment,) = message["attachments"]
    card = attachment["content"]
    assert (message["type"], attachment["contentType"]) == (
        "message", "application/vnd.microsoft.card.adaptive",
    )  # fmt: skip
    assert card["body"][0]["text"] == card["fallbackText"]
    assert any("rule-drifted" in one["text"] for one in card["body"])
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open the report in the library", "url": "https://c.example/r"}
    ]
