"""The daily evidence job: prove the ledger, deliver the reports that are due, copy it, hand its head out."""

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from m365_restrict.cli.evidence import EvidenceRequest, run_verify
from m365_restrict.cli.ledger_copies import write_backup
from m365_restrict.cli.report import ReportOrder, run_report
from m365_restrict.cli.streams import tell
from m365_restrict.errors import ExitCode, first_of
from m365_restrict.ledger.lease import APPLY
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.report.edition import Period
from m365_restrict.reporting.periods import period_covered
from m365_restrict.reporting.request import ReportRequest
from m365_restrict.schedule.jobs import Job
from settings.clock import build_clock
from settings.model import Settings
from settings.tenant_options import delivery_options

_COPY = "ledger-{at:%Y%m%dT%H%M%SZ}.db"
_COPIES = "ledger-????????T??????Z.db"
_NOT_PROVED = frozenset({ExitCode.DIFFERENCES, ExitCode.PARTIAL})
"""What `verify-ledger` ends with where something is not as it was left, or it cannot be told."""
_LOOK_AGAIN_SECONDS = 2.0


def evidence_of_day(settings: Settings | None, env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Do all of it, whatever a part comes to; the exit code that weighs most.

    A report that finds something differing is delivered all the same, and is no failure of this job. A
    ledger that could not be proved is one: it counts as exit 1, so that nobody takes the job for done.
    """
    if settings is None:
        return run_verify("", EvidenceRequest(env_file=env_file), environ)
    kept = _kept_head(settings.schedule.head_file)
    _wait_for_writers(settings)
    proved = run_verify(kept, EvidenceRequest(env_file=env_file), environ)
    codes = [int(ExitCode.UNEXPECTED) if proved in _NOT_PROVED else proved]
    for period in _due_periods(settings):
        tell(f"The report '{period.value}' is due.")
        order = ReportOrder(request=ReportRequest(period=period), env_file=env_file, deliver=True)
        codes.append(run_report(order, environ))
    codes += _copied(settings, env_file, environ)
    if proved == ExitCode.IN_STEP:
        codes.append(_head_handed_out(settings))
    else:
        # Else tomorrow's proof would begin from a head that today's did not hold for.
        tell(
            "The ledger could not be proved, so the hash of its chain is not handed out and this job has "
            "failed. What was found: m365-restrict verify-ledger"
        )
    _forget_old_runs(settings)
    return int(first_of(*(ExitCode(code) for code in codes)))


def _wait_for_writers(settings: Settings) -> None:
    """Let a run that writes end first: in mid-run it cannot be told whether a table is as it was left."""
    with open_ledger(settings.ledger.url, read_only=True) as ledger:

        def _at_work() -> bool:
            host, now = socket.gethostname(), datetime.now(UTC)
            return ledger.lease_holder(APPLY, host=host, seconds=settings.lease.seconds, now=now) is not None

        Retrying(
            retry=retry_if_result(bool),
            stop=stop_after_delay(settings.schedule.wait_minutes * 60),
            wait=wait_fixed(_LOOK_AGAIN_SECONDS),
            retry_error_callback=lambda _: None,
        )(_at_work)


def _due_periods(settings: Settings) -> Iterator[Period]:
    """Those that somebody gets and that have ended since this job last did its work."""
    options = delivery_options(settings)
    zone = settings.lists.zone
    today = build_clock(settings).now().astimezone(zone).date()
    before = _worked_before(settings)
    last = before.astimezone(zone).date() if before else today - timedelta(days=1)
    begins = settings.reports.year_begins
    for period in Period:
        wanted = options.library or options.for_period(period, None)
        if wanted and (period is Period.RUN or _ended_since(period, last, today, begins)):
            yield period


def _worked_before(settings: Settings) -> datetime | None:
    """When this job last did its work; by a sandbox's clock, which jobs do not go by, its last report."""
    with open_ledger(settings.ledger.url) as ledger:
        before = ledger.jobs.last_success(Job.EVIDENCE, by=datetime.now(UTC))
        if before is None or not settings.clock.url:
            return before
        return next((one.started_at for one in ledger.runs.latest(verb="report", limit=1)), None)


def _ended_since(period: Period, last: date, today: date, year_begins: int) -> bool:
    def covered(day: date) -> date:
        return period_covered(period, today=day, year_begins=year_begins).first

    return covered(today) != covered(last)


def _copied(settings: Settings, env_file: Path | None, environ: Mapping[str, str]) -> Iterator[int]:
    """A copy in the folder that the settings name; the oldest beyond the number that is kept go."""
    folder = settings.schedule.backup_folder
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        tell(f"The folder for copies, {folder}, cannot be used: {error.strerror}.")
        yield int(ExitCode.UNEXPECTED)
        return
    code = write_backup(folder / _COPY.format(at=datetime.now(UTC)), env_file, environ)
    yield code
    if code == ExitCode.IN_STEP:
        for old in sorted(folder.glob(_COPIES))[: -settings.schedule.backup_copies]:
            with contextlib.suppress(OSError):
                old.unlink()


def _kept_head(file: Path | None) -> str:
    """The hash that was handed out last, "" where none was."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n") if file else []
    except OSError:
        return ""
    return next((line.split()[-1] for line in reversed(lines) if line.strip()), "")


def _head_handed_out(settings: Settings) -> int:
    """Add the head to the file, where one is named."""
    with open_ledger(settings.ledger.url, read_only=True) as ledger:
        entries, head = ledger.evidence.head_entry()
    if not head:
        return int(ExitCode.IN_STEP)
    tell(f"The chain has {entries} entries and ends in {head}")
    file = settings.schedule.head_file
    if file is None:
        return int(ExitCode.IN_STEP)
    try:
        made = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o640)
        with os.fdopen(made, "a", encoding="utf-8") as opened:
            opened.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {entries} {head}\n")
    except OSError as error:
        tell(f"The hash could not be added to {file}: {error.strerror}.")
        return int(ExitCode.UNEXPECTED)
    return int(ExitCode.IN_STEP)


def _forget_old_runs(settings: Settings) -> None:
    with open_ledger(settings.ledger.url) as ledger:
        ledger.jobs.prune(before=datetime.now(UTC) - timedelta(days=settings.schedule.keep_days))
