import asyncio

import pytest

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.together import all_of, both


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
