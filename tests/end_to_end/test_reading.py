"""The lists are read whole or not at all, and what is wrong with one item stops that item alone."""

import re
from typing import Any

import pytest

CONTACTS, CHOICES = "Restricted contacts", "Councillor mail choices"


def test_six_hundred_items_in_pages_one_of_them_empty(council: Any) -> None:
    drafts = [
        {"versions": [{"by": "officer@ash.example", "fields": {"Title": f"RC-{n}", "Status": "Draft"}}]}
        for n in range(599)
    ]
    council.plant(*drafts, council.case("RC-LAST"))
    council.fault("empty_page", path_regex=r"/items\?.*skiptoken")
    planned = council.plan()
    assert planned.document["source"]["items"] == 600
    assert [change["case_ref"] for change in planned.changes] == ["RC-LAST"]


def test_an_empty_first_page_is_not_the_end(council: Any) -> None:
    council.plant(council.case("RC-1"))
    council.fault("empty_page", path_regex=r"/items\?", times=3)
    assert council.plan().document["source"]["items"] == 1


@pytest.mark.parametrize("title", [CONTACTS, CHOICES, "Restriction reviews"])
@pytest.mark.parametrize("hidden", [{"read_security": "own"}, {"content_approval": True}])
def test_a_list_without_its_proving_row_is_incomplete(
    council: Any, title: str, hidden: dict[str, Any]
) -> None:
    council.in_force(council.case("RC-1"))
    council.plant(council.case("RC-1"), lists={title: hidden})
    council.requests()
    refused = council.apply()
    assert (refused.exit_code, refused.document["status"]) == (7, "failed")
    assert title in refused.document["error"]["message"]
    assert council.rule_writes() == []


def test_a_deleted_proving_row_makes_a_list_incomplete(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    council.delete(2)
    assert council.plan().exit_code == 7


def test_a_missing_list_is_named(council: Any) -> None:
    council.plant(council.case("RC-1"), settings={"REGISTER__LIST": "Restricted people"})
    refused = council.plan()
    assert refused.exit_code == 5
    assert refused.document["error"]["code"] == "list-not-found"
    assert "Restricted people" in refused.document["error"]["message"]


@pytest.mark.parametrize(
    ("title", "column"), [(CONTACTS, "EndsOn"), (CONTACTS, "Measure"), (CHOICES, "Handling")]
)
def test_a_missing_column_is_named(council: Any, title: str, column: str) -> None:
    council.plant(council.case("RC-1"), lists={title: {"omit_columns": [column]}})
    refused = council.plan()
    assert refused.exit_code == 5
    assert refused.document["error"]["code"] == "column-missing"
    assert column in refused.document["error"]["message"]
    assert title in refused.document["error"]["message"]


def test_no_items_at_all_is_refused_where_cases_were_live(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    council.delete(1)
    refused = council.apply()
    assert (refused.exit_code, refused.document["status"]) == (3, "refused")
    assert [guard["code"] for guard in refused.document["guards"]] == ["source-empty"]
    assert council.rule_writes() == []
    assert len(council.ours()) == 1


def test_an_empty_register_is_no_error_on_the_first_run(council: Any) -> None:
    council.plant()
    assert council.apply().exit_code == 0


def test_a_vanished_item_opens_only_when_two_runs_have_missed_it(council: Any) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.delete(1)
    first = council.apply()
    assert list(council.ours()) == ["RC-1 Redirect to single contact", "RC-2 Redirect to single contact"]
    assert (first.exit_code, first.changes) == (0, [])
    assert council.apply().exit_code == 0
    assert list(council.ours()) == ["RC-2 Redirect to single contact"]
    assert council.drift().exit_code == 0


def test_drift_says_that_a_vanished_items_rule_is_kept(council: Any) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.delete(1)
    (kept,) = council.drift().findings("register")
    assert (kept["code"], kept["case_ref"]) == ("rule-kept", "RC-1")


def test_many_vanished_items_stop_the_run(council: Any) -> None:
    council.in_force(*(council.case(f"RC-{n}") for n in range(1, 5)))
    council.delete(1)
    council.delete(2)
    assert council.apply().exit_code == 3
    refused = council.apply()
    assert refused.exit_code == 3
    assert [guard["code"] for guard in refused.document["guards"]] == ["source-shrunken"]
    assert {change["outcome"] for change in refused.changes} == {"skipped"}
    assert len(council.ours()) == 4
    allowed = council.apply(settings={"SAFETY__MAX_REMOVALS_PERCENT": "60"})
    assert allowed.exit_code == 0
    assert len(council.ours()) == 2


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"Addresses": "good@post.example\nnot an address"}, None, "in line 2"),
        ({"Addresses": ""}, "addresses-missing", "Addresses"),
        ({"Addresses": "officer@ash.example"}, "internal-address", "council"),
        ({"EndsOn": ""}, None, "EndsOn"),
        ({"Measure": "Throw away"}, None, "column Measure"),
        ({"Scope": "Everybody"}, None, "column Scope"),
        ({"AdjustmentNeedsEmail": "Not asked"}, None, "AdjustmentNeedsEmail"),
        ({"EndsOn": "2028-12-31"}, "too-long", "2027-09-07"),
        ({"NoticeSentOn": "2026-09-08"}, None, "NoticeSentOn"),
        ({"SpocMailbox": ""}, None, "SpocMailbox"),
        ({"SpocMailbox": "nobody@ash.example"}, None, "nobody@ash.example"),
        ({"SpocMailbox": "someone@elsewhere.example"}, None, "someone@elsewhere.example"),
        ({"SpocMailbox": "benefits@ash.example"}, None, "group"),
        ({"Measure": "Junk in named mailboxes"}, None, "Scope"),
        ({"Scope": "Named mailboxes or services", "ScopeMailboxes": "nobody@ash.example"}, None, "nobody@"),
        ({"Measure": "Refuse with notice", "LesserMeasuresConsidered": ""}, None, "LesserMeasuresConsidered"),
    ],
)
def test_a_bad_item_is_refused_in_a_sentence_and_the_others_go_on(
    council: Any, fields: dict[str, Any], code: str | None, said: str
) -> None:
    council.plant(council.case("RC-1"), council.case("RC-BAD", **fields), council.case("RC-3"))
    applied = council.apply()
    assert applied.exit_code == 0
    assert {change["case_ref"] for change in applied.changes} == {"RC-1", "RC-3"}
    refused = applied.document["refused"]
    assert {one["case_ref"] for one in refused} == {"RC-BAD"}
    assert code is None or code in {one["code"] for one in refused}
    text = " ".join(one["message"] for one in refused)
    assert said in text
    assert re.search(r"[A-Z].*\.$", text)
    assert "None" not in text
    assert council.plan().exit_code == 0


