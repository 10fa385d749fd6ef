"""What a report is asked to be, and what others have found out for it, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from m365_restrict.plan.beside import NotCovered
from m365_restrict.report.edition import Edition, Period, ReportLanguage

DEFAULT_EDITIONS: Mapping[Period, Edition] = {
    Period.RUN: Edition.COMPLIANCE,
    Period.DAILY: Edition.ICT,
    Period.WEEKLY: Edition.COMPLIANCE,
    Period.MONTHLY: Edition.COMPLIANCE,
    Period.QUARTERLY: Edition.BOARD,
    Period.ANNUAL: Edition.PUBLIC,
}
"""Whom the pack of a cadence is for, where nobody says otherwise (policy.md 5)."""


@dataclass(frozen=True, kw_only=True)
class ReportRequest:
    """One report. `day` picks the period that holds it; None is the last one that is over."""

    period: Period = Period.RUN
    edition: Edition | None = None
    language: ReportLanguage = ReportLanguage.ENGLISH
    day: date | None = None

    @property
    def for_whom(self) -> Edition:
        """The edition that was asked for, or the one that the period is usually for."""
        return self.edition or DEFAULT_EDITIONS[self.period]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What was found out apart from the run, and is in no document of it."""

    not_covered: tuple[NotCovered, ...] = ()
    evidence_hash: str = ""
