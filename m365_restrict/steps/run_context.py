"""One run of the main path: the verb, the moment, and everything that it works with."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from m365_restrict.ledger.lease import Lease
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.plan.change import Plan
from m365_restrict.report.verb import Verb
from m365_restrict.steps.options import RunOptions
from m365_restrict.tenant.session import TenantReaders, TenantWriters


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What apply and heal hold beside the readers. `approve` is asked once, with the whole plan.

    `stopping` names the signal that asked the run to stop, or is "".
    """

    open_writers: Callable[[], AbstractAsyncContextManager[TenantWriters]]
    approve: Callable[[Plan], bool]
    lease: Lease
    stopping: Callable[[], str] = lambda: ""


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """Where a script for an administrator goes. It is never a writer.

    `save` writes a file whole or not at all, readable by its owner alone, and raises OSError. `file` is
    None for one named after the plan in the folder of the settings. `approval` says how the plan was
    approved.
    """

    save: Callable[[Path, str], None]
    file: Path | None
    approval: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run works with.

    `now` is the one instant by which it decides. `writing` is None for verbs that only read.
    `progress` tells a person what is being done; it never gets an address or a name. With `hand_over`
    an approved plan becomes a script, and no writer is opened. `may_follow_up` is asked once nothing that
    follows changes the document: whether letters are drafted and people told.
    """

    verb: Verb
    run_id: str
    now: datetime
    options: RunOptions
    readers: TenantReaders
    ledger: Ledger
    progress: Callable[[str], None]
    writing: Writing | None = None
    hand_over: HandOver | None = None
    may_follow_up: Callable[[], bool] = lambda: True

    @property
    def is_stopping(self) -> bool:
        """Whether a signal has asked a run that writes to stop after the item at hand."""
        return self.writing is not None and bool(self.writing.stopping())

    @property
    def today(self) -> date:
        """The council's calendar day."""
        return self.now.astimezone(self.options.zone).date()
