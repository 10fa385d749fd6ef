"""Jobs as child processes: what becomes of one that takes too long."""

import os
import threading
from datetime import UTC, datetime

import pytest

from m365_restrict.schedule.jobs import Job
from m365_restrict.scheduling.children import Children
from m365_restrict.scheduling.room import Room

SLOT = datetime(2026, 11, 23, 6, 10, tzinfo=UTC)
POLITE = "trap 'exit 4' TERM; while :; do sleep 0.1; done"
DEAF = "trap '' TERM; exec sleep 600"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell and signals of POSIX")


def children(program, *, longest=600.0, stop=600.0, room=None):
    said = []
    made = Children(
        lambda *_: ("/bin/sh", "-c", program),
        os.environ,
        stop_seconds=stop,
        longest_seconds=longest,
        say=said.append,
        **({} if room is None else {"room": room}),
    )
    return made, said


def test_a_job_that_takes_longer_than_it_may_is_stopped():
    made, said = children(POLITE, longest=3)
    assert made.run(Job.DRIFT, SLOT) == 4
    assert said == ["drift: it has not ended in 0.05 minutes and is stopped."]
    assert not made.killed


def test_and_killed_where_it_does_not_stop_either():
    made, said = children(DEAF, longest=3, stop=0.5)
    assert made.run(Job.DRIFT, SLOT) == -9
    assert made.killed
    assert "is killed" in said[-1]


def test_after_a_stop_nothing_is_begun():
    made, _ = children("exit 0")
    made.stop()
    assert made.run(Job.DRIFT, SLOT) == 1


class TestRoom:
    """Children of several councils, of whom so many run at once."""

    def test_a_child_waits_until_there_is_room(self):
        room = Room(1)
        made, _ = children("exit 0", room=room)
        assert room.enter(SLOT, stopping=lambda: False)
        codes = []
        waiting = threading.Thread(target=lambda: codes.append(made.run(Job.DRIFT, SLOT)))
        waiting.start()
        waiting.join(0.5)
        assert codes == []
        room.leave()
        waiting.join(120)
        assert codes == [0]
        assert room.enter(SLOT, stopping=lambda: False), "and gives it back"

    def test_one_that_waits_is_stopped_as_well(self):
        room = Room(1)
        made, _ = children("exit 0", room=room)
        assert room.enter(SLOT, stopping=lambda: False)
        codes = []
        waiting = threading.Thread(target=lambda: codes.append(made.run(Job.DRIFT, SLOT)))
        waiting.start()
        made.stop()
        waiting.join(120)
        assert codes == [1]
