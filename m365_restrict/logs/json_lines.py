"""Log lines as JSON objects, one a line."""

import logging
from collections.abc import Iterable

from pythonjsonlogger.json import JsonFormatter

from m365_restrict.logs.log_lines import LineMaker


class JsonLineMaker(LineMaker):
    """The fields of a line as one JSON object; what JSON cannot say is said as text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__(secrets)
        self._writer = JsonFormatter(json_ensure_ascii=False)

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return self._writer.jsonify_log_record(self.fields(record))
