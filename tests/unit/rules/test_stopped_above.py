"""When a rule of the mailbox's owner keeps one of ours from running (graph.md 1.5)."""

from typing import Any

import pytest

from m365_restrict.rules.stopped_above import is_stopped_above


def rule(*senders: str, sequence: int = 5, **more: Any) -> dict[str, Any]:
    named = [{"emailAddress": {"address": one}} for one in senders]
    return {
        "sequence": sequence,
        "isEnabled": True,
        "conditions": {"fromAddresses": named} if named else None,
        "actions": {"moveToFolder": "AAMk", "stopProcessingRules": True},
        **more,
    }


OURS = rule("a@x.example", "b@x.example")


@pytest.mark.parametrize(
    "other",
    [
        rule(sequence=1),
        rule("B@x.example", "a@X.example", sequence=1),
        rule(sequence=1, conditions={"senderContains": ["@X.EXAMPLE"]}),
        rule(
            sequence=1, conditions={"sentToMe": False, "subjectContains": []}, exceptions={"sentToMe": None}
        ),
    ],
    ids=["all mail", "our senders", "their domain", "nothing but empty members"],
)
def test_ours_never_runs(other: dict[str, Any]) -> None:
    assert is_stopped_above(OURS, [other])


@pytest.mark.parametrize(
    "other",
    [
        rule(sequence=9),
        rule(sequence=1, isEnabled=False),
        rule(sequence=1, hasError=True),
        rule(sequence=1, isReadOnly=True),
        rule(sequence=1, actions={"moveToFolder": "AAMk"}),
        rule("a@x.example", sequence=1),
        rule(sequence=1, conditions={"subjectContains": ["BINS"]}),
        rule(sequence=1, conditions={"senderContains": ["@ELSE.EXAMPLE"]}),
        rule(sequence=1, exceptions={"subjectContains": ["BINS"]}),
    ],
    ids=[
        "below", "disabled", "in error", "not shown whole", "goes on", "one of two senders", "some mail",
        "other senders", "not always",
    ],
)  # fmt: skip
def test_ours_may_run(other: dict[str, Any]) -> None:
    assert not is_stopped_above(OURS, [other])
