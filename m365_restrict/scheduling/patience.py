"""Waiting for something that may not answer, such as a database, without holding the loop up."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TypeVar

Answer = TypeVar("Answer")

_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 10.0


class Stopped(Exception):
    """It is to stop, and what is waited for does not answer."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """`beat` is called once a second while it waits; `stopping` says whether the loop is to stop."""

    beat: Callable[[], None]
    stopping: Callable[[], bool]

    def wait(self, call: Callable[[], Answer], *, when_stopping: Callable[[], None] = lambda: None) -> Answer:
        """What `call` returns or raises, which is called on a thread of its own.

        Where the loop is to stop, `when_stopping` is called once, and ten seconds later it raises `Stopped`
        and leaves the call to itself.
        """
        answer: Future[Answer] = Future()
        threading.Thread(target=_answered, args=(answer, call), name="ledger", daemon=True).start()
        left = _GRACE_SECONDS
        asked = False
        while not wait([answer], timeout=_LOOK_SECONDS).done:
            self.beat()
            if self.stopping():
                if not asked:
                    when_stopping()
                    asked = True
                left -= _LOOK_SECONDS
                if left <= 0:
                    raise Stopped
        return answer.result()


def _answered(answer: "Future[Answer]", call: Callable[[], Answer]) -> None:
    try:
        answer.set_result(call())
    except BaseException as error:
        answer.set_exception(error)
