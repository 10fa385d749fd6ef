"""What people and an auditor did and saw in the trials; the transcripts that are committed are theirs."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "trials"


@pytest.fixture(scope="module")
def tools():
    """The modules that play."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import auditor_trial
        import play_trials
        import trial_notebook
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return SimpleNamespace(auditor=auditor_trial, people=play_trials, council=trial_notebook.Council)


def council_of(tools, running_sandbox, play, folder):
    """A council that is newly seeded, with a ledger of its own."""
    running_sandbox.faults.clear()
    council = tools.council(running_sandbox, play.SEED, play.PERSON)
    council.settings = {"M365_RESTRICT_LEDGER__URL": f"sqlite:///{folder / 'councils.db'}"}
    return council


@pytest.fixture(scope="module")
def pages(running_sandbox, tmp_path_factory, tools):
    """The story of the three played anew, once."""
    folder = tmp_path_factory.mktemp("trials")
    return tools.people.play(council_of(tools, running_sandbox, tools.people, folder))


@pytest.fixture(scope="module")
def audit(running_sandbox, tmp_path_factory, tools):
    """The audit played anew, once: the page, and the folder that the auditor was given."""
    folder = tmp_path_factory.mktemp("audit")
    page = tools.auditor.play(council_of(tools, running_sandbox, tools.auditor, folder), folder)
    return SimpleNamespace(page=page, folder=folder)


def test_each_does_what_they_came_for(pages):
    director, councillor = pages["director.md"], pages["councillor.md"]
    assert "to planning@ashbourne.example: redirected, contact@ashbourne.example" in director
    assert "to planning@ashbourne.example: delivered, planning@ashbourne.example" in director
    assert (
        director.count("to cllr.b@ashbourne.example: delivered, cllr.b@ashbourne.example, folder Inbox") == 2
    )
    went = [line.rpartition("folder ")[2] for line in councillor.splitlines() if ", folder " in line]
    assert went == ["Inbox", "Junk Email", "Inbox"]


def test_nobody_else_is_told_of_a_councillors_choice(pages):
    assert "to the officer or the director: 0." in pages["councillor.md"]


def test_the_committed_transcripts_are_what_happens(pages):
    if not FOLDER.exists():
        pytest.skip("the transcripts have not been written yet: run tools/play_trials.py")
    for name, text in pages.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, "run tools/play_trials.py"


def test_the_auditor_proves_her_case_without_a_setting(audit):
    page = audit.page
    assert "director@wexcombe.example" in page
    assert "NoticeSentOn: 2026-11-25" in page
    assert page.count("performed again without a network: the document is the same, byte for byte.") == 3
    assert "has the hash that was kept elsewhere" in page
    assert "State was Disabled, not Enabled; changed by exchange.admin at 2026-12-14T15:20:00Z" in page


def test_the_answers_that_the_page_gives_are_those_of_the_ledger(audit, tools):
    typed = [
        "history",
        "--json",
        "--case",
        tools.auditor.SAMPLED,
        "--ledger",
        str(audit.folder / "ledger.db"),
    ]
    case = json.loads(tools.auditor.run_typed(typed, {}).stdout)
    assert [(one["verdict"], one["saver_address"][:8], one["version"]) for one in case["approvals"]] == [
        ("eligible", "director", "2.0"),
        ("not_eligible", "officer@", "4.0"),
    ]
    assert [(one["action"], one["at"]) for one in case["written"]] == [
        ("create", "2026-12-01T06:00:00Z"),
        ("update", "2026-12-15T06:00:00Z"),
        ("delete", "2027-02-01T06:00:00Z"),
    ]
    approved = {one["column"]: one["values"] for one in case["approvals"][0]["values"]}
    made = {one["field"]: one["after"] for one in case["written"][0]["fields"]}
    assert (made["From"], made["RedirectMessageTo"]) == (approved["Addresses"], approved["SpocMailbox"])
    assert (approved["EndsOn"], made["ExpiryDate"]) == (["2027-01-31"], "2027-02-01T00:00:00Z")
    assert [one["state"] for one in case["looks"]][-2:] == ["in_step", "not_in_force"]


def test_the_altered_record_is_named(audit):
    assert "approval_evidence" in audit.page
    assert "of the items 2 version 2.0" in audit.page


def test_the_committed_audit_is_what_happens(audit):
    assert (FOLDER / "auditor.md").read_text(encoding="utf-8") == audit.page, "run tools/play_trials.py"
