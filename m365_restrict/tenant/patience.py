"""Trying again: when it may help, how long it waits, when it is given up (exchange.md 1.9, graph.md 5, 9).

What may be tried again is the callers' decision; a creation is, only where it certainly did not begin.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_before_delay

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.in_flight import InFlight

T = TypeVar("T")

_LONGEST_OWN_WAIT = 30.0
_ATTEMPTS_WHERE_BROKEN = 3


class TryAgain(Exception):
    """Another attempt may help; `after` is the service's Retry-After in seconds, if it named one.

    `busy` where the service works and only wants fewer requests: then it is worth the whole deadline.
    `broken` where it is not even known whether the service is down: then two more attempts are enough.
    """

    def __init__(
        self, failure: ServiceError, after: float | None = None, *, busy: bool = False, broken: bool = False
    ) -> None:
        """`failure` is what is raised in the end if no attempt helps."""
        super().__init__(str(failure))
        self.failure = failure
        self.after = after
        self.busy = busy
        self.broken = broken


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long one request is worth trying.

    `deadline_seconds` bounds it with all its attempts and waits, and `in_flight` knows the run's own
    deadline. `attempts` bounds it where a service that is down says nothing of when to come back.
    """

    deadline_seconds: float
    attempts: int
    in_flight: InFlight

    async def try_until_done(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer of the first attempt that does not end in `TryAgain`; else the last failure."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TryAgain), stop=self._should_stop, wait=_wait, reraise=True
        )
        try:
            async for attempt in retrying:
                with attempt:
                    answer = await ask()
        except TryAgain as gave_up:
            raise self._explained(gave_up) from gave_up.failure.__cause__ or gave_up
        return answer

    def _should_stop(self, state: RetryCallState) -> bool:
        """Whether the wait would end after a deadline, or the service neither works nor says when it will."""
        if stop_before_delay(self.deadline_seconds)(state):
            return True
        error = _error_of(state)
        says_when = error is not None and (error.busy or error.after is not None)
        broken = error is not None and error.broken
        attempts = min(self.attempts, _ATTEMPTS_WHERE_BROKEN) if broken else self.attempts
        if state.attempt_number >= attempts and not says_when:
            return True
        return not self.in_flight.allows_wait(state.upcoming_sleep)

    def _explained(self, gave_up: TryAgain) -> ServiceError:
        """The failure, and that the service asked for a longer wait than there is time for."""
        failure = gave_up.failure
        if not gave_up.after:
            return failure
        return ServiceError(
            f"{failure.message} It asks to be left alone for {gave_up.after:.0f} seconds, which is longer "
            "than this run still waits.",
            status=failure.status,
            service_code=failure.service_code,
            code=failure.code,
            advice=failure.advice,
        )


def _error_of(state: RetryCallState) -> TryAgain | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, TryAgain) else None


def _wait(state: RetryCallState) -> float:
    """Never shorter than Retry-After, which does not shorten our own waits of 1, 2, 4 … 30 seconds either.

    A first Retry-After is taken as it is, 0 included.
    """
    error = _error_of(state)
    own = min(2.0 ** (state.attempt_number - 1), _LONGEST_OWN_WAIT)
    if error is None or error.after is None:
        return own
    return error.after if state.attempt_number == 1 else max(error.after, own)
