import asyncio

import pytest

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.together import all_of, beside, both


async def value(one):
    return one


async def fails():
    raise ServiceError("no")


async def waits(began, ended):
    began.set()
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("cancelled")


def test_results_keep_their_order_and_kind():
    assert asyncio.run(all_of([value(1), value(2)])) == [1, 2]
    assert asyncio.run(both(value(1), value("two"))) == (1, "two")


@pytest.mark.parametrize("gather", [lambda a, b: all_of([a, b]), both])
def test_a_failure_is_raised_as_itself_and_ends_the_other(gather):
    async def _run():
        began, ended = asyncio.Event(), []

        async def _fails_later():
            await began.wait()
            await fails()

        with pytest.raises(ServiceError):
            await gather(waits(began, ended), _fails_later())
        return ended

    assert asyncio.run(_run()) == ["cancelled"]


def test_what_goes_beside_gives_both_results():
    assert asyncio.run(beside(value(1), value("two"))) == (1, "two")


def test_the_first_failing_is_told_though_the_other_failed_before_it():
    async def _fails_last(failed):
        await failed.wait()
        raise ServiceError("the first")

    async def _fails_first(failed):
        failed.set()
        raise ServiceError("the other")

    async def _run():
        failed = asyncio.Event()
        await beside(_fails_last(failed), _fails_first(failed))

    with pytest.raises(ServiceError, match="the first"):
        asyncio.run(_run())


def test_the_other_failing_is_told_once_the_first_has_its_result():
    with pytest.raises(ServiceError):
        asyncio.run(beside(value(1), fails()))


def test_what_goes_beside_ends_with_a_failure_of_the_first():
    async def _run():
        began, ended = asyncio.Event(), []

        async def _fails_later():
            await began.wait()
            await fails()

        with pytest.raises(ServiceError):
            await beside(_fails_later(), waits(began, ended))
        return ended

    assert asyncio.run(_run()) == ["cancelled"]


@pytest.mark.parametrize("first", [asyncio.sleep, value])
def test_what_goes_beside_ends_when_all_is_cancelled(first):
    async def _run():
        began, ended = asyncio.Event(), []
        work = asyncio.ensure_future(
            beside(first(3600 if first is asyncio.sleep else 1), waits(began, ended))
        )
        await began.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        return ended

    assert asyncio.run(_run()) == ["cancelled"]
