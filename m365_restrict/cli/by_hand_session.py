"""What the verbs by hand work with: the ledger, and of the tenant only what each may hold."""

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from m365_restrict.cli.documented import run_start
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import tell
from m365_restrict.errors import ExitCode, RestrictError
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.plan.change import Plan
from m365_restrict.report.documents import Head
from m365_restrict.report.json_text import AnyDocument, to_json
from m365_restrict.report.verb import Verb
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.session import open_readers, open_writers
from settings.choices import EnforceWith
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import run_options
from settings.tenant_options import tenant_options

DocumentT = TypeVar("DocumentT", bound=AnyDocument)
Approve: TypeAlias = Callable[[Plan], bool]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What every one of these verbs is given: the settings, and where the answer goes."""

    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


class Session:
    """One verb at work: the settings, the ledger, and what it opens of the tenant, closed together."""

    def __init__(self, settings: Settings, ledger: Ledger, start: RunStart, stack: AsyncExitStack) -> None:
        self.settings, self.ledger, self.start = settings, ledger, start
        self.clock = build_clock(settings)
        self.writing: Writing | None = None
        self.stopping = Stopping()
        self._stack = stack

    @property
    def by_script(self) -> bool:
        """Whether nothing here holds a write grant."""
        return self.settings.enforce_with is EnforceWith.SCRIPT

    @property
    def today(self) -> date:
        """The council's calendar day."""
        return self.start.started_at.astimezone(self.settings.lists.zone).date()

    def head(self, exit_code: ExitCode = ExitCode.IN_STEP) -> Head:
        """What the document begins with."""
        return Head(
            run_id=self.start.run_id,
            started_at=self.start.started_at,
            finished_at=self.clock.now(),
            exit_code=exit_code,
        )

    async def readers_only(self) -> Run:
        """A run that holds nothing that writes."""
        tenant = tenant_options(self.settings)
        readers = await self._stack.enter_async_context(open_readers(tenant))
        return Run(
            verb=Verb.PLAN,
            run_id=self.start.run_id,
            now=self.start.started_at,
            options=run_options(self.settings),
            readers=readers,
            ledger=self.ledger,
            progress=tell,
        )

    async def with_writing(self, approve: Approve, *, retiring: bool = False) -> Run:
        """A run under the lease; `writing` is None where nothing here may write. Raises LeaseHeld.

        Only the run that takes the installation out of use is `retiring`; any other then raises Retired.
        """
        start = self.start
        lease = self._stack.enter_context(
            self.ledger.lease(
                Holder(holder=start.run_id, host=start.host, pid=start.pid),
                seconds=self.settings.lease.seconds,
                clock=lambda: datetime.now(UTC),
                retiring=retiring,
            )
        )
        run = await self.readers_only()
        if not self.by_script:
            tenant = tenant_options(self.settings)
            self.writing = Writing(
                open_writers=lambda: self.stopping.between_items(open_writers(tenant, run.readers.in_flight)),
                approve=approve,
                lease=lease,
                stopping=self.stopping.asked,
            )
        return run


async def in_session(
    verb: str,
    run_id: str,
    given: tuple[Asked, Mapping[str, str]],
    work: Callable[[Session], Coroutine[Any, Any, DocumentT]],
) -> DocumentT:
    """Do the work, and have the ledger remember that it was done and how it ended."""
    asked, environ = given
    settings = load_settings(environ, asked.env_file)
    now = build_clock(settings).now()
    with open_ledger(settings.ledger.url) as ledger:
        ledger.prove_usable()
        start = run_start(run_id, verb, now)
        ledger.runs.begin(start)
        try:
            async with AsyncExitStack() as stack:
                session = Session(settings, ledger, start, stack)
                document = await session.stopping.told(work(session))
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=now, exit_code=error.exit_code))
            raise
        head = document.head
        end = RunEnd(
            finished_at=head.finished_at,
            exit_code=head.exit_code,
            source_version=head.source.version,
            document=to_json(document),
        )
        ledger.runs.finish(run_id, end)
        return document
