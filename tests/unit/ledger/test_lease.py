import threading
from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.errors import LeaseHeld
from m365_restrict.ledger.database import open_database
from m365_restrict.ledger.lease import Holder, Lease, acquire, held_lease

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIRST = Holder(holder="run-1", host="alpha", pid=11)
SAME_HOST = Holder(holder="run-2", host="alpha", pid=12)
ELSEWHERE = Holder(holder="run-3", host="beta", pid=11)


@pytest.fixture
def database(ledger_url):
    opened = open_database(ledger_url)
    yield opened
    opened.close()


def take(database, holder, *, after=0.0, alive=True):
    now = NOON + timedelta(seconds=after)
    acquire(database, holder, seconds=60, now=now, is_running=lambda _: alive)


@pytest.mark.parametrize(
    ("second", "after", "alive", "held"),
    [
        (SAME_HOST, 1, True, True),
        (SAME_HOST, 1, False, False),
        (SAME_HOST, 60, True, False),
        (ELSEWHERE, 1, False, True),
        (ELSEWHERE, 59.9, True, True),
        (ELSEWHERE, 60, True, False),
        # Clocks of two hosts differ; one that is an hour wrong is no clock.
        (ELSEWHERE, -3599, True, True),
        (ELSEWHERE, -3600, True, False),
    ],
)
def test_who_may_take_the_lease(database, second, after, alive, held):
    take(database, FIRST)
    if held:
        with pytest.raises(LeaseHeld, match=r"run-1.*11 on alpha"):
            take(database, second, after=after, alive=alive)
    else:
        take(database, second, after=after, alive=alive)
        with pytest.raises(LeaseHeld, match=second.holder):
            take(database, FIRST, after=after)


def test_renewal_keeps_another_host_away(database):
    take(database, FIRST)
    Lease(database, FIRST, seconds=60, clock=lambda: NOON + timedelta(seconds=50)).renew()
    with pytest.raises(LeaseHeld):
        take(database, ELSEWHERE, after=100)


def test_a_run_that_lost_its_lease_is_told(database):
    take(database, FIRST)
    lease = Lease(database, FIRST, seconds=60, clock=lambda: NOON)
    take(database, ELSEWHERE, after=60)
    with pytest.raises(LeaseHeld, match="took the lease over"):
        lease.renew()
    with pytest.raises(LeaseHeld):
        lease.check()


def test_releasing_a_lost_lease_leaves_the_new_holder(database):
    take(database, FIRST)
    take(database, ELSEWHERE, after=60)
    Lease(database, FIRST, seconds=60, clock=lambda: NOON).release()
    with pytest.raises(LeaseHeld, match="run-3"):
        take(database, FIRST, after=61)


def test_the_lease_is_free_after_the_block_even_when_it_fails(database):
    with pytest.raises(ZeroDivisionError), held_lease(database, FIRST, seconds=60, clock=lambda: NOON):
        1 / 0  # noqa: B018
    take(database, ELSEWHERE)


def test_the_lease_is_renewed_in_the_background(database):
    renewed = threading.Event()

    def clock():
        if threading.current_thread() is not threading.main_thread():
            renewed.set()
        return NOON

    with held_lease(database, FIRST, seconds=0.03, clock=clock):
        assert renewed.wait(20)


def test_one_of_two_that_decide_on_the_same_state_wins(database):
    take(database, FIRST)

    def dead_and_meanwhile_taken(_pid):
        take(database, ELSEWHERE, after=120)
        return False

    with pytest.raises(LeaseHeld, match="a moment ago"):
        acquire(database, SAME_HOST, seconds=60, now=NOON, is_running=dead_and_meanwhile_taken)


def test_a_lease_that_was_long_in_taking_is_not_trusted_for_longer_than_the_ledger_says(database):
    """Who takes it waits for whoever writes; meanwhile its time runs, and another may have it at its end."""
    moments = iter([0.0, 61.0])

    def clock():
        return NOON + timedelta(seconds=next(moments, 62.0))

    with held_lease(database, FIRST, seconds=60, clock=clock) as lease:
        take(database, ELSEWHERE, after=60)
        with pytest.raises(LeaseHeld, match="took the lease over"):
            lease.check()
