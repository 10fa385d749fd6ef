"""How much of a case's mail has been counted for good."""

from datetime import UTC, date, datetime, timedelta

import pytest

from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.mail_seen import Span, ToldLeaks
from m365_restrict.plan.leaks import MailDay

TENANT = "t-1"
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
ONE, TWO = MailDay(day=date(2026, 11, 1), seen=2, leaked=1), MailDay(day=date(2026, 11, 2), seen=3)


@pytest.fixture
def seen(ledger_url):
    with open_ledger(ledger_url) as ledger:
        yield ledger.mail_seen


def test_spans_follow_each_other(seen):
    seen.add(TENANT, "7", since=FIRST, until=SECOND, days=[ONE])
    seen.add(TENANT, "7", since=SECOND, until=THIRD, days=[TWO])
    assert seen.spans(TENANT) == {"7": Span(FIRST, THIRD)}
    assert seen.since(TENANT, ONE.day) == {"7": (ONE, TWO)}


def test_a_span_that_another_run_has_added_counts_once(seen):
    for _ in range(2):
        seen.add(TENANT, "7", since=FIRST, until=SECOND, days=[ONE])
    assert seen.since(TENANT, ONE.day) == {"7": (ONE,)}


def test_another_tenants_mail_is_nobodys_here(seen):
    seen.add("t-2", "7", since=FIRST, until=SECOND, days=[ONE])
    assert seen.spans(TENANT) == seen.since(TENANT, ONE.day) == {}


def test_an_empty_span_is_remembered_until_the_next(seen):
    seen.add(TENANT, "7", since=FIRST, until=SECOND, days=[])
    assert seen.spans(TENANT)["7"].until == SECOND
    seen.add(TENANT, "7", since=SECOND, until=THIRD, days=[TWO])
    assert seen.since(TENANT, ONE.day) == {"7": (TWO,)}


def test_what_no_report_looks_back_to_goes(seen):
    later = FIRST + timedelta(days=200)
    seen.add(TENANT, "7", since=FIRST, until=SECOND, days=[ONE])
    seen.add(TENANT, "7", since=SECOND, until=later, days=[MailDay(day=later.date(), seen=1)])
    assert [one.day for one in seen.since(TENANT, ONE.day)["7"]] == [later.date()]


def test_what_was_told_is_never_fewer_and_begins_anew_each_day(seen):
    seen.tell(TENANT, "7", until=FIRST, leaked={ONE.day: 2})
    seen.tell(TENANT, "7", until=SECOND, leaked={ONE.day: 1, TWO.day: 3})
    seen.tell("t-2", "7", until=THIRD, leaked={})
    assert seen.told(TENANT) == {"7": ToldLeaks(SECOND, {ONE.day: 2, TWO.day: 3})}
    assert seen.told("t-2") == {"7": ToldLeaks(THIRD, {})}


def test_what_was_told_goes_with_what_no_report_looks_back_to(seen):
    later = FIRST + timedelta(days=200)
    seen.tell(TENANT, "7", until=FIRST, leaked={ONE.day: 2})
    seen.tell(TENANT, "7", until=later, leaked={})
    assert seen.told(TENANT) == {"7": ToldLeaks(later, {})}
