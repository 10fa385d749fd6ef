"""Several councils at once: whatever one of them does stays with it."""

import asyncio
import os
import signal
import threading
import time

import pytest

from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import out, tell, write_text
from m365_restrict.cli.tenants_run import Bounds, Councils
from m365_restrict.errors import ConfigurationError, LedgerError

BOUNDS = Bounds(at_once=4, deadline=60.0, graces=(0.2, 0.2))
LONG = 300.0


def run(act, names, bounds=BOUNDS):
    return {one.name: one for one in Councils(act=act, bounds=bounds).run(names)}


def heeding(work):
    """Do asynchronous work as every verb does, heeding whoever asks it to stop."""
    return asyncio.run(Stopping().heeded(work))


@pytest.mark.parametrize(
    "fault",
    [RuntimeError("a@b.example"), SystemExit(9), KeyboardInterrupt(), MemoryError(), LedgerError("Damaged.")],
)
def test_what_one_council_raises_stays_with_it(fault, capsys):
    def _act(name):
        if name == "birch":
            raise fault
        return 0

    ended = run(_act, ["ash", "birch", "elm"])
    assert {name: one.exit_code for name, one in ended.items()} == {"ash": 0, "birch": 1, "elm": 0}
    assert ended["birch"].failure is not None
    assert "a@b.example" not in capsys.readouterr().err


def test_an_error_of_ours_keeps_its_words_and_its_code():
    def _act(_name):
        raise ConfigurationError("The site is missing.")

    one = run(_act, ["ash"])["ash"]
    assert (one.exit_code, one.failure.message) == (5, "The site is missing.")


def test_one_that_waits_for_ever_is_stopped_at_its_deadline_and_says_so():
    def _act(name):
        return heeding(asyncio.sleep(LONG, 0)) if name == "birch" else 0

    ended = run(_act, ["ash", "birch"], Bounds(at_once=2, deadline=0.3, graces=(30.0,)))
    assert ended["ash"].exit_code == 0
    assert not ended["birch"].given_up
    assert "TENANTS__DEADLINE" in ended["birch"].failure.message


def test_one_that_blocks_its_thread_is_given_up_and_its_place_goes_to_the_next():
    released = threading.Event()

    def _act(name):
        if name == "ash":
            released.wait(LONG)
        return 0

    ended = run(_act, ["ash", "birch"], Bounds(at_once=1, deadline=0.3, graces=(0.1, 0.1)))
    released.set()
    assert ended["ash"].given_up
    assert "given up" in ended["ash"].failure.message
    assert ended["birch"].exit_code == 0


def test_no_more_than_the_bound_run_at_once():
    lock, at_work, most = threading.Lock(), [0], [0]

    def _act(_name):
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        time.sleep(0.02)
        with lock:
            at_work[0] -= 1
        return 0

    run(_act, [f"c{number}" for number in range(20)], Bounds(at_once=3, deadline=60.0))
    assert most[0] == 3


def test_each_keeps_its_result_to_itself_and_speaks_under_its_name(capsys):
    barrier = threading.Barrier(2, timeout=60)

    def _act(name):
        barrier.wait()
        tell("Reading\nthe register")
        write_text(f"result of {name}")
        barrier.wait()
        out().flush()
        return 0

    ended = run(_act, ["ash", "birch"])
    assert {name: one.voice.result.getvalue() for name, one in ended.items()} == {
        "ash": "result of ash",
        "birch": "result of birch",
    }
    said = capsys.readouterr()
    assert said.out == ""
    assert sorted(said.err.splitlines()) == [
        "ash: Reading",
        "ash: the register",
        "birch: Reading",
        "birch: the register",
    ]


def test_a_signal_stops_those_at_work_and_begins_no_other():
    def _act(name):
        if name == "elm":
            pytest.fail("it must not begin")
        os.kill(os.getpid(), signal.SIGTERM)
        return heeding(asyncio.sleep(LONG, 0))

    councils = Councils(act=_act, bounds=Bounds(at_once=1, deadline=LONG, graces=(30.0,)))
    ended = councils.run(["ash", "elm"])
    assert councils.stopped_by == "SIGTERM"
    assert [one.failure.code for one in ended] == ["stopped", "stopped"]
    assert "SIGTERM" in ended[0].failure.message


def test_signals_are_let_be_again_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    run(lambda _: 0, ["ash"])
    assert signal.getsignal(signal.SIGTERM) == before
