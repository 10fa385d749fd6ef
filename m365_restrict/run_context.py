"""One run of the main path: the verb, the moment, and everything that it works with."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime

from m365_restrict.ledger.lease import Lease
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.options import RunOptions
from m365_restrict.plan.change import Plan
from m365_restrict.report.documents import Verb
from m365_restrict.tenant.session import TenantReaders, TenantWriters


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What apply and heal hold beside the readers. `approve` is asked once, with the whole plan."""

    open_writers: Callable[[], AbstractAsyncContextManager[TenantWriters]]
    approve: Callable[[Plan], bool]
    lease: Lease


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run works with.

    `now` is the one instant by which it decides. `writing` is None for verbs that only read.
    `progress` tells a person what is being done; it never gets an address or a name.
    """

    verb: Verb
    run_id: str
    now: datetime
    options: RunOptions
    readers: TenantReaders
    ledger: Ledger
    progress: Callable[[str], None]
    writing: Writing | None = None

    @property
    def today(self) -> date:
        """The council's calendar day."""
        return self.now.astimezone(self.options.zone).date()
