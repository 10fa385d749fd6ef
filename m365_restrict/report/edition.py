"""Which reports can be asked for: for whom, how often, in which language."""

from enum import StrEnum


class Edition(StrEnum):
    """Whom a report is for. `ICT` alone names the cmdlet that opens a case by hand; `PUBLIC` holds counts."""

    COMPLIANCE = "compliance"
    ICT = "ict"
    BOARD = "board"
    PUBLIC = "public"


class Period(StrEnum):
    """The cadence of a pack (policy.md 5). A RUN covers what one run found."""

    RUN = "run"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    ANNUAL = "annual"


class ReportLanguage(StrEnum):
    """The languages of equal standing."""

    ENGLISH = "en"
    WELSH = "cy"
