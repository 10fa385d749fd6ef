import asyncio
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.tenant.trace import MessageTraceReader, QuestionBudget

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SENDER = "p.person@mailpost.example"
_BOUNDS = re.compile(r"receivedDateTime ge (\S+) and receivedDateTime le (\S+?)(?:&|$)")


def _line(identifier, recipient, *, sender=SENDER, status="delivered"):
    return {"id": identifier, "recipientAddress": recipient, "senderAddress": sender, "status": status}


def _counts(tenant, *, days=90, budget=None, address=SENDER):
    async def run():
        async with tenant.graph() as (reader, _):
            traces = MessageTraceReader(reader, budget)
            return await traces.counts(address, since=NOW - timedelta(days=days), until=NOW)

    return asyncio.run(run())


def _queries(tenant):
    return [unquote(one.path).replace("+", " ") for one in tenant.received]


def test_ninety_days_are_asked_for_in_windows_of_at_most_ten(tenant, answer):
    tenant.script = [answer({"value": []})]
    _counts(tenant)
    bounds = [
        [datetime.fromisoformat(text) for text in _BOUNDS.search(query).groups()]
        for query in _queries(tenant)
    ]
    assert len(bounds) == 9
    assert all(timedelta() < end - start <= timedelta(days=10) for start, end in bounds)
    assert [end for _, end in bounds[:-1]] == [start for start, _ in bounds[1:]]
    assert NOW - timedelta(days=90) < bounds[0][0] < NOW - timedelta(days=89)
    assert bounds[-1][1] == NOW


def test_what_is_older_than_ninety_days_is_not_asked_for(tenant, answer):
    tenant.script = [answer({"value": []})]
    _counts(tenant, days=200)
    assert len(tenant.received) == 9


def test_a_line_at_a_shared_bound_counts_once(tenant, answer):
    tenant.script = [answer({"value": [_line("1", "Planning@ash.example")]})]
    assert _counts(tenant, days=20).by_recipient == {"planning@ash.example": 1}


def test_a_message_to_two_recipients_counts_for_each_and_a_groups_own_line_does_not(tenant, answer):
    lines = [
        _line("1", "team@ash.example", status="expanded"),
        _line("1", "a@ash.example"),
        _line("1", "b@ash.example"),
        _line("2", "a@ash.example", status="failed"),
    ]
    tenant.script = [answer({"value": lines})]
    found = _counts(tenant, days=5)
    assert found.by_recipient == {"a@ash.example": 2, "b@ash.example": 1}
    assert found.messages == 3


def test_pages_are_followed(tenant, answer):
    tenant.script = [
        answer({"value": [_line("1", "a@ash.example")], "@odata.nextLink": f"{tenant.base}/v1.0/p2"}),
        answer({"value": [_line("2", "a@ash.example")]}),
    ]
    assert _counts(tenant, days=5).messages == 2


def test_a_filter_that_is_ignored_counts_nobody_elses_mail(tenant, answer):
    tenant.script = [answer({"value": [_line("1", "a@ash.example", sender="other@mailpost.example")]})]
    assert _counts(tenant, days=5).messages == 0


def test_an_apostrophe_in_an_address_is_escaped(tenant, answer):
    tenant.script = [answer({"value": []})]
    _counts(tenant, days=5, address="o'neil@mailpost.example")
    assert "senderAddress eq 'o''neil@mailpost.example' and" in _queries(tenant)[0]


@pytest.mark.parametrize(
    ("status", "reason"), [(403, "was not granted ExchangeMessageTrace"), (400, "HTTP 400")]
)
def test_a_refusal_is_unknown_and_never_a_part_of_the_count(tenant, answer, status, reason):
    tenant.script = [
        answer({"value": [_line("1", "a@ash.example")]}),
        answer({"error": {"code": "x", "message": "y"}}, status=status),
    ]
    found = _counts(tenant)
    assert isinstance(found, Unknown)
    assert reason in found.reason
    assert SENDER not in found.reason


def test_the_hundred_and_first_question_waits_for_the_first_to_be_five_minutes_old():
    now, waited = [0.0], []

    async def sleep(seconds):
        waited.append(seconds)
        now[0] += seconds

    async def spend():
        budget = QuestionBudget(clock=lambda: now[0], sleep=sleep)
        for _ in range(101):
            await budget.spend()
            now[0] += 1

    asyncio.run(spend())
    assert waited == [200.0]


def test_every_page_is_a_question(tenant, answer):
    spent = []

    class Counted(QuestionBudget):
        async def spend(self):
            spent.append(1)

    tenant.script = [
        answer({"value": [], "@odata.nextLink": f"{tenant.base}/v1.0/p2"}),
        answer({"value": []}),
    ]
    _counts(tenant, days=5, budget=Counted())
    assert len(spent) == 2
