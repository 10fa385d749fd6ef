"""Who lets a plan be applied: an option that a script gives, or the person at the terminal."""

import json
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from m365_restrict.cli.request import Request
from m365_restrict.cli.saved_plan import basis_in, read_saved_plan
from m365_restrict.cli.streams import tell
from m365_restrict.errors import ErrorCode, PlanRefused, RunStopped
from m365_restrict.ledger.runs import Runs
from m365_restrict.plan.basis import Basis, moved_since
from m365_restrict.plan.change import Change, Plan
from m365_restrict.report.privacy import without_addresses

_MOST_REASONS = 6
_MOST_LISTED = 15
_YES = {"y", "yes"}
_TURN_SECONDS = 0.2


def approver(request: Request, runs: Runs) -> Callable[[Plan], bool]:
    """The question that the main path asks once, with the whole plan.

    Raises PlanRefused where the plan is not the one that was approved, or where nobody can be asked; at
    once where a saved plan cannot be used. A plan that was named is compared whatever else is given.
    """
    approved: dict[str, Basis | None] = {}
    if request.saved_plan is not None:
        saved = read_saved_plan(request.saved_plan, made_by=runs.document)
        approved[saved.plan_id] = saved.basis
    if request.plan_id is not None:
        approved.setdefault(request.plan_id, None)

    def _approve(plan: Plan) -> bool:
        for plan_id, basis in approved.items():
            if plan_id != plan.plan_id:
                raise PlanRefused(_moved(plan_id, basis or _remembered(plan_id, runs), plan))
        if approved or request.approve or not plan.allowed:
            return True
        if not sys.stdin.isatty():
            raise PlanRefused(
                f"Plan {plan.plan_id} has {len(plan.allowed)} changes that nobody has approved.",
                code=ErrorCode.APPROVAL_NEEDED,
            )
        return _asked(plan)

    return _approve


def _remembered(plan_id: str, runs: Runs) -> Basis | None:
    document = runs.document_of_plan(plan_id)
    return basis_in(json.loads(document)) if document else None


def _moved(plan_id: str, before: Basis | None, plan: Plan) -> str:
    """Why the plan is not the approved one, piece by piece where it is known what that rested on."""
    text = f"The plan is now {plan.plan_id}, not {plan_id or 'the empty id that was given'}"
    if before is None:
        return f"{text}, and no run in this ledger made a plan with that id."
    reasons = moved_since(before, plan.basis)
    more = len(reasons) - _MOST_REASONS
    told = "; ".join(reasons[:_MOST_REASONS]) + (f"; and {more} more" if more > 0 else "")
    return without_addresses(f"{text}. What has moved since: {told}.")


def _asked(plan: Plan) -> bool:
    for change in plan.allowed[:_MOST_LISTED]:
        tell(_line(change))
    if len(plan.allowed) > _MOST_LISTED:
        more = len(plan.allowed) - _MOST_LISTED
        tell(f"  and {more} more: answer no and read them with `m365-restrict plan --detail`")
    return confirmed(f"Apply these {len(plan.allowed)} changes (plan {plan.plan_id})?")


def confirmed(question: str) -> bool:
    """Ask the person at the terminal. Raises RunStopped where Ctrl-C is the answer."""
    with _interruptible():
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        _await_line()
        return sys.stdin.readline().strip().lower() in _YES


def _await_line() -> None:
    """Wait in short turns: a signal that comes just before a read blocks would not be heard until its end."""
    if sys.platform != "win32":
        while not select.select([sys.stdin], [], [], _TURN_SECONDS)[0]:
            pass


@contextmanager
def _interruptible() -> Iterator[None]:
    """While asyncio runs, Ctrl-C only asks its loop to stop, which does not turn while a line is awaited.

    The loop must not hear of it besides: it would cancel the run while that is already tidying up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wakes = signal.set_wakeup_fd(-1)
    before = signal.signal(signal.SIGINT, _stop_here)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(wakes)


def _stop_here(_number: int, _frame: FrameType | None) -> None:
    raise RunStopped("Ctrl-C at the question stopped the run; nothing was written.")


def _line(change: Change) -> str:
    name = "a councillor's own choice" if change.chosen_by_holder else f"{change.name}: {change.effect}"
    return f"  {change.action.value} {name}"
