"""A restriction ends at the end of its last day by the council's clock, in winter and in summer."""

from typing import Any

import pytest

PAT, OFFICER = "pat@post.example", "officer@ash.example"

# The last day, a minute before its end, and its end. The clocks change on both of these days.
ENDS = [
    ("2027-03-28", "2027-03-28T22:59:00Z", "2027-03-28T22:59:59Z", "2027-03-28T23:00:00Z"),
    ("2026-10-25", "2026-10-25T23:59:00Z", "2026-10-25T23:59:59Z", "2026-10-26T00:00:00Z"),
]


@pytest.fixture(params=ENDS, ids=["spring", "autumn"])
def ending(request: pytest.FixtureRequest, council: Any) -> Any:
    """A council with one case in force, and the three instants about its end."""
    ends_on, *instants = request.param
    council.in_force(council.case("RC-1", Addresses=PAT, EndsOn=ends_on), now="2026-10-01T09:00:00Z")
    return council, instants


def outcome(council: Any) -> str:
    (copy,) = council.mail(PAT, [OFFICER])
    return str(copy["outcome"])


@pytest.mark.requirement("M-28")
def test_the_rule_ends_by_itself_with_no_run_in_between(ending: Any) -> None:
    council, (minute_before, second_before, end) = ending
    met = []
    for instant in (minute_before, second_before, end):
        council.clock(instant)
        met.append(outcome(council))
    assert met == ["redirected", "redirected", "delivered"]
    (rule,) = council.ours().values()
    assert (rule["State"], rule["ExpiryDate"][:19] + "Z") == ("Enabled", end)


def test_a_run_before_the_end_changes_nothing_and_one_after_it_removes_the_rule(ending: Any) -> None:
    council, (minute_before, second_before, end) = ending
    council.clock(minute_before)
    assert council.apply().changes == []
    council.clock(second_before)
    assert outcome(council) == "redirected"
    council.clock(end)
    removed = council.apply()
    assert (removed.exit_code, [change["action"] for change in removed.changes]) == (0, ["delete"])
    assert council.ours() == {}
    assert outcome(council) == "delivered"
    assert council.drift().exit_code == 0


@pytest.mark.parametrize(("ends_on", "before", "end"), [(day, one, end) for day, one, _, end in ENDS])
def test_junk_in_named_mailboxes_ends_with_the_first_run_after_its_last_day(
    council: Any, ends_on: str, before: str, end: str
) -> None:
    """Inbox rules have no end of their own: a run removes them."""
    fields = {
        "Measure": "Junk in named mailboxes",
        "SpocMailbox": "",
        "ScopeMailboxes": "planning@ash.example",
    }
    scope = "Named mailboxes or services"
    case = council.case("RC-1", Addresses=PAT, EndsOn=ends_on, Scope=scope, **fields)
    council.in_force(case, now="2026-10-01T09:00:00Z")
    council.clock(before)
    assert council.apply().changes == []
    council.clock(end)
    assert council.apply().exit_code == 0
    assert council.inbox_rules("planning@ash.example") == []


@pytest.mark.parametrize(
    ("first_day", "before", "start"),
    [
        ("2027-03-28", "2027-03-27T23:59:59Z", "2027-03-28T00:00:00Z"),
        ("2026-10-25", "2026-10-24T22:59:59Z", "2026-10-24T23:00:00Z"),
    ],
)
def test_a_case_begins_with_the_first_minute_of_its_first_day(
    council: Any, first_day: str, before: str, start: str
) -> None:
    council.plant(
        council.case("RC-1", Addresses=PAT, EffectiveFrom=first_day, EndsOn="2027-06-30"),
        now="2026-10-01T09:00:00Z",
    )
    council.clock(before)
    assert council.apply().exit_code == 0
    assert council.ours() == {}
    council.clock(start)
    assert council.apply().exit_code == 0
    assert outcome(council) == "redirected"
