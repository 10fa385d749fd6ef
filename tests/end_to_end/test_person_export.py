"""`person-export` against a council in force: what it gathers, what it marks, what it leaves out."""

import contextlib
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from m365_restrict.cli.person_export import PersonRequest, run_person_export

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "person-export.json"
ADDRESS = "rc-2026-001@post.example"
COUNCILLOR = "cllr.c@ash.example"
SEES_TRACES = pytest.mark.behaviour(
    message_trace=True, reason="without traces the export says that it is not whole"
)


def export(council, *, settings=None, **asked):
    env = {
        **council.sandbox.env,
        **{f"M365_RESTRICT_{key}": value for key, value in (settings or {}).items()},
    }
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = run_person_export(PersonRequest(**{"output": "json", **asked}), env)
    if asked.get("output") == "text":
        return code, out.getvalue()
    document = json.loads(out.getvalue())
    assert not list(Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(document))
    assert document["exit_code"] == code
    return code, document


@pytest.fixture
def in_force(council):
    """One case that is enforced, a review of it, another case, and a councillor's choice about the person."""
    review = {
        "created_by": "officer@ash.example",
        "versions": [
            {
                "at": "2026-11-01T09:00:00Z",
                "by": "officer@ash.example",
                "fields": {
                    "Title": "rc-2026-001",
                    "Kind": "Representation",
                    "Considerations": "Neighbour N. N. says otherwise.",
                },
            }
        ],
    }
    council.in_force(
        council.case(
            "RC-2026-001",
            CaseOwner="officer@ash.example",
            AdvocateAddresses="adviser@advice.example",
            LesserMeasuresConsidered="A warning letter, twice.",
        ),
        council.case("RC-2026-0012"),
        reviews=[review],
        choices=[
            council.choice(COUNCILLOR, ADDRESS, "Junk Email"),
            council.choice("cllr.d@ash.example", "RC-2026-001", "Same as the council"),
        ],
    )
    return council


@SEES_TRACES
def test_everything_about_the_case_is_there(in_force):
    code, document = export(in_force, reference="RC-2026-001")
    (case,) = document["cases"]
    assert code == 0
    assert {one["column"]: one["value"] for one in case["item"]["fields"]}["PersonName"] == "P Person"
    assert [one["number"] for one in case["item"]["versions"][:2]] == ["1.0", "2.0"]
    assert case["item"]["versions"][1]["changes"][0]["after"] == "Approved"
    assert [review["fields"][1]["value"] for review in case["reviews"]] == ["Representation"]
    assert "eligible" in {one["verdict"] for one in case["approvals"]}
    assert [rule["name"] for rule in case["rules"]] == ["RC-2026-001 Redirect to single contact"]
    assert [run["verb"] for run in case["runs"]] == ["apply"]
    assert document["counts"]["versions"] == len(case["item"]["versions"]) + 1


def test_a_name_that_was_corrected_is_held_in_a_version(in_force):
    edit = {"by": "officer@ash.example", "fields": {"PersonName": "P Parson"}}
    in_force.sandbox.control("POST", "list/Restricted contacts/1", edit)
    _, document = export(in_force, reference="RC-2026-001")
    changes = document["cases"][0]["item"]["versions"][-1]["changes"]
    assert [(one["before"], one["after"]) for one in changes] == [("P Person", "P Parson")]


def test_another_case_whose_reference_begins_alike_is_not(in_force):
    _, document = export(in_force, reference="RC-2026-001")
    assert [case["case_ref"] for case in document["cases"]] == ["RC-2026-001"]
    assert "0012@" not in json.dumps(document)


def test_the_programs_own_note_may_name_another_case_and_is_marked(in_force):
    note = {
        "by": "officer@ash.example",
        "fields": {"EnforcementNote": "An address is like one of RC-2026-0012."},
    }
    in_force.sandbox.control("POST", "list/Restricted contacts/1", note)
    marked = {one["where"] for one in export(in_force, reference="RC-2026-001")[1]["redact"]}
    assert "RC-2026-001, What to do" in marked


def test_a_version_that_the_program_saved_names_nobody(in_force):
    _, document = export(in_force, reference="RC-2026-001")
    versions = document["cases"][0]["item"]["versions"]
    own = [one for one in versions if one["saved_by"].startswith("the application ")]
    assert own
    assert {one["others"] for one in own} == {""}


@pytest.mark.parametrize("spelling", ["rc-2026-001", "RC-2026-001"])
def test_the_case_is_found_in_any_spelling(in_force, spelling):
    assert len(export(in_force, reference=spelling)[1]["cases"]) == 1


def test_no_councillors_choice_is_in_it_and_it_says_why(in_force):
    in_force.requests()
    _, document = export(in_force, reference="RC-2026-001")
    text = json.dumps(document)
    assert "cllr." not in text
    assert "opted in" not in text
    assert "answers for it themself" in document["left_out"][0]["why"]
    assert not any("Councillor mail choices" in (one["target"] or "") for one in in_force.requests())


