import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from m365_restrict.errors import ExitCode
from m365_restrict.report.console import console_for, print_document
from m365_restrict.report.documents import Failure, Outcome, document_after_failure
from m365_restrict.report.text import counted, shown
from m365_restrict.report.verb import Verb


def printed(document):
    stream = io.StringIO()
    print_document(document, console_for(stream))
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("code", list(ExitCode))
@pytest.mark.parametrize("error", [None, Failure(code="unexpected", message="m", advice="a")])
def test_the_last_line_agrees_with_the_exit_code(document, code, error):
    last = printed(replace(document, head=replace(document.head, exit_code=code, error=error)))[-1]
    assert last.startswith(f"Status: {code.status} (exit code {int(code)}): ")


@pytest.mark.parametrize("verb", [Verb.APPLY, Verb.HEAL])
def test_a_run_that_wrote_nothing_does_not_say_that_it_wrote(plan_document, verb):
    head = replace(plan_document.head, exit_code=ExitCode.IN_STEP)
    done = replace(plan_document, verb=verb, head=head)
    assert "30 minutes" in printed(done)[-1]
    assert printed(replace(done, changes=()))[-1] == "Status: in_step (exit code 0): nothing to change."


def test_the_first_line_is_the_summary(plan_document):
    assert printed(plan_document)[0] == (
        "1 change to make; 1 change held back; 1 case refused; 3 councillor choices live, 1 refused; "
        "4 rule tests passed, none failed."
    )


def test_piped_output_is_plain_and_never_wrapped(plan_document):
    long = replace(plan_document.changes[0], effect="word " * 200)
    lines = printed(replace(plan_document, changes=(long,)))
    assert f"  {'word ' * 200}".rstrip() in lines
    assert not any("\x1b" in line for line in lines)


def test_colour_adds_nothing_but_colour(document, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = io.StringIO()
    terminal = Console(
        file=stream, force_terminal=True, color_system="standard", highlight=False, soft_wrap=True
    )
    print_document(document, terminal)
    coloured = stream.getvalue()
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines() == printed(document)


@pytest.mark.parametrize(
    "hostile", ["[bold]x[/bold]", "[/nothing]", ":warning:", "[link=http://a.example]x[/link]"]
)
def test_markup_in_data_is_shown_as_it_is(plan_document, hostile):
    change = replace(plan_document.changes[0], effect=hostile)
    assert f"  {hostile}" in printed(replace(plan_document, changes=(change,)))


@pytest.mark.parametrize("hostile", ["a\x1b[31mb", "a\rb", "a\nb", "a\u202eb", "a\u2028b", "a\x9bb"])
def test_data_cannot_steer_the_terminal(plan_document, hostile):
    change = replace(plan_document.changes[0], reason=hostile)
    (line,) = [
        line for line in printed(replace(plan_document, changes=(change,))) if line.startswith("  ! a")
    ]
    assert line in {"  ! a b", "  ! a [31mb"}


@pytest.mark.parametrize(("action", "mark"), [("create", "+"), ("update", "~"), ("delete", "-")])
def test_every_action_has_its_mark_and_its_word(plan_document, action, mark):
    change = replace(plan_document.changes[0], action=action)
    assert any(
        line.startswith(f"{mark} {action} transport rule")
        for line in printed(replace(plan_document, changes=(change,)))
    )


@pytest.mark.parametrize("outcome", [Outcome.APPLIED, Outcome.FAILED, Outcome.SKIPPED])
def test_what_became_of_a_change_is_said(plan_document, outcome):
    change = replace(plan_document.changes[0], outcome=outcome)
    assert f"(drifted, RC-2026-014, {outcome.value})" in "\n".join(
        printed(replace(plan_document, changes=(change,)))
    )


@pytest.mark.parametrize(
    ("outcome", "mark"), [(Outcome.APPLIED, "="), (Outcome.FAILED, "!"), (Outcome.SKIPPED, "!")]
)
def test_only_what_was_not_done_is_marked_as_a_problem(plan_document, outcome, mark):
    change = replace(plan_document.changes[0], outcome=outcome, reason="read back")
    assert f"  {mark} read back" in printed(replace(plan_document, changes=(change,)))


def test_fields_are_told_before_and_after(plan_document):
    assert "  Enabled: is no; should be yes" in printed(plan_document)


def test_a_choice_is_told_by_number(plan_document):
    assert any("in councillor mailbox no. 412" in line for line in printed(plan_document))


def test_an_error_before_anything_was_read_does_not_say_no_changes(plan_document):
    error = Failure(code="source-incomplete", message="The list has no proving row.", advice="Run init.")
    head = replace(plan_document.head, exit_code=ExitCode.SOURCE_INCOMPLETE, error=error, unknown=())
    lines = printed(document_after_failure(Verb.PLAN, head))
    assert lines[:2] == ["! error source-incomplete: The list has no proving row.", "  Next step: Run init."]
    assert "no change" not in "\n".join(lines).lower()


def test_refused_cases_come_first_in_validate(validate_document):
    cases = [line for line in printed(validate_document) if "(item " in line]
    assert [case.split()[0] for case in cases] == ["!", "RC-2026-014"]


def test_the_sender_is_told_what_the_refusal_says(explain_document):
    assert any(
        line.endswith("the sender is told: 550 5.7.1 Please use the post.")
        for line in printed(explain_document)
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not set"),
        ((), "not set"),
        (True, "yes"),
        (0, "0"),
        ("", "empty"),
        (("a", "b"), "a, b"),
        (tuple("abcdefgh"), "a, b, c, d, e, f and 2 more"),
    ],
)
def test_values_are_told_in_words(value, words):
    assert shown(value) == words


@pytest.mark.parametrize(("number", "words"), [(0, "no cases"), (1, "1 case"), (2, "2 cases")])
def test_counts_agree_with_their_noun(number, words):
    assert counted(number, "case") == words


def test_overrides_and_head_room_are_told(plan_document):
    lines = printed(plan_document)
    assert (
        "! override of source-shrunken until 2026-11-23T12:00:00Z, up to 4 cases: CHG-1042"
        " (it lets this run pass)"
    ) in lines
    assert (
        "Head-room: 12 (13 with this plan) of 300 transport rules; 1,200 of 20,480 characters of words and "
        "patterns; our largest rule 812 of 8,192 characters."
    ) in lines
