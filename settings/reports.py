"""Whom reports name as owners, and by when they ask for something."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from m365_restrict.plan.change import Severity
from m365_restrict.steps.options import ReportOptions

_MONTHS = 12
_WorkingDays = Annotated[int, Field(ge=0, le=60)]


class ReportSettings(BaseModel):
    """Reports and packs (docs/reports.md). Owners are titles, never a person's name or address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ict: str = Field(default="ICT", min_length=1)
    """Who puts rules right in the tenant. Default "ICT"."""
    governance: str = Field(default="Governance officer", min_length=1)
    """Who puts the register right where a case names no owner. Default "Governance officer"."""
    information_asset_owner: str = Field(default="Information Asset Owner", min_length=1)
    """Who signs the monthly report and answers for waivers. Default "Information Asset Owner"."""
    due_critical_days: _WorkingDays = 0
    """Working days in which a critical finding is to be put right; 0 is the same day. Default 0."""
    due_high_days: _WorkingDays = 2
    """The same for a high finding. Default 2."""
    due_medium_days: _WorkingDays = 10
    """The same for a medium finding; low ones have no day. Default 10."""
    sign_off_days: _WorkingDays = 10
    """Working days after a month in which its report is to be signed. Default 10."""
    year_begins: int = Field(default=4, ge=1, le=_MONTHS)
    """Month in which the council's year begins, for the quarterly and annual reports. Default 4."""
    welsh_checked_by: str = ""
    """Who checked the Welsh wording of reports. Until then Welsh pages say that nobody has. Default none."""
    welsh_checked_on: date | None = None
    """The day on which it was checked. Default none."""

    @field_validator("ict", "governance", "information_asset_owner")
    @classmethod
    def _title(cls, value: str) -> str:
        if "@" in value:
            raise ValueError("it must be a title, because reports name nobody")
        return value.strip()

    def options(self, applications: tuple[tuple[str, str], ...]) -> ReportOptions:
        """The same as plain values. `applications` are the client ids by role."""
        return ReportOptions(
            ict=self.ict,
            governance=self.governance,
            information_asset_owner=self.information_asset_owner,
            due_days={
                Severity.CRITICAL: self.due_critical_days,
                Severity.HIGH: self.due_high_days,
                Severity.MEDIUM: self.due_medium_days,
                Severity.LOW: None,
            },
            sign_off_days=self.sign_off_days,
            year_begins=self.year_begins,
            applications=applications,
            welsh_checked_by=self.welsh_checked_by,
            welsh_checked_on=self.welsh_checked_on,
        )
