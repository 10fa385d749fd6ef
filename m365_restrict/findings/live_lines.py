"""How each accepted case that is in force stands in the tenant (contracts.md 3, `live`)."""

from collections.abc import Iterator

from m365_restrict.plan.change import Change, ChangeClass
from m365_restrict.policy.judgement import AcceptedCase
from m365_restrict.register.case import CaseState
from m365_restrict.report.documents import LiveLine, LiveState
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.run_context import Run


def live_lines(run: Run, found: Found, planned: Planned) -> Iterator[LiveLine]:
    """One line for each such case, without those that were refused before any rule of theirs was made.

    A case that somebody has opened by hand is in force by the register, and its rules are missing.
    """
    with_rules = {one.case_reference for one in run.ledger.rules.all()}
    never_made = planned.desired.blocked_cases - with_rules
    decided = [one for one in found.judgement.accepted if one.state is not CaseState.SCHEDULED]
    return (_live_line(one, planned) for one in decided if one.case.reference not in never_made)


def _live_line(one: AcceptedCase, planned: Planned) -> LiveLine:
    case = one.case
    return LiveLine(
        case_ref=case.reference,
        measure=case.protected.measure.value,
        ends_on=case.protected.ends_on,
        next_review_on=one.next_review_on,
        state=_state_of(one, planned),
    )


def _state_of(one: AcceptedCase, planned: Planned) -> LiveState:
    case = one.case
    if not case.protected.measure.acts_on_mail:
        return LiveState.NOT_ON_MAIL
    changes = [
        change
        for change in (*planned.plan.changes, *planned.plan.difference.waived)
        if change.case_reference == case.reference and not change.chosen_by_holder
    ]
    if planned.is_unread(case.reference):
        return LiveState.UNKNOWN
    told = _told_of(case.reference, planned)
    gone = any(_is_missing(change) for change in changes) or ChangeClass.MISSING in told
    if one.state is CaseState.OPENED_BY_HAND or gone:
        return LiveState.MISSING
    if changes or case.reference in planned.desired.blocked_cases or ChangeClass.DRIFTED in told:
        return LiveState.DIFFERS
    return LiveState.IN_STEP


def _is_missing(change: Change) -> bool:
    return change.observed is None and change.change_class in {ChangeClass.PENDING, ChangeClass.MISSING}


def _told_of(case_ref: str, planned: Planned) -> frozenset[ChangeClass]:
    """In which ways rules of the case differ so that no change follows."""
    return frozenset(
        one.change_class
        for one in planned.plan.difference.findings
        if one.case_reference == case_ref and not one.chosen_by_holder
    )
