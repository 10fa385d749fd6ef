"""A sign of life after each job, to a watcher outside: where none comes, the watcher alarms.

Sent is that a job has worked, or that it has failed; of anything between, and of a computer that is off, the
watcher learns by silence. The addresses are secrets, so nothing here is logged or raised with one.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from m365_restrict.errors import ExitCode
from m365_restrict.logs.log_lines import log
from m365_restrict.schedule.jobs import Job
from m365_restrict.tenant.connection import trust_of

_TIMEOUT = httpx.Timeout(5.0, connect=3.0)
_ATTEMPTS, _PAUSE_SECONDS = 3, 0.5
_WORKED = frozenset({ExitCode.IN_STEP, ExitCode.DIFFERENCES})
_FAILED = frozenset({ExitCode.UNEXPECTED, ExitCode.CONFIGURATION, ExitCode.SOURCE_INCOMPLETE})
_BUSY = frozenset({429, 500, 502, 503, 504})
_SECRET: ContextVar[bool] = ContextVar("secret", default=False)


class _NotNow(Exception):
    """The watcher is busy or down."""


def report_job(
    job: Job,
    exit_code: int,
    urls: Iterable[str],
    *,
    run_id: str = "",
    ca_file: Path | None = None,
) -> int:
    """Tell every watcher how a job ended; how many could not be told. Never raises, and never takes long.

    Nothing is sent where a job was refused, partial or held back by another run (exit 3, 4, 6): it has
    neither worked nor failed, and where it stays so the watcher's own time runs out.
    """
    if exit_code not in _WORKED | _FAILED:
        return 0
    failed = exit_code in _FAILED
    body = f"{job.value} ended with exit code {exit_code}, run {run_id or 'unknown'}\n"
    untold = 0
    for number, url in enumerate(urls, start=1):
        try:
            _send(address_of(url, job, failed=failed), body, ca_file)
        except (httpx.HTTPError, httpx.InvalidURL, _NotNow, OSError, ValueError) as error:
            # The error's own words may hold the address.
            reason = str(error) if isinstance(error, _NotNow) else type(error).__name__
            log(
                "The watcher could not be told of the job.",
                level=logging.WARNING,
                watcher=number,
                reason=reason,
            )
            untold += 1
    return untold


def address_of(url: str, job: Job, *, failed: bool) -> str:
    """The address for a job; `/fail` follows the path where it failed."""
    parts = urlsplit(url.replace("{job}", job.value))
    if failed:
        parts = parts._replace(path=f"{parts.path.rstrip('/')}/fail")
    return urlunsplit(parts)


def _send(url: str, body: str, ca_file: Path | None) -> None:
    with _unlogged(), httpx.Client(verify=trust_of(ca_file), timeout=_TIMEOUT) as client:
        for attempt in Retrying(
            retry=retry_if_exception_type((httpx.TransportError, _NotNow)),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_fixed(_PAUSE_SECONDS),
            reraise=True,
        ):
            with attempt:
                status = client.post(url, content=body).status_code
                if status in _BUSY:
                    raise _NotNow(f"HTTP {status}")
        if not httpx.codes.is_success(status):
            raise _NotNow(f"HTTP {status}")


@contextmanager
def _unlogged() -> Iterator[None]:
    """Httpx names each address at level info. Of this thread alone: others may ask something else."""
    logging.getLogger("httpx").addFilter(_is_to_be_logged)  # one filter, however often it is added
    token = _SECRET.set(True)
    try:
        yield
    finally:
        _SECRET.reset(token)


def _is_to_be_logged(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or not _SECRET.get()
