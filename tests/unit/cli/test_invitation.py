from pathlib import Path

import pytest

from m365_restrict.cli.invitation import print_invitation

_SETTINGS = {
    "M365_RESTRICT_REGISTER__SITE": "localhost:/sites/democracy",
    "M365_RESTRICT_REGISTER__CHOICES_LIST": "Members' choices",
    "M365_RESTRICT_POLICY__APPROVERS": "director@ash.example",
    "M365_RESTRICT_POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    "M365_RESTRICT_POLICY__TERM_ENDS_ON": "2031-05-08",
    "M365_RESTRICT_OWNERSHIP__INSTANCE_ID": "ash",
}


def test_it_names_the_list_of_this_council(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_invitation(None, _SETTINGS) == 0
    assert "'Members' choices'" in capsys.readouterr().out


def test_it_says_when_choices_end(capsys: pytest.CaptureFixture[str]) -> None:
    print_invitation(None, _SETTINGS)
    assert "8 May 2031" in capsys.readouterr().out


def test_without_settings_it_says_what_is_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert print_invitation(tmp_path / "none.env", {}) == 5
    assert "none.env" in capsys.readouterr().err
