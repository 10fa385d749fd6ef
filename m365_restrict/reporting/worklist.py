"""The weekly worklist of governance: what is due about which case, as `reviews` finds it."""

from m365_restrict.life.due import tasks_due
from m365_restrict.life.reading import Lives
from m365_restrict.report.model import DueTask
from m365_restrict.report.privacy import without_addresses
from m365_restrict.report.worklist import TaskLine, in_order, task_line
from m365_restrict.reporting.duties import Duties


def due_tasks(lives: Lives, duties: Duties) -> tuple[DueTask, ...]:
    """Overdue first. Where `reviews` names the owner's address, a report names the role."""
    lines = in_order(task_line(task, duties.of_case(task.case_ref or None)) for task in tasks_due(lives))
    return tuple(_due_task(line) for line in lines)


def _due_task(line: TaskLine) -> DueTask:
    return DueTask(
        kind=line.kind.value,
        urgency=line.urgency.value,
        case_ref=line.case_ref,
        owner=line.owner,
        due=line.due_on,
        message=line.message.with_texts(without_addresses),
        action=line.action,
    )
