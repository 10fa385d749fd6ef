"""Who lets a plan be applied: an option that a script gives, or the person at the terminal."""

import sys
from collections.abc import Callable

from m365_restrict.cli.request import Request
from m365_restrict.errors import ErrorCode, PlanRefused
from m365_restrict.plan.change import Change, Plan

_YES = {"y", "yes"}


def approver(request: Request) -> Callable[[Plan], bool]:
    """The question that the main path asks once, with the whole plan.

    Raises PlanRefused where the plan is not the one that was approved, or where nobody can be asked.
    """

    def _approve(plan: Plan) -> bool:
        if request.plan_id:
            if request.plan_id != plan.plan_id:
                message = f"The plan is now {plan.plan_id}, not {request.plan_id}: something has moved since."
                raise PlanRefused(message)
            return True
        if request.approve or not plan.allowed:
            return True
        if not sys.stdin.isatty():
            raise PlanRefused(
                f"Plan {plan.plan_id} has {len(plan.allowed)} changes that nobody has approved.",
                code=ErrorCode.APPROVAL_NEEDED,
            )
        return _asked(plan)

    return _approve


def _asked(plan: Plan) -> bool:
    for change in plan.allowed:
        print(_line(change), file=sys.stderr)
    print(f"Apply these {len(plan.allowed)} changes (plan {plan.plan_id})? [y/N] ", end="", file=sys.stderr)
    return sys.stdin.readline().strip().lower() in _YES


def _line(change: Change) -> str:
    name = "a councillor's own choice" if change.chosen_by_holder else f"{change.name}: {change.effect}"
    return f"  {change.action.value} {name}"
