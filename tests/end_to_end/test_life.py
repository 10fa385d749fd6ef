"""The life of a case over a year, by the wire: mails, review items, closing and deletion on their days."""

import json
from typing import Any

import pytest

CONTACTS, REVIEWS = "Restricted contacts", "Restriction reviews"


@pytest.fixture
def life(life: Any) -> Any:
    """One case in force, owned by the officer and approved by the director; its first run is done."""
    life.council.plant(
        life.council.case("RC-2026-001", CaseOwner="officer@ash.example", NextReviewOn=None),
        settings=life.settings,
    )
    return life


OWNER, APPROVER, MONITORING = "case owner", "approver", "monitoring officer"
BOTH, ALL = (OWNER, APPROVER), (OWNER, APPROVER, MONITORING)


def each(kind: str, roles: tuple[str, ...]) -> list[tuple[str, str]]:
    return sorted((kind, role) for role in roles)


@pytest.mark.requirement("Y1-22", "M-28", "M-30", "M-49", "F5", "F6")
def test_the_first_review_of_a_case_is_opened_early_and_asked_for(life: Any) -> None:
    """Six months after the first day, which is 7 September; the end is on 28 March."""
    assert life.council.apply().exit_code == 0
    assert life.sent("2026-11-23") == []
    assert life.sent("2027-01-26") == []
    assert life.sent("2027-01-27") == each("ending", (OWNER,))
    assert life.sent("2027-02-06") == []
    opened = life.reviews("2027-02-07")["opened_reviews"]
    assert [(one["kind"], one["due_on"], one["opened"]) for one in opened] == [
        ("Scheduled review", "2027-03-07", True)
    ]
    assert life.reviews()["opened_reviews"] == []
    fields = life.item(REVIEWS, int(opened[0]["item_id"]))["fields"]
    assert (fields["Title"], fields["Outcome"]) == ("RC-2026-001", "Pending")
    assert life.sent("2027-02-28") == each("ending", (OWNER,))
    assert life.sent("2027-03-07") == each("review-due", BOTH)
    assert life.sent("2027-03-08") == each("review-overdue", BOTH)


@pytest.mark.requirement("M-31", "M-50", "M-51")
def test_an_extension_counts_from_its_save_and_its_letter_is_awaited(life: Any) -> None:
    council = life.council
    life.on("2027-03-05")
    review = int(
        council.add(
            by="director@ash.example", title=REVIEWS, Title="RC-2026-001", Kind="Scheduled review",
            OfficerTitle="Director", Outcome="Extend", DecidedOn="2027-03-05", NewEndsOn="2027-09-28",
        )
    )  # fmt: skip
    assert council.apply().exit_code == 0
    expiry = council.ours()["RC-2026-001 Redirect to single contact"]["ExpiryDate"]
    assert expiry.startswith("2027-09-28T23:00")
    assert life.sent("2027-03-05") == each("letter-due", (OWNER,))
    assert life.sent("2027-03-14") == []
    due = life.reviews("2027-03-16")["tasks"]
    assert [(one["kind"], one["urgency"], one["due_on"]) for one in due] == [
        ("letter-due", "due", "2027-03-16")
    ]
    assert life.sent("2027-03-17") == each("letter-overdue", BOTH)
    council.edit(review, by="officer@ash.example", title=REVIEWS, OutcomeToldOn="2027-03-17")
    assert life.reviews("2027-03-18")["tasks"] == []
    life.reviews("2027-08-04")
    assert life.sent("2027-08-07") == []
    opened = life.reviews("2027-08-08")["opened_reviews"]
    assert [one["due_on"] for one in opened] == ["2027-09-05"]


@pytest.mark.requirement("M-22", "M-52", "F3", "F4", "F25")
def test_a_case_that_nobody_reviews_fails_open_is_closed_and_deleted(life: Any) -> None:
    council = life.council
    assert council.apply().exit_code == 0
    life.reviews("2027-03-08")
    assert life.sent("2027-03-14") == sorted([*each("ending", BOTH), *each("review-overdue", ALL)])
    assert life.sent("2027-03-21") == each("ending", ALL)
    assert life.sent("2027-03-27") == each("ending", ALL)
    assert life.sent("2027-03-28") == []
    ended = life.reviews("2027-03-29")
    assert ("ended-without-review", OWNER) in {(one["kind"], one["role"]) for one in ended["notices"]}
    assert ([one["kind"] for one in ended["tasks"]], ended["closed"]) == (
        ["ended-without-review", "still-in-rules"],
        [],
    )
    # Closed only once a run has proved that nothing names the address; deleted a year later.
    assert council.apply().exit_code == 0
    assert council.ours() == {}
    assert life.reviews()["closed"] == ["RC-2026-001"]
    life.on("2028-03-28")
    assert [one["state"] for one in life.retention(approve=True)["queue"]] == ["waiting"]
    assert ("deletion-due", "governance") in life.sent("2028-03-29")
    assert [one["state"] for one in life.retention()["queue"]] == ["due"]
    assert b"post.example" in life.ledger_file().read_bytes()
    done = life.retention(approve=True)
    assert ([one["state"] for one in done["queue"]], done["exit_code"]) == (["deleted"], 0)
    places = {one["place"]: one for one in done["certificates"][0]["places"]}
    assert places["Restricted contacts"]["until"] == "2028-06-30"
    assert life.item(CONTACTS, 1)["error"]["code"] == "itemNotFound"
    assert "post.example" not in json.dumps(done)
    assert b"post.example" not in life.ledger_file().read_bytes()


