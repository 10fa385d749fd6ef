"""When a request is tried again, how long it waits, and when it is given up; waits pass at once here."""

import asyncio
import itertools
import threading

import pytest
import tenacity

from m365_restrict.errors import ServiceError
from m365_restrict.tenant import in_flight as in_flight_module
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.patience import Patience, TryAgain

_SLEEP = asyncio.sleep


class Waits(list[float]):
    """The waits so far, which have passed."""

    def monotonic(self) -> float:
        return sum(self)

    async def sleep(self, seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():
            self.append(seconds)
        else:  # a server of another test
            await _SLEEP(seconds)


@pytest.fixture
def waits(monkeypatch):
    passed = Waits()
    monkeypatch.setattr(asyncio, "sleep", passed.sleep)
    for module in (tenacity, in_flight_module):
        monkeypatch.setattr(module, "time", passed)
    return passed


def attempt(*, deadline=300.0, run=3600.0, attempts=5, works_after=None, **again):
    """Try what works after so many failures, or never; the error, or how many attempts it took."""
    numbers = itertools.count(1)

    async def ask() -> int:
        number = next(numbers)
        if number == works_after:
            return number
        raise TryAgain(ServiceError("It failed.", status=429), **again)

    async def work() -> int:
        patience = Patience(deadline_seconds=deadline, attempts=attempts, in_flight=InFlight(4, seconds=run))
        return await patience.try_until_done(ask)

    return asyncio.run(work())


def test_retry_after_is_waited_whole(waits):
    assert attempt(works_after=2, after=120.0) == 2
    assert waits == [120.0]


def test_own_waits_double_to_half_a_minute(waits):
    attempt(works_after=8, busy=True)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_service_that_asks_for_no_wait_again_and_again_is_not_flooded(waits):
    attempt(works_after=4, busy=True, after=0.0)
    assert waits == [0, 2, 4]


@pytest.mark.parametrize(
    ("how", "attempts"),
    [({}, 5), ({"attempts": 1}, 1), ({"broken": True}, 3), ({"broken": True, "attempts": 2}, 2)],
)
def test_a_service_that_says_nothing_is_given_up_after_some_attempts(waits, how, attempts):
    with pytest.raises(ServiceError):
        attempt(**how)
    assert len(waits) == attempts - 1


@pytest.mark.parametrize("how", [{"busy": True}, {"after": 20.0}])
def test_a_service_that_is_there_is_worth_the_whole_deadline_and_no_more(waits, how):
    with pytest.raises(ServiceError):
        attempt(**how)
    assert 250 < sum(waits) < 300


@pytest.mark.parametrize("limit", ["deadline", "run"])
def test_a_wait_that_would_end_too_late_is_not_begun(waits, limit):
    with pytest.raises(ServiceError, match="left alone for 61 seconds, which is longer than this run"):
        attempt(after=61.0, **{limit: 60.0})
    assert waits == []


def test_the_deadline_of_the_run_counts_all_requests_together(waits):
    limits = InFlight(4, seconds=100.0)

    async def ask() -> int:
        raise TryAgain(ServiceError("It failed."), 30.0)

    async def work() -> None:
        patience = Patience(deadline_seconds=70.0, attempts=5, in_flight=limits)
        for _ in range(2):
            with pytest.raises(ServiceError):
                await patience.try_until_done(ask)

    asyncio.run(work())
    assert waits == [30, 30, 30]


@pytest.mark.usefixtures("waits")
def test_the_failure_keeps_what_the_service_said():
    with pytest.raises(ServiceError) as caught:
        attempt(after=1000.0)
    assert caught.value.status == 429
    assert caught.value.message.startswith("It failed. ")
