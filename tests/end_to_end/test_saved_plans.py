"""A plan that was read and saved is made as it was read, or not at all, and the refusal says what moved."""

import json
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest

OFFICER, ADMIN = "officer@ash.example", "admin@ash.example"
REDIRECT = "RC-1 Redirect to single contact"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "monday.plan"


@pytest.fixture
def saved(council: Any, file: Path) -> Any:
    """Two cases planned and saved, nothing applied yet."""
    council.plant(council.case("RC-1"), council.case("RC-2"))
    assert council.plan(save=file).exit_code == 2
    return council


def applied(council: Any, file: Path, **options: Any) -> Any:
    return council.run("apply", **{"saved_plan": file, **options})


def refusal(answer: Any) -> str:
    """Why a plan was not made; nothing was written."""
    error = answer.document["error"]
    assert (answer.exit_code, error["code"]) == (3, "plan-changed"), answer.document
    assert {change["outcome"] for change in answer.changes} <= {"skipped"}
    return str(error["message"])


def test_the_plan_that_was_read_is_made(saved: Any, file: Path) -> None:
    assert applied(saved, file).exit_code == 0
    assert list(saved.ours()) == [REDIRECT, "RC-2 Redirect to single contact"]


def test_the_file_is_for_its_owner_alone_and_says_what_it_holds(saved: Any, file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "rc-1@post.example" in file.read_text().replace("\\", "")
    assert "holds e-mail addresses" in json.loads(file.read_text())["notice"]
    assert "holds e-mail addresses" in saved.plan(save=file).stderr


def test_the_file_follows_its_schema(saved: Any, file: Path) -> None:
    content = json.loads(file.read_text())
    jsonschema.validate(content, json.loads((saved.schemas / "saved-plan.json").read_text()))
    jsonschema.validate(content["plan"], json.loads((saved.schemas / "plan.json").read_text()))


def test_what_a_plan_rests_on_tells_nothing_of_councillors_choices(council: Any, file: Path) -> None:
    """Not even as a digest, which could be guessed; but the plan's id counts them."""
    holder = council.councillors[0]
    council.plant(council.case("RC-1"), choices=[council.choice(holder, "x@post.example", "Junk Email")])
    council.plan(save=file)
    plan = json.loads(file.read_text())["plan"]
    assert (len(plan["changes"]), len(plan["basis"]["changes"])) == (2, 1)
    assert "x@post.example" not in file.read_text()
    assert applied(council, file).exit_code == 0
    council.plan(save=file)
    (rule,) = council.inbox_rules(holder)
    council.holder(holder, "PATCH", f"/me/mailFolders/inbox/messageRules/{rule['id']}", {"isEnabled": False})
    assert "councillors' own choices, or the rules in their mailboxes" in refusal(applied(council, file))


def edit_the_register(council: Any) -> None:
    council.edit(2, by=OFFICER, EndsOn="2027-03-01")


def choose(council: Any) -> None:
    holder = council.councillors[0]
    council.add(by=holder, title="Councillor mail choices", Title="x@post.example", Handling="Junk Email")


def put_a_rule_first(council: Any) -> None:
    council.cmdlet("New-TransportRule", Name="Late", SubjectContainsWords=["x"], SetSCL=5, Priority=0)


def edit_a_rule(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity="Tender mail", PrependSubject="[T] ")


def remove_a_rule(council: Any) -> None:
    council.cmdlet("Remove-TransportRule", Identity="Tender mail")


def swap_rules(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity="Tender mail", Priority=0)


def join_the_councillors(council: Any) -> None:
    council.join("councillors@ash.example", council.councillors[:-1])


MOVES = [
    (edit_the_register, {}, "the list Restricted contacts was saved"),
    (choose, {}, "the list Councillor mail choices was saved"),
    (put_a_rule_first, {}, "the rule 'Late' is new"),
    (edit_a_rule, {}, "the rule 'Tender mail' is another than it was"),
    (remove_a_rule, {}, "the rule 'Tender mail' is gone"),
    (swap_rules, {}, "the order of the rules in the tenant was changed"),
    (join_the_councillors, {}, "the planned change to 'RC-1 Redirect to single contact' is another"),
    (None, {"RULES__MODE": "audit"}, "the setting M365_RESTRICT_RULES__MODE was changed"),
    (
        None,
        {"POLICY__COUNCIL_DOMAINS": "ash.example"},
        "the setting M365_RESTRICT_POLICY__COUNCIL_DOMAINS was",
    ),
]


@pytest.mark.parametrize(("move", "settings", "reason"), MOVES)
@pytest.mark.parametrize("by_file", [True, False])
def test_what_moved_is_said_and_nothing_is_written(
    saved: Any, file: Path, move: Any, settings: dict[str, str], reason: str, *, by_file: bool
) -> None:
    plan_id = json.loads(file.read_text())["plan"]["plan_id"]
    if move is not None:
        move(saved)
    saved.requests()
    named = {"saved_plan": file} if by_file else {"plan_id": plan_id}
    assert reason in refusal(saved.run("apply", settings=settings, **named))
    assert saved.rule_writes() == []
    assert saved.ours().keys() <= {"Late"}


def test_another_version_of_the_program_is_another_plan(
    saved: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("m365_restrict.reconcile.__version__", "99.0")
    assert "this program is version 99.0, and it was " in refusal(applied(saved, file))


@pytest.mark.parametrize("also", [{"approve": True}, {"plan_id": "right"}])
def test_nothing_overrides_it(saved: Any, file: Path, also: dict[str, Any]) -> None:
    edit_the_register(saved)
    if "plan_id" in also:
        also = {"plan_id": saved.plan().document["plan_id"]}
    refusal(applied(saved, file, **also))
    assert saved.ours() == {}


def test_an_empty_plan_id_is_compared_too(saved: Any) -> None:
    """A script whose variable is empty gets no unverified run."""
    assert "not the empty id that was given" in refusal(saved.apply(plan_id=""))
    assert saved.ours() == {}


def test_a_plan_is_made_once(saved: Any, file: Path) -> None:
    assert applied(saved, file).exit_code == 0
    refusal(applied(saved, file))


def test_a_plan_id_that_nobody_made_is_refused(saved: Any) -> None:
    assert "no run in this ledger made a plan with that id" in refusal(saved.apply(plan_id="nonsense"))


def unusable(council: Any, file: Path) -> str:
    answer = applied(council, file, approve=True)
    error = answer.document["error"]
    assert (answer.exit_code, error["code"], answer.changes) == (3, "saved-plan-unusable", [])
    assert council.requests() == []
    return str(error["message"])


def test_one_byte_altered_anywhere_is_refused(saved: Any, file: Path) -> None:
    raw = file.read_bytes()
    saved.requests()
    for at in range(0, len(raw), max(1, len(raw) // 40)):
        file.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        unusable(saved, file)
    for changed in (raw + b"\n", raw[:-1], b"\xef\xbb\xbf" + raw, raw.replace(b"\n", b"\r\n")):
        file.write_bytes(changed)
        unusable(saved, file)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "m365-restrict/plan/1"}', "null"])
def test_what_is_no_saved_plan_is_refused(saved: Any, file: Path, text: str) -> None:
    saved.requests()
    file.write_text(text)
    assert str(file) in unusable(saved, file)
    file.unlink()
    assert "No such file" in unusable(saved, file)


def test_a_file_that_is_sealed_anew_is_not_what_the_run_made(saved: Any, file: Path) -> None:
    from m365_restrict.cli.saved_plan import _sealed

    saved.requests()
    content = json.loads(file.read_text())
    content["plan"]["changes"][0]["effect"] = "Nothing much."
    file.write_text(_sealed(content))
    assert "it is not the plan that run" in unusable(saved, file)


def test_a_run_without_a_plan_leaves_the_file_as_it_was(saved: Any, file: Path) -> None:
    before = file.read_bytes()
    failed = saved.plan(save=file, settings={"REGISTER__LIST": "No such list"})
    assert failed.exit_code == 5
    assert f"Nothing was saved to {file}" in failed.stderr
    assert file.read_bytes() == before


def test_the_command_itself(saved: Any, file: Path) -> None:
    assert saved.shell("plan", "--save", str(file)).exit_code == 2
    assert saved.shell("apply", "--plan", str(file)).exit_code == 0
    assert list(saved.ours()) == [REDIRECT, "RC-2 Redirect to single contact"]
