"""The folder of an inbox rule is asked for once, and again wherever its rule or the time leaves a doubt."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from m365_restrict.cli.app import app

FOLDERS, RULES = "/me/mailFolders", "/me/mailFolders/inbox/messageRules"
TEN_HOURS_LATER, TWO_DAYS_LATER = "2026-11-23T19:00:00Z", "2026-11-25T09:00:00Z"


@pytest.fixture
def chosen(council: Any) -> Any:
    """A councillor with a folder and Junk Email in force, whose folders a run has asked for."""
    cllr = council.councillors[0]
    council.in_force(
        choices=[
            council.choice(cllr, "x@post.example", "Move to folder"),
            council.choice(cllr, "y@post.example", "Junk Email"),
        ]
    )
    council.requests()
    return council


@pytest.fixture
def ledger_file(council: Any) -> Path:
    return Path(council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///"))


def asked(council: Any) -> int:
    """How many folders were asked for since the last look."""
    paths = [one["path"] for one in council.requests()]
    return sum("/mailFolders" in path and "messageRules" not in path for path in paths)


def renew(council: Any, upn: str, name: str) -> str:
    """The owner deletes a folder and makes one of the same name; the id of the new one."""
    known = council.holder(upn, "GET", f"{FOLDERS}?$top=100")["value"]
    old = next(one["id"] for one in known if one["displayName"] == name)
    council.holder(upn, "DELETE", f"{FOLDERS}/{old}")
    made: str = council.holder(upn, "POST", FOLDERS, {"displayName": name})["id"]
    assert made != old
    return made


def move_rule(council: Any, upn: str, sender: str, folder: str) -> None:
    """The owner lets the rule about a sender move mail elsewhere."""
    rule = next(one for one in council.inbox_rules(upn) if sender in str(one["conditions"]))
    actions = {**rule["actions"], "moveToFolder": folder}
    council.holder(upn, "PATCH", f"{RULES}/{rule['id']}", {"actions": actions})


def test_no_folder_is_asked_for_twice(chosen: Any) -> None:
    assert chosen.plan().changes == []
    assert asked(chosen) == 0
    assert chosen.apply().changes == []
    assert asked(chosen) == 0


@pytest.mark.parametrize(("hours", "expected"), [("24", 0), ("0", 2)])
def test_a_setting_says_whether_they_are_remembered(chosen: Any, hours: str, expected: int) -> None:
    chosen.plan(settings={"RULES__FOLDERS_REMEMBERED_HOURS": hours})
    assert asked(chosen) == expected


def test_after_their_time_they_are_asked_for_again_and_remembered_anew(chosen: Any) -> None:
    chosen.clock(TEN_HOURS_LATER)
    chosen.plan()
    assert asked(chosen) == 0
    chosen.clock(TWO_DAYS_LATER)
    chosen.plan()
    assert asked(chosen) == 2
    chosen.plan()
    assert asked(chosen) == 0


@pytest.mark.parametrize("verb", ["drift", "heal", "validate"])
def test_what_proves_or_heals_asks_every_time(chosen: Any, verb: str) -> None:
    chosen.run(verb)
    assert asked(chosen) == 2


def test_a_folder_that_is_gone_is_seen_by_drift_and_then_by_every_run(chosen: Any) -> None:
    cllr = chosen.councillors[0]
    known = chosen.holder(cllr, "GET", f"{FOLDERS}?$top=100")["value"]
    gone = next(one["id"] for one in known if one["displayName"] == "Set aside")
    chosen.holder(cllr, "DELETE", f"{FOLDERS}/{gone}")
    assert chosen.plan().document["choices"] == {"live": 2, "refused": 0}
    chosen.drift()
    assert chosen.plan().document["choices"] == {"live": 1, "refused": 1}
    assert chosen.apply().document["choices"] == {"live": 1, "refused": 1}


def test_a_rule_that_shows_another_folder_is_compared_with_where_the_folder_is_now(chosen: Any) -> None:
    cllr = chosen.councillors[0]
    move_rule(chosen, cllr, "x@post.example", renew(chosen, cllr, "Set aside"))
    chosen.requests()
    assert chosen.plan().changes == []
    assert asked(chosen) == 1
    assert chosen.drift().findings() == []


def test_a_rule_in_another_folder_is_told_as_without_a_memory(chosen: Any) -> None:
    cllr = chosen.councillors[0]
    move_rule(chosen, cllr, "x@post.example", chosen.holder(cllr, "GET", f"{FOLDERS}/archive")["id"])
    with_memory = chosen.plan()
    without = chosen.plan(settings={"RULES__FOLDERS_REMEMBERED_HOURS": "0"})
    assert (with_memory.exit_code, with_memory.changes) == (without.exit_code, without.changes)


def test_a_rule_that_is_to_be_written_goes_into_the_folder_as_it_is_found_now(chosen: Any) -> None:
    cllr = chosen.councillors[0]
    folder = renew(chosen, cllr, "Set aside")
    chosen.add(by=cllr, title="Councillor mail choices", Title="z@post.example", Handling="Move to folder")
    chosen.requests()
    planned = chosen.plan()
    assert asked(chosen) == 1
    assert "create" in [one["action"] for one in planned.changes]
    chosen.apply()
    made = next(one for one in chosen.inbox_rules(cllr) if "z@post.example" in str(one["conditions"]))
    assert made["actions"]["moveToFolder"] == folder


def test_a_rule_that_was_deleted_by_another_is_healed_into_the_folder_of_today(council: Any) -> None:
    council.in_force(
        council.case(
            "RC-1", Measure="Junk in named mailboxes", Scope="Named mailboxes or services",
            ScopeMailboxes="planning@ash.example",
        )
    )  # fmt: skip
    council.requests()
    (rule,) = council.inbox_rules("planning@ash.example")
    council.holder("planning@ash.example", "DELETE", f"{RULES}/{rule['id']}")
    assert [one["action"] for one in council.apply().changes] == ["create"]
    assert asked(council) == 1


def test_a_mailbox_that_does_not_answer_is_asked_about_its_folders_as_ever(chosen: Any) -> None:
    chosen.fault("status", status=403, times=50, path_regex="(?i)mailFolders")
    done = chosen.plan()
    assert done.document["unknown"]
    assert asked(chosen) == 2


def test_a_folder_of_a_choice_that_ended_is_forgotten(chosen: Any, ledger_file: Path) -> None:
    chosen.delete(1, by=chosen.councillors[0], title="Councillor mail choices")
    chosen.apply()
    chosen.plan()
    with closing(sqlite3.connect(ledger_file)) as ledger:
        assert ledger.execute("SELECT count(*) FROM known_folders").fetchone() == (1,)


def test_a_run_that_remembered_can_be_performed_again(chosen: Any, ledger_file: Path) -> None:
    run_id = chosen.plan().document["run_id"]
    done = CliRunner().invoke(app, ["replay", run_id, "--ledger", str(ledger_file), "--json"], env={})
    assert json.loads(done.stdout)["same"], done.stdout
