"""What stands in the way in the register itself: approved cases that are refused, and guards that fire."""

from collections.abc import Iterator

from m365_restrict.found import Found, Planned
from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.rules.compilation import Blocks


def register_findings(found: Found, planned: Planned) -> Iterator[Finding]:
    """A refused case leaves staff unprotected (Y0-8), a guard leaves all of them waiting: both are high."""
    for guard in planned.plan.guards:
        yield Finding(
            code=guard.code,
            change_class=ChangeClass.REGISTER,
            severity=Severity.CRITICAL,
            message=guard.message,
        )
    for refusal in found.judgement.refused:
        yield Finding(
            code=refusal.code,
            change_class=ChangeClass.REGISTER,
            severity=Severity.HIGH,
            message=refusal.message,
            case_reference=refusal.case_ref,
        )
    for problem in planned.desired.problems:
        if problem.blocks is Blocks.CASE:
            yield Finding(
                code=problem.code,
                change_class=ChangeClass.REGISTER,
                severity=Severity.HIGH,
                message=problem.message,
                case_reference=problem.case_reference,
            )
