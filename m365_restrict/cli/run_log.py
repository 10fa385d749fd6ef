"""The log of one run, where lines are asked for: that it began, what went wrong, how it ended."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from m365_restrict.cli.streams import tell
from m365_restrict.errors import ExitCode
from m365_restrict.logs.log_lines import LogFormat, begin_logging, is_logging, log, log_crash
from m365_restrict.logs.marks import marked
from m365_restrict.logs.masking import masked_logs, masked_traceback
from m365_restrict.report.documents import Head

_SET_IN_A_FILE = "_LOG__FORMAT"
_SHARED = "_shared.env"
_WELL = frozenset({ExitCode.IN_STEP, ExitCode.DIFFERENCES})


@contextmanager
def logged_run(run_id: str, verb: str) -> Iterator[Callable[[Head], None]]:
    """Mark and mask everything in this block as one run's; call what it gives with how the run ended."""
    began = time.monotonic()

    with marked(run_id=run_id, verb=verb) as marks, masked_logs():
        log("The run begins.")

        def _ended(head: Head) -> None:
            error = head.error
            log(
                "The run has ended." if error is None else error.message,
                level=logging.INFO if head.exit_code in _WELL else logging.ERROR,
                exit_code=int(head.exit_code),
                status=head.exit_code.status,
                seconds=round(time.monotonic() - began, 3),
                requests=marks.traffic.requests,
                throttled=marks.traffic.throttled,
                error_code=error.code if error else "",
            )

        yield _ended


def crashed(error: BaseException) -> None:
    """Tell whoever reads stderr of an error that nobody expected."""
    if is_logging():
        log_crash(error)
    else:
        tell(masked_traceback(error).rstrip())


def begin_log(env_file: Path | None, environ: Mapping[str, str]) -> None:
    """Begin logging as LOG__FORMAT and LOG__LEVEL say, in the environment or the file, before anything else.

    What cannot be used is left to whoever reads the settings, who says so.
    """
    if not any(_is_set(source) for source in (*environ, *_texts(env_file))):
        begin_logging(LogFormat.PLAIN, "info")
        return
    from settings.log import log_choice  # loads the settings, which most runs do when they need them

    choice = log_choice(environ, env_file)
    begin_logging(choice.format, choice.level, secrets=choice.secrets)


def _is_set(text: str) -> bool:
    return _SET_IN_A_FILE in text.upper()


def _texts(env_file: Path | None) -> Iterator[str]:
    if env_file is None:
        return
    for file in (env_file, env_file.parent / _SHARED):
        try:
            yield file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue
