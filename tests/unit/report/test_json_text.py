import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from m365_restrict import __version__
from m365_restrict.errors import ExitCode
from m365_restrict.report.documents import Failure, document_after_failure
from m365_restrict.report.json_text import instant, to_json, to_mapping
from m365_restrict.report.verb import Verb

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
SCHEMA_OF = {Verb.APPLY: "plan", Verb.HEAL: "plan"}
COMMON = {
    "schema",
    "tool_version",
    "run_id",
    "started_at",
    "finished_at",
    "status",
    "exit_code",
    "source",
    "unknown",
    "error",
}


def problems_of(document):
    schema = json.loads((SCHEMAS / f"{SCHEMA_OF.get(document.verb, document.verb.value)}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return [
        error.message for error in Draft202012Validator(schema).iter_errors(json.loads(to_json(document)))
    ]


def test_a_full_document_is_valid(document):
    assert problems_of(document) == []


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("code", list(ExitCode))
def test_the_document_of_a_failed_run_is_valid_and_empty(document, verb, code):
    failure = Failure(code="source-incomplete", message="m", advice="a")
    head = replace(document.head, exit_code=code, error=failure, unknown=())
    failed = document_after_failure(verb, head)
    assert problems_of(failed) == []
    assert failed.verb is verb


def test_the_schema_forbids_what_it_does_not_name(plan_document):
    mapping = to_mapping(plan_document)
    schema = json.loads((SCHEMAS / "plan.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors({**mapping, "extra": 1}))
    assert list(Draft202012Validator(schema).iter_errors({k: v for k, v in mapping.items() if k != "guards"}))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (
            "plan",
            {
                "plan_id",
                "basis",
                "changes",
                "refused",
                "choices",
                "guards",
                "tests",
                "failed_tests",
                "overrides",
                "headroom",
                "settling",
                "foreign_rules",
                "script",
            },
        ),
        ("drift", {"findings", "live", "not_covered", "summary"}),
        ("explain", {"address", "case_refs", "rules", "copies", "because"}),
        ("validate", {"cases", "choices", "policy_warnings", "refused_choices", "summary"}),
    ],
)
def test_the_keys_of_every_document(request, name, keys):
    assert set(to_mapping(request.getfixturevalue(f"{name}_document"))) == COMMON | keys


def test_the_keys_of_a_change(plan_document):
    assert set(to_mapping(plan_document)["changes"][0]) == {
        "action",
        "kind",
        "mailbox",
        "name",
        "case_ref",
        "class",
        "fields",
        "effect",
        "outcome",
        "reason",
        "measure",
        "waived",
    }


def test_the_head(plan_document):
    mapping = to_mapping(plan_document)
    assert {key: mapping[key] for key in COMMON} == {
        "schema": "m365-restrict/plan/1",
        "tool_version": __version__,
        "run_id": "r1",
        "started_at": "2026-11-23T12:00:00Z",
        "finished_at": "2026-11-23T12:00:00Z",
        "status": "differences",
        "exit_code": 2,
        "source": {"items": 12, "complete": True, "version": "abc"},
        "unknown": [{"scope": "inbox rules of mailbox 412", "reason": "throttled"}],
        "error": None,
    }


def test_property_values_keep_their_kind(plan_document):
    fields = {one["field"]: one for one in to_mapping(plan_document)["changes"][0]["fields"]}
    assert fields["ExpiryDate"]["desired"] == "2027-03-28T23:00:00Z"
    assert fields["Enabled"] == {"field": "Enabled", "observed": False, "desired": True}
    assert (fields["From"]["observed"], len(fields["From"]["desired"])) == (None, 9)
    assert fields["SetSCL"]["observed"] == 9


def test_a_choice_has_a_number_for_a_mailbox(plan_document):
    assert to_mapping(plan_document)["changes"][1]["mailbox"] == 412


def test_the_summary_of_drift_counts_its_lines(drift_document):
    assert to_mapping(drift_document)["summary"] == {
        "live": 6,
        "enforced": 2,
        "differing": 2,
        "orphans": 0,
        "unknown": 1,
    }


def test_the_summary_of_validate_counts_its_lines(validate_document):
    assert to_mapping(validate_document)["summary"] == {"accepted": 1, "refused": 1, "draft": 0, "ended": 0}


def test_days_are_days(drift_document):
    assert to_mapping(drift_document)["live"][0]["ends_on"] == "2027-03-07"


def test_equal_documents_give_equal_text(document):
    assert to_json(document) == to_json(replace(document))
    assert list(json.loads(to_json(document))) == sorted(json.loads(to_json(document)))


def test_an_instant_is_told_in_utc():
    summer = datetime(2027, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert instant(summer) == "2027-06-30T23:30:00Z"
