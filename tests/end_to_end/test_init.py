"""`init` against an empty site, half a list and a whole one: by the wire alone."""

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from m365_restrict.cli.init import InitRequest, run_init
from m365_restrict.cli.request import Request
from m365_restrict.cli.run import run_verb
from m365_restrict.report.verb import Verb

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
TITLES = ("Restricted contacts", "Restriction reviews", "Councillor mail choices")
PROVING = "~ this row proves the list can be read whole"
SEED = {
    "now": "2026-11-23T09:00:00Z",
    "tenant": {"accepted_domains": ["ash.example"]},
    "users": [
        {"upn": "director@ash.example"},
        {"upn": "officer@ash.example"},
        {"upn": "contact@ash.example", "mailbox": "shared"},
    ],
    "groups": [{"address": "councillors@ash.example"}],
    "settings": {
        "POLICY__APPROVERS": "director@ash.example",
        "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    },
}


@dataclass(frozen=True)
class Answer:
    exit_code: int
    document: dict[str, Any]

    @property
    def outcomes(self) -> set[str]:
        return {step["outcome"] for step in self.document["steps"]}

    def steps(self, action: str) -> list[dict[str, Any]]:
        return [step for step in self.document["steps"] if step["action"] == action]


class Site:
    """A site in the sandbox with `init` at work on it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox

    def seed(self, lists=None, settings=None):
        made = {**SEED["settings"], **(settings or {})}
        self.sandbox.seed({**SEED, "lists": lists or {}, "settings": made})

    def init(self, *, approve=False, **variables):
        env = {**self.sandbox.env, **{f"M365_RESTRICT_{key}": value for key, value in variables.items()}}
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = run_init(InitRequest(output="json", approve=approve), env)
        document = json.loads(out.getvalue())
        schema = json.loads((SCHEMAS / "init.json").read_text())
        assert not list(Draft202012Validator(schema).iter_errors(document))
        assert document["exit_code"] == code
        return Answer(code, document)

    def writes(self):
        return [
            one for one in self.sandbox.requests()
            if one["method"] != "GET" and not one["path"].endswith("/token")
        ]  # fmt: skip

    def columns(self, title):
        raw = self.sandbox.graph("GET", f"sites/root/lists/{title}/columns").json()["value"]
        return {one["name"]: one for one in raw}

    def titles(self, title):
        query = {"$expand": "fields($select=Title)"}
        found = self.sandbox.graph("GET", f"sites/root/lists/{title}/items", params=query, role="setup")
        return [item["fields"]["Title"] for item in found.json()["value"]]


@pytest.fixture
def site(sandbox):
    made = Site(sandbox)
    made.seed()
    return made


def test_it_says_first_what_it_would_do_and_does_nothing(site):
    site.writes()
    answer = site.init()
    assert (answer.exit_code, answer.document["status"]) == (2, "differences")
    assert [step["list"] for step in answer.steps("create_list")] == list(TITLES)
    assert [step["list"] for step in answer.steps("add_proving_row")] == list(TITLES)
    assert answer.outcomes == {"planned"}
    assert site.writes() == []


@pytest.mark.requirement("M-25")
def test_an_empty_site_gets_lists_that_every_other_verb_can_read(site):
    assert site.init(approve=True).exit_code == 0
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run_verb(Request(verb=Verb.VALIDATE, output="json"), site.sandbox.env) == 0
    assert json.loads(out.getvalue())["source"]["complete"] is True


def test_it_does_what_it_said(site):
    said, done = site.init(), site.init(approve=True)
    assert [step["effect"] for step in said.document["steps"]] == [
        step["effect"] for step in done.document["steps"]
    ]
    assert done.outcomes == {"applied"}


def test_a_second_run_finds_nothing_to_do(site):
    site.init(approve=True)
    site.writes()
    again = site.init(approve=True)
    assert (again.exit_code, again.document["steps"], site.writes()) == (0, [], [])
    assert [site.titles(title) for title in TITLES] == [[PROVING]] * 3


def test_columns_have_the_names_the_help_and_the_choices_of_the_register(site):
    site.init(approve=True)
    columns = site.columns(TITLES[0])
    assert columns["Title"]["displayName"] == "Case reference"
    assert columns["Title"]["required"] is False
    assert columns["EndsOn"]["dateTime"]["format"] == "dateOnly"
    assert columns["EndsOn"]["description"].startswith("To the end of this day.")
    assert "Under review" in columns["Status"]["choice"]["choices"]
    assert columns["Grounds"]["choice"]["allowTextEntry"] is True
    assert columns["Addresses"]["text"] == {
        "allowMultipleLines": True, "linesForEditing": 6, "textType": "plain",
    }  # fmt: skip
    assert not any(one["required"] or one["hidden"] for one in columns.values())


def test_an_officer_can_save_a_draft_in_a_list_that_init_made(site):
    site.init(approve=True)
    saved = {"by": "officer@ash.example", "fields": {"Title": "RC-2026-001", "Status": "Draft"}}
    assert site.sandbox.control("POST", f"list/{TITLES[0]}", saved).status_code == 201


def test_half_a_list_is_completed(site):
    site.seed({TITLES[0]: {"omit_columns": ["EndsOn", "LegalHold"]}, TITLES[1]: {}})
    answer = site.init(approve=True)
    assert answer.exit_code == 0
    assert [step["column"] for step in answer.steps("add_column")] == ["EndsOn", "LegalHold"]
    assert [step["list"] for step in answer.steps("create_list")] == [TITLES[2]]
    assert {"EndsOn", "LegalHold"} <= set(site.columns(TITLES[0]))
    assert site.init().exit_code == 0


def test_what_the_council_has_set_itself_stays(site):
    site.init(approve=True)
    own = {"displayName": "Last day", "description": "Ask legal first."}
    path = f"sites/root/lists/{TITLES[0]}/columns"
    site.sandbox.graph("PATCH", f"{path}/EndsOn", role="setup", json=own)
    grounds = {"choice": {"choices": ["Our own ground"], "displayAs": "checkBoxes", "allowTextEntry": False}}
    site.sandbox.graph("PATCH", f"{path}/Grounds", role="setup", json=grounds)
    assert site.init().exit_code == 0


def test_a_choice_that_is_missing_is_added_and_others_stay(site):
    site.init(approve=True)
    few = {"choice": {"choices": ["Draft", "Approved", "On ice"], "displayAs": "dropDownMenu"}}
    site.sandbox.graph("PATCH", f"sites/root/lists/{TITLES[0]}/columns/Status", role="setup", json=few)
    assert site.init(approve=True).exit_code == 0
    choices = site.columns(TITLES[0])["Status"]["choice"]["choices"]
    assert choices[:3] == ["Draft", "Approved", "On ice"]
    assert "Withdrawn" in choices


def test_a_column_of_the_wrong_type_is_refused_and_left(site):
    site.seed({TITLES[0]: {"omit_columns": ["EndsOn"]}, TITLES[1]: {}, TITLES[2]: {}})
    text = {"name": "EndsOn", "text": {}}
    site.sandbox.graph("POST", f"sites/root/lists/{TITLES[0]}/columns", role="setup", json=text)
    answer = site.init(approve=True)
    assert (answer.exit_code, [one["column"] for one in answer.document["conflicts"]]) == (3, ["EndsOn"])
    assert "text" in site.columns(TITLES[0])["EndsOn"]


def test_a_remapped_column_is_not_made_twice(site):
    site.seed({TITLES[0]: {"omit_columns": ["EndsOn"]}, TITLES[1]: {}, TITLES[2]: {}})
    day = {"name": "LastDay", "dateTime": {"format": "dateOnly"}}
    site.sandbox.graph("POST", f"sites/root/lists/{TITLES[0]}/columns", role="setup", json=day)
    answer = site.init(approve=True, REGISTER__COLUMNS__ENDSON="LastDay")
    assert answer.exit_code == 0
    assert answer.steps("add_column") == []
    assert "EndsOn" not in site.columns(TITLES[0])


def test_the_reader_and_the_writer_cannot_make_lists(site):
    for role in ("reader", "writer"):
        body = {"displayName": "X", "list": {"template": "genericList"}}
        assert site.sandbox.graph("POST", "sites/root/lists", role=role, json=body).status_code == 403


@pytest.mark.parametrize("role", ["READER", "WRITER"])
def test_init_with_an_application_that_may_not_is_a_permission_error(site, role):
    env = site.sandbox.env
    other = {
        f"AUTH__SETUP__{key}": env[f"M365_RESTRICT_AUTH__{role}__{key}"]
        for key in ("CLIENT_ID", "CERTIFICATE_PATH", "CLIENT_SECRET")
    }
    answer = site.init(approve=True, **other)
    assert (answer.exit_code, answer.document["error"]["code"]) == (5, "permission-missing")
    assert "setup application" in answer.document["error"]["message"]
    assert answer.outcomes == {"failed"}


def test_other_verbs_never_sign_in_as_the_setup_application(site):
    site.init(approve=True)
    site.sandbox.requests()
    with contextlib.redirect_stdout(io.StringIO()):
        run_verb(Request(verb=Verb.APPLY, output="json", approve=True), site.sandbox.env)
    setup = site.sandbox.env["M365_RESTRICT_AUTH__SETUP__CLIENT_ID"]
    assert setup not in {one["app_id"] for one in site.sandbox.requests()}


def test_a_list_that_the_reader_cannot_read_whole_ends_with_exit_7(site):
    site.seed({TITLES[0]: {}, TITLES[1]: {}, TITLES[2]: {"read_security": "own"}})
    site.init(approve=True)
    answer = site.init()
    assert answer.exit_code == 7
    assert [one["scope"] for one in answer.document["unknown"]] == [f"the list '{TITLES[2]}'"]
    assert site.titles(TITLES[2]) == [PROVING]


def test_the_choices_list_is_made_on_its_own_site(site):
    site.seed(settings={"CHOICES__SITE": "localhost:/sites/members"})
    assert site.init(approve=True).exit_code == 0
    assert site.sandbox.graph("GET", f"sites/localhost:/sites/members:/lists/{TITLES[2]}").is_success
    assert site.sandbox.graph("GET", f"sites/root/lists/{TITLES[2]}").status_code == 404


def test_lists_have_the_titles_that_the_settings_give_them(site):
    assert site.init(approve=True, REGISTER__LIST="Cases").exit_code == 0
    assert site.sandbox.graph("GET", "sites/root/lists/Cases").is_success


def test_a_step_that_fails_is_told_and_done_by_the_next_run(site):
    fault = {"match": {"method": "POST", "path_regex": "/items$"}, "do": "status", "status": 400, "times": 1}
    site.sandbox.control("POST", "faults", [fault])
    answer = site.init(approve=True)
    assert answer.exit_code == 4
    assert [step["action"] for step in answer.document["steps"] if step["outcome"] == "failed"] == [
        "add_proving_row"
    ]
    assert site.init(approve=True).exit_code == 0


def test_an_answer_that_is_lost_after_the_write_counts_as_done(site):
    fault = {"match": {"method": "POST", "path_regex": "/lists$"}, "do": "reset_after_commit", "times": 1}
    site.sandbox.control("POST", "faults", [fault])
    assert site.init(approve=True).exit_code == 0


def test_a_site_that_is_not_there_is_a_settings_error(site):
    answer = site.init(REGISTER__SITE="localhost:/sites/nowhere")
    assert (answer.exit_code, answer.document["error"]["code"]) == (5, "list-not-found")


def test_it_says_what_no_application_can_set(site):
    settings = [(one["list"], one["setting"]) for one in site.init().document["by_hand"]]
    assert (TITLES[0], "Version history on, at least 500 versions") in settings
    assert (TITLES[2], "Item-level permissions: read and edit own items only") in settings
