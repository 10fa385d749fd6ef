"""Places for children: who waits longest past the due time is next, whoever came when."""

import threading
from datetime import UTC, datetime, timedelta

from m365_restrict.scheduling.room import Room

DUE = datetime(2026, 11, 23, 6, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONG = 120


def never() -> bool:
    return False


class Waiting:
    """Somebody who waits for a place on a thread of its own."""

    def __init__(self, room, due_at, served, name):
        before = room.waiting
        self._room, self._due_at, self._served, self._name = room, due_at, served, name
        self.gone = threading.Event()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._wait, daemon=True)
        self.thread.start()
        while room.waiting == before and not self.gone.is_set():
            self.gone.wait(0.01)

    def _wait(self):
        if self._room.enter(self._due_at, stopping=self.stop.is_set):
            self._served.append(self._name)
            self._room.leave()
        self.gone.set()


def served_in_order(dues):
    """In which order those who came in this order, while the only place was taken, are let in."""
    room, served = Room(1), []
    assert room.enter(DUE, stopping=never)
    waiting = [Waiting(room, due, served, name) for name, due in enumerate(dues)]
    room.leave()
    assert all(one.gone.wait(LONG) for one in waiting)
    return served


def test_who_was_due_first_is_let_in_first_whoever_came_when():
    assert served_in_order([DUE + 2 * MINUTE, DUE, DUE + MINUTE]) == [1, 2, 0]


def test_of_those_due_at_once_who_came_first_is_let_in_first():
    assert served_in_order([DUE] * 50) == [*range(50)]


def test_who_looks_up_again_and_again_keeps_the_place():
    """Each looks whether it is to stop while it waits; with a semaphore that sent it to the end."""
    room, served = Room(1), []
    assert room.enter(DUE, stopping=never)
    looks = threading.Semaphore(0)

    def looked() -> bool:
        looks.release()
        return False

    def first():
        room.enter(DUE, stopping=looked)
        served.append("first")
        room.leave()

    thread = threading.Thread(target=first, daemon=True)
    thread.start()
    for _ in range(3):
        assert looks.acquire(timeout=LONG)
    later = Waiting(room, DUE, served, "later")
    for _ in range(3):
        assert looks.acquire(timeout=LONG)
    room.leave()
    thread.join(LONG)
    assert later.gone.wait(LONG)
    assert served == ["first", "later"]


def test_a_council_that_is_due_all_the_time_does_not_keep_another_waiting():
    """Every time that one is served it is back at once with its next slot."""
    room, served = Room(1), []
    assert room.enter(DUE, stopping=never)
    patient = Waiting(room, DUE + MINUTE, served, "patient")
    busy = [Waiting(room, DUE + number * MINUTE, served, f"busy {number}") for number in range(2, 30)]
    room.leave()
    assert all(one.gone.wait(LONG) for one in (patient, *busy))
    assert served[0] == "patient"


def test_who_is_to_stop_gives_the_turn_to_the_next():
    room, served = Room(1), []
    assert room.enter(DUE, stopping=never)
    stopped = Waiting(room, DUE, served, "stopped")
    following = Waiting(room, DUE, served, "following")
    stopped.stop.set()
    assert stopped.gone.wait(LONG)
    room.leave()
    assert following.gone.wait(LONG)
    assert served == ["following"]
    assert room.waiting == 0


def test_as_many_at_once_as_there_are_places():
    room = Room(3)
    assert [room.enter(DUE, stopping=never) for _ in range(3)] == [True] * 3
    assert not room.enter(DUE, stopping=lambda: True)
    room.leave()
    assert room.enter(DUE, stopping=never)
