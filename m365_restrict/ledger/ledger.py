"""The ledger: one database, opened once per run."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from types import TracebackType
from typing import Self

from m365_restrict.ledger.applied import AppliedRules
from m365_restrict.ledger.audit_memory import AuditMemory
from m365_restrict.ledger.beside_memory import BesideMemory
from m365_restrict.ledger.claims import ImportedRules, OwnershipClaims
from m365_restrict.ledger.database import Database, open_database
from m365_restrict.ledger.deletions import Deletions
from m365_restrict.ledger.deliveries import Deliveries
from m365_restrict.ledger.drafts import DraftedLetters
from m365_restrict.ledger.evidence import Evidence
from m365_restrict.ledger.figures import Figures
from m365_restrict.ledger.findings import FindingsSince
from m365_restrict.ledger.folders import KnownFolders
from m365_restrict.ledger.freezes import Freezes
from m365_restrict.ledger.histories import Histories
from m365_restrict.ledger.job_history import JobHistory
from m365_restrict.ledger.lease import APPLY, Holder, Lease, held_lease, holder_of
from m365_restrict.ledger.lives import CaseLives
from m365_restrict.ledger.mail_seen import MailSeen
from m365_restrict.ledger.mailboxes import OpaqueMailboxes
from m365_restrict.ledger.notices import NoticesSent
from m365_restrict.ledger.openings import Openings
from m365_restrict.ledger.overrides import Overrides
from m365_restrict.ledger.register_memory import RegisterMemory
from m365_restrict.ledger.retirement import Retirements
from m365_restrict.ledger.runs import Runs
from m365_restrict.ledger.tenant_profile import Canaries, TenantAnswers
from m365_restrict.ledger.told import ToldMails
from m365_restrict.ledger.waivers import Waivers
from m365_restrict.ledger.written import WrittenChanges


class Ledger:
    """What this installation remembers between runs. Every failure is a `LedgerError`."""

    def __init__(self, database: Database) -> None:
        """Open the parts on one database; use `open_ledger`."""
        self._database = database
        self.runs = Runs(database)
        self.rules = AppliedRules(database)
        self.register = RegisterMemory(database)
        self.histories = Histories(database)
        self.folders = KnownFolders(database)
        self.findings = FindingsSince(database)
        self.freezes = Freezes(database)
        self.retirements = Retirements(database)
        self.overrides = Overrides(database)
        self.mailboxes = OpaqueMailboxes(database)
        self.told = ToldMails(database)
        self.notices = NoticesSent(database)
        self.lives = CaseLives(database)
        self.deletions = Deletions(database)
        self.drafts = DraftedLetters(database)
        self.deliveries = Deliveries(database)
        self.claims = OwnershipClaims(database)
        self.imports = ImportedRules(database)
        self.waivers = Waivers(database)
        self.openings = Openings(database)
        self.written = WrittenChanges(database)
        self.tenant_answers = TenantAnswers(database)
        self.canaries = Canaries(database)
        self.audit = AuditMemory(database)
        self.beside = BesideMemory(database)
        self.mail_seen = MailSeen(database)
        self.evidence = Evidence(database)
        self.jobs = JobHistory(database)
        self.figures = Figures(database)

    def lease(
        self,
        holder: Holder,
        *,
        seconds: float,
        clock: Callable[[], datetime],
        retiring: bool = False,
        name: str = APPLY,
    ) -> AbstractContextManager[Lease]:
        """A lease of this ledger for a block; see `held_lease`. Whoever writes holds that of `APPLY`.

        Raises Retired where the installation was taken out of use, but for the run that does so (`retiring`).
        """
        if retiring:
            return held_lease(self._database, holder, seconds=seconds, clock=clock, name=name)
        self.retirements.refuse()
        return self._lease_in_use(holder, seconds=seconds, clock=clock, name=name)

    @contextmanager
    def _lease_in_use(
        self, holder: Holder, *, seconds: float, clock: Callable[[], datetime], name: str
    ) -> Iterator[Lease]:
        """The lease, unless the installation was taken out of use just before this run got it."""
        with held_lease(self._database, holder, seconds=seconds, clock=clock, name=name) as taken:
            self.retirements.refuse()
            yield taken

    def lease_holder(self, name: str, *, host: str, seconds: float, now: datetime) -> Holder | None:
        """Who holds a lease; see `holder_of`."""
        return holder_of(self._database, name=name, host=host, seconds=seconds, now=now)

    def together(self) -> AbstractContextManager[None]:
        """Keep everything that is written in a block, or nothing of it; see `Database.together`."""
        return self._database.together()

    def prove_usable(self) -> None:
        """Raise `LedgerError` unless the ledger is whole, writable and has room for a run."""
        self._database.prove_usable()

    def close(self) -> None:
        """Give the database back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_ledger(url: str, *, read_only: bool = False) -> Ledger:
    """Open the ledger at a SQLAlchemy URL such as `sqlite:////var/lib/m365-restrict/ledger.db`.

    See `open_database` for what is created, migrated and refused.
    """
    return Ledger(open_database(url, read_only=read_only))
