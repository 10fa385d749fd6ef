"""What `drift` remembers of what it reads beside the rules."""

from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.ledger.beside_memory import KnownChange, SecondView
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.plan.beside import Actor, ActorKind
from m365_restrict.plan.second_view import RuleDisagreement

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SEEN = KnownChange(finding_key="k", since=NOON - timedelta(days=1), until=NOON)
ADMIN = Actor(
    kind=ActorKind.PARTNER, name="é \U0001f600 @ash.example", at=NOON, source="audit log", from_where="::1"
)


@pytest.fixture
def beside(ledger_url):
    with open_ledger(ledger_url) as ledger:
        yield ledger.beside


def known(actors, read_until=NOON, key="k"):
    return KnownChange(
        finding_key=key, since=SEEN.since, until=SEEN.until, actors=actors, read_until=read_until
    )


@pytest.mark.parametrize(
    "change",
    [
        SEEN,
        known(None),
        known(()),
        known((ADMIN, Actor(kind=ActorKind.THIS_TOOL))),
        *(known((Actor(kind=kind),), read_until=None) for kind in ActorKind),
    ],
)
def test_a_change_comes_back_as_it_was_kept(beside, change):
    beside.keep_changes([change], standing=["k"])
    assert beside.changes() == {"k": change}


def test_what_is_kept_anew_stands_in_place_of_the_old_and_what_stands_no_more_is_forgotten(beside):
    beside.keep_changes(
        [SEEN, known(None, key="gone"), known(None, key="left")], standing=["k", "gone", "left"]
    )
    beside.keep_changes([known((ADMIN,))], standing=["k", "left"])
    assert beside.changes() == {"k": known((ADMIN,)), "left": known(None, key="left")}


def test_the_last_look_is_the_last(beside):
    assert beside.last_look("rules of t-1") is None
    for hours in (0, 1):
        beside.looked("rules of t-1", at=NOON + timedelta(hours=hours))
    assert beside.last_look("rules of t-1") == NOON + timedelta(hours=1)
    assert beside.last_look("rules of t-2") is None


@pytest.mark.parametrize(
    "found",
    [(), (RuleDisagreement(name="RC-1 é", fields=("State", "From")), RuleDisagreement(name="", fields=()))],
)
def test_a_second_view_comes_back_in_place_of_the_one_before(beside, found):
    beside.keep_second_view(SecondView(tenant_id="t-1", taken_at=SEEN.since, disagreements=()))
    view = SecondView(tenant_id="t-1", taken_at=NOON, disagreements=found)
    beside.keep_second_view(view)
    assert beside.second_view("t-1") == view
    assert beside.second_view("t-2") is None
