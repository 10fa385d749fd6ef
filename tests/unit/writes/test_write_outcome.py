"""What one change that cannot be written leaves to the others."""

import asyncio
from typing import Any

import pytest

from m365_restrict.plan.change import Change
from m365_restrict.rules.parameters import UnwritableRule
from m365_restrict.writes.write_outcome import ChangeOutcome, Result, Tools, each


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UnwritableRule("no sender"), "more than one sender condition"),
        (ValueError("2026-99-99"), "an answer of the service could not be understood (ValueError)"),
        (KeyError("Guid"), "an answer of the service could not be understood (KeyError)"),
    ],
)
def test_a_form_that_may_not_be_sent_is_told_from_an_answer_that_nobody_understands(
    desk: Any, error: Exception, reason: str
) -> None:
    desk.cases = [desk.council.case("RC-1"), desk.council.case("RC-2")]
    plan = desk.plan()

    async def write(change: Change) -> ChangeOutcome:
        if change.case_reference == "RC-1":
            raise error
        return ChangeOutcome(change, Result.APPLIED, "")

    tools: Tools = desk.tools(None, None, {})
    first, second = asyncio.run(each(plan.changes, write, tools))
    assert (first.result, second.result) == (Result.FAILED, Result.APPLIED)
    assert reason in first.reason
    assert str(error) not in first.reason
