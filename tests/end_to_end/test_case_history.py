"""What an auditor reads of one case from a ledger's file alone, without settings."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from m365_restrict.cli.app import app
from m365_restrict.ledger.ledger import open_ledger

OFFICER, DIRECTOR = "officer@ash.example", "director@ash.example"
RULE = "RC-1 Redirect to single contact"
Tell = Callable[..., dict[str, Any]]


@pytest.fixture
def tell(council: Any, tmp_path: Path) -> Tell:
    """`history` of a copy of the ledger, given no setting; its document, which follows its schema."""
    schema = Draft202012Validator(json.loads((council.schemas / "history.json").read_text()))

    def _tell(*typed: str) -> dict[str, Any]:
        place = council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///")
        copy = tmp_path / "copy.db"
        with closing(sqlite3.connect(place)) as one, closing(sqlite3.connect(copy)) as other:
            one.backup(other)
        arguments = ["history", *typed, "--json", "--ledger", str(copy)]
        done = CliRunner().invoke(app, arguments, env={}, catch_exceptions=False)
        document: dict[str, Any] = json.loads(done.stdout)
        schema.validate(document)
        assert document["exit_code"] == done.exit_code
        return document

    return _tell


@pytest.fixture
def live(council: Any) -> Any:
    holder = council.councillors[0]
    council.in_force(
        council.case("RC-1"),
        council.case("RC-2"),
        choices=[council.choice(holder, "RC-1", "Same as the council")],
    )
    return council


@pytest.mark.usefixtures("live")
def test_who_approved_which_values(tell: Tell) -> None:
    case = tell("--case", "rc-1")
    (counts,) = [one for one in case["approvals"] if one["verdict"] == "eligible"]
    values = {one["column"]: one["values"] for one in counts["values"]}
    assert counts["saver_address"].startswith("director")
    assert (values["Addresses"], len(counts["fields_hash"])) == (["rc-1@post.example"], 64)


def test_the_version_history_as_the_latest_run_read_it(live: Any, tell: Tell) -> None:
    live.edit(1, by=OFFICER, NoticeDocId="DOC-9")
    run = live.drift()
    case = tell("--case", "RC-1")
    saved = [
        (one["by"], {two["column"]: two["values"] for two in one["changed"]})
        for one in case["saves"]
        if one["list"] == "Restricted contacts"
    ]
    assert case["read_by"] == run.document["run_id"]
    assert saved[-1] == (OFFICER, {"NoticeDocId": ["DOC-9"]})


def test_a_save_after_the_last_run_is_not_told_as_if_it_had_been_read(live: Any, tell: Tell) -> None:
    live.edit(1, by=OFFICER, NoticeDocId="DOC-9")
    assert "DOC-9" not in json.dumps(tell("--case", "RC-1"))


def test_every_write_and_what_each_drift_found(live: Any, tell: Tell) -> None:
    live.drift()
    live.cmdlet("Disable-TransportRule", Identity=RULE)
    differed = live.drift()
    live.heal()
    live.drift()
    case = tell("--case", "RC-1")
    assert [one["action"] for one in case["written"] if one["name"] == RULE] == ["create", "update"]
    assert [one["state"] for one in case["looks"]] == ["in_step", "differs", "in_step"]
    (found,) = [one for one in case["looks"] if one["run_id"] == differed.document["run_id"]]
    assert any("State was Disabled, not Enabled" in one for one in found["found"])


def test_a_case_that_has_ended_is_not_in_force_afterwards(live: Any, tell: Tell) -> None:
    live.drift()
    live.edit(1, by=OFFICER, Status="Lifted")
    live.apply()
    live.drift()
    case = tell("--case", "RC-1")
    assert [one["state"] for one in case["looks"]] == ["in_step", "not_in_force"]
    assert case["written"][-1]["action"] == "delete"


def test_nobody_is_told_which_councillor_chose_what(live: Any, tell: Tell) -> None:
    live.drift()
    case = tell("--case", "RC-1")
    chosen = [one for one in case["written"] if one["name"] != RULE]
    assert chosen
    assert {(one["name"], type(one["mailbox"]), len(one["fields"])) for one in chosen} == {
        ("a councillor's own choice", int, 0)
    }
    assert live.councillors[0] not in json.dumps([case["saves"], case["approvals"], case["looks"], chosen])
    assert {one["list"] for one in case["saves"]} == {"Restricted contacts"}


def test_the_text_tells_every_address_that_was_approved(council: Any) -> None:
    addresses = [f"sender-{number}@post.example" for number in range(9)]
    council.in_force(council.case("RC-1", Addresses="\n".join(addresses)))
    done = CliRunner().invoke(app, ["history", "--case", "RC-1"], env=council.sandbox.env)
    assert f"Addresses: {', '.join(addresses)}" in done.stdout


def test_a_ledger_without_evidence_says_by_which_days_it_counts(tmp_path: Path) -> None:
    place = tmp_path / "empty.db"
    open_ledger(f"sqlite:///{place}").close()
    typed = ["history", "--on", "2026-11-23", "--ledger", str(place)]
    done = CliRunner().invoke(app, typed, env={}, catch_exceptions=False)
    assert "Days are counted in UTC" in done.stdout


def test_an_item_that_is_gone_from_the_list_is_told_as_it_was_last_read(council: Any, tell: Tell) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.drift()
    council.delete(1)
    council.drift()
    case = tell("--case", "RC-1")
    assert case["saves"]
    assert case["read_by"] != council.drift().document["run_id"]


def test_the_signature_of_a_month(live: Any, tell: Tell) -> None:
    signed = {"Title": "2026-10", "Kind": "Report sign-off", "Considerations": "Seen."}
    live.add(by=DIRECTOR, title="Restriction reviews", **signed)
    live.drift()
    (saved,) = tell("--case", "2026-10")["saves"]
    values = {one["column"]: one["values"] for one in saved["changed"]}
    assert (values["Kind"], values["Considerations"]) == (["Report sign-off"], ["Seen."])


@pytest.mark.usefixtures("live")
def test_a_case_of_which_nothing_is_known(tell: Tell) -> None:
    document = tell("--case", "RC-9")
    assert (document["exit_code"], document["error"]["code"]) == (3, "case-not-remembered")


@pytest.mark.parametrize(
    ("days", "cases"),
    [
        (("2026-11-01", "2026-11-22"), []),
        (("2026-11-01", "2026-11-23"), ["RC-1", "RC-2"]),
        (("2026-11-25", "2026-11-30"), ["RC-1", "RC-2"]),
        (("2026-12-01", "2026-12-31"), ["RC-1", "RC-2"]),
        (("2026-12-02", "2026-12-31"), ["RC-2"]),
    ],
)
def test_the_cases_of_a_period(live: Any, tell: Tell, days: tuple[str, str], cases: list[str]) -> None:
    live.clock("2026-12-01T09:00:00Z")
    live.edit(1, by=OFFICER, Status="Lifted")
    live.apply()
    live.clock("2027-01-10T09:00:00Z")
    live.plan()
    found = tell("--on", days[0], "--until", days[1])["in_force"]
    assert [one["case_ref"] for one in found if one["case_ref"]] == cases


def test_a_file_that_is_not_there_is_said_with_the_option_that_names_it(tmp_path: Path) -> None:
    typed = ["history", "--ledger", str(tmp_path / "none.db")]
    done = CliRunner().invoke(app, typed, env={}, catch_exceptions=False)
    assert done.exit_code == 1
    assert "--ledger" in done.stdout
