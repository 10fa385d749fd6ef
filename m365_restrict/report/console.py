"""Documents for people at a terminal: summary first, detail after, one status line at the end.

Every line is a sentence or a labelled value, so it reads the same through a screen reader, in a
log and on a screen; colour repeats what a mark and a word already say.
"""

import sys
from collections.abc import Iterator
from typing import IO, assert_never

from rich.console import Console
from rich.text import Text

from m365_restrict.errors import ExitCode
from m365_restrict.report.console_lines import (
    drift_lines,
    explain_lines,
    headline,
    plan_lines,
    validate_lines,
)
from m365_restrict.report.documents import (
    Document,
    DriftDocument,
    ExplainDocument,
    Head,
    PlanDocument,
    ValidateDocument,
    is_empty,
)
from m365_restrict.report.plan_summary import is_long, summary_lines
from m365_restrict.report.text import Line, clean, counted, folded
from m365_restrict.report.verb import Verb

_STATUS_STYLES = {ExitCode.IN_STEP: "green", ExitCode.DIFFERENCES: "yellow", ExitCode.PARTIAL: "yellow"}

_MEANINGS = {
    ExitCode.DIFFERENCES: "the tenant differs from the register",
    ExitCode.REFUSED: "something was refused; see above",
    ExitCode.PARTIAL: "some changes were made and some were not; see above",
    ExitCode.UNEXPECTED: "something failed that this program does not know",
    ExitCode.CONFIGURATION: "the settings or permissions are wrong",
    ExitCode.LEASE_HELD: "another run holds the lease",
    ExitCode.SOURCE_INCOMPLETE: "the register could not be read whole",
}

_IN_STEP = {
    Verb.PLAN: "nothing to change",
    Verb.APPLY: "written and read back; Exchange may take 30 minutes or more to act",
    Verb.HEAL: "what was last applied holds again; Exchange may take 30 minutes or more to act",
    Verb.DRIFT: "the decisions hold",
    Verb.EXPLAIN: "explained",
    Verb.VALIDATE: "every case passes its checks",
}


def console_for(stream: IO[str] | None = None) -> Console:
    """A console that never wraps or decorates what is piped, and obeys NO_COLOR and TERM=dumb.

    Printing to a pipe that nobody reads any more raises BrokenPipeError, as on any other stream.
    """
    return _PlainConsole(
        file=stream or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True
    )


class _PlainConsole(Console):
    """Rich ends the process with code 1 where a reader leaves; what a run ends with is not its to say."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def print_document(
    document: Document, console: Console, *, detail: bool = False, width: int | None = None
) -> None:
    """Print a document. The last line is its status and agrees with the exit code.

    A long plan is summed up unless `detail` is wanted; lines are folded at `width` columns, if given.
    """
    for whole in document_lines(document, detail=detail):
        _print_line(whole, console, width)


def _print_line(whole: Line, console: Console, width: int | None) -> None:
    for line in [whole] if width is None else folded(whole, width):
        console.print(Text(f"{'  ' * line.indent}{clean(line.text)}", style=line.style))


def document_lines(document: Document, *, detail: bool = False) -> Iterator[Line]:
    """The lines of a document in the order in which they are read; of a long plan its summary."""
    if isinstance(document, PlanDocument) and is_long(document) and not detail:
        last = [*_ending(document.head), status_line(document)]
        yield from summary_lines(document, first=headline(document), last=last)
        return
    # An error before anything was found out must not read as "no changes".
    if document.head.error is None or not is_empty(document):
        yield from _body(document)
    yield from _head(document.head)
    yield status_line(document)


def status_line(document: Document) -> Line:
    """The status word, the exit code and what they mean, all from the one exit code."""
    code = document.head.exit_code
    meaning = _in_step(document) if code is ExitCode.IN_STEP else _MEANINGS[code]
    if code is ExitCode.DIFFERENCES and isinstance(document, PlanDocument) and document.script is not None:
        meaning = "the script waits for an administrator to run it"
    text = f"Status: {code.status} (exit code {int(code)}): {meaning}."
    return Line(text, f"bold {_STATUS_STYLES.get(code, 'red')}")


def _in_step(document: Document) -> str:
    written = not isinstance(document, PlanDocument) or document.changes
    return _IN_STEP[document.verb] if written else _IN_STEP[Verb.PLAN]


def _body(document: Document) -> Iterator[Line]:
    match document:
        case PlanDocument():
            return plan_lines(document)
        case DriftDocument():
            return drift_lines(document)
        case ExplainDocument():
            return explain_lines(document)
        case ValidateDocument():
            return validate_lines(document)
        case _:
            assert_never(document)


def _head(head: Head) -> Iterator[Line]:
    for one in head.unknown:
        yield Line(f"! unknown: {one.scope}: {one.reason}", "yellow")
    yield from _ending(head)


def _ending(head: Head) -> Iterator[Line]:
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    yield Line(f"Register: {_register(head)}. Run {head.run_id}.")


def _register(head: Head) -> str:
    """How much of the register a run rests on. One that ended early may have read it and used nothing."""
    if head.source.complete:
        version = f", version {head.source.version}" if head.source.version else ""
        return f"{counted(head.source.items, 'item')}, read whole{version}"
    if head.exit_code is ExitCode.SOURCE_INCOMPLETE:
        return "could not be read whole, so nothing is concluded from it"
    if head.error is not None:
        return "nothing is concluded from it, because the run ended early"
    return "not asked"
