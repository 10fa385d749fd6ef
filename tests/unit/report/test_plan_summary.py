import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.outcome import Unknown
from m365_restrict.report.console import console_for, print_document
from m365_restrict.report.documents import (
    FailedTestLine,
    Failure,
    GuardLine,
    Outcome,
    RefusedLine,
    ScriptLine,
    SettlingLine,
)
from m365_restrict.report.verb import Verb

LONG_WORDS = "A sentence that goes on and on for much longer than anybody would want to read it. " * 5


def printed(document, **options):
    stream = io.StringIO()
    print_document(document, console_for(stream), **options)
    return stream.getvalue().splitlines()


@pytest.fixture
def long_plan(plan_document):
    """500 changes of every kind, with everything that can be said of a plan said at length."""
    council, choice = plan_document.changes
    kinds = [
        ("create", "Redirect to single contact", "pending"),
        ("update", "Refuse with notice", "drifted"),
        ("delete", "", "orphan"),
    ]
    changes = [
        replace(
            council,
            name=f"RC-2026-{number} Redirect to single contact",
            case_ref=f"RC-2026-{number}",
            action=kinds[number % 3][0],
            measure=kinds[number % 3][1],
            class_=kinds[number % 3][2],
            effect=LONG_WORDS,
        )
        for number in range(499)
    ]
    refused = [RefusedLine(case_ref=f"RC-{n}", code=f"code-{n % 2}", message=LONG_WORDS) for n in range(30)]
    return replace(plan_document, changes=(*changes, choice), refused=tuple(refused), overrides=())


def crowded(document):
    """The same with everything else that may be said, each as long as it can get."""
    until = datetime(2026, 11, 23, tzinfo=UTC)
    name = "x" * 60
    return replace(
        document,
        changes=tuple(replace(one, outcome=Outcome.FAILED, reason=LONG_WORDS) for one in document.changes),
        guards=tuple(
            GuardLine(code=f"guard-{n % 4}", message=LONG_WORDS, override=LONG_WORDS) for n in range(40)
        ),
        failed_tests=(FailedTestLine(name=name, place="f:1", message=LONG_WORDS, stops=True),) * 20,
        settling=(SettlingLine(name=name, case_ref="RC-1", until=until),) * 20,
        script=ScriptLine(file="/srv/" + "f" * 100, sha256="0" * 64, changes=3),
        head=replace(
            document.head,
            exit_code=ExitCode.REFUSED,
            unknown=(Unknown("transport rules", LONG_WORDS),) * 20,
            error=Failure(code="plan-changed", message=LONG_WORDS, advice=LONG_WORDS),
        ),
    )


@pytest.mark.parametrize("change", [lambda document: document, crowded])
def test_a_long_plan_fits_a_screen(long_plan, change):
    lines = printed(change(long_plan))
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith("Status: ") or lines[-2].startswith("Status: ")
    assert "Plan id: p1" in lines


def test_it_counts_by_action_class_measure_and_code(long_plan):
    text = " ".join(" ".join(printed(long_plan)).split())
    for said in (
        "499 changes to make; 1 change held back; 30 cases refused",
        "Changes: 168 rules to make, 166 rules to change, 166 rules to remove.",
        "Why: 168 pending, 166 drifted, 166 orphan.",
        "167 Redirect to single contact, 166 Refuse with notice, 166 no live case, 1 councillors' own",
        "! 30 cases not enforced: 15 code-0, 15 code-1.",
        "! guard source-shrunken: 6 cases vanished.",
        "12 of 300 transport rules, 13 with this plan",
        "Next step: see what the guards say (docs/guards.md); `m365-restrict plan --detail` shows each",
        "Status: differences (exit code 2): the tenant differs from the register.",
    ):
        assert said in text


def test_without_a_guard_it_says_how_to_apply_it(long_plan):
    text = " ".join(" ".join(printed(replace(long_plan, guards=()))).split())
    assert "`m365-restrict plan --detail` shows each change; then `m365-restrict apply --plan-id p1`." in text


def test_what_failed_is_named_in_the_summary(long_plan):
    first, *others = long_plan.changes
    failed = replace(first, outcome=Outcome.FAILED, reason="Exchange answered with HTTP 500.")
    lines = printed(replace(long_plan, verb=Verb.APPLY, changes=(failed, *others)))
    assert any(line.startswith("! failed: 1 change, first 'RC-2026-0 Redirect") for line in lines)


def test_detail_shows_every_change(long_plan):
    lines = printed(long_plan, detail=True)
    assert sum(line.startswith(("+ ", "~ ", "- ")) for line in lines) == 500
    assert sum("is not enforced" in line for line in lines) == 30


def test_it_draws_no_boxes(long_plan):
    assert not any(0x2500 <= ord(letter) < 0x25A0 for letter in "".join(printed(crowded(long_plan))))


def test_25_entries_are_shown_each_and_one_more_is_summed_up(plan_document):
    council, _ = plan_document.changes
    short = replace(plan_document, changes=(council,) * 23)
    assert sum(line.startswith("~ ") for line in printed(short)) == 23
    assert not any(line.startswith("~ ") for line in printed(replace(short, changes=(council,) * 24)))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_terminal_gets_whole_words_in_its_width(plan_document, width):
    lines = printed(plan_document, detail=True, width=width)
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(lines).split()) == " ".join(" ".join(printed(plan_document)).split())
