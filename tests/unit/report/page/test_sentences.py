"""Sentences of a Welsh page: in Welsh where the catalogues have them, and marked as English where not."""

from dataclasses import replace
from datetime import date

import pytest

from m365_restrict.errors import ErrorCode
from m365_restrict.outcome import Unknown
from m365_restrict.plan.beside import NotCovered
from m365_restrict.plan.codes import GuardCode
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.life import Task, TaskKind, Urgency
from m365_restrict.report.documents import Failure, GuardLine
from m365_restrict.report.edition import Period, ReportLanguage
from m365_restrict.report.page.html import to_page
from m365_restrict.report.page.sentences import TOLD_OF, advice, message, sentence
from m365_restrict.report.page.words import words_in
from m365_restrict.report.said import Month, Said
from m365_restrict.report.worklist import task_line

ENGLISH, WELSH = (words_in(one, time_zone="Europe/London") for one in ReportLanguage)
DAY = date(2026, 11, 20)
OVERDUE = WarningCode.REVIEW_OVERDUE
MEANT = "Mae dyddiad yr adolygiad nesaf wedi mynd heibio."
ADVISED = "Adolygwch yr achos a chofnodwch y canlyniad yn Restriction reviews."


def english(text):
    return f'<span lang="en-GB">{text}</span>'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OVERDUE.meaning, MEANT),
        ("It was due on 20 November.", f"{MEANT} {english('It was due on 20 November.')}"),
        (f"{OVERDUE.meaning} It was the third.", f"{MEANT} {english('It was the third.')}"),
        (f"Case RC-1: {OVERDUE.meaning} {OVERDUE.advice}", MEANT),
        (f"Case RC-1: {OVERDUE.meaning} Late. {OVERDUE.advice}", f"{MEANT} {english('Case RC-1: Late.')}"),
        (f"Review 7: {OVERDUE.meaning} {OVERDUE.advice}", f"{MEANT} {english('Review 7')}"),
        ("Said of <it>.", f"{MEANT} {english('Said of &lt;it&gt;.')}"),
    ],
)  # fmt: skip
def test_a_finding_says_in_welsh_what_its_code_means_and_then_the_rest(text, told):
    assert message(WELSH, text, OVERDUE.value) == told
    assert message(ENGLISH, text, OVERDUE.value) == sentence(ENGLISH, text)


@pytest.mark.parametrize(
    ("text", "told"), [(OVERDUE.advice, ADVISED), ("Do it now.", f"{ADVISED} {english('Do it now.')}")]
)
def test_what_to_do_is_said_in_welsh_and_then_what_was_worded_anew(text, told):
    assert advice(WELSH, text, OVERDUE.value) == told
    assert advice(ENGLISH, text, OVERDUE.value) == text


def test_of_a_code_that_nobody_knows_only_the_english_is_said():
    assert message(WELSH, "Odd.", "no-such-code") == advice(WELSH, "Odd.", "no-such-code") == english("Odd.")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (Said("A review is due by %(due_on)s.", due_on=DAY), "Mae angen adolygiad erbyn 20 Tachwedd 2026."),
        (Said("The permission %(name)s", name="<b>"), "Y caniatâd &lt;b&gt;"),
        (Said("Nobody worded this of %(day)s.", day=DAY), english("Nobody worded this of 20 November 2026.")),
        ("What was put right: RC-1, RC-2", f"Yr hyn a gywirwyd: {english('RC-1, RC-2')}"),
        ("Something: else", english("Something: else")),
        ("", ""),
    ],
)  # fmt: skip
def test_sentences_are_whole_in_one_language_or_marked(text, told):
    assert str(sentence(WELSH, text)).replace("&#39;", "'") == told


def test_values_are_said_in_the_language_of_the_page():
    key = "It has ended and is still there: %(places)s."
    places = (Said("the transport rule “%(rule)s”", rule="RC-1"), Said("a list"))
    told = f"Mae wedi dod i ben ac mae'n dal i'w gael yma: y rheol llif e-bost “RC-1”, {english('a list')}."
    assert str(sentence(WELSH, Said(key, places=places))).replace("&#39;", "'") == told
    assert WELSH.month(DAY) == "Tachwedd 2026"
    assert sentence(ENGLISH, Said("for %(month)s", month=Month(DAY))) == "for November 2026"


@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_task_is_said_in_welsh_alone(kind):
    facts = {"ends_on": DAY, "due_on": DAY, "decided_on": DAY, "opened_on": DAY, "outcome": "Keep",
             "review_kind": "Appeal", "places": (Said("an inbox rule of this case"),)}  # fmt: skip
    task = Task(kind=kind, case_ref="RC-1", item_id="1", urgency=Urgency.DUE, due_on=DAY, facts=facts)
    line = task_line(task, "")
    for text in (line.message, line.action):
        told = str(sentence(WELSH, text))
        assert "lang=" not in told
        assert "November" not in told
        assert told != text


@pytest.mark.requirement("W-0")
def test_no_finding_of_the_page_is_without_welsh(samples):
    """Whatever code a finding bears, its Welsh page says in Welsh what it means and what to do."""
    welsh = samples.sample_report(language=ReportLanguage.WELSH, findings=1)
    codes = [code for codes in TOLD_OF for code in codes]
    one = welsh.findings[0]
    findings = tuple(
        replace(
            one, number=number, line=replace(one.line, code=code, message=code.meaning, action=code.advice)
        )
        for number, code in enumerate(codes, 1)
    )
    html = to_page(replace(welsh, findings=findings))
    assert [code for code in codes if str(sentence(ENGLISH, code.meaning)) in html] == []
    assert [code for code in codes if str(sentence(ENGLISH, code.advice)) in html] == []


def test_guards_errors_and_what_was_not_covered_are_said_in_welsh(samples):
    welsh = samples.sample_report(language=ReportLanguage.WELSH, findings=0, period=Period.WEEKLY)
    frozen, failed = GuardCode.FROZEN, ErrorCode.LEASE_HELD
    head = replace(
        welsh.identity.head,
        error=Failure(code=failed.value, message=failed.meaning, advice=failed.advice),
        unknown=(Unknown("transport rules", "Exchange returned a rule without a Guid."),),
    )
    lines = (GuardLine(code=frozen.value, message="Somebody froze it: a flood.", override=""),)
    uncovered = NotCovered(scope="Block lists", reason="It was not asked in this run.", next_step="Look.")
    html = to_page(
        replace(welsh, identity=replace(welsh.identity, head=head), guards=lines, not_covered=(uncovered,))
    ).replace("&#39;", "'")
    for told in (
        "Mae rhywun wedi rhewi'r gosodiad: dim ond agoriadau a ysgrifennir. <span lang",
        "Mae rhediad arall yn dal y brydles, felly ni newidiodd y rhediad hwn ddim.",
        "rheolau llif e-bost",
        "Dychwelodd Exchange reol heb Guid.",
        "Rhestrau rhwystro",
        "Ni holwyd am hynny yn y rhediad hwn.",
        english("Look."),
    ):
        assert told in html


def test_what_is_typed_at_a_command_line_is_set_so_and_stays_inert():
    told = sentence(ENGLISH, "Run `m365-restrict heal` <now>, or `<b>`.")
    assert told == "Run <code>m365-restrict heal</code> &lt;now&gt;, or <code>&lt;b&gt;</code>."
