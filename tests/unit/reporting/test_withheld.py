"""Outside addresses are numbers in a report, and differences can still be seen."""

from datetime import UTC, datetime

import pytest

from m365_restrict.plan.change import FieldChange
from m365_restrict.report.documents import FindingLine
from m365_restrict.reporting.withheld import without_outsiders
from m365_restrict.rules.observed import PropertyValue

DOMAINS = frozenset({"ash.example"})


def line(*fields: FieldChange, rule: str = "", message: str = "") -> FindingLine:
    return FindingLine(
        code="rule-drifted", class_="drifted", severity="high", case_ref="RC-1", mailbox="", rule=rule,
        fields=fields, since=datetime(2026, 11, 23, tzinfo=UTC), changed_by=None, changed_at=None,
        message=message, action="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (("a@out.example",), ("(outside address 1)",)),
        (("a@out.example", "b@out.example"), ("(outside address 1)", "(outside address 2)")),
        ((r"^a\.b@out\.example$",), ("(outside address 1)",)),
        (("contact@ash.example",), ("contact@ash.example",)),
        (("x@ash.example.evil.example",), ("(outside address 1)",)),
        (("x@evil.example@ash.example",), ("(outside address 1)",)),
        ("To contact@ash.example, not a@out.example.", "To contact@ash.example, not (outside address 1)."),
        (True, True),
        (9, 9),
        (None, None),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_value(value: PropertyValue | None, shown: PropertyValue | None) -> None:
    (found,) = without_outsiders(line(FieldChange("From", value, None)), DOMAINS).fields
    assert found.observed == shown


def test_the_same_address_has_the_same_number_throughout_a_finding() -> None:
    found = without_outsiders(
        line(
            FieldChange("From", ("A@out.example",), ("a@out.example", "b@out.example")),
            rule="Block b@out.example",
            message="Mail from a@out.example.",
        ),
        DOMAINS,
    )
    assert found.rule == "Block (outside address 1)"
    assert found.fields[0].observed == ("(outside address 2)",)
    assert found.fields[0].desired == ("(outside address 2)", "(outside address 1)")
    assert found.message == "Mail from (outside address 2)."
