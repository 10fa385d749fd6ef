"""Inbox rules over the wire: read back from their mailbox, and judged by what stands when nobody answers."""

from typing import Any

import pytest

from m365_restrict.register.choice import Handling

JUNK, HOLDER = "planning@ash.example", "cllr.b@ash.example"
RULES = "/messageRules"
ONE, TWO = ("a@mail.example",), ("a@mail.example", "b@mail.example")
WRITES = ["POST", "PATCH", "DELETE"]
REPLACES = pytest.mark.behaviour(
    rule_patch="replaces", reason="where PATCH merges, what was not taken is as it was, and nothing is lost"
)
SHORT = {"GRAPH__TIMEOUT_SECONDS": "1", "GRAPH__RETRIES": "1"}


def scene(desk: Any, write: str) -> None:
    """Something to do that needs this method, and no more than one change."""
    desk.cases = [desk.junk("RC-1", addresses=ONE)]
    if write == "POST":
        return
    assert results(desk, desk.plan()) == ["applied"]
    desk.cases = [desk.junk("RC-1", addresses=TWO)] if write == "PATCH" else []


def results(desk: Any, plan: Any) -> list[str]:
    return [result for _, result in desk.carry_out(plan)]


def stands(desk: Any, write: str) -> None:
    """One rule as wanted, or none, never two, and nothing left to do."""
    assert len(desk.inbox_rules(JUNK)) == (write != "DELETE")
    assert desk.in_step()


@pytest.mark.parametrize(
    ("write", "fault"),
    # The others answer with nothing or are read no further, so there is nothing to cut short.
    [
        ("POST", "truncate"),
        *((write, fault) for write in WRITES for fault in ("reset_after_commit", "delay")),
    ],
)
def test_an_answer_that_is_lost_after_the_write_duplicates_nothing(desk: Any, write: str, fault: str) -> None:
    scene(desk, write)
    plan = desk.plan()
    desk.settings = SHORT
    more = {"ms": 2500} if fault == "delay" else {}
    desk.fault(fault, method=write, path_regex=RULES, **more)
    assert results(desk, plan) == ["applied"]
    stands(desk, write)


@pytest.mark.parametrize("write", WRITES)
def test_503_after_the_write_duplicates_nothing(desk: Any, answered_503: Any, write: str) -> None:
    scene(desk, write)
    plan = desk.plan()
    answered_503(lambda method, path, _body: method == write and RULES in path)
    assert results(desk, plan) == ["applied"]
    stands(desk, write)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_was_not_done_has_failed_and_the_next_run_does_it(desk: Any, write: str) -> None:
    scene(desk, write)
    desk.fault("status", status=400, method=write, path_regex=RULES)
    assert results(desk, desk.plan()) == ["failed"]
    assert results(desk, desk.plan()) == ["applied"]
    stands(desk, write)


def test_a_new_rule_is_sent_enabled_with_its_token_and_read_back(desk: Any) -> None:
    scene(desk, "POST")
    plan = desk.plan()
    desk.requests()
    desk.carry_out(plan)
    methods = [one["method"] for one in desk.requests() if RULES in one["path"]]
    assert methods == ["POST", "GET"]
    (rule,) = desk.inbox_rules(JUNK)
    assert rule["isEnabled"] is True
    assert rule["displayName"].endswith("]")


def test_a_new_rule_that_came_back_otherwise_is_removed_at_once(desk: Any) -> None:
    desk.behave(drop_parameter="stopProcessingRules")
    scene(desk, "POST")
    assert results(desk, desk.plan()) == ["failed"]
    assert "removed at once" in desk.recorded[0].reason
    assert desk.inbox_rules(JUNK) == []
    assert desk.applied == {}


@REPLACES
@pytest.mark.parametrize("chosen", [True, False])
def test_a_rule_that_lost_its_senders_in_an_update_does_not_stay(desk: Any, *, chosen: bool) -> None:
    """Without senders it would act on all mail of the mailbox."""
    if chosen:
        desk.choices = [desk.council.choice(Handling.JUNK)]
        desk.carry_out(desk.plan())
        desk.choices = [desk.council.choice(Handling.FOLDER, saved="second")]
    else:
        scene(desk, "PATCH")
    plan = desk.plan()
    desk.behave(drop_parameter="fromAddresses")
    assert results(desk, plan) == ["failed"]
    assert desk.inbox_rules(HOLDER if chosen else JUNK) == []


