"""One run's time for all that is read beside the rules."""

import asyncio

import pytest

from m365_restrict.tenant.shared_wait import Part, SharedWait


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_what_one_part_leaves_is_shared_by_those_after_it_and_the_sum_is_never_more(clock):
    wait = SharedWait(20, clock=clock)
    taken = []
    for part, needs in zip(Part, [9, 1, 99, 99], strict=True):
        share = wait.left(part)
        clock.now += min(share, needs)
        taken.append(min(share, needs))
    assert taken == [5, 1, 7, 7]
    assert clock.now == 120
    assert not any(wait.left(part) for part in (None, *Part))


def test_a_part_that_does_not_ask_leaves_all_to_the_others(clock):
    assert SharedWait(20, clock=clock).left(Part.CONTACTS) == 20


def test_time_begins_with_the_first_question(clock):
    wait = SharedWait(8, clock=clock)
    clock.now += 1000
    assert wait.left(Part.CHANGES) == 2
    clock.now += 1.5
    assert (wait.left(Part.CHANGES), wait.left(None)) == (0.5, 6.5)
    clock.now += 100
    assert (wait.left(Part.CHANGES), wait.left(Part.MAIL), wait.left(None)) == (0, 0, 0)


@pytest.mark.parametrize(("seconds", "found"), [(30, "there"), (0, "late")])
def test_an_answer_in_time_or_late(seconds, found):
    async def run():
        async def ask():
            await asyncio.sleep(0)
            return "there"

        return await SharedWait(seconds).answer(Part.MAIL, ask, late="late")

    assert asyncio.run(run()) == found


def test_an_answer_that_never_comes_is_late():
    async def run():
        return await SharedWait(0.05).answer(None, asyncio.Event().wait, late="late")

    assert asyncio.run(run()) == "late"


@pytest.mark.parametrize(("seconds", "looked"), [(600, 2), (0.1, 1)])
def test_looking_ends_with_what_is_looked_for_or_with_the_time(seconds, looked):
    async def run():
        seen = []

        async def look():
            seen.append(1)
            return len(seen)

        return await SharedWait(seconds).ended(Part.CHANGES, look, has_ended=lambda found: found == 2)

    assert asyncio.run(run()) == looked
