"""Runs performed again from the ledger alone, and a ledger that proves what nobody altered."""

import json
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from m365_restrict.cli.app import app
from m365_restrict.cli.demo import story

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
OFFICER, RULE, SENDER = "officer@ash.example", "RC-1 Redirect to single contact", "rc-1@post.example"
JUNK = {
    "Measure": "Junk in named mailboxes",
    "Scope": "Named mailboxes or services",
    "ScopeMailboxes": "parks@ash.example",
}


def copy_of(council: Any, tmp_path: Path) -> Path:
    """What an auditor is given: the ledger's file alone."""
    place = Path(council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///"))
    target = tmp_path / "copy.db"
    with closing(sqlite3.connect(place)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
    return target


def tell(*arguments: str) -> dict[str, Any]:
    """A verb run without any setting; its document, held against its schema."""
    done = CliRunner().invoke(app, [*arguments, "--json"], env={}, catch_exceptions=False)
    document: dict[str, Any] = json.loads(done.stdout)
    schema = SCHEMAS / f"{arguments[0]}.json"
    Draft202012Validator(json.loads(schema.read_text())).validate(document)
    assert document["exit_code"] == done.exit_code
    return document


def replay(run: Any, ledger: Path) -> dict[str, Any]:
    return tell("replay", run.document["run_id"], "--ledger", str(ledger))


def verify(ledger: Path, *arguments: str) -> dict[str, Any]:
    return tell("verify-ledger", "--ledger", str(ledger), *arguments)


def shell(council: Any, *arguments: str) -> Any:
    """A verb of a person, with the council's settings."""
    return CliRunner().invoke(app, list(arguments), env=council.sandbox.env, catch_exceptions=False)


def waive_first(council: Any) -> None:
    finding = council.drift().findings("drifted")[0]
    done = shell(
        council,
        "waive",
        finding["id"],
        "--reason",
        "CHG-1",
        "--owner",
        "Head of ICT",
        "--until",
        "2027-03-01",
    )
    assert done.exit_code == 0, done.output


@pytest.fixture
def live(council: Any) -> Any:
    council.in_force(
        council.case("RC-1"),
        council.case("RC-2", **JUNK),
        council.case("RC-3", EqualityConsideredOn=None),
        choices=[council.choice(council.councillors[0], "x@post.example", "Junk Email")],
    )
    return council


def test_a_plan_a_first_apply_and_the_runs_after_it_are_performed_again(council: Any, tmp_path: Path) -> None:
    council.plant(
        council.case("RC-1"),
        council.case("RC-2", **JUNK),
        choices=[council.choice(council.councillors[0], "x@post.example", "Junk Email")],
    )
    runs = [council.plan(), council.apply(), council.drift(), council.plan()]
    ledger = copy_of(council, tmp_path)
    told = [replay(run, ledger) for run in runs]
    assert [(one["of_verb"], one["same"], one["exit_code"]) for one in told] == [
        ("plan", True, 0),
        ("apply", True, 0),
        ("drift", True, 0),
        ("plan", True, 0),
    ]
    assert verify(ledger)["problems"] == []


def edited(council: Any) -> list[Any]:
    council.cmdlet("Set-TransportRule", Identity=RULE, From=["someone@else.example"])
    council.holder(
        council.councillors[0], "DELETE", f"/me/mailFolders/inbox/messageRules/{only_rule(council)}"
    )
    return [council.drift(), council.heal(), council.drift()]


def only_rule(council: Any) -> str:
    (rule,) = council.inbox_rules(council.councillors[0])
    return str(rule["id"])


def unread(council: Any) -> list[Any]:
    council.fault(
        "status", status=403, times=50, path_regex="parks@ash.example/mailFolders/inbox/messageRules"
    )
    return [council.drift(), council.plan()]


def unreadable_rules(council: Any) -> list[Any]:
    council.fault("status", status=403, times=50, cmdlet="Get-TransportRule")
    return [council.drift(), council.apply()]


def failing(council: Any) -> list[Any]:
    council.edit(1, by=OFFICER, EndsOn="2027-01-31")
    council.fault("status", status=400, times=9, cmdlet="Set-TransportRule")
    return [council.apply(), council.drift()]


def not_as_sent(council: Any) -> list[Any]:
    council.cmdlet("Remove-TransportRule", Identity=RULE)
    council.fault("drop_parameter", cmdlet="New-TransportRule")
    return [council.heal(), council.drift()]


def frozen(council: Any) -> list[Any]:
    shell(council, "freeze", "--reason", "CHG-1")
    council.cmdlet("Set-TransportRule", Identity=RULE, From=["someone@else.example"])
    return [council.plan(), council.heal(), council.drift()]


def waived(council: Any) -> list[Any]:
    council.cmdlet("Set-TransportRule", Identity=RULE, PrependSubject="[Contact] ")
    waive_first(council)
    return [council.drift(), council.plan(), council.heal()]


def opened(council: Any) -> list[Any]:
    done = shell(council, "open", "RC-1", "--reason", "CHG-1")
    assert done.exit_code == 0, done.output
    return [council.drift(), council.plan()]


def not_approved(council: Any) -> list[Any]:
    council.edit(1, by=OFFICER, EndsOn="2027-01-31")
    return [council.apply(approve=False), council.apply(approve=False, plan_id="another")]


def incomplete(council: Any) -> list[Any]:
    council.fault("status", status=403, times=50, path_regex="lists/Restricted")
    return [council.plan(), council.apply()]


def by_audit_log(council: Any) -> list[Any]:
    runs = [council.drift(settings={"AUDIT__APPROVALS": "on"})]
    council.clock("2026-11-24T09:00:00Z")
    return [*runs, council.drift(settings={"AUDIT__APPROVALS": "on"})]


SCENES = [
    edited,
    unread,
    unreadable_rules,
    failing,
    not_as_sent,
    frozen,
    waived,
    opened,
    not_approved,
    incomplete,
    by_audit_log,
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_whatever_happened_a_run_is_performed_again_to_the_same_bytes(
    live: Any, tmp_path: Path, scene: Callable[[Any], list[Any]]
) -> None:
    runs = scene(live)
    ledger = copy_of(live, tmp_path)
    for run in runs:
        told = replay(run, ledger)
        assert (told["same"], told["differences"], told["error"]) == (True, [], None), run.document
    assert verify(ledger)["problems"] == []


@pytest.mark.parametrize("way", [{"ENFORCE_WITH": "script"}, {"ENFORCE_WITH": "inbox_rules"}])
def test_runs_of_the_other_ways_to_enforce_are_performed_again(
    council: Any, tmp_path: Path, way: dict[str, str]
) -> None:
    script = {
        "SCRIPT__FOLDER": str(tmp_path),
        "AUTH__WRITER__CLIENT_ID": "",
        "AUTH__WRITER__CLIENT_SECRET": "",
    }
    settings = {**way, **(script if way["ENFORCE_WITH"] == "script" else {})}
    council.plant(council.case("RC-1"), council.case("RC-2", **JUNK))
    runs = [council.apply(settings=settings), council.drift(settings=settings)]
    ledger = copy_of(council, tmp_path)
    assert [replay(run, ledger)["same"] for run in runs] == [True, True]


def test_a_run_of_another_process_is_performed_again_in_this_one(
    live: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    """The order in which sets are gone through differs from process to process."""
    runs = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        runs.append(live.shell("drift", "--json"))
    ledger = copy_of(live, tmp_path)
    assert [replay(run, ledger)["same"] for run in runs] == [True, True]


def test_nothing_is_asked_of_anybody(live: Any, tmp_path: Path) -> None:
    run = live.plan()
    ledger = copy_of(live, tmp_path)
    live.requests()
    assert replay(run, ledger)["same"]
    assert live.requests() == []


@pytest.mark.parametrize(
    ("denied", "code"),
    [("(?i)/sites/", "permission-missing"), ("(?i)/mailFolders/(?!inbox)", None), ("(?i)messageRules", None)],
    ids=["the register", "folders", "inbox rules"],
)
@pytest.mark.parametrize("verb", ["plan", "drift"])
def test_a_run_that_was_refused_what_it_asked_beside_other_things_is_the_same_again(
    council: Any, tmp_path: Path, verb: str, denied: str, code: str | None
) -> None:
    """Inbox rules are asked for ahead, whatever becomes of the register and of folders."""
    council.in_force(
        choices=[council.choice(cllr, "x@post.example", "Junk Email") for cllr in council.councillors]
    )
    refused = {"match": {"path_regex": denied}, "do": "status", "status": 403, "times": 99}
    slow = {"match": {"path_regex": "(?i)messageRules"}, "do": "delay", "ms": 700, "times": 99}
    council.sandbox.control("POST", "faults", [refused, slow])
    run = council.run(verb)
    assert (run.document["error"] or {}).get("code") == code
    assert replay(run, copy_of(council, tmp_path))["same"]


def altered(ledger: Path, statement: str) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


def test_a_document_that_somebody_altered_is_found_by_both_verbs(live: Any, tmp_path: Path) -> None:
    run = live.drift()
    ledger = copy_of(live, tmp_path)
    altered(
        ledger,
        "UPDATE runs SET document = replace(document, 'Redirect to single contact', 'Refuse with notice') "
        "WHERE verb = 'drift'",
    )
    told = replay(run, ledger)
    assert (told["same"], told["exit_code"]) == (False, 2)
    assert "live[0].measure" in [one["where"] for one in told["differences"]]
    problems = verify(ledger)
    assert problems["exit_code"] == 2
    assert {(one["table"], one["run"]) for one in problems["problems"]} == {("runs", run.document["run_id"])}


def test_evidence_that_somebody_altered_is_found_by_both_verbs(live: Any, tmp_path: Path) -> None:
    run = live.drift()
    ledger = copy_of(live, tmp_path)
    altered(ledger, "UPDATE evidence_bodies SET content = zeroblob(10), seal = seal")
    told = replay(run, ledger)
    assert (told["exit_code"], [one["where"] for one in told["differences"]]) == (2, ["evidence_bodies"])
    found = verify(ledger)["problems"]
    assert {(one["code"], one["table"]) for one in found} >= {("evidence-body-altered", "evidence_bodies")}
    assert run.document["run_id"] in {one["run"] for one in found}


def test_a_run_that_an_error_ended_after_its_changes_is_refused(live: Any, tmp_path: Path) -> None:
    live.edit(1, by=OFFICER, EndsOn="2027-01-31")
    run = live.apply(settings={"AUTH__WRITER__CLIENT_SECRET": "wrong"})
    assert run.document["error"]["code"] == "sign-in-failed"
    told = replay(run, copy_of(live, tmp_path))
    assert (told["exit_code"], told["error"]["code"]) == (3, "evidence-not-recorded")


def test_a_run_that_left_no_evidence_and_one_that_is_not_known_are_refused(live: Any, tmp_path: Path) -> None:
    run = live.run("validate")
    ledger = copy_of(live, tmp_path)
    told = replay(run, ledger)
    assert (told["exit_code"], told["error"]["code"]) == (3, "evidence-not-recorded")
    unknown = tell("replay", "20200101", "--ledger", str(ledger))
    assert (unknown["exit_code"], unknown["error"]["code"]) == (3, "run-not-found")
    assert tell("verify-ledger", "--ledger", str(tmp_path / "none.db"))["error"]["code"] == "ledger-unusable"


def test_a_run_of_another_version_is_said_to_be_one(live: Any, tmp_path: Path, monkeypatch: Any) -> None:
    run = live.drift()
    ledger = copy_of(live, tmp_path)
    for module in ("report.json_text", "evidence.replay_run"):
        monkeypatch.setattr(f"m365_restrict.{module}.__version__", "99.0")
    told = replay(run, ledger)
    assert (told["same"], told["recorded_by"] != "99.0", told["tool_version"]) == (True, True, "99.0")


@pytest.mark.requirement("M-52")
def test_after_a_deletion_the_chain_stands_and_says_why_a_run_cannot_be_performed(
    life: Any, tmp_path: Path
) -> None:
    council = life.council
    council.plant(council.case("RC-1"), council.case("RC-2"), settings=life.settings)
    before = council.apply()
    life.on("2027-01-11")
    council.edit(1, by=OFFICER, Status="Lifted")
    assert council.apply().exit_code == 0
    assert life.reviews()["closed"] == ["RC-1"]
    kept = verify(copy_of(council, tmp_path))["chain_head"]
    life.on("2028-01-12")
    assert [one["state"] for one in life.retention(approve=True)["queue"] if one["case_ref"] == "RC-1"] == [
        "deleted"
    ]
    after = council.plan()
    ledger = copy_of(council, tmp_path)
    found = verify(ledger, "--expect", kept)
    assert (found["problems"], found["exit_code"], found["expected_entry"] > 0) == ([], 0, True)
    (deletion,) = found["deletions"]
    assert (deletion["case_ref"], deletion["deleted_on"], deletion["rules_absent_on"]) == (
        "RC-1",
        "2028-01-12",
        "2027-01-11",
    )
    told = replay(before, ledger)
    assert (told["exit_code"], told["error"]["code"]) == (3, "evidence-deleted")
    assert "RC-1" in told["error"]["message"]
    assert replay(after, ledger)["same"]
    assert SENDER not in everything_in(ledger)


def test_every_run_of_the_demo_is_performed_again(tmp_path: Path, monkeypatch: Any) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    kept = SimpleNamespace(TemporaryDirectory=lambda **_given: nullcontext(str(folder)))
    monkeypatch.setattr(story, "tempfile", kept)
    assert story.run_demo(tmp_path / "report.html") == 0
    ledger = folder / "ledger.db"
    with closing(sqlite3.connect(ledger)) as connection:
        runs = connection.execute("SELECT run_id FROM runs WHERE verb <> 'validate'").fetchall()
    assert len(runs) >= 6
    assert {tell("replay", run, "--ledger", str(ledger))["same"] for (run,) in runs} == {True}
    assert verify(ledger)["problems"] == []


def test_of_a_report_the_findings_are_found_again(live: Any, tmp_path: Path) -> None:
    live.cmdlet("Set-TransportRule", Identity=RULE, From=["someone@else.example"])
    done = shell(live, "report", "--format", "json")
    ledger = copy_of(live, tmp_path)
    told = tell("replay", json.loads(done.stdout)["run_id"], "--ledger", str(ledger))
    assert (told["of_verb"], told["same"], told["differences"]) == ("report", True, [])
    assert verify(ledger)["problems"] == []


def everything_in(ledger: Path) -> str:
    """All texts of the file, those of the evidence too."""
    with closing(sqlite3.connect(ledger)) as connection:
        held = connection.execute("SELECT content FROM evidence_bodies WHERE content IS NOT NULL")
        texts = [zlib.decompress(content).decode() for (content,) in held]
        return "\n".join([*texts, *connection.iterdump()]).lower()


def test_the_evidence_names_nobody_whom_a_case_is_about(council: Any, tmp_path: Path) -> None:
    council.plant(council.case("RC-1", PersonName="Quentin Quarrel", ContactDetails="5 Field Lane"))
    council.apply()
    text = everything_in(copy_of(council, tmp_path))
    assert SENDER in text
    assert not [word for word in ("quarrel", "field lane", "b director") if word in text]


def test_a_councillors_own_rules_are_not_in_the_evidence(live: Any, tmp_path: Path) -> None:
    body = {
        "displayName": "My secret rule",
        "sequence": 9,
        "isEnabled": True,
        "conditions": {"senderContains": ["secret@post.example"]},
        "actions": {"delete": True},
    }
    live.holder(live.councillors[0], "POST", "/me/mailFolders/inbox/messageRules", body)
    live.drift()
    assert "secret" not in everything_in(copy_of(live, tmp_path))


def test_whatever_verb_writes_to_the_ledger_leaves_it_proven(life: Any, tmp_path: Path) -> None:
    council = life.council
    council.in_force(council.case("RC-1"), council.case("RC-2"), settings=life.settings)
    shell(council, "freeze", "--reason", "CHG-1")
    council.plan()
    shell(council, "unfreeze")
    shell(council, "override", "begin", "source-shrunken", "--reason", "CHG-1", "--hours", "1")
    shell(council, "open", "RC-1", "--reason", "CHG-1")
    shell(council, "open", "--list")
    shell(council, "undo", "--approve")
    shell(council, "doctor")
    shell(council, "assess")
    shell(council, "test", "--json")
    shell(council, "history")
    council.run("explain", address=SENDER)
    council.run("validate")
    life.reviews()
    life.retention()
    found = verify(copy_of(council, tmp_path))
    assert (found["problems"], found["unended"], found["exit_code"]) == ([], [], 0)
    assert found["runs"] >= 9


def bodies(council: Any, tmp_path: Path) -> int:
    with closing(sqlite3.connect(copy_of(council, tmp_path))) as connection:
        chain, held = (
            connection.execute(f"SELECT coalesce(sum(length({column})), 0) FROM {table}").fetchone()[0]  # noqa: S608
            for column, table in (("content", "evidence_chain"), ("content", "evidence_bodies"))
        )
    return int(chain) + int(held)


def test_a_run_in_which_nothing_is_new_costs_next_to_nothing(council: Any, tmp_path: Path) -> None:
    council.in_force(*(council.case(f"RC-{number}") for number in range(1, 31)))
    council.drift()
    before = bodies(council, tmp_path)
    council.drift()
    assert bodies(council, tmp_path) - before < 4_000