@REPLACES
def test_a_rule_that_is_left_as_it_came_back_is_remembered_so(desk: Any) -> None:
    scene(desk, "PATCH")
    desk.behave(drop_parameter="stopProcessingRules")
    assert results(desk, desk.plan()) == ["failed"]
    assert "left as it came back" in desk.recorded[0].reason
    ((rule,),) = [one for one in desk.observed().inbox.values() if one]
    assert desk.recorded[0].applied.properties == rule.properties


MERGES = pytest.mark.behaviour(rule_patch="merges", reason="what stayed of the old form is emptied by name")


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(1, marks=REPLACES, id="replaces"),
        pytest.param(2, marks=MERGES, id="merges"),
    ],
)
def test_nothing_stays_of_what_a_councillor_chose_before(desk: Any, sent: int) -> None:
    """That PATCH replaces actions whole is no more than likely (graph.md 1.2)."""
    desk.choices = [desk.council.choice(Handling.JUNK)]
    desk.carry_out(desk.plan())
    desk.choices = [desk.council.choice(Handling.CATEGORY, saved="second")]
    desk.requests()
    assert results(desk, desk.plan()) == ["applied"]
    assert [one["method"] for one in desk.requests() if one["method"] == "PATCH"] == ["PATCH"] * sent
    (rule,) = desk.inbox_rules(HOLDER)
    assert "moveToFolder" not in rule["actions"]
    assert desk.in_step()


@MERGES
def test_what_somebody_added_to_a_rule_goes_where_patch_merges(desk: Any) -> None:
    scene(desk, "PATCH")
    (rule,) = desk.inbox_rules(JUNK)
    added = {
        "actions": {**rule["actions"], "assignCategories": ["Mine"]},
        "exceptions": {"subjectContains": ["tender"]},
    }
    path = f"/me/mailFolders/inbox/messageRules/{rule['id']}"
    body = {"method": "PATCH", "path": path, "body": added}
    assert desk.sandbox.control("POST", f"holder/{JUNK}", body).is_success
    assert results(desk, desk.plan()) == ["applied"]
    (rule,) = desk.inbox_rules(JUNK)
    assert "assignCategories" not in rule["actions"]
    assert not rule.get("exceptions")
    assert desk.in_step()


def test_a_folder_that_a_councillor_chose_is_not_made_unasked(desk: Any) -> None:
    desk.choices = [desk.council.choice(Handling.FOLDER, folder_name="Nowhere")]
    desk.requests()
    assert results(desk, desk.plan()) == ["failed"]
    assert {one["method"] for one in desk.requests() if one["path"].startswith("/v1.0")} == {"GET"}


def test_one_mailbox_that_fails_leaves_the_others_alone(desk: Any) -> None:
    desk.cases = [desk.junk("RC-1")]
    desk.choices = [desk.council.choice(Handling.JUNK)]
    desk.fault("status", status=403, method="POST", path_regex=f"{HOLDER}.*{RULES}")
    assert sorted(results(desk, desk.plan())) == ["applied", "failed"]
    assert (len(desk.inbox_rules(JUNK)), desk.inbox_rules(HOLDER)) == (1, [])


class Naming:
    """Graph shows names for addresses; after a PATCH it shows the old form for `stale` readings."""

    def __init__(self, stale: int) -> None:
        self._stale, self._left, self._last = stale, 0, b""

    def __call__(self, method: str, path: str, _body: bytes, answer: Any) -> tuple[int, bytes]:
        content = answer.content
        if RULES not in path or JUNK not in path:
            return answer.status_code, content
        if method == "PATCH":
            self._left = self._stale
        if method == "GET":
            for address in TWO:
                content = content.replace(f'"{address}"'.encode(), f'"The writer {address[0]}"'.encode())
            if self._left:
                self._left -= 1
                return answer.status_code, self._last
            self._last = content
        return answer.status_code, content


@pytest.mark.parametrize(("stale", "result"), [(1, "applied"), (3, "failed")])
def test_an_old_reading_teaches_nobody_by_which_name_a_new_sender_is_shown(
    desk: Any, put_between: Any, stale: int, result: str
) -> None:
    scene(desk, "PATCH")
    desk.cases = [desk.junk("RC-1", addresses=TWO[1:])]
    put_between(Naming(stale))
    assert results(desk, desk.plan()) == [result]
    remembered = desk.recorded[0].applied
    if result == "applied":
        assert remembered.spellings["conditions.fromAddresses"].names == ("the writer b",)
    else:
        assert "still shows the rule as it stood before" in desk.recorded[0].reason
        assert remembered is None
