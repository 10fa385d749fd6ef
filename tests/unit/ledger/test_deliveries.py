"""What the ledger keeps of deliveries."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from m365_restrict.ledger.deliveries import (
    Addressee,
    Channel,
    DeliveryState,
    KnownFinding,
    Moment,
    PackKey,
    ToldNow,
)
from m365_restrict.ledger.ledger import Ledger, open_ledger

WHEN = Moment(run_id="run-1", at=datetime(2026, 11, 23, 9, tzinfo=UTC))
ICT = Addressee(role="ict", channel=Channel.MAIL, target="ict@ash.example")
TEAMS = Addressee(role="ict", channel=Channel.TEAMS)
LIBRARY = Addressee(role="", channel=Channel.LIBRARY)


def pack(first_day: str = "2026-11-22", period: str = "daily") -> PackKey:
    return PackKey(period=period, first_day=first_day, edition="ict", language="en")


def found(id_: str, severity: str = "high") -> KnownFinding:
    return KnownFinding(finding_id=id_, code="rule-drifted", severity=severity, case_reference="RC-1")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(ledger_url) as opened:
        yield opened


def test_failures_count_until_it_arrives(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.deliveries.record_failed(ICT, pack(), "Graph answered 500.", when=WHEN)
    (one,) = ledger.deliveries.failed()
    assert (one.to, one.pack, one.attempts, one.reason) == (ICT, pack(), 2, "Graph answered 500.")
    ledger.deliveries.record_sent(ICT, pack(), when=WHEN)
    assert ledger.deliveries.failed() == ()
    sent = ledger.deliveries.of(ICT, pack())
    assert sent is not None
    assert (sent.state, sent.attempts) == (DeliveryState.SENT, 0)


def test_addressees_and_reports_are_kept_apart(ledger: Ledger) -> None:
    ledger.deliveries.record_sent(ICT, pack(), when=WHEN)
    assert ledger.deliveries.of(TEAMS, pack()) is None
    assert ledger.deliveries.of(ICT, pack("2026-11-23")) is None


@pytest.mark.parametrize("arrives", [True, False])
def test_a_digest_takes_the_place_of_older_ones_that_wait(ledger: Ledger, arrives: bool) -> None:
    for to in (ICT, TEAMS, LIBRARY):
        ledger.deliveries.record_failed(to, pack("2026-11-21"), "no", when=WHEN)
        ledger.deliveries.record_failed(to, pack("2026-11-16", "weekly"), "no", when=WHEN)
    if arrives:
        ledger.deliveries.record_sent(ICT, pack(), when=WHEN)
        ledger.deliveries.record_sent(LIBRARY, pack(), when=WHEN)
    else:
        ledger.deliveries.record_failed(ICT, pack(), "no", when=WHEN)
        ledger.deliveries.record_failed(LIBRARY, pack(), "no", when=WHEN)
    waiting = {(one.to, one.pack.first_day) for one in ledger.deliveries.failed()}
    older = {(LIBRARY, "2026-11-21"), (TEAMS, "2026-11-21")}
    weekly = {(to, "2026-11-16") for to in (ICT, TEAMS, LIBRARY)}
    assert waiting == older | weekly | (set() if arrives else {(ICT, "2026-11-22"), (LIBRARY, "2026-11-22")})


def test_what_somebody_knows_grows_and_shrinks_with_what_arrives(ledger: Ledger) -> None:
    many = [found(f"f{number}") for number in range(1200)]
    ledger.deliveries.record_sent(ICT, pack(), ToldNow(new=many), when=WHEN)
    raised = found("f0", "critical")
    gone = [f"f{number}" for number in range(1, 1199)]
    ledger.deliveries.record_sent(ICT, pack(), ToldNow(new=[raised], fixed=gone), when=WHEN)
    assert ledger.deliveries.known(ICT) == {"f0": raised, "f1199": found("f1199")}
    assert ledger.deliveries.known(TEAMS) == {}


def test_what_is_forgotten_is_waited_for_no_more(ledger: Ledger) -> None:
    ledger.deliveries.record_failed(ICT, pack(), "no", when=WHEN)
    (one,) = ledger.deliveries.failed()
    ledger.deliveries.forget(one)
    ledger.deliveries.forget(one)
    assert ledger.deliveries.failed() == ()
