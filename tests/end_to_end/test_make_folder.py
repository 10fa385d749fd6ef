"""CHOICES__CREATE_FOLDER: the folder that a councillor names is made in their own mailbox alone."""

from typing import Any

import pytest

MAKE = {"CHOICES__CREATE_FOLDER": "true"}
FOLDER = "Letters from one person"


@pytest.fixture
def chosen(council: Any) -> Any:
    """A councillor who chose a folder that is not there."""
    choice = council.choice(
        council.councillors[0], "person@post.example", "Move to folder", FolderName=FOLDER
    )
    council.plant(choices=[choice])
    council.requests()
    return council


def folders(council: Any, upn: str) -> list[str]:
    return [one["displayName"] for one in council.holder(upn, "GET", "/me/mailFolders?$top=100")["value"]]


def test_the_folder_is_made_and_mail_goes_there(chosen: Any) -> None:
    done = chosen.apply(settings=MAKE)
    assert (done.exit_code, done.document["choices"]) == (0, {"live": 1, "refused": 0}), done.document
    assert chosen.mail("person@post.example", [chosen.councillors[0]])[0]["folder"] == FOLDER
    assert chosen.plan(settings=MAKE).changes == []
    assert FOLDER not in folders(chosen, chosen.councillors[1])


def test_the_plan_says_so_and_makes_nothing(chosen: Any) -> None:
    planned = chosen.plan(settings=MAKE)
    assert "is made first" in planned.changes[0]["reason"]
    assert chosen.councillors[0] not in planned.stdout
    assert FOLDER not in folders(chosen, chosen.councillors[0])
    assert chosen.writes() == []


def test_one_request_makes_it_by_the_mailbox_api(chosen: Any) -> None:
    chosen.apply(settings=MAKE)
    made = [one for one in chosen.rule_writes() if "folders" in one["path"].lower()]
    assert [
        (one["method"], one["path"].rpartition("/")[2]) for one in made if "Rules" not in one["path"]
    ] == [("POST", "folders")]
    assert all("/mailFolders" not in one["path"] or "messageRules" in one["path"] for one in made)


def test_a_choice_that_moves_to_a_new_folder_changes_the_same_rule(council: Any) -> None:
    cllr = council.councillors[0]
    council.plant(choices=[council.choice(cllr, "person@post.example", "Move to folder")])
    assert council.apply(settings=MAKE).exit_code == 0
    council.edit(1, by=cllr, title="Councillor mail choices", FolderName=FOLDER)
    done = council.apply(settings=MAKE)
    assert [(one["action"], one["outcome"]) for one in done.changes] == [("update", "applied")]
    assert council.mail("person@post.example", [cllr])[0]["folder"] == FOLDER


def test_without_the_setting_the_choice_is_refused(chosen: Any) -> None:
    done = chosen.apply()
    assert done.document["choices"] == {"live": 0, "refused": 1}
    assert FOLDER not in folders(chosen, chosen.councillors[0])


def test_a_lost_answer_makes_no_second_folder(chosen: Any) -> None:
    chosen.fault("reset_after_commit", method="POST", path_regex="admin/exchange")
    assert chosen.apply(settings=MAKE).exit_code == 0
    assert folders(chosen, chosen.councillors[0]).count(FOLDER) == 1


def test_a_refused_folder_is_told_and_the_next_run_tries_again(chosen: Any) -> None:
    chosen.fault("status", status=403, method="POST", path_regex="admin/exchange")
    first = chosen.apply(settings=MAKE)
    assert (first.exit_code, first.changes[0]["outcome"]) == (4, "failed")
    assert "folder could not be made" in first.changes[0]["reason"]
    assert chosen.apply(settings=MAKE).exit_code == 0


@pytest.mark.parametrize("name", ["Set aside/Person", "Set aside\\Person"])
def test_a_folder_within_a_folder_is_not_made(council: Any, name: str) -> None:
    choice = council.choice(council.councillors[0], "person@post.example", "Move to folder", FolderName=name)
    council.plant(choices=[choice])
    assert council.plan(settings=MAKE).document["choices"] == {"live": 0, "refused": 1}
