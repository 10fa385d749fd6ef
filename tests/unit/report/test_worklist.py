from datetime import UTC, date, datetime

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.policy.life import Task, TaskKind, Urgency
from m365_restrict.report.documents import Failure, Head
from m365_restrict.report.text import plain
from m365_restrict.report.worklist import (
    FrontlineLine,
    NoticeLine,
    WorklistDocument,
    in_order,
    task_line,
    worklist_lines,
)

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
FACTS = {
    "ends_on": date(2027, 3, 28), "due_on": date(2027, 3, 7), "decided_on": date(2027, 3, 1),
    "opened_on": date(2027, 2, 1), "outcome": "Keep", "review_kind": "Appeal",
    "places": ("one list", "another"),
}  # fmt: skip


def task(kind: TaskKind = TaskKind.REVIEW_DUE, **more: object) -> Task:
    fields = {
        "kind": kind, "case_ref": "RC-1", "item_id": "1", "urgency": Urgency.DUE, "due_on": date(2027, 3, 7),
        "facts": FACTS,
    }  # fmt: skip
    return Task(**{**fields, **more})


@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_kind_of_task_has_words_with_its_facts_filled_in(kind):
    line = task_line(task(kind), "officer@ash.example")
    assert line.message
    assert line.action
    assert "{" not in line.message + line.action


def test_the_most_pressing_comes_first():
    lines = in_order(
        task_line(task(urgency=urgency, due_on=day), "")
        for urgency, day in [
            (Urgency.WAITING, date(2027, 1, 1)),
            (Urgency.DUE, date(2027, 3, 9)),
            (Urgency.DUE, None),
            (Urgency.OVERDUE, date(2027, 3, 1)),
        ]
    )
    assert [(one.urgency.value, one.due_on and one.due_on.day) for one in lines] == [
        ("overdue", 1),
        ("due", 9),
        ("due", None),
        ("waiting", 1),
    ]


def text_of(**more: object) -> str:
    head = Head(run_id="run-1", started_at=NOW, finished_at=NOW, exit_code=ExitCode.DIFFERENCES)
    return plain(worklist_lines(WorklistDocument(head=head, **more)))


@pytest.mark.requirement("W-7")
def test_the_text_is_by_owner_and_ends_in_the_status():
    text = text_of(
        tasks=(task_line(task(urgency=Urgency.OVERDUE), "officer@ash.example"), task_line(task(), "")),
        frontline=(
            FrontlineLine(
                case_ref="RC-1", has_single_contact=True, single_contact="contact@ash.example",
                ways_open=("Post",), until=date(2027, 3, 28),
            ),
        ),
        closed=("RC-2",),
    )  # fmt: skip
    lines = text.splitlines()
    assert lines[0] == "1 task overdue, 1 task due, no tasks waiting; 1 case in force."
    assert "For officer@ash.example" in lines
    assert "For cases without an owner" in lines
    assert "  RC-1: single contact contact@ash.example until 28 March 2027; open: Post." in lines
    assert lines[-1] == "Status: differences (exit code 2): something is overdue; see above."


def test_a_mail_that_was_not_sent_is_said_once_for_each_reason():
    notice = NoticeLine(
        kind="ending", role="case owner", case_ref="RC-1", sent=False, reason="No sender is set."
    )
    text = text_of(notices=(notice, notice))
    assert "no mails sent, 2 mails not sent." in text
    assert text.count("No sender is set.") == 1


def test_a_run_that_failed_early_gives_no_good_news():
    failure = Failure(code="settings-invalid", message="It is not set.", advice="Set it.")
    head = Head(run_id="r1", started_at=NOW, finished_at=NOW, exit_code=ExitCode.CONFIGURATION, error=failure)
    text = plain(worklist_lines(WorklistDocument(head=head)))
    assert text.startswith("! error settings-invalid: It is not set.")
