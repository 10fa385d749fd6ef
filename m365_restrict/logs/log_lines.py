"""Log lines: one a event, on stderr, with the run they belong to, and without addresses or secrets.

Unless a format is chosen nothing is logged and people see what a run is doing as plain sentences.
"""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TextIO

from m365_restrict.logs.marks import current_marks
from m365_restrict.logs.masking import masked, masked_traceback

_MASK = "********"
_LEAST_SECRET = 6
"""Shorter texts stand in ordinary words, and are no secrets that hold anything."""
_QUIET = ("azure", "msal", "httpcore", "sqlalchemy", "alembic", "uvicorn", "apscheduler")
"""Libraries whose lines say nothing that ours do not, unless something is wrong."""
_MARKS = ("run_id", "verb", "job", "tenant")

_LOG = logging.getLogger("m365_restrict")


class LogFormat(StrEnum):
    """What a line looks like."""

    PLAIN = "plain"
    TEXT = "text"
    JSON = "json"


class LogHandler(logging.StreamHandler[TextIO]):
    """Writes to what stderr is at the moment of writing, and never stops a run for want of a reader."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(formatter)
        self._before = {name: logging.getLogger(name).level for name in ("", *_QUIET)}

    def give_back_levels(self) -> None:
        """Have every logger write as much as before this handler."""
        for name, level in self._before.items():
            logging.getLogger(name).setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A reader that has gone is no failure of the run."""


class LineMaker(logging.Formatter):
    """Makes one line of a record: masked, in UTC, with the marks of its run."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(sorted({one for one in secrets if len(one) >= _LEAST_SECRET}, key=len)[::-1])

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of text."""
        fields = self.fields(record)
        told = (f"{name}={_quoted(value)}" for name, value in fields.items() if name not in _SHOWN)
        parts = [fields["time"], fields["level"], _one_line(fields["message"])]
        return " ".join([*parts, *(one for one in told if not one.endswith("="))])

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """What the line says: its time and level, its words, its run, and what was given beside them."""
        marks = current_marks()
        made: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "message": self.harmless(record.getMessage()),
            "logger": record.name,
            **{name: getattr(marks, name) for name in _MARKS},
        }
        given = getattr(record, "told", {})
        made |= {
            name: self.harmless(value) if isinstance(value, str) else value for name, value in given.items()
        }
        trace = record.exc_text or (
            masked_traceback(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""
        )
        if trace:
            made["traceback"] = self.harmless(trace)
        return made

    def harmless(self, text: str) -> str:
        """The text without addresses and without secrets that the settings hold."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return masked(text)


_SHOWN = frozenset({"time", "level", "message", "logger"})


def _one_line(text: str) -> str:
    """The text without line breaks, and without what a terminal would obey or would reorder."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if text != _one_line(text) or " " in text else text


def begin_logging(log_format: LogFormat, level: str, *, secrets: Iterable[str] = ()) -> None:
    """Write log lines in this format from now on, in place of an earlier one, for the whole process.

    `secrets` are texts that no line may hold. With `plain` nothing is logged.
    """
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, LogHandler)]:
        root.removeHandler(handler)
        handler.give_back_levels()
    if log_format is LogFormat.PLAIN:
        return
    formatter = LineMaker(secrets)
    if log_format is LogFormat.JSON:
        from m365_restrict.logs.json_lines import JsonLineMaker  # noqa: PLC0415 - only where it is asked for

        formatter = JsonLineMaker(secrets)
    root.addHandler(LogHandler(formatter))
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def is_logging() -> bool:
    """Whether lines are written in a format, so that plain sentences would only disturb them."""
    return any(isinstance(one, LogHandler) for one in logging.getLogger().handlers)


def log(message: str, *, level: int = logging.INFO, **told: object) -> None:
    """One event in our own words, with what belongs to it by name; nothing where nothing is logged."""
    if not is_logging():
        return  # or logging itself would print what is worse than a warning
    _LOG.log(level, "%s", message, extra={"told": told})


def log_crash(error: BaseException) -> None:
    """An error that nobody expected, with its traceback."""
    told = {"error_code": "unexpected", "error": type(error).__name__}
    _LOG.error("An error that this program does not know.", exc_info=error, extra={"told": told})