def test_nothing_is_sent_twice(life: Any) -> None:
    assert life.council.apply().exit_code == 0
    first = life.reviews("2027-03-21")["notices"]
    assert first
    assert life.reviews("2027-03-21")["notices"] == []
    subjects = [one["subject"] for one in life.council.folder("officer@ash.example", "Inbox")]
    assert len(subjects) == len(set(subjects))


@pytest.mark.requirement("F18", "F19")
def test_mails_name_nobody(life: Any) -> None:
    life.reviews("2027-03-27")
    for who in ("officer", "director", "monitoring"):
        mails = life.council.folder(f"{who}@ash.example", "Inbox")
        assert mails
        assert not any("P Person" in str(one) or "post.example" in str(one) for one in mails)


@pytest.mark.parametrize(
    ("ends_on", "last", "first_after"),
    [
        ("2027-03-28", "2027-03-28T22:59:00Z", "2027-03-28T23:00:00Z"),
        ("2026-10-25", "2026-10-25T23:59:00Z", "2026-10-26T00:00:00Z"),
    ],
    ids=["summer time begins", "summer time ends"],
)
def test_the_last_day_ends_at_local_midnight(life: Any, ends_on: str, last: str, first_after: str) -> None:
    council = life.council
    council.plant(
        council.case("RC-2026-001", CaseOwner="officer@ash.example", EndsOn=ends_on),
        now=last,
        settings=life.settings,
    )
    before = [one for one in life.reviews()["tasks"] if one["kind"] == "ending"]
    assert [one["facts"]["days_left"] for one in before] == [0]
    council.clock(first_after)
    after = {one["kind"] for one in life.reviews()["tasks"]}
    assert ("ended-without-review" in after, "ending" in after) == (True, False)


@pytest.mark.requirement("F3", "F22")
def test_a_block_elsewhere_keeps_a_case_open_and_is_told(life: Any) -> None:
    council = life.council
    assert council.apply().exit_code == 0
    council.cmdlet(
        "New-TenantAllowBlockListItems", ListType="Sender", Block=True, Entries=["rc-2026-001@post.example"]
    )
    life.on("2027-01-11")
    council.edit(1, by="officer@ash.example", Status="Lifted")
    assert council.apply().exit_code == 0
    found = life.reviews()
    assert [(one["kind"], one["facts"]["places"]) for one in found["tasks"]] == [
        ("blocked-elsewhere", ["the Tenant Allow/Block List"])
    ]
    assert found["closed"] == []
    assert life.sent("2027-01-12") == []
    council.cmdlet(
        "Remove-TenantAllowBlockListItems", ListType="Sender", Entries=["rc-2026-001@post.example"]
    )
    assert life.reviews()["closed"] == ["RC-2026-001"]


def test_activity_and_a_legal_hold_keep_a_closed_case(life: Any) -> None:
    council = life.council
    life.on("2027-01-11")
    council.edit(1, by="officer@ash.example", Status="Lifted")
    assert life.reviews()["closed"] == ["RC-2026-001"]
    life.on("2027-06-01")
    council.edit(1, by="officer@ash.example", RequestingService="Parks")
    life.on("2028-01-12")
    assert [one["delete_on"] for one in life.retention()["queue"]] == ["2028-06-01"]
    council.edit(1, by="officer@ash.example", LegalHold=True)
    life.on("2030-01-01")
    assert [one["state"] for one in life.retention(approve=True)["queue"]] == ["legal_hold"]


def test_a_case_saved_while_it_was_to_be_deleted_is_kept(life: Any) -> None:
    life.on("2027-01-11")
    life.council.edit(1, by="officer@ash.example", Status="Lifted")
    life.reviews()
    life.on("2028-01-11")
    life.council.fault("status", method="DELETE", path_regex="/items/", status=412)
    kept = life.retention(approve=True)
    assert ([one["state"] for one in kept["queue"]], kept["certificates"]) == (["skipped"], [])
    assert life.item(CONTACTS, 1)["fields"]["Title"] == "RC-2026-001"


def test_without_a_sender_nothing_is_sent_and_it_is_said(life: Any) -> None:
    found = life.reviews("2027-03-27", NOTIFY__SENDER="")
    assert {one["sent"] for one in found["notices"]} == {False}
    assert "NOTIFY__SENDER" in found["notices"][0]["reason"]


def test_a_mail_that_fails_is_sent_by_the_next_run(life: Any) -> None:
    life.council.fault("status", method="POST", path_regex="sendMail", status=500, times=50)
    assert not any(one["sent"] for one in life.reviews("2027-03-27")["notices"])
    life.council.sandbox.control("DELETE", "faults")
    assert ("ending", MONITORING) in life.sent("2027-03-28")


@pytest.mark.requirement("W-7")
def test_frontline_staff_see_no_reasons(life: Any) -> None:
    (line,) = life.reviews()["frontline"]
    assert sorted(line) == ["case_ref", "has_single_contact", "single_contact", "until", "ways_open"]


def test_the_yearly_look_at_the_log(life: Any) -> None:
    assert life.reviews("2027-08-03")["opened_reviews"] == []
    opened = life.reviews("2027-08-04")["opened_reviews"]
    assert [(one["kind"], one["due_on"], one["case_ref"]) for one in opened] == [
        ("Annual log review", "2027-09-01", None)
    ]
    fields = life.item(REVIEWS, int(opened[0]["item_id"]))["fields"]
    assert (fields["Title"], fields["Kind"]) == ("Log 2027", "Annual log review")
