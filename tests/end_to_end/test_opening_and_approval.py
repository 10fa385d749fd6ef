"""Who may close and who may open: what opens is applied at once, what tightens waits for an approver."""

from typing import Any

import pytest

REDIRECT = "RC-1 Redirect to single contact"
TWO = "one@post.example\ntwo@post.example"
NAMED = "Named mailboxes or services"


def names(council: Any, parameter: str, rule: str = REDIRECT) -> list[str]:
    return sorted(str(value).lower() for value in council.rules()[rule][parameter] or [])


def senders(council: Any) -> list[str]:
    return sorted(council.named(council.rules()[REDIRECT]))


@pytest.fixture
def live(council: Any) -> Any:
    council.in_force(
        council.case("RC-1", Addresses=TWO, Measure="Redirect to single contact"), council.case("RC-2")
    )
    return council


@pytest.mark.parametrize("status", ["Lifted", "Suspended", "Closed", "Rejected", "Withdrawn"])
def test_anybody_opens_a_case_by_its_status(live: Any, status: str) -> None:
    live.edit(1, by="clerk@ash.example", Status=status)
    applied = live.apply()
    assert applied.exit_code == 0
    assert [(change["action"], change["case_ref"]) for change in applied.changes] == [("delete", "RC-1")]
    assert REDIRECT not in live.rules()


def test_under_review_stays_live(live: Any) -> None:
    live.edit(1, by="clerk@ash.example", Status="Under review")
    assert (live.plan().exit_code, live.plan().changes) == (0, [])


def test_a_removed_address_is_open_at_once(live: Any) -> None:
    live.edit(1, by="clerk@ash.example", Addresses="one@post.example")
    assert live.apply().exit_code == 0
    assert senders(live) == ["one@post.example"]


def test_an_added_address_waits_for_approval(live: Any) -> None:
    live.edit(1, by="officer@ash.example", Addresses=TWO + "\nthree@post.example")
    waiting = live.apply()
    assert (waiting.exit_code, waiting.changes) == (0, [])
    (shown,) = [one for one in live.run("validate").document["cases"] if one["case_ref"] == "RC-1"]
    assert shown["waiting"] == ["Addresses"]
    live.edit(1, by="director@ash.example", Status="Approved")
    assert live.apply().exit_code == 0
    assert senders(live) == ["one@post.example", "three@post.example", "two@post.example"]


def test_one_edit_that_opens_and_tightens_does_only_the_first(live: Any) -> None:
    live.edit(1, by="officer@ash.example", Addresses="one@post.example\nthree@post.example")
    assert live.apply().exit_code == 0
    assert senders(live) == ["one@post.example"]


@pytest.mark.parametrize(
    ("fields", "parameter", "opened"),
    [
        ({"AllowedRecipients": "parks@ash.example"}, "ExceptIfSentTo", "parks@ash.example"),
        ({"AllowedRecipients": "benefits@ash.example"}, "ExceptIfSentToMemberOf", "benefits@ash.example"),
        (
            {"Scope": NAMED, "ScopeMailboxes": "planning@ash.example"},
            "SentTo",
            "planning@ash.example",
        ),
    ],
)
def test_an_edit_that_opens_is_applied_at_once(
    live: Any, fields: dict[str, str], parameter: str, opened: str
) -> None:
    live.edit(1, by="clerk@ash.example", **fields)
    assert live.apply().exit_code == 0
    assert opened in names(live, parameter)
    assert live.plan().exit_code == 0


@pytest.mark.parametrize(("ends_on", "expiry"), [("2027-01-31", "2027-02-01"), ("2027-06-30", "2027-03-28")])
def test_an_earlier_end_counts_and_a_later_one_waits(live: Any, ends_on: str, expiry: str) -> None:
    live.edit(1, by="clerk@ash.example", EndsOn=ends_on)
    assert live.apply().exit_code == 0
    assert live.rules()[REDIRECT]["ExpiryDate"].startswith(expiry)


@pytest.mark.parametrize(
    "fields",
    [
        {"Measure": "Refuse with notice"},
        {"SpocMailbox": "parks@ash.example"},
        {"EffectiveFrom": "2026-09-01"},
    ],
)
def test_an_edit_that_tightens_or_reroutes_waits(live: Any, fields: dict[str, str]) -> None:
    live.edit(1, by="director@ash.example", **{**fields, "Status": "Under review"})
    waiting = live.apply()
    assert (waiting.exit_code, waiting.changes) == (0, [])


def test_another_measure_replaces_the_rule_without_a_gap(live: Any) -> None:
    live.edit(1, by="officer@ash.example", Measure="Refuse with notice")
    live.edit(1, by="director@ash.example", Status="Approved")
    assert live.apply().exit_code == 0
    (copy,) = live.mail("one@post.example", ["officer@ash.example"])
    assert copy["outcome"] == "rejected"
    assert [name for name in live.ours() if name.startswith("RC-1")] == ["RC-1 Refuse with notice"]
    assert live.drift().exit_code == 0


@pytest.mark.parametrize(
    ("approver", "code"),
    [
        ("officer@ash.example", "approver-is-proposer"),
        ("clerk@ash.example", "approver-not-eligible"),
    ],
)
def test_an_approval_by_the_wrong_person_refuses_the_case(council: Any, approver: str, code: str) -> None:
    settings = {"POLICY__APPROVERS": "director@ash.example,officer@ash.example"}
    council.plant(council.case("RC-1", by=approver), council.case("RC-2"), settings=settings)
    applied = council.apply()
    assert applied.exit_code == 0
    assert applied.refused == {"RC-1": [code]}
    assert list(council.ours()) == ["RC-2 Redirect to single contact"]


