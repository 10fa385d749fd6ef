"""Whose a finding is, and by when it is to be done (policy.md 5, part 4)."""

from dataclasses import dataclass
from datetime import date

from m365_restrict.plan.change import ChangeClass, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.policy.profile import Nation
from m365_restrict.policy.working_days import add_working_days
from m365_restrict.report.documents import FindingLine
from m365_restrict.steps.options import ReportOptions

CASE_OWNER = "Case owner"
"""The officer whom the item names: the report names nobody."""

_OF_WAIVERS = frozenset({FindingCode.WAIVER_ENDED, FindingCode.WAIVER_NO_LONGER_FITS})
_OF_REPORTS = frozenset({FindingCode.REPORT_UNSIGNED})
_OF_ICT = frozenset({FindingCode.JOB_SILENT})
_OF_THE_REGISTER = frozenset({ChangeClass.REGISTER, ChangeClass.HOLDERS_CHOICE})


@dataclass(frozen=True, kw_only=True)
class Duties:
    """Who owns what in this council. `owned_cases` are references of cases that name an owner."""

    options: ReportOptions
    nation: Nation
    owned_cases: frozenset[str]

    def owner(self, line: FindingLine) -> str:
        """The role, or the title, that is to act: ICT in the tenant, the case owner in the register."""
        if line.waived is not None:
            return line.waived.owner
        if line.code in _OF_WAIVERS | _OF_REPORTS:
            return self.options.information_asset_owner
        if line.class_ in _OF_THE_REGISTER and line.code not in _OF_ICT:
            return self.of_case(line.case_ref)
        return self.options.ict

    def of_case(self, case_ref: str | None) -> str:
        """Who looks after a case in the register."""
        return CASE_OWNER if case_ref in self.owned_cases else self.options.governance

    def due(self, line: FindingLine, *, since: date) -> date | None:
        """The last day in time, counted from the local day on which it was first seen."""
        if line.waived is not None:
            return line.waived.until
        days = self.options.due_days.get(Severity(line.severity))
        return None if days is None else add_working_days(since, days, self.nation)
