"""Monthly reports that nobody has signed in time, as findings of `drift` (policy.md 5, part 9)."""

from collections.abc import Iterator, Mapping
from datetime import date

from m365_restrict.ledger.ledger import Ledger
from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.policy.sign_off import Unsigned, signatures, unsigned_months
from m365_restrict.rules.naming import month_and_year
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run

_CODE = FindingCode.REPORT_UNSIGNED
_PREFIX = "report|monthly|"


def note_monthly_report(ledger: Ledger, month: date, *, on: date, run_id: str) -> None:
    """Remember that the report of a month was made. The first one of a month counts."""
    ledger.notices.record(f"{_PREFIX}{month.isoformat()}", on=on, run_id=run_id)


def monthly_reports_made(ledger: Ledger) -> Mapping[date, date]:
    """By the first day of a month, the day on which its report was first made."""
    made = ledger.notices.beginning_with(_PREFIX)
    return {date.fromisoformat(key.removeprefix(_PREFIX)): day for key, day in made.items()}


def unsigned_findings(run: Run, found: Found) -> Iterator[Finding]:
    """One finding for each month that waits for its signature longer than the settings allow."""
    options = run.options
    late = unsigned_months(
        monthly_reports_made(run.ledger),
        signatures(found.register.reviews.items, options.zone),
        today=run.today,
        working_days=options.report.sign_off_days,
        nation=options.profile.nation,
    )
    return (_finding(one) for one in late)


def _finding(one: Unsigned) -> Finding:
    made = "" if one.made_on else " No report was made of it."
    return Finding(
        code=_CODE,
        change_class=ChangeClass.REGISTER,
        severity=Severity.MEDIUM,
        message=f"{_CODE.meaning} It is the report of {month_and_year(one.month)}.{made}",
        key=f"{_PREFIX}{one.month.isoformat()}",
    )