def test_an_approval_by_a_flow_identity_refuses_the_case(council: Any) -> None:
    council.plant(council.case("RC-1"), settings={"POLICY__FLOW_IDENTITIES": "director@ash.example"})
    assert council.apply().refused == {"RC-1": ["approved-by-flow"]}


def test_an_approval_by_an_application_refuses_the_case(council: Any) -> None:
    proposed = council.case("RC-1", by="officer@ash.example")
    proposed["versions"].pop()
    council.plant(proposed)
    sites = council.sandbox.graph("GET", "sites/localhost:/sites/democracy").json()
    path = f"sites/{sites['id']}/lists/Restricted contacts/items/1/fields"
    saved = council.sandbox.graph("PATCH", path, role="setup", json={"Status": "Approved"})
    assert saved.is_success, saved.text
    assert council.apply().refused == {"RC-1": ["approved-by-application"]}


def test_who_last_changed_a_protected_field_is_a_proposer(council: Any) -> None:
    changed = council.case("RC-1")
    at = "2026-09-02T10:00:00Z"
    late = {"at": at, "by": "director@ash.example", "fields": {"Addresses": "other@post.example"}}
    changed["versions"].insert(1, late)
    council.plant(changed)
    assert council.apply().refused == {"RC-1": ["approver-is-proposer"]}
    council.edit(1, by="deputy@ash.example", Status="Approved", NextReviewOn="2027-01-15")
    applied = council.apply()
    assert applied.refused == {}
    assert senders(council) == ["other@post.example"]


def test_an_unapproved_case_is_refused(council: Any) -> None:
    council.plant(council.case("RC-1", by="officer@ash.example", Status="Proposed"))
    unapproved = council.case("RC-2")
    unapproved["versions"].pop()
    council.plant(unapproved)
    assert council.apply().refused == {"RC-2": ["not-approved"]}


def test_an_approval_outlives_its_approver_and_its_version(council: Any) -> None:
    council.in_force(council.case("RC-1"), behaviour={"version_limit": 3})
    for number in range(5):
        council.edit(1, by="clerk@ash.example", CaseOwner="officer@ash.example", RouteText=f"{number}")
    changed = {"POLICY__APPROVERS": "deputy@ash.example"}
    answer = council.apply(settings=changed)
    assert (answer.exit_code, answer.refused) == (0, {})
    assert len(council.ours()) == 1


def test_a_review_extends_a_case(council: Any) -> None:
    council.in_force(council.case("RC-1", EndsOn="2026-12-31"))
    council.add(
        by="director@ash.example",
        title="Restriction reviews",
        Title="RC-1",
        Kind="Scheduled review",
        Outcome="Extend",
        NewEndsOn="2027-05-31",
        DecidedOn="2026-11-20",
    )
    assert council.apply().exit_code == 0
    assert council.rules()[REDIRECT]["ExpiryDate"].startswith("2027-05-31T23:00:00")


def test_opening_goes_ahead_while_a_guard_holds_the_rest(council: Any) -> None:
    council.in_force(*(council.case(f"RC-{n}") for n in range(1, 6)))
    for item in (1, 2):
        council.delete(item)
    council.apply()
    council.edit(3, by="clerk@ash.example", Status="Lifted")
    held = council.apply()
    assert held.exit_code == 3
    outcomes = {change["case_ref"]: change["outcome"] for change in held.changes}
    assert outcomes == {"RC-1": "skipped", "RC-2": "skipped", "RC-3": "applied"}
    assert "RC-3 Redirect to single contact" not in council.ours()


def test_opening_goes_ahead_while_a_protected_mailbox_is_unknown(council: Any) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    protected = council.sandbox.env["M365_RESTRICT_POLICY__PROTECTED_MAILBOXES"]
    opened = council.apply(settings={"POLICY__PROTECTED_MAILBOXES": f"{protected},nobody@ash.example"})
    assert opened.exit_code == 0
    assert "protected-unresolved" in {guard["code"] for guard in opened.document["guards"]}
    assert list(council.ours()) == ["RC-2 Redirect to single contact"]


def test_a_new_case_waits_while_a_protected_mailbox_is_unknown(council: Any) -> None:
    council.plant(council.case("RC-1"), settings={"POLICY__PROTECTED_MAILBOXES": "nobody@ash.example"})
    held = council.apply()
    assert (held.exit_code, [change["outcome"] for change in held.changes]) == (3, ["skipped"])
    assert council.ours() == {}


def test_one_address_in_two_cases_stays_with_the_one_in_force(live: Any) -> None:
    second = live.case("RC-9", Addresses="one@post.example")
    live.add(by="officer@ash.example", **second["versions"][0]["fields"])
    item = live.add(by="officer@ash.example", **{**second["versions"][0]["fields"], "Title": "RC-10"})
    live.edit(int(item), by="director@ash.example", Status="Approved")
    answer = live.apply()
    assert answer.exit_code == 0
    assert answer.refused["RC-10"] == ["address-in-other-case"]
    assert "address-in-other-case" not in answer.refused.get("RC-1", [])
    assert REDIRECT in live.rules()
