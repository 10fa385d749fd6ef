"""Posting to a Teams channel through a workflow that takes web requests (graph.md 7).

Graph cannot: ChannelMessage.Send is delegated only, and Office 365 connectors are retired. The address of a
workflow holds its own key, so it is in no message and in no log.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import httpx

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.connection import build_http_client, retry_after_seconds
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.patience import Patience, TryAgain

LARGEST_CARD = 28_000
"""Bytes of one post. The limit of 28 KB is that of the connectors before (graph.md 7): kept as a safe one."""

_TIMEOUT_SECONDS = 20.0
_DEADLINE_SECONDS = 60.0
_ATTEMPTS = 4
_NOT_NOW = frozenset({429, 503})
_UNTOLD: ContextVar[bool] = ContextVar("_UNTOLD", default=False)


class WorkflowPoster:
    """Posts cards. 202 says that the workflow took one, not that it stands in the channel."""

    def __init__(self, *, ca_file: Path | None, in_flight: InFlight) -> None:
        """`ca_file` is trusted alone where given; `in_flight` is the run's own."""
        self._ca_file = ca_file
        self._patience = Patience(deadline_seconds=_DEADLINE_SECONDS, attempts=_ATTEMPTS, in_flight=in_flight)

    async def post(self, url: str, body: Mapping[str, object]) -> None:
        """Post one message. Raises ServiceError, whose words do not hold the address.

        Tried again is what was certainly not taken: no connection, 429, 503. After any other failure the
        card may stand in the channel, and the caller decides whether a later run posts it again.
        """
        async with build_http_client(ca_file=self._ca_file, timeout_seconds=_TIMEOUT_SECONDS) as client:
            with _address_untold():
                await self._patience.try_until_done(lambda: _post_once(client, url, body))


async def _post_once(client: httpx.AsyncClient, url: str, body: Mapping[str, object]) -> None:
    try:
        answer = await client.post(url, json=body)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise TryAgain(_failure("could not be reached", error), broken=True) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _failure("did not answer", error) from error
    if answer.is_success:
        return
    failure = ServiceError(
        f"The Teams workflow answered {answer.status_code}.",
        status=answer.status_code,
        advice="See that the workflow exists, has an owner and is turned on, and that its address is whole.",
    )
    if answer.status_code in _NOT_NOW:
        raise TryAgain(failure, retry_after_seconds(answer.headers.get("Retry-After")))
    raise failure


def _failure(what: str, error: Exception) -> ServiceError:
    return ServiceError(f"The Teams workflow {what} ({type(error).__name__}).")


class _Untold(logging.Filter):
    """Leaves out what httpx says of requests whose address is a secret."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 (the filter's own signature)
        return not _UNTOLD.get()


@contextmanager
def _address_untold() -> Iterator[None]:
    logger, silence = logging.getLogger("httpx"), _Untold()
    logger.addFilter(silence)
    before = _UNTOLD.set(True)
    try:
        yield
    finally:
        _UNTOLD.reset(before)
        logger.removeFilter(silence)
