"""ENFORCE_WITH=script: nothing holds a write grant; a script is written, run by hand, proven by reading."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

SCRIPT = {"ENFORCE_WITH": "script", "AUTH__WRITER__CLIENT_ID": "", "AUTH__WRITER__CLIENT_SECRET": ""}
NAMED = "Named mailboxes or services"
ENABLED_AT_ONCE = pytest.mark.behaviour(drop_parameter=None, reason="New alone brings such a rule into force")


class ByHand:
    """The council, the program without a writer, and an administrator who runs what it writes."""

    def __init__(self, council: Any, folder: Path, read_powershell: Any) -> None:
        self.council, self.folder, self._read = council, folder, read_powershell
        self.settings = {**SCRIPT, "SCRIPT__FOLDER": str(folder)}

    def verb(self, name: str, **options: Any) -> Any:
        settings = {**self.settings, **options.pop("settings", {})}
        return self.council.run(name, settings=settings, **options)

    def apply(self, **options: Any) -> Any:
        return self.verb("apply", approve=True, **options)

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.ps1"))

    def script(self, answer: Any) -> Any:
        raw = Path(answer.document["script"]["file"]).read_bytes()
        return self._read(raw.decode("utf-8"))

    def run(self, script: Any, *, rollback: bool = False, commands: int | None = None) -> None:
        """The administrator runs it; with `commands`, only until so many have changed something."""
        done = 0

        def _invoke(name: str, parameters: dict[str, Any]) -> Any:
            nonlocal done
            if not name.startswith("Get-"):
                if done == commands:
                    raise InterruptedError
                done += 1
            return self.council.cmdlet(name, **parameters)

        with contextlib.suppress(InterruptedError):
            script.run(_invoke, rollback=rollback)


@pytest.fixture
def by_hand(council: Any, tmp_path: Path, read_powershell: Any) -> ByHand:
    return ByHand(council, tmp_path / "scripts", read_powershell)


@pytest.fixture
def five(by_hand: ByHand) -> ByHand:
    """A case of each measure that is a transport rule; one has many addresses, one ends and one is named."""
    council = by_hand.council
    many = "\n".join(f"person.o-neil+{number}@post.example" for number in range(40))
    council.plant(
        council.case("RC-2026-001", Addresses=many),
        council.case("RC-2026-002", Measure="Copy to single contact"),
        council.case(
            "RC-2026-003",
            Measure="Refuse with notice",
            RouteText="Write to the Mayor’s office, it's “by post” at $(1) and `2`",
        ),
        council.case(
            "RC-2026-004", Measure="File without reply", Scope=NAMED, ScopeMailboxes="planning@ash.example"
        ),
        council.case("RC-2026-005", Measure="Allowed recipients only", AllowedRecipients="parks@ash.example"),
        choices=[council.choice(council.councillors[0], "RC-2026-002", "Same as the council")],
    )
    council.requests()
    return by_hand


def test_a_script_that_is_run_brings_the_tenant_into_step(five: ByHand) -> None:
    applied = five.apply()
    assert (applied.exit_code, applied.document["status"]) == (2, "differences"), applied.stderr
    assert {one["outcome"] for one in applied.changes} == {"skipped"}
    file = applied.document["script"]["file"]
    assert {one["reason"] for one in applied.changes} == {f"waiting for hand: {file}"}
    assert applied.document["script"]["changes"] == len(applied.changes) == 6

    script = five.script(applied)
    assert script.errors == []
    five.run(script)
    drifted, planned = five.verb("drift"), five.verb("plan")
    assert (drifted.exit_code, drifted.findings()) == (0, [])
    assert (planned.exit_code, planned.changes) == (0, [])
    assert len(five.council.ours()) == 6
    assert five.council.mail("rc-2026-002@post.example", ["officer@ash.example"])[0]["outcome"] == "delivered"
    assert (
        five.council.mail("person.o-neil+7@post.example", ["officer@ash.example"])[0]["outcome"]
        == "redirected"
    )


def test_the_document_with_a_script_follows_its_schema(five: ByHand) -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "plan.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(five.apply().document)) == []


def test_nothing_signs_in_that_could_write(five: ByHand) -> None:
    reader = five.council.sandbox.env["M365_RESTRICT_AUTH__READER__CLIENT_ID"]
    five.verb("plan")
    five.apply()
    five.verb("drift")
    five.verb("heal", approve=True)
    asked = five.council.requests()
    assert {one["app_id"] for one in asked} == {reader}
    assert not [one for one in asked if one["cmdlet"] and not one["cmdlet"].startswith("Get-")]
    assert not [one for one in asked if not one["cmdlet"] and one["method"] != "GET"]


def test_the_file_is_what_windows_powershell_reads_and_its_owner_alone(five: ByHand) -> None:
    file = Path(five.apply().document["script"]["file"])
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert file.stat().st_mode & 0o777 == 0o600


@ENABLED_AT_ONCE
def test_no_rule_is_enabled_before_it_was_read_back(five: ByHand) -> None:
    script = five.script(five.apply())
    five.run(script, commands=1)
    assert [rule["State"] for rule in five.council.ours().values()] == ["Disabled"]


def test_a_change_a_lift_and_a_tampered_rule_reach_the_tenant_by_the_next_script(five: ByHand) -> None:
    five.run(five.script(five.apply()))
    five.verb("drift")
    council = five.council
    council.edit(1, by="officer@ash.example", Addresses="person.o-neil+3@post.example")
    council.edit(2, by="officer@ash.example", Status="Lifted")
    council.cmdlet(
        "Set-TransportRule", Identity="RC-2026-003 Refuse with notice", ExceptIfSubjectContainsWords=["x"]
    )
    planned = five.verb("plan")
    assert sorted(one["action"] for one in planned.changes) == ["delete", "delete", "update", "update"]
    five.run(five.script(five.apply()))
    assert (five.verb("drift").exit_code, five.verb("plan").changes) == (0, [])
    assert len(council.ours()) == 4


def test_rolling_back_brings_every_rule_to_what_it_was(five: ByHand) -> None:
    five.run(five.script(five.apply()))
    five.verb("drift")
    council = five.council
    council.edit(1, by="officer@ash.example", Addresses="person.o-neil+3@post.example")
    council.edit(4, by="officer@ash.example", Status="Lifted")
    before = council.rules()
    script = five.script(five.apply())
    five.run(script)
    assert council.rules() != before
    five.run(script, rollback=True)
    derived = {"Guid", "WhenChanged", "LastModifiedBy", "CreatedBy", "DistinguishedName", "ImmutableId"}
    after = council.rules()
    assert list(after) == list(before)
    for name, rule in before.items():
        assert {key for key in rule if rule[key] != after[name][key]} <= derived, name


def test_drift_says_since_when_a_script_waits_and_raises_its_voice(five: ByHand) -> None:
    five.apply()
    waiting = five.verb("drift")
    assert waiting.exit_code == 2
    found = waiting.findings()
    assert {(one["code"], one["class"], one["severity"]) for one in found} == {
        ("waiting-for-hand", "pending", "medium")
    }
    assert len(found) == 6
    five.council.clock("2026-11-26T08:59:00Z")
    assert {one["severity"] for one in five.verb("drift").findings()} == {"medium"}
    five.council.clock("2026-11-26T09:00:00Z")
    five.apply()
    later = five.verb("drift").findings()
    assert {(one["severity"], one["since"]) for one in later} == {("high", "2026-11-23T09:00:00Z")}


def test_before_any_script_a_change_is_simply_pending(five: ByHand) -> None:
    assert {one["code"] for one in five.verb("drift").findings()} == {"rule-pending"}


@ENABLED_AT_ONCE
def test_a_script_that_was_run_in_part_still_waits_for_the_rest(five: ByHand) -> None:
    script = five.script(five.apply())
    five.run(script, commands=3)
    found = five.verb("drift").findings()
    assert {one["code"] for one in found} == {"waiting-for-hand"}
    assert len(found) == 5
    five.run(five.script(five.apply()))
    assert five.verb("drift").exit_code == 0


def test_what_the_register_asks_for_since_is_pending_and_not_waiting(five: ByHand) -> None:
    five.apply()
    five.council.edit(1, by="officer@ash.example", Addresses="person.o-neil+3@post.example")
    found = {one["case_ref"]: one["code"] for one in five.verb("drift").findings()}
    assert found["RC-2026-001"] == "rule-pending"
    assert found["RC-2026-003"] == "waiting-for-hand"


def test_a_rule_made_by_hand_and_edited_later_is_drifted_and_not_waiting(five: ByHand) -> None:
    five.run(five.script(five.apply()))
    five.verb("drift")
    five.council.cmdlet("Disable-TransportRule", Identity="RC-2026-003 Refuse with notice", Confirm=False)
    five.apply()
    found = five.verb("drift").findings()
    assert [(one["code"], one["changed_by"]) for one in found] == [("rule-drifted", "E Admin")]


def test_the_same_plan_leaves_the_signed_off_file_as_it_is(five: ByHand) -> None:
    first = five.apply()
    before = Path(first.document["script"]["file"]).read_bytes()
    five.council.clock("2026-11-23T10:00:00Z")
    again = five.apply()
    assert again.document["script"] == first.document["script"]
    assert len(five.files) == 1
    assert five.files[0].read_bytes() == before


def test_the_plan_id_that_was_read_is_what_the_script_names(five: ByHand) -> None:
    plan_id = five.verb("plan").document["plan_id"]
    done = five.verb("apply", plan_id=plan_id, script=five.folder / "signed.ps1")
    assert done.document["script"]["file"] == str(five.folder / "signed.ps1")
    text = five.script(done).text
    assert f"# Plan: {plan_id}" in text
    assert f"# Plan approved: with --plan-id {plan_id}" in text
    assert "RC-2026-001: approved on 3 September 2026" in text
    assert "Director" not in text
    assert "director@" not in text


def test_without_approval_there_is_no_script(five: ByHand) -> None:
    refused = five.verb("apply", plan_id="0000000000000000")
    assert (refused.exit_code, refused.document["script"]) == (3, None)
    assert five.files == []


def test_with_nothing_to_do_there_is_no_script(five: ByHand) -> None:
    five.run(five.script(five.apply()))
    (five.files[0]).unlink()
    done = five.apply()
    assert (done.exit_code, done.document["script"], five.files) == (0, None, [])


def test_choices_and_junk_that_need_an_inbox_rule_are_refused_with_the_reason(by_hand: ByHand) -> None:
    council = by_hand.council
    council.plant(
        council.case("RC-2026-001", Measure="Junk in named mailboxes", Scope=NAMED, SpocMailbox="",
                     ScopeMailboxes="planning@ash.example"),
        council.case("RC-2026-002"),
        choices=[council.choice(council.councillors[0], "noise@post.example", "Junk Email"),
                 council.choice(council.councillors[1], "RC-2026-001", "Same as the council"),
                 council.choice(council.councillors[2], "RC-2026-002", "Same as the council")],
    )  # fmt: skip
    checked = by_hand.verb("validate")
    assert checked.exit_code == 3
    assert [one["code"] for one in checked.document["refused_choices"]] == ["choice-needs-mailbox-grant"] * 2
    planned = by_hand.verb("plan")
    assert planned.refused == {"RC-2026-001": ["measure-needs-mailbox-grant"]}
    assert planned.document["choices"] == {"live": 1, "refused": 2}
    assert {one["kind"] for one in planned.changes} == {"transport_rule"}
    by_hand.run(by_hand.script(by_hand.apply()))
    assert by_hand.verb("drift").exit_code == 0


def test_an_inbox_rule_that_stands_already_is_watched_and_its_end_left_to_its_owner(by_hand: ByHand) -> None:
    council = by_hand.council
    council.in_force(
        council.case("RC-2026-001", Measure="Junk in named mailboxes", Scope=NAMED, SpocMailbox="",
                     ScopeMailboxes="planning@ash.example")
    )  # fmt: skip
    assert by_hand.verb("plan").changes == []
    council.edit(1, by="officer@ash.example", Status="Lifted")
    council.requests()
    done = by_hand.apply()
    assert done.exit_code == 2
    assert [(one["outcome"], one["reason"].partition(";")[0]) for one in done.changes] == [
        ("skipped", "waiting for hand: an inbox rule is not written by script")
    ]
    assert done.document["script"] is None
    assert council.rule_writes() == []


def test_healing_writes_a_script_too(five: ByHand) -> None:
    five.run(five.script(five.apply()))
    five.verb("drift")
    five.council.cmdlet("Remove-TransportRule", Identity="RC-2026-003 Refuse with notice", Confirm=False)
    healed = five.verb("heal", approve=True)
    assert healed.exit_code == 2
    five.run(five.script(healed))
    assert five.verb("drift").exit_code == 0


def test_text_says_what_waits_and_where(five: ByHand) -> None:
    done = five.apply(output="text")
    assert (
        "Status: differences (exit code 2): the script waits for an administrator to run it." in done.stdout
    )
    assert f"Script: {five.files[0]} makes 6 changes" in done.stdout


def test_a_folder_that_cannot_be_written_is_named(five: ByHand, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = five.apply(script=tmp_path / "file" / "x.ps1")
    assert done.exit_code == 5
    assert str(tmp_path / "file" / "x.ps1") in done.document["error"]["message"]


def test_script_without_the_setting_is_refused(council: Any, tmp_path: Path) -> None:
    council.plant(council.case("RC-2026-001"))
    done = council.apply(script=tmp_path / "x.ps1")
    assert (done.exit_code, council.ours()) == (5, {})
    assert "ENFORCE_WITH" in done.document["error"]["message"]


def test_a_councillors_choice_is_told_no_further_in_the_documents(five: ByHand) -> None:
    done = five.apply()
    chosen = [one for one in done.changes if "councillor opted in" in one["name"]]
    assert [(type(one["mailbox"]), one["fields"]) for one in chosen] == [(int, [])]
    assert five.council.councillors[0] not in done.stderr


def test_a_failed_read_forgets_nothing_of_what_waits(five: ByHand) -> None:
    five.apply()
    five.council.clock("2026-11-24T09:00:00Z")
    five.council.fault("status", status=403, times=9, cmdlet="Get-TransportRule")
    assert five.verb("drift").exit_code == 4
    five.council.sandbox.control("DELETE", "faults")
    found = five.verb("drift").findings()
    assert {(one["code"], one["since"]) for one in found} == {("waiting-for-hand", "2026-11-23T09:00:00Z")}
