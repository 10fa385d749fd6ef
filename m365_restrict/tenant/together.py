"""Several requests at once, all or none, and what is reckoned while they are under way."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")


async def all_of(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in order. The first failure cancels the rest and is raised as itself, not in a group.

    How many really run at once is the semaphore's affair, which every request passes.
    """
    tasks: list[asyncio.Task[T]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks += [group.create_task(coroutine) for coroutine in coroutines]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


async def both(first: Coroutine[Any, Any, S], second: Coroutine[Any, Any, T]) -> tuple[S, T]:
    """Two requests of different kinds at once, as `all_of`."""
    one: list[S] = []
    other: list[T] = []

    async def _first() -> None:
        one.append(await first)

    async def _second() -> None:
        other.append(await second)

    await all_of([_first(), _second()])
    return one[0], other[0]


async def beside(first: Coroutine[Any, Any, S], second: Coroutine[Any, Any, T]) -> tuple[S, T]:
    """The first and, in the time in which it waits, the second.

    What is told of failures is as if they came one after the other: where the first fails, its failure is
    raised and the second is cancelled, whatever had become of it.
    """
    other = asyncio.create_task(second)
    try:
        found = await first
    except BaseException:
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        raise
    return found, await other


async def meanwhile(reckon: Callable[[], T]) -> T:
    """The result of what takes a while to reckon. Meanwhile answers are taken and requests sent.

    It runs in another thread: what it reads, nobody may change, and it touches no ledger.
    """
    return await asyncio.to_thread(reckon)
