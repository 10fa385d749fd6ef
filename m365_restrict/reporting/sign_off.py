"""Part 9: the sign-off of the monthly report, as the reviews list has it."""

from collections.abc import Mapping
from datetime import date

from m365_restrict.policy.sign_off import Signature, sign_off_due
from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.model import PeriodCovered, SignOff
from m365_restrict.report.privacy import without_addresses
from m365_restrict.report.said import Month, Said
from m365_restrict.reporting.periods import is_over
from m365_restrict.steps.options import RunOptions

_STATEMENT = (
    "I have read the report for %(month)s. Each finding has an owner and a day, each exception has a reason, "
    "and what could not be checked is known to me."
)


def sign_off_of(
    period: PeriodCovered,
    edition: Edition,
    signed: Mapping[date, Signature],
    *,
    today: date,
    options: RunOptions,
) -> SignOff | None:
    """The sign-off of a whole month for compliance; None for every other report."""
    if period.kind is not Period.MONTHLY or edition is not Edition.COMPLIANCE or not is_over(period, today):
        return None
    found = signed.get(period.first)
    nation, days = options.profile.nation, options.report.sign_off_days
    return SignOff(
        statement=Said(_STATEMENT, month=Month(period.first)),
        due=sign_off_due(period.first, working_days=days, nation=nation),
        signed_by=without_addresses(found.signed_by) if found else "",
        signed_on=found.signed_on if found else None,
        comments=without_addresses(found.comments) if found else "",
    )
