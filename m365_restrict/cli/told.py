"""What a run has to tell once it is over."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from m365_restrict.report.documents import Document

if TYPE_CHECKING:
    from m365_restrict.report.model import Report  # slow to load, and most runs make none


@dataclass(frozen=True, kw_only=True)
class Told:
    """The document of a run. `report` is what it becomes for people, None where nobody asked for a page."""

    document: Document
    report: "Report | None" = None
