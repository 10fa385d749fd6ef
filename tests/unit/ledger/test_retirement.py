from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.errors import ExitCode, Retired
from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUN = Holder(holder="run", host="here", pid=1)


@pytest.fixture
def ledger(ledger_url):
    with open_ledger(ledger_url) as opened:
        yield opened


def test_nothing_stands_at_first_and_every_run_may_write(ledger):
    assert ledger.retirements.current() is None
    with ledger.lease(RUN, seconds=60, clock=lambda: NOON):
        pass


def test_once_begun_only_the_run_that_retires_gets_the_lease(ledger):
    ledger.retirements.begin("Leaving.", by="admin", at=NOON)
    with pytest.raises(Retired, match=r"admin \(Leaving.\), and not everything is done") as refused:
        ledger.lease(RUN, seconds=60, clock=lambda: NOON)
    assert refused.value.exit_code is ExitCode.REFUSED
    with ledger.lease(RUN, seconds=60, clock=lambda: NOON, retiring=True):
        pass


def test_a_run_that_asked_before_it_was_begun_and_gets_the_lease_afterwards_does_not_work(ledger):
    taken = ledger.lease(RUN, seconds=60, clock=lambda: NOON)
    ledger.retirements.begin("Leaving.", by="admin", at=NOON)
    with pytest.raises(Retired), taken:
        pytest.fail("it works")
    with ledger.lease(RUN, seconds=60, clock=lambda: NOON, retiring=True):
        pass


def test_what_was_begun_stays_as_it_was_begun(ledger):
    ledger.retirements.begin("First.", by="admin", at=NOON)
    ledger.retirements.complete(by="admin", at=NOON + timedelta(hours=1))
    ledger.retirements.begin("Second.", by="other", at=NOON + timedelta(hours=2))
    stood = ledger.retirements.current()
    assert (stood.reason, stood.set_by, stood.since) == ("First.", "admin", NOON)
    assert stood.completed_at is None


def test_complete_says_when(ledger):
    ledger.retirements.begin("Leaving.", by="admin", at=NOON)
    ledger.retirements.complete(by="admin", at=NOON + timedelta(hours=1))
    assert ledger.retirements.current().completed_at == NOON + timedelta(hours=1)
    with pytest.raises(Retired, match="was taken out of use"):
        ledger.retirements.refuse()


def test_its_end_lets_runs_write_again(ledger):
    ledger.retirements.begin("Leaving.", by="admin", at=NOON)
    assert ledger.retirements.end().reason == "Leaving."
    assert ledger.retirements.end() is None
    ledger.retirements.refuse()


def test_a_freeze_and_a_retirement_know_nothing_of_each_other(ledger):
    ledger.retirements.begin("Leaving.", by="admin", at=NOON)
    assert ledger.freezes.current() is None
    ledger.freezes.begin(Freeze(reason="frost", set_by="admin", since=NOON))
    assert ledger.retirements.current().reason == "Leaving."
    ledger.freezes.end()
    assert ledger.retirements.current().reason == "Leaving."
    ledger.retirements.end()
    assert ledger.freezes.current() is None
