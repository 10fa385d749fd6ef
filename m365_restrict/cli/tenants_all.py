"""A verb for every council: each runs as it would alone, and one document tells what became of all."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from m365_restrict.cli.process_memory import FOR_A_RUN, let_go, load_once, share_one_heap
from m365_restrict.cli.run_id import run_id_of
from m365_restrict.cli.run_log import begin_log
from m365_restrict.cli.streams import hand_over, tell, write_text
from m365_restrict.cli.tenants_claim import in_own_order, slot_to_claim
from m365_restrict.cli.tenants_run import Bounds, Councils, Ended, leave_at_once
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import ConfigurationError, ErrorCode, ExitCode, RestrictError
from m365_restrict.logs.log_lines import begin_logging
from m365_restrict.report.documents import Failure, Head
from m365_restrict.report.failure import failure_of
from m365_restrict.report.json_text import to_json
from m365_restrict.report.tenants_document import (
    ELSEWHERE,
    TenantLine,
    TenantsDocument,
    exit_code_of,
    status_of,
    summary_of,
    tenants_lines,
    without_names,
)
from m365_restrict.report.text import plain
from settings.load import SHARED_FILE
from settings.log import log_choice
from settings.model import Settings
from settings.tenants_folder import TenantsFolder, find_folder, shard_of

Act = Callable[[Mapping[str, Any]], object]
"""A verb with its options by name. What it ends with, it raises as `typer.Exit`."""
_LOADED_BY: Mapping[str, Sequence[str]] = {"status": ()}
"""What is loaded for verbs that do not read the tenant."""
_NOTHING_HERE = "Another run does it or has done it, or there is nothing to do today."


@dataclass(frozen=True, kw_only=True)
class ForAll:
    """One verb for every council of a folder.

    `options` are the verb's own; `per_council` makes of them those of one council. `documents` is the
    folder that each council's own document goes to; `output` and `file` are where this one goes.
    """

    command: str
    act: Act
    options: Mapping[str, Any]
    per_council: Callable[[Mapping[str, Any], str], Mapping[str, Any]]
    tenants: Path | None = None
    shard: str | None = None
    claim: bool = False
    documents: Path | None = None
    output: str = "text"
    file: Path | None = None


def run_for_all(order: ForAll, environ: Mapping[str, str]) -> int:
    """Run the verb for every council and tell what came of it; 0, 2, 4, or 5 where no council was run."""
    started = datetime.now(UTC)
    given_up = False
    share_one_heap()
    try:
        folder = find_folder(order.tenants, environ)
        lines, stopped_by, given_up = _served(order, folder, environ)
        code, error = exit_code_of(lines), None
        if stopped_by:
            code, error = ExitCode.PARTIAL, _stopped(stopped_by)
    except RestrictError as failed:
        lines, code, error = (), failed.exit_code, failure_of(failed)
    head = Head(
        run_id=run_id_of(started),
        started_at=started,
        finished_at=datetime.now(UTC),
        exit_code=code,
        error=error,
    )
    document = TenantsDocument(head=head, command=order.command, tenants=lines)
    exit_code = hand_over(lambda: write_tenants(document, order.output, order.file), code)
    if given_up:
        leave_at_once(exit_code)
    return exit_code


def write_tenants(document: TenantsDocument, output: str, file: Path | None) -> None:
    """To the file, whole or not at all, or to stdout."""
    text = to_json(document) if output == "json" else plain(tenants_lines(document))
    if file is None:
        write_text(text)
    else:
        write_whole(file, text)


def failed_line(name: str, failure: Failure, exit_code: int, *, run_id: str = "") -> TenantLine:
    """A council whose run did not come to its end. No address is told: others see the lines of all."""
    failure = without_names(failure)
    return TenantLine(
        name=name,
        status=status_of(exit_code),
        exit_code=exit_code,
        run_id=run_id,
        summary=failure.message,
        error=failure,
    )


def _served(
    order: ForAll, folder: TenantsFolder, environ: Mapping[str, str]
) -> tuple[tuple[TenantLine, ...], str, bool]:
    """A line for each council of this worker; the signal that stopped them; whether one was given up."""
    shard = shard_of(order.shard, folder.options, environ)
    checked = folder.checked(environ)
    begin_log_of_all(folder, environ)
    mine = {one.name: one for one in folder.tenants if shard.holds(one.name)}
    lines: dict[str, TenantLine] = {}
    for name in mine:
        problem = checked[name]
        if isinstance(problem, ConfigurationError):
            lines[name] = failed_line(name, failure_of(problem), problem.exit_code)
            tell(f"{name}: {lines[name].summary}")
    sound = [name for name in mine if isinstance(checked[name], Settings)]

    def _act(name: str) -> int:
        settings = checked[name]
        options = {**order.options, "env_file": mine[name].file}
        if order.claim and isinstance(settings, Settings):
            options["due"] = slot_to_claim(order.options["name"], settings)
            if options["due"] is None:
                return ExitCode.IN_STEP
            options["due"] = options["due"].isoformat()
        load_once(_LOADED_BY.get(order.command, FOR_A_RUN))
        try:
            return _exit_code(order.act, order.per_council(options, name))
        finally:
            let_go()

    def _ended(one: Ended) -> None:
        line = lines[one.name] = _told(order, one)
        one.voice.documents.clear()
        tell(f"{one.name}: {line.status.replace('_', ' ')}. {line.summary}")

    options = folder.options
    councils = Councils(
        act=_act, bounds=Bounds(at_once=options.at_once, deadline=options.deadline), ended=_ended
    )
    ended = councils.run(in_own_order(sound) if order.claim else sound) if sound else []
    for one in ended:
        if one.name not in lines:
            lines[one.name] = _line(one, order.command)
    return (
        tuple(lines[name] for name in sorted(lines)),
        councils.stopped_by,
        any(one.given_up for one in ended),
    )


def begin_log_of_all(folder: TenantsFolder, environ: Mapping[str, str]) -> None:
    """Lines of all councils go to one place, where none may hold a secret of any of them."""
    choices = [log_choice(environ, one.file) for one in folder.tenants]
    first = log_choice(environ, folder.path / SHARED_FILE)
    begin_logging(first.format, first.level, secrets=(secret for one in choices for secret in one.secrets))


def _exit_code(act: Act, options: Mapping[str, Any]) -> int:
    try:
        act(options)
    except typer.Exit as ended:
        return ended.exit_code if ended.exit_code in set(ExitCode) else ExitCode.UNEXPECTED
    except typer.BadParameter as error:
        raise ConfigurationError(error.format_message()) from error
    return 0


def _told(order: ForAll, ended: Ended) -> TenantLine:
    """The line of a council that has ended, once its document is where it is wanted."""
    line = _line(ended, order.command)
    text = ended.voice.result.getvalue()
    ended.voice.result.close()
    if order.documents is None or not text:
        return line
    file = order.documents / f"{ended.name}.{'json' if text.startswith('{') else 'txt'}"
    try:
        write_whole(file, text)
    except OSError as error:
        message = f"Its document could not be written to {file}: {error.strerror}."
        failure = Failure(code=ErrorCode.UNEXPECTED.value, message=message, advice="Name another --folder.")
        return failed_line(ended.name, failure, ExitCode.UNEXPECTED, run_id=line.run_id)
    return replace(line, document=str(file))


def _line(ended: Ended, command: str) -> TenantLine:
    document = ended.voice.documents[-1] if ended.voice.documents else None
    head = document.head if document is not None else None
    failure = ended.failure or (head.error if head is not None else None)
    run_id = head.run_id if head is not None else ""
    if ended.failure is not None:
        return failed_line(ended.name, ended.failure, ended.exit_code, run_id=run_id)
    if command == "job" and document is None and ended.exit_code == ExitCode.IN_STEP:
        return TenantLine(name=ended.name, status=ELSEWHERE, exit_code=0, summary=_NOTHING_HERE)
    return TenantLine(
        name=ended.name,
        status=status_of(ended.exit_code),
        exit_code=ended.exit_code,
        run_id=run_id,
        summary=summary_of(document, ended.exit_code),
        error=without_names(failure) if failure is not None else None,
    )


def _stopped(why: str) -> Failure:
    code = ErrorCode.STOPPED
    message = f"{why} stopped the run. Councils whose run had not begun are left to the next one."
    return Failure(code=code.value, message=message, advice=code.advice)


def run_one(act: Act, options: Mapping[str, Any], name: str, tenants: Path | None) -> None:
    """Run a verb for one council of a folder, whose settings nothing of another council reaches."""
    try:
        folder = find_folder(tenants, os.environ)
        tenant = folder.one(name)
        problem = folder.checked(os.environ)[name]
        if isinstance(problem, ConfigurationError):
            raise problem
    except RestrictError as error:
        tell(f"{error.message}\n{error.advice}")
        raise typer.Exit(int(error.exit_code)) from error
    begin_log(tenant.file, os.environ)
    act({**options, "env_file": tenant.file})
