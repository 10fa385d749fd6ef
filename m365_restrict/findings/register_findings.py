"""What stands in the way in the register itself: approved cases that are refused, and guards that fire."""

from collections.abc import Iterator

from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import GuardCode
from m365_restrict.policy.codes import CheckCode, WarningCode
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Blocks
from m365_restrict.steps.found import Found, Planned

_UNTOLD = frozenset({CheckCode.NOTICE_MISSING, CheckCode.NOTICE_LATE})


def register_findings(found: Found, planned: Planned) -> Iterator[Finding]:
    """A refused case leaves staff unprotected (Y0-8) and an overdue review is one: both are high.

    A guard leaves all of them waiting, and a rule without a notice is the failure that must not be
    (policy.md 5): both are critical.
    """
    enforced = {change.case_reference for change in planned.plan.changes if change.observed}
    for guard in planned.plan.guards:
        if guard.code is GuardCode.OUTSIDE_CHANGE_WINDOW:
            continue  # It says what the hour is, not that something is wrong.
        yield Finding(
            code=guard.code,
            change_class=ChangeClass.REGISTER,
            severity=Severity.CRITICAL,
            message=guard.message,
        )
    for refusal in found.judgement.refused:
        untold = refusal.code in _UNTOLD and refusal.case_ref in enforced
        yield Finding(
            code=refusal.code,
            change_class=ChangeClass.REGISTER,
            severity=Severity.CRITICAL if untold else Severity.HIGH,
            message=refusal.message,
            case_reference=refusal.case_ref,
        )
    for warning in found.judgement.warnings:
        if warning.code is WarningCode.REVIEW_OVERDUE:
            yield Finding(
                code=warning.code,
                change_class=ChangeClass.REGISTER,
                severity=Severity.HIGH,
                message=warning.message,
                case_reference=warning.case_ref,
            )
    for problem in planned.desired.problems:
        blocks = problem.blocks is Blocks.CASE
        if blocks or problem.code is RuleCode.SENDER_IN_DIRECTORY:
            yield Finding(
                code=problem.code,
                change_class=ChangeClass.REGISTER,
                severity=Severity.HIGH if blocks else Severity.MEDIUM,
                message=problem.message,
                case_reference=problem.case_reference,
            )
