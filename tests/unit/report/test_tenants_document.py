"""What became of one verb for many councils, told."""

from datetime import UTC, datetime

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.report.documents import ChangeLine, DriftDocument, Failure, Head, Outcome, PlanDocument
from m365_restrict.report.tenants_document import (
    TenantLine,
    TenantsDocument,
    exit_code_of,
    summary_of,
    tenants_lines,
    without_names,
)
from m365_restrict.report.text import plain
from m365_restrict.report.verb import Verb

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def head(exit_code=ExitCode.IN_STEP, error=None):
    return Head(run_id="r", started_at=AT, finished_at=AT, exit_code=exit_code, error=error)


def line(name, exit_code=0, **fields):
    status = ExitCode(exit_code).status
    return TenantLine(**{"name": name, "status": status, "exit_code": exit_code, "summary": "So.", **fields})


def change(outcome):
    return ChangeLine(
        action="create",
        kind="transport_rule",
        mailbox="",
        name="n",
        case_ref="RC-1",
        class_="pending",
        fields=(),
        effect="",
        outcome=outcome,
        reason="",
    )


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((), 0), ((0, 0), 0), ((0, 2), 2), ((2, 3), 4), ((0, 1), 4), ((4,), 4), ((5, 2), 4), ((7,), 4)],
)
def test_the_exit_code_of_all(codes, expected):
    assert exit_code_of([line(str(number), code) for number, code in enumerate(codes)]) == expected


@pytest.mark.parametrize(
    ("verb", "outcomes", "expected"),
    [
        (Verb.PLAN, [Outcome.PLANNED] * 2, "2 changes would be made."),
        (Verb.APPLY, [Outcome.APPLIED, Outcome.FAILED], "1 change made; 1 change failed."),
        (Verb.APPLY, [Outcome.SKIPPED], "1 change held back or left out."),
        (Verb.APPLY, [], "In step."),
    ],
)
def test_a_plan_in_one_sentence(verb, outcomes, expected):
    document = PlanDocument(verb=verb, head=head(), changes=tuple(map(change, outcomes)))
    assert summary_of(document, 0) == expected


def test_drift_in_one_sentence():
    assert summary_of(DriftDocument(head=head()), 0) == "No case is in force."


def test_an_error_in_its_own_words_without_addresses():
    error = Failure(code="x", message="a@b.example is no mailbox.", advice="Do.")
    document = PlanDocument(verb=Verb.PLAN, head=head(ExitCode.UNEXPECTED, error))
    assert summary_of(document, 1) == "(address withheld) is no mailbox."


def test_a_failure_is_told_without_addresses():
    told = without_names(Failure(code="x", message="a@b.example is none.", advice="Ask c@d.example for it."))
    assert (told.message, told.advice) == ("(address withheld) is none.", "Ask (address withheld) for it.")


def test_the_table_has_what_needs_somebody_last_and_says_the_next_step():
    failed = line("birch", 5, error=Failure(code="x", message="It.", advice="Correct it."))
    document = TenantsDocument(
        head=head(ExitCode.PARTIAL), command="drift", tenants=(failed, line("ash"), line("elm", 2))
    )
    assert plain(tenants_lines(document)).splitlines() == [
        "ash    in step      So.",
        "elm    differences  So.",
        "birch  failed       So.",
        "  Next step: Correct it.",
        "drift: 3 councils, of these 1 differences, 1 failed, 1 in step.",
        "Status: partial (exit code 4).",
    ]
