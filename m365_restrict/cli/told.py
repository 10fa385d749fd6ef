"""What a run has to tell once it is over."""

from dataclasses import dataclass

from m365_restrict.report.documents import Document
from m365_restrict.report.model import Report


@dataclass(frozen=True, kw_only=True)
class Told:
    """The document of a run. `report` is what it becomes for people, None where nobody asked for a page."""

    document: Document
    report: Report | None = None
