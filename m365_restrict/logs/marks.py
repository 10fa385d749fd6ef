"""What is known of a run wherever it is at work: its id, its verb, and how many requests it has made.

A context variable and not an argument: log lines come from libraries, and requests leave from clients, that
know nothing of runs. Every run has its own, also where several are at work in one process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

_THROTTLED = 429


@dataclass
class Traffic:
    """The requests to Graph and Exchange so far, repeated ones included; how many were told to wait."""

    requests: int = 0
    throttled: int = 0

    def sent(self) -> None:
        """One more request leaves."""
        self.requests += 1

    def answered(self, status: int) -> None:
        """One came back with this HTTP status."""
        self.throttled += status == _THROTTLED


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a log line says of where it comes from; "" where there is none of it."""

    run_id: str = ""
    verb: str = ""
    tenant: str = ""
    job: str = ""
    traffic: Traffic = field(default_factory=Traffic)


_MARKS: ContextVar[Marks | None] = ContextVar("marks", default=None)


def current_marks() -> Marks:
    """The marks of the run that is at work here; empty ones outside any run."""
    return _MARKS.get() or Marks()


@contextmanager
def marked(
    *, run_id: str | None = None, verb: str | None = None, tenant: str | None = None, job: str | None = None
) -> Iterator[Marks]:
    """Work under these marks; those that are not named stay. A new run id begins a new count of requests."""
    before = current_marks()
    marks = Marks(
        run_id=before.run_id if run_id is None else run_id,
        verb=before.verb if verb is None else verb,
        tenant=before.tenant if tenant is None else tenant,
        job=before.job if job is None else job,
        traffic=before.traffic if run_id is None else Traffic(),
    )
    token = _MARKS.set(marks)
    try:
        yield marks
    finally:
        _MARKS.reset(token)