def test_by_address_every_case_that_ever_held_it_is_found(in_force):
    edit = {"by": "officer@ash.example", "fields": {"Addresses": "new@post.example"}}
    in_force.sandbox.control("POST", "list/Restricted contacts/1", edit)
    _, document = export(in_force, address=f"  {ADDRESS.upper()} ")
    assert [case["case_ref"] for case in document["cases"]] == ["RC-2026-001"]


def test_a_case_that_shares_the_address_is_named_but_not_exported(in_force):
    shared = in_force.case("RC-2026-002", Addresses=ADDRESS, PersonName="Q Other")
    in_force.plant(in_force.case("RC-2026-001"), shared)
    _, document = export(in_force, reference="RC-2026-001")
    assert [one["case_ref"] for one in document["related"]] == ["RC-2026-002"]
    assert "Q Other" not in json.dumps(document)


def test_rules_of_others_that_name_the_person_are_found(in_force):
    blocked = {"Name": "Old block", "From": [ADDRESS, "third@post.example"], "DeleteMessage": True}
    in_force.cmdlet("New-TransportRule", **blocked)
    _, document = export(in_force, reference="RC-2026-001")
    assert [rule["name"] for rule in document["other_rules"]] == ["Old block"]
    assert "third@post.example" not in json.dumps(document)


@pytest.mark.parametrize(
    "parameters",
    [
        {"FromAddressMatchesPatterns": [rf"\A{ADDRESS.replace('.', chr(92) + '.')}\Z"]},
        {"FromAddressContainsWords": ["tender", f"x {ADDRESS}"]},
        {
            "SubjectContainsWords": ["tender"],
            "Comments": f"Against {ADDRESS.upper()}, asked for by the clerk.",
        },
    ],
    ids=["a pattern", "a word", "a note"],
)
def test_a_rule_that_names_the_person_in_any_way_is_found(in_force, parameters):
    in_force.cmdlet("New-TransportRule", Name="Old block", DeleteMessage=True, **parameters)
    _, document = export(in_force, reference="RC-2026-001")
    assert [rule["name"] for rule in document["other_rules"]] == ["Old block"]


def test_what_may_be_about_others_is_marked(in_force):
    _, document = export(in_force, reference="RC-2026-001")
    marked = {one["where"] for one in document["redact"]}
    assert {
        "RC-2026-001, Case owner",
        "RC-2026-001, Advocate's e-mail addresses",
        "RC-2026-001, Lesser measures considered",
        "RC-2026-001, version 2.0, saved by",
        "RC-2026-001, review 1, What was considered",
    } <= marked
    assert "RC-2026-001, E-mail addresses" not in marked
    assert "RC-2026-001, Measure" not in marked


def test_it_writes_nothing_and_the_ledger_keeps_nothing_of_it(in_force):
    export(in_force, reference="RC-2026-001")
    assert in_force.writes() == []
    _, again = export(in_force, reference="RC-2026-001")
    assert [run["verb"] for run in again["cases"][0]["runs"]] == ["apply"]


@SEES_TRACES
def test_nothing_is_held_about_a_stranger(in_force):
    code, document = export(in_force, address="stranger@post.example")
    assert (code, document["cases"], document["counts"]["rules"]) == (0, [], 0)
    text = export(in_force, address="stranger@post.example", output="text")[1]
    assert "Nothing is held about that person" in text


@SEES_TRACES
def test_what_could_not_be_searched_is_said(in_force):
    fault = {"match": {"cmdlet": "Get-TransportRule"}, "do": "status", "status": 403, "times": 9}
    in_force.sandbox.control("POST", "faults", [fault])
    code, document = export(in_force, reference="RC-2026-001")
    assert (code, [one["scope"] for one in document["unknown"]]) == (4, ["transport rules"])


def test_a_part_of_the_register_is_no_answer(in_force):
    in_force.plant(in_force.case("RC-2026-001"), lists={"Restricted contacts": {"read_security": "own"}})
    code, document = export(in_force, reference="RC-2026-001")
    assert (code, document["cases"], document["error"]["code"]) == (7, [], "source-incomplete")


class _Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.headings, self.captions, self.tables, self.bare_headers = [], 0, 0, 0

    def handle_starttag(self, tag, attrs):
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.bare_headers += tag == "th" and "scope" not in dict(attrs)
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(tag)


def test_the_page_is_readable_without_sight_and_harmless(in_force, tmp_path):
    edit = {"by": "officer@ash.example", "fields": {"PersonName": "<script>alert(1)</script>"}}
    in_force.sandbox.control("POST", "list/Restricted contacts/1", edit)
    page = tmp_path / "export.html"
    export(in_force, reference="RC-2026-001", html=page)
    text = page.read_text(encoding="utf-8")
    outline = _Outline()
    outline.feed(text)
    assert "<script" not in text
    assert 'lang="en-GB"' in text
    assert outline.headings.count("h1") == 1
    assert (outline.captions, outline.bare_headers) == (outline.tables, 0)
    assert "cllr." not in text


@SEES_TRACES
def test_the_text_marks_what_may_be_about_others(in_force):
    text = export(in_force, reference="RC-2026-001", output="text")[1]
    assert "Case owner: A Officer [others]" in text
    assert text.rstrip().splitlines()[-1].startswith("Status: in_step (exit code 0): exported.")
