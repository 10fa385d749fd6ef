"""A ledger that is lost with every copy, and made anew from what the tenant holds."""

import contextlib
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from m365_restrict.cli.app import app
from m365_restrict.cli.life import LifeRequest, run_reviews
from m365_restrict.ledger.lease import SCHEDULE, Holder
from m365_restrict.ledger.ledger import open_ledger

OFFICER, DIRECTOR, CHOICES = "officer@ash.example", "director@ash.example", "Councillor mail choices"
SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "ledger-rebuild.json"
PARKS, PLANNING = "parks@ash.example", "planning@ash.example"
JUNK = {
    "Measure": "Junk in named mailboxes",
    "Scope": "Named mailboxes or services",
    "ScopeMailboxes": PARKS,
}
MAIL = {"NOTIFY__SENDER": "contact@ash.example", "NOTIFY__MONITORING_OFFICER": "monitoring@ash.example"}


def ledger_of(council: Any) -> Path:
    return Path(council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///"))


def lose(council: Any) -> None:
    for path in ledger_of(council).parent.glob("ledger.db*"):
        path.unlink()
    council.requests()


def rebuild(council: Any, *arguments: str, **settings: str) -> Any:
    """The verb as the command line runs it; nothing may have been written to the tenant."""
    changed = {f"M365_RESTRICT_{name}": value for name, value in settings.items()}
    done = CliRunner().invoke(
        app,
        ["ledger", "rebuild", *arguments, "--json"],
        env={**council.sandbox.env, **changed},
        catch_exceptions=False,
    )
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert document["exit_code"] == done.exit_code
    assert council.writes() == []
    return document


def found(document: Any) -> list[tuple[str | None, str]]:
    return sorted(((one["case_ref"], one["found"]) for one in document["rules"]), key=str)


def sent(council: Any) -> list[str]:
    return [one["path"] for one in council.requests() if one["path"].endswith("/sendMail")]


def reviews(council: Any) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return run_reviews(LifeRequest(output="json"), council.sandbox.env)


@pytest.fixture
def told(council: Any) -> Any:
    """Cases, a choice, a proposal and a case that lacks something, in step; everybody has been told."""
    holder = council.councillors[0]
    proposal = council.case("RC-8")
    proposal["versions"] = proposal["versions"][:1]
    council.plant(
        council.case("RC-1", CaseOwner=OFFICER, NextReviewOn="2026-11-10"),
        council.case("RC-2", **JUNK),
        council.case("RC-7", CaseOwner=OFFICER, EqualityConsideredOn=None),
        proposal,
        choices=[council.choice(holder, "x@post.example", "Junk Email")],
        settings=MAIL,
    )
    assert council.apply().exit_code == 0
    reviews(council)
    council.clock("2026-11-24T09:00:00Z")
    assert len(sent(council)) >= 5
    return council


def test_what_is_as_decided_is_known_again_and_nobody_is_told_twice(told: Any) -> None:
    lose(told)
    document = rebuild(told)
    assert (document["exit_code"], document["kept"]) == (0, "")
    assert found(document) == [("RC-1", "taken_over"), ("RC-2", "taken_over"), (None, "taken_over")]
    assert document["told"]["still_due"] == 0
    assert document["mailboxes"] >= len(told.councillors)
    planned, drift = told.plan(), told.drift()
    assert (planned.exit_code, planned.changes) == (0, [])
    assert drift.findings("pending", "drifted", "both", "missing", "orphan", "holders_choice") == []
    told.requests()
    assert told.apply().exit_code == 0
    reviews(told)
    assert sent(told) == []
    # What is new is told.
    told.edit(3, by=OFFICER, EndsOn="2027-02-01")
    told.delete(1, by=told.councillors[0], title=CHOICES)
    assert told.apply().exit_code == 0
    assert len(sent(told)) == 1


def test_a_state_that_no_run_has_seen_is_still_told(told: Any) -> None:
    told.edit(1, by=told.councillors[0], title=CHOICES, Handling="Category only")
    told.edit(3, by=OFFICER, LesserMeasuresConsidered=None, WarningGivenOn=None)
    lose(told)
    assert rebuild(told)["told"]["still_due"] == 2
    assert told.apply().exit_code == 0
    assert len(sent(told)) == 2


def test_a_rule_that_was_tampered_with_is_reported_and_put_right(council: Any) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.cmdlet("Set-TransportRule", Identity="RC-1 Redirect to single contact", From=["x@else.example"])
    lose(council)
    document = rebuild(council)
    assert (document["exit_code"], found(document)) == (2, [("RC-1", "differs"), ("RC-2", "taken_over")])
    (finding,) = council.drift().findings("drifted", "both", "missing", "orphan")
    assert (finding["class"], finding["case_ref"]) == ("both", "RC-1")
    assert council.apply().exit_code == 0
    assert council.plan().changes == []


def test_rules_of_others_are_not_adopted(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    council.cmdlet(
        "New-TransportRule",
        Name="RC-1 Redirect to single contact (2)",
        From=["rc-1@post.example"],
        RedirectMessageTo=[PLANNING],
    )
    holder = council.councillors[0]
    theirs = {
        "displayName": "Council mail rule RC-1 [abcdefgh]",
        "sequence": 1,
        "isEnabled": True,
        "conditions": {"subjectContains": ["x"]},
        "actions": {"stopProcessingRules": True},
    }
    council.holder(holder, "POST", "/me/mailFolders/inbox/messageRules", theirs)
    lose(council)
    assert found(rebuild(council)) == [("RC-1", "taken_over")]
    council.edit(1, by=OFFICER, Status="Lifted")
    assert council.apply().exit_code == 0
    assert list(council.ours()) == ["RC-1 Redirect to single contact (2)"]
    assert len(council.inbox_rules(holder)) == 1


def test_rules_whose_choice_or_case_is_over_are_found_though_nothing_leads_to_them(
    council: Any,
) -> None:
    holder = council.councillors[0]
    council.in_force(
        council.case("RC-1"),
        council.case("RC-2", **JUNK),
        choices=[council.choice(holder, "x@post.example", "Junk Email")],
    )
    council.delete(1, by=holder, title=CHOICES)
    council.edit(2, by=OFFICER, Status="Lifted")
    lose(council)
    document = rebuild(council)
    assert (document["exit_code"], found(document)) == (
        2,
        [("RC-1", "taken_over"), (None, "not_decided"), (None, "not_decided")],
    )
    assert holder not in json.dumps(document)
    assert council.apply().exit_code == 0
    assert council.inbox_rules(holder) == council.inbox_rules(PARKS) == []


@pytest.mark.parametrize("seen", [True, False], ids=["before", "after"])
def test_a_rule_that_its_holder_removed_is_not_put_back(council: Any, *, seen: bool) -> None:
    """Whether or not a run had seen it before the ledger was lost."""
    holder = council.councillors[0]
    council.in_force(choices=[council.choice(holder, "x@post.example", "Junk Email")])
    (rule,) = council.inbox_rules(holder)
    council.holder(holder, "DELETE", f"/me/mailFolders/inbox/messageRules/{rule['id']}")
    if seen:
        assert council.apply().exit_code == 0
    lose(council)
    assert found(rebuild(council)) == [(None, "differs")]
    assert council.apply().exit_code == 0
    assert council.inbox_rules(holder) == []


def test_a_case_whose_rule_is_gone_is_named_because_somebody_may_have_opened_it(council: Any) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.cmdlet("Remove-TransportRule", Identity="RC-2 Redirect to single contact")
    lose(council)
    document = rebuild(council)
    assert ("RC-2", "not_there") in found(document)
    assert document["lost"][0].startswith("No rule stands for RC-2: where somebody had opened")


def test_approvals_that_no_longer_count_are_guarded_as_before(council: Any) -> None:
    council.in_force(*(council.case(f"RC-{one}") for one in range(1, 8)))
    lose(council)
    changed = {"POLICY__APPROVERS": "deputy@ash.example"}
    assert rebuild(council, **changed)["exit_code"] == 2
    answer = council.apply(settings=changed)
    assert answer.exit_code == 3
    assert len(council.ours()) == 7


def test_a_ledger_that_knows_more_is_not_replaced_unless_somebody_says_why(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    before = ledger_of(council).read_bytes()
    refused = rebuild(council)
    assert (refused["exit_code"], refused["error"]["code"]) == (1, "ledger-not-empty")
    assert ledger_of(council).read_bytes() == before
    done = rebuild(council, "--replace", "--reason", "INC-9: damaged")
    assert (done["exit_code"], done["reason"]) == (0, "INC-9: damaged")
    with closing(sqlite3.connect(done["kept"])) as kept:
        assert kept.execute("SELECT count(*) FROM applied_rules").fetchone() == (1,)
    assert council.plan().changes == []


def test_a_scheduler_has_to_be_stopped_first(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    elsewhere = Holder(holder="scheduler-1", host="elsewhere", pid=1)
    with (
        open_ledger(council.sandbox.ledger_url) as ledger,
        ledger.lease(elsewhere, seconds=60, clock=lambda: datetime.now(UTC), name=SCHEDULE),
    ):
        document = rebuild(council, "--replace", "--reason", "Moved")
    assert (document["exit_code"], document["error"]["code"]) == (6, "lease-held")
    assert "The scheduler (process 1 on elsewhere)" in document["error"]["message"]
    assert list(ledger_of(council).parent.glob("*.before-*")) == []


def test_a_ledger_that_a_plan_has_begun_anew_is_replaced(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    lose(council)
    assert council.plan().exit_code == 0
    council.requests()
    assert rebuild(council)["exit_code"] == 0
    assert council.plan().changes == []


def test_a_damaged_ledger_is_replaced_on_request(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    ledger_of(council).write_bytes(b"not a database, though long enough to be one" * 100)
    assert rebuild(council)["error"]["code"] == "ledger-not-empty"
    assert rebuild(council, "--replace", "--reason", "INC-9")["exit_code"] == 0
    assert council.plan().changes == []


@pytest.mark.parametrize("what", ["transport", "register"])
def test_too_little_to_go_by_replaces_nothing(council: Any, what: str) -> None:
    council.in_force(council.case("RC-1"))
    if what == "transport":
        council.fault("status", times=50, status=500, cmdlet="Get-TransportRule")
    else:
        council.delete(1)
    lose(council)
    assert rebuild(council)["error"]["code"] == "ledger-not-rebuilt"
    assert list(ledger_of(council).parent.glob("ledger.db*")) == []


def test_where_the_lists_have_no_columns_for_it_everybody_counts_as_told(council: Any) -> None:
    columns = {"Restricted contacts": ("EnforcementStatus", "EnforcementNote"), CHOICES: ("ChoiceStatus",)}
    council.plant(
        council.case("RC-7", CaseOwner=OFFICER, EqualityConsideredOn=None),
        choices=[council.choice(council.councillors[0], "x@post.example", "Junk Email")],
        settings=MAIL,
        lists={title: {"omit_columns": list(names)} for title, names in columns.items()},
    )
    assert council.apply().exit_code == 0
    assert len(sent(council)) == 2
    lose(council)
    assert rebuild(council)["told"] == {"counted_as_told": 2, "still_due": 0}
    assert council.apply().exit_code == 0
    assert sent(council) == []