def test_only_validate_ends_with_another_code_for_a_bad_item(council: Any) -> None:
    council.plant(council.case("RC-1"), council.case("RC-BAD", EndsOn=""))
    assert council.run("validate").exit_code == 3
    assert council.apply().exit_code == 0
    assert council.drift().exit_code == 0


def test_validate_shows_every_item_once(council: Any) -> None:
    council.plant(
        council.case("RC-1"),
        council.case("RC-2", EndsOn=""),
        {"versions": [{"by": "officer@ash.example", "fields": {"Title": "RC-3", "Status": "Draft"}}]},
        council.case("RC-4", EffectiveFrom="2026-01-05", EndsOn="2026-03-01", NoticeSentOn="2026-01-02"),
    )
    shown = council.run("validate").document
    assert [(one["case_ref"], one["status"]) for one in shown["cases"]] == [
        ("RC-1", "accepted"),
        ("RC-2", "refused"),
        ("RC-3", "draft"),
        ("RC-4", "ended"),
    ]
    assert shown["summary"] == {"accepted": 1, "refused": 1, "draft": 1, "ended": 1}


@pytest.mark.parametrize(
    ("sender", "handling", "fields"),
    [
        ("nobody", "Junk Email", {}),
        ("x@post.example", "Burn", {}),
        ("x@post.example", "Move to folder", {"FolderName": "No such folder"}),
        ("RC-404", "Same as the council", {}),
        ("officer@ash.example", "Junk Email", {}),
        ("x@post.example", "Junk Email", {"OnBehalfOf": "cllr.b@ash.example"}),
    ],
)
def test_a_bad_choice_is_refused_and_the_others_go_on(
    council: Any, sender: str, handling: str, fields: dict[str, Any]
) -> None:
    a, _, c, *_ = council.councillors
    council.plant(
        choices=[
            council.choice(a, sender, handling, **fields),
            council.choice(c, "y@post.example", "Junk Email"),
        ]
    )
    applied = council.apply()
    assert applied.exit_code == 0
    assert applied.document["choices"] == {"live": 1, "refused": 1}
    assert len(council.inbox_rules(c)) == 1
    assert all(council.inbox_rules(who) == [] for who in council.councillors if who != c)


def test_a_choice_by_somebody_who_is_no_councillor_is_refused(council: Any) -> None:
    council.plant(choices=[council.choice("officer@ash.example", "x@post.example", "Junk Email")])
    applied = council.apply()
    assert applied.document["choices"] == {"live": 0, "refused": 1}
    assert council.inbox_rules("officer@ash.example") == []


def test_a_misspelt_setting_is_named_with_the_nearest_one(council: Any) -> None:
    council.plant(council.case("RC-1"))
    refused = council.plan(settings={"POLICY__APROVERS": "director@ash.example"})
    assert refused.exit_code == 5
    message = refused.document["error"]["message"]
    assert "M365_RESTRICT_POLICY__APROVERS" in message
    assert "M365_RESTRICT_POLICY__APPROVERS" in message
    assert council.requests() == []


@pytest.mark.parametrize(
    "name",
    ["REGISTER__SITE", "POLICY__APPROVERS", "POLICY__COUNCILLORS_GROUP", "OWNERSHIP__INSTANCE_ID"],
)
def test_a_setting_that_is_required_is_named(council: Any, name: str) -> None:
    council.plant(council.case("RC-1"))
    refused = council.plan(settings={name: ""})
    assert refused.exit_code == 5
    assert f"M365_RESTRICT_{name}" in refused.document["error"]["message"]


def test_the_same_from_the_command_line(council: Any) -> None:
    council.plant(council.case("RC-1"))
    refused = council.shell("plan", "--json", RULES__MOD="enforce")
    assert refused.exit_code == 5
    assert "M365_RESTRICT_RULES__MODE" in refused.document["error"]["message"]
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(("remember", "asked"), [("yes", 0), ("no", 1)])
def test_histories_of_unchanged_items_are_asked_for_again_where_a_setting_says_so(
    council: Any, remember: str, asked: int
) -> None:
    council.plant(council.case("RC-1"), settings={"REGISTER__REMEMBER_HISTORIES": remember})
    council.plan()
    council.requests()
    council.plan()
    assert sum(one["path"].endswith("/versions") for one in council.requests()) == asked
