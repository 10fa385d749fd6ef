"""A new ledger made beside the old one, which it replaces as a whole or not at all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from m365_restrict.errors import ErrorCode, LedgerError
from m365_restrict.ledger.copies import AT_REST, SIDES, file_of, hold, move_aside, of_file, refuse_scheduler
from m365_restrict.ledger.database import Database, open_database
from m365_restrict.ledger.lease import Holder, held_lease
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.schema import metadata

_BEGUN_ANEW = frozenset(
    {
        "runs",
        "lease",
        "findings_since",
        "opaque_mailboxes",
        "approval_evidence",
        "vanished_items",
        "audit_queries",
        "audit_opinions",
        "mail_seen",
        "mail_told",
        "evidence_bodies",
        "evidence_chain",
        "evidence_head",
        "job_runs",
        "job_requests",
        "run_traffic",
        "item_histories",
        "item_history_contents",
        "known_folders",
    }
)
"""Tables that any run fills by itself: a `plan` without a ledger leaves these, and they are no loss."""


@dataclass
class Replacement:
    """The new ledger, while it is filled. `kept` is where the old one is, once it has been replaced."""

    ledger: Ledger
    kept: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Hold:
    """How the lease of the old ledger is held; see `held_lease`."""

    holder: Holder
    seconds: float
    clock: Callable[[], datetime]


@contextmanager
def replacement(url: str, held: Hold, *, may_replace: bool) -> Iterator[Replacement]:
    """An empty ledger to fill; at the end of the block it takes the old one's place, and not if it raises.

    Raises LedgerError (ledger-not-empty) where the old one knows what would be lost, or cannot be looked
    into, and `may_replace` is false; LeaseHeld while a run, a job or the scheduler is at work, at the
    beginning or at the end.
    """
    place = file_of(url)
    fresh = place.with_name(f"{place.name}.rebuilding")
    with of_file(place):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove(fresh)
    try:
        with (
            _old_held(url, place, held, may_replace=may_replace),
            open_ledger(f"sqlite:///{fresh}") as ledger,
        ):
            made = Replacement(ledger)
            yield made
        # Taken again and never given back: no run may begin with the file that goes now.
        hold(url, place, holder=held.holder, seconds=held.seconds, now=held.clock())
        with of_file(place):
            made.kept = move_aside(place, held.clock())
            fresh.replace(place)
    finally:
        _remove(fresh)


@contextmanager
def _old_held(url: str, place: Path, held: Hold, *, may_replace: bool) -> Iterator[None]:
    """The leases of the ledger that goes. One that is not there or cannot be opened has none."""
    old = _opened(url, place, may_replace=may_replace)
    if old is None:
        yield
        return
    try:
        refuse_scheduler(old, held.holder, seconds=held.seconds, now=held.clock())
        with ExitStack() as stack:
            leases = [
                stack.enter_context(
                    held_lease(old, held.holder, seconds=held.seconds, clock=held.clock, name=name)
                )
                for name in AT_REST
            ]
            yield
            for lease in leases:
                lease.check()
    finally:
        old.close()


def _opened(url: str, place: Path, *, may_replace: bool) -> Database | None:
    if not place.exists():
        return None
    try:
        old = open_database(url)
        try:
            known = _known(old)
        except LedgerError:
            old.close()
            raise
    except LedgerError as error:
        if not may_replace:
            message = f"There is a ledger that cannot be looked into. {error.message}"
            raise LedgerError(message, code=ErrorCode.LEDGER_NOT_EMPTY) from error
        return None
    if known and not may_replace:
        old.close()
        message = f"The ledger {place} knows what a rebuilt one would not ({', '.join(known)})."
        raise LedgerError(message, code=ErrorCode.LEDGER_NOT_EMPTY)
    return old


def _known(database: Database) -> tuple[str, ...]:
    """Names of the tables that hold something which would be lost."""
    tables = [one for one in metadata.sorted_tables if one.name not in _BEGUN_ANEW]
    with database.reading() as connection:
        filled = [one.name for one in tables if connection.execute(select(one).limit(1)).first() is not None]
    return tuple(sorted(name.replace("_", " ") for name in filled))


def _remove(fresh: Path) -> None:
    for side in SIDES:
        fresh.with_name(fresh.name + side).unlink(missing_ok=True)
