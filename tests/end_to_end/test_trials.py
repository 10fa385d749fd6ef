"""A governance officer, a director and a councillor play through their lists; the transcripts are theirs."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "trials"


@pytest.fixture(scope="module")
def pages(running_sandbox, tmp_path_factory):
    """The story played anew, once, with a ledger of its own."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import play_trials
        from trial_notebook import Council
    finally:
        sys.path.remove(str(ROOT / "tools"))
    running_sandbox.faults.clear()
    council = Council(running_sandbox, play_trials.SEED, play_trials.PERSON)
    ledger = tmp_path_factory.mktemp("trials") / "ledger.db"
    council.settings = {"M365_RESTRICT_LEDGER__URL": f"sqlite:///{ledger}"}
    return play_trials.play(council)


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
