"""The council's own rule tests: the verb `test`, and what they do to plan and apply."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from m365_restrict.cli.demo.council import seed as demo_seed
from m365_restrict.cli.rule_test import RuleTestRequest, run_rule_test
from m365_restrict.plan.rule_test_file import Expected

PAT = "pat@post.example"
OFFICER, PLANNING, CONTACT = "officer@ash.example", "planning@ash.example", "contact@ash.example"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "test.json").read_text())
NAMED = "Named mailboxes or services"
RULE = "RC-1 Redirect to single contact"


def a_test(name: str, expected: str, *, to: str = OFFICER, case: str = "RC-1", **more: Any) -> str:
    entries = {"name": name, "case": case, "to": to, "expect": expected, **more}
    return "[[test]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in entries.items())


REDIRECTED = a_test("Pat's mail reaches the single contact", "redirected", mailbox=CONTACT)


class Expectations:
    """Writes files of tests and runs them."""

    def __init__(self, council: Any, folder: Path) -> None:
        self.council, self.folder = council, folder

    def write(self, *tests: str, name: str = "council.toml") -> Path:
        path = self.folder / name
        path.write_text("\n".join(tests), encoding="utf-8")
        return path

    def settings(self, *tests: str) -> dict[str, str]:
        """The setting that puts these tests to every plan."""
        return {"TESTS__FILES": str(self.write(*tests))}

    def run(self, *tests: str, now: bool = False, output: str = "json") -> tuple[int, Any, str]:
        """The verb `test`: its exit code, its document and what it printed."""
        files = (self.write(*tests),) if tests else ()
        out = io.StringIO()
        request = RuleTestRequest(files=files, now=now, output=output)
        with contextlib.redirect_stdout(out):
            code = run_rule_test(request, self.council.sandbox.env, lambda _: None)
        text = out.getvalue()
        document = json.loads(text) if output == "json" else {}
        if document:
            jsonschema.validate(document, SCHEMA)
        return code, document, text

    def results(self, *tests: str, now: bool = False) -> list[str]:
        return [one["result"] for one in self.run(*tests, now=now)[1]["tests"]]


@pytest.fixture
def tests(council: Any, tmp_path: Path) -> Expectations:
    return Expectations(council, tmp_path)


def seed(council: Any) -> None:
    council.plant(
        council.case("RC-1", Addresses=PAT),
        council.case("RC-2", Measure="Copy to single contact"),
        council.case("RC-3", Measure="Refuse with notice"),
        council.case("RC-4", Measure="Junk in named mailboxes", Scope=NAMED, ScopeMailboxes=PLANNING),
    )


EVERY_KIND = [
    REDIRECTED,
    a_test("The single contact itself is open", "delivered", to=CONTACT),
    a_test("A protected mailbox is open", "delivered", to="safeguarding@ash.example"),
    a_test("A councillor is open", "delivered", to="cllr.a@ash.example"),
    a_test("An alias is the same mailbox", "delivered", to="contact.point@ash.example"),
    a_test("Copied", "copy", case="RC-2", mailbox=CONTACT),
    a_test("Refused", "refused", case="RC-3"),
    a_test("Junk in planning", "junk", case="RC-4", to=PLANNING),
    a_test("Not junk elsewhere", "delivered", case="RC-4"),
]


@pytest.mark.requirement("M-17")
def test_every_kind_passes_planned_and_once_applied_now(tests: Expectations) -> None:
    seed(tests.council)
    code, document, _ = tests.run(*EVERY_KIND)
    assert (code, document["summary"]) == (0, {"passed": 9, "failed": 0, "undecided": 0, "skipped": 0})
    assert tests.run(*EVERY_KIND, now=True)[0] == 3
    assert tests.council.apply().exit_code == 0
    assert tests.run(*EVERY_KIND, now=True)[0] == 0


def test_every_kind_can_fail(tests: Expectations) -> None:
    seed(tests.council)
    wrong = [
        a_test("Redirected elsewhere", "redirected", mailbox=PLANNING),
        a_test("Delivered", "delivered"),
        a_test("Copied elsewhere", "copy", case="RC-2", mailbox=PLANNING),
        a_test("Refused", "refused"),
        a_test("Junk", "junk", case="RC-4"),
    ]
    code, document, _ = tests.run(*wrong)
    assert (code, document["status"], document["summary"]["failed"]) == (3, "refused", 5)
    assert all(one["message"] and one["stops"] for one in document["tests"])


def test_it_answers_as_the_post_does(tests: Expectations) -> None:
    seed(tests.council)
    assert tests.council.apply().exit_code == 0
    sent = {
        case: tests.council.mail(sender, [OFFICER])[0]["outcome"]
        for case, sender in (("RC-1", PAT), ("RC-2", "rc-2@post.example"), ("RC-3", "rc-3@post.example"))
    }
    assert sent == {"RC-1": "redirected", "RC-2": "delivered", "RC-3": "rejected"}
    assert set(tests.results(REDIRECTED, *EVERY_KIND[5:7], now=True)) == {"passed"}


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Disable-TransportRule", {"Confirm": False}),
        ("Remove-TransportRule", {"Confirm": False}),
        ("Set-TransportRule", {"Mode": "Audit"}),
        ("Set-TransportRule", {"RedirectMessageTo": [PLANNING]}),
        ("Set-TransportRule", {"From": ["other@post.example"]}),
        ("Set-TransportRule", {"ExceptIfSentTo": [OFFICER]}),
        ("Set-TransportRule", {"ExpiryDate": "2026-11-01T00:00:00Z"}),
    ],
)
def test_tampering_shows_now_and_not_in_what_is_planned(
    tests: Expectations, cmdlet: str, parameters: dict[str, Any]
) -> None:
    tests.council.in_force(tests.council.case("RC-1", Addresses=PAT))
    tests.council.cmdlet(cmdlet, Identity=RULE, **parameters)
    assert tests.results(REDIRECTED, now=True) == ["failed"]
    assert tests.results(REDIRECTED) == ["passed"]


def test_nothing_is_written(tests: Expectations) -> None:
    seed(tests.council)
    tests.council.requests()
    tests.run(*EVERY_KIND)
    assert tests.council.writes() == []


class TestInPlanAndApply:
    def test_passing_tests_are_counted(self, tests: Expectations) -> None:
        tests.council.plant(tests.council.case("RC-1", Addresses=PAT))
        bare = tests.council.plan().document["tests"]
        told = tests.council.plan(settings=tests.settings(REDIRECTED))
        assert told.exit_code == 2
        assert told.document["tests"] == {"passed": bare["passed"] + 1, "failed": 0}

    def test_a_failing_test_holds_back_everything_but_openings(self, tests: Expectations) -> None:
        council = tests.council
        council.in_force(council.case("RC-1", Addresses=PAT), council.case("RC-2"), council.case("RC-3"))
        council.edit(2, by=OFFICER, Status="Lifted")
        council.cmdlet("Remove-TransportRule", Identity="RC-3 Redirect to single contact", Confirm=False)
        settings = tests.settings(a_test("Refused outright", "refused"))
        planned = council.plan(settings=settings)
        done = council.apply(settings=settings)
        assert (planned.exit_code, done.exit_code) == (3, 3)
        assert [one["code"] for one in done.document["guards"]] == ["rule-test-failed"]
        assert {one["case_ref"]: one["outcome"] for one in done.changes} == {
            "RC-2": "applied",
            "RC-3": "skipped",
        }
        assert list(council.ours()) == [RULE]

    def test_the_guard_says_which_test_where_and_what_happens(self, tests: Expectations) -> None:
        tests.council.plant(tests.council.case("RC-1", Addresses=PAT))
        told = tests.council.plan(
            settings=tests.settings(a_test("Refused outright", "refused")), output="text"
        )
        said = "Rule test 'Refused outright' (council.toml line 1): It should be refused with a notice; mail"
        assert said in told.stdout
        assert PAT not in told.stdout.split("+ create")[0]

    def test_it_refuses_although_nothing_waits(self, tests: Expectations) -> None:
        tests.council.in_force(tests.council.case("RC-1", Addresses=PAT))
        told = tests.council.plan(settings=tests.settings(a_test("Refused outright", "refused")))
        assert (told.exit_code, told.changes) == (3, [])

    def test_a_mistaken_file_holds_back_and_opens(self, tests: Expectations) -> None:
        council = tests.council
        council.in_force(council.case("RC-1", Addresses=PAT))
        council.edit(1, by=OFFICER, Status="Lifted")
        done = council.apply(settings=tests.settings("[[test]]\nnam = 1"))
        assert done.exit_code == 3
        assert [one["code"] for one in done.document["guards"]] == ["rule-tests-unusable"]
        assert council.ours() == {}

    def test_a_case_that_has_ended_is_no_failure(self, tests: Expectations) -> None:
        council = tests.council
        council.in_force(council.case("RC-1", Addresses=PAT))
        council.edit(1, by=OFFICER, Status="Lifted")
        settings = tests.settings(REDIRECTED)
        assert council.apply(settings=settings).exit_code == 0
        assert council.plan(settings=settings).exit_code == 0
        assert tests.results(REDIRECTED) == ["skipped"]

    def test_what_others_caused_before_is_said_and_holds_nothing_back(self, tests: Expectations) -> None:
        council = tests.council
        council.plant(council.case("RC-1", Addresses=PAT))
        _foreign_redirect(council)
        settings = tests.settings(REDIRECTED)
        done = council.apply(settings=settings)
        assert done.exit_code == 0
        (failed,) = done.document["failed_tests"]
        assert failed["stops"] is False
        assert "'Old redirect', which is not ours" in failed["message"]
        (found,) = [
            one for one in council.drift(settings=settings).findings() if one["code"] == "rule-test-unmet"
        ]
        assert (found["class"], found["rule"]) == ("foreign_effect", "Old redirect")

    def test_what_the_plan_introduces_stops_it(self, tests: Expectations) -> None:
        council = tests.council
        council.plant(council.case("RC-1", Addresses=PAT))
        _foreign_redirect(council)
        settings = {
            **tests.settings(a_test("As today", "redirected", mailbox=PLANNING)),
            "RULES__PLACE": "first",
        }
        assert council.apply(settings=settings).exit_code == 3
        assert RULE not in council.rules()

    def test_healing_is_not_held_back(self, tests: Expectations) -> None:
        council = tests.council
        council.in_force(council.case("RC-1", Addresses=PAT))
        council.cmdlet("Disable-TransportRule", Identity=RULE, Confirm=False)
        assert council.heal(settings=tests.settings(a_test("Refused", "refused"))).exit_code == 0

    def test_plan_and_apply_agree_on_the_plan(self, tests: Expectations) -> None:
        council = tests.council
        council.plant(council.case("RC-1", Addresses=PAT))
        settings = tests.settings(REDIRECTED)
        plan_id = council.plan(settings=settings).document["plan_id"]
        assert council.apply(settings=settings, approve=False, plan_id=plan_id).exit_code == 0


def test_an_undecidable_condition_is_named(tests: Expectations) -> None:
    council = tests.council
    council.plant(council.case("RC-1", Addresses=PAT))
    council.cmdlet(
        "New-TransportRule",
        Name="Big files",
        AttachmentSizeOver="10 MB",
        RedirectMessageTo=[PLANNING],
        Priority=0,
    )
    code, document, _ = tests.run(REDIRECTED)
    assert (code, document["tests"][0]["result"]) == (3, "undecided")
    assert "'Big files': AttachmentSizeOver" in document["tests"][0]["message"]


def test_a_day_shows_what_has_ended_by_then(tests: Expectations) -> None:
    tests.council.in_force(tests.council.case("RC-1", Addresses=PAT))
    last = REDIRECTED + "on = 2027-03-28\n"
    after = a_test("After its end", "delivered") + "on = 2027-03-29\n"
    assert tests.results(last, after) == ["passed", "passed"]


def test_the_members_of_a_scope_group_are_asked_for(tests: Expectations) -> None:
    council = tests.council
    council.plant(council.case("RC-1", Addresses=PAT, Scope=NAMED, ScopeMailboxes="benefits@ash.example"))
    member = a_test("A member", "redirected", to="caseworker@ash.example", mailbox=CONTACT)
    group = a_test("The group", "redirected", to="benefits@ash.example", mailbox=CONTACT)
    assert tests.results(member, group, a_test("Another", "delivered")) == ["passed"] * 3


def test_an_unknown_recipient_fails(tests: Expectations) -> None:
    tests.council.plant(tests.council.case("RC-1", Addresses=PAT))
    _, document, _ = tests.run(a_test("Nobody", "delivered", to="nobody@ash.example"))
    assert document["tests"][0]["message"] == "The address at 'to': the directory does not know it."


@pytest.mark.parametrize(
    ("case", "said"), [("RC-9", "The register holds no case RC-9."), ("RC-2", "Case RC-2 is refused (")]
)
def test_a_case_that_is_not_in_force_fails(tests: Expectations, case: str, said: str) -> None:
    tests.council.plant(tests.council.case("RC-1"), tests.council.case("RC-2", Grounds=[]))
    code, document, _ = tests.run(a_test("One", "delivered", case=case))
    assert code == 3
    assert document["tests"][0]["message"].startswith(said)


def test_without_tests_it_ends_with_5(tests: Expectations) -> None:
    tests.council.plant()
    code, document, _ = tests.run()
    assert (code, document["error"]["code"]) == (5, "settings-invalid")
    assert "TESTS__FILES" in document["error"]["message"]


def test_a_mistaken_file_ends_with_5_and_its_line(tests: Expectations) -> None:
    tests.council.plant()
    code, document, _ = tests.run("\n" + REDIRECTED + 'form = "a@b.example"')
    assert code == 5
    assert "council.toml line 2: 'form' is not a key of rule tests" in document["error"]["message"]


def test_a_file_that_is_not_there_ends_with_5(tests: Expectations, tmp_path: Path) -> None:
    tests.council.plant()
    request = RuleTestRequest(files=(tmp_path / "none.toml",), output="json")
    with contextlib.redirect_stdout(io.StringIO()):
        assert run_rule_test(request, tests.council.sandbox.env, lambda _: None) == 5


def test_unreadable_rules_are_no_pass(tests: Expectations) -> None:
    tests.council.plant(tests.council.case("RC-1"))
    tests.council.fault("status", status=403, times=20, cmdlet="Get-TransportRule")
    assert tests.run(a_test("Open", "delivered", to=CONTACT))[0] == 1


def test_as_text(tests: Expectations) -> None:
    tests.council.plant(tests.council.case("RC-1", Addresses=PAT))
    code, _, text = tests.run(REDIRECTED, a_test("Refused outright", "refused"), output="text")
    lines = text.splitlines()
    assert code == 3
    assert lines[0] == "1 rule test passed; 1 failed; none undecided; none left out."
    assert lines[1] == "! fails: Refused outright (council.toml line 8)"
    assert lines[-1] == "Status: refused (exit code 3): mail does not go where a test expects it."
    assert PAT not in text


def test_nobody_learns_what_a_councillor_chose(tests: Expectations) -> None:
    council = tests.council
    chooser, other = council.councillors[:2]
    council.in_force(
        council.case("RC-1", Addresses=PAT), choices=[council.choice(chooser, "RC-1", "Same as the council")]
    )
    both = [a_test(f"Councillor {n}", "refused", to=to) for n, to in enumerate((chooser, other))]
    for now in (False, True):
        first, second = tests.run(*both, now=now)[1]["tests"]
        assert (first["message"], first["rules"]) == (second["message"], second["rules"])
    guards = council.plan(settings=tests.settings(*both)).document["guards"]
    assert len({one["message"].partition("): ")[2] for one in guards}) == 1


def test_the_command_line_takes_files_and_settings(tests: Expectations) -> None:
    tests.council.plant(tests.council.case("RC-1", Addresses=PAT))
    path = tests.write(REDIRECTED)
    assert tests.council.shell("test", str(path), "--json").exit_code == 0
    assert tests.council.shell("test", "--now", TESTS__FILES=str(path)).exit_code == 3


def _foreign_redirect(council: Any) -> None:
    council.cmdlet("New-TransportRule", Name="Old redirect", From=[PAT], RedirectMessageTo=[PLANNING])


def test_the_example_that_is_shipped_holds_for_the_council_of_the_demo(tests: Expectations) -> None:
    tests.council.sandbox.seed(demo_seed())
    example = Path(__file__).parents[2] / "docs" / "examples" / "rule-tests.toml"
    code, document, _ = tests.run(example.read_text(encoding="utf-8"))
    assert [one["message"] for one in document["tests"] if one["result"] != "passed"] == []
    assert (code, {one["expect"] for one in document["tests"]}) == (0, set(Expected))
