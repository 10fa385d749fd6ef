"""How every document of a verb by hand ends: what could not be read, the error, the status."""

from collections.abc import Iterator

from m365_restrict.report.documents import Head
from m365_restrict.report.text import Line


def ending_lines(head: Head) -> Iterator[Line]:
    """The last lines; the status agrees with the exit code."""
    for one in head.unknown:
        yield Line(f"? {one.scope}: {one.reason}", "yellow")
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")
