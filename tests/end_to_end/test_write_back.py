"""What the lists show after a run: written only where it changed, never over somebody's save."""

import asyncio
from typing import Any

import pytest

from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.reconcile import reconcile
from m365_restrict.report.verb import Verb
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.write_back import ItemWritten, write_back
from m365_restrict.tenant.session import open_readers, open_writers
from m365_restrict.writes.write_outcome import Result
from settings.clock import build_clock
from settings.load import load_settings
from settings.run_options import run_options
from settings.tenant_options import tenant_options

CONTACTS, CHOICES = "Restricted contacts", "Councillor mail choices"


def written(council: Any, *, between: Any = None, **settings: str) -> tuple[ItemWritten, ...]:
    """Look at the register and the tenant, let `between` happen, and write back."""
    env = council.sandbox.env | {f"M365_RESTRICT_{name}": value for name, value in settings.items()}

    async def _run() -> tuple[ItemWritten, ...]:
        loaded = load_settings(env, None)
        tenant = tenant_options(loaded)
        with open_ledger(loaded.ledger.url) as ledger:
            async with open_readers(tenant) as readers:
                run = Run(
                    verb=Verb.PLAN,
                    run_id="run-1",
                    now=build_clock(loaded).now(),
                    options=run_options(loaded),
                    readers=readers,
                    ledger=ledger,
                    progress=lambda _text: None,
                )
                found: Found = await reconcile(run)
                if between:
                    between()
                async with open_writers(tenant, readers.in_flight) as writers:
                    return await write_back(run, found, writers, extra_notes={"1": ["A letter is drafted."]})

    return asyncio.run(_run())


def fields(council: Any, item: int, title: str = CONTACTS) -> dict[str, Any]:
    site = council.sandbox.env["M365_RESTRICT_REGISTER__SITE"]
    path = f"sites/{site}:/lists/{title}/items/{item}"
    answer: dict[str, Any] = council.sandbox.graph("GET", path, params={"$expand": "fields"}).json()
    return answer["fields"]


def status(council: Any, item: int) -> str:
    return str(fields(council, item).get("EnforcementStatus"))


def test_the_state_of_every_case_is_shown(council: Any) -> None:
    council.plant(
        council.case("RC-1", NextReviewOn=None, EndsOn="2027-07-01"),
        council.case("RC-2", EffectiveFrom="2026-12-01"),
        council.case("RC-3", NoticeSentOn=None),
        council.case("RC-4", Measure="Single contact requested"),
    )
    council.apply()
    council.edit(4, by="officer@ash.example", Status="Lifted")
    written(council)
    assert [status(council, item) for item in (1, 2, 3, 4)] == [
        "In force",
        "Approved, not yet in force",
        "Not in force",
        "Ended",
    ]
    assert fields(council, 1)["EnforcementNote"].startswith("Ends at the end of 1 July 2027.")
    assert "A letter is drafted." in fields(council, 1)["EnforcementNote"]
    assert "Notice sent on" in fields(council, 3)["EnforcementNote"]


@pytest.mark.requirement("M-49")
@pytest.mark.parametrize(
    ("start", "stored"),
    [("2026-09-28", "2027-03-28T00:00:00Z"), ("2026-10-25", "2027-04-24T23:00:00Z")],
    ids=["the day on which summer time begins", "in summer time"],
)
def test_an_empty_review_day_is_filled(council: Any, start: str, stored: str) -> None:
    """Six months on, on that very day whatever the clocks do: SharePoint keeps local midnight in UTC."""
    council.plant(council.case("RC-1", NextReviewOn=None, EffectiveFrom=start, EndsOn="2027-09-01"))
    council.apply()
    written(council)
    assert fields(council, 1)["NextReviewOn"] == stored


@pytest.mark.requirement("M-49")
def test_a_review_day_that_was_cleared_is_counted_from_the_review(council: Any) -> None:
    council.plant(council.case("RC-1", NextReviewOn=None, EndsOn="2027-09-01"))
    council.clock("2027-02-01T09:00:00Z")
    held = {"Title": "RC-1", "Kind": "Scheduled review", "Outcome": "Keep", "DecidedOn": "2027-02-01"}
    council.add(by="director@ash.example", title="Restriction reviews", **held)
    council.apply()
    assert fields(council, 1)["NextReviewOn"] == "2027-07-31T23:00:00Z"


def test_nothing_is_written_where_nothing_changed(council: Any) -> None:
    council.plant(
        council.case("RC-1"),
        choices=[council.choice(council.councillors[0], "a@mail.example", "Move to folder")],
    )
    council.apply()
    written(council)
    council.requests()
    assert written(council) == ()
    assert not [one for one in council.writes() if one["method"] == "PATCH"]


def test_a_save_in_between_is_never_overwritten(council: Any) -> None:
    council.plant(council.case("RC-1"))
    council.apply()
    council.edit(1, by="officer@ash.example", EnforcementNote="typed by hand")
    done = written(
        council, between=lambda: council.edit(1, by="officer@ash.example", RequestingService="Parks")
    )
    assert [one.result for one in done] == [Result.SKIPPED]
    assert fields(council, 1)["EnforcementNote"] == "typed by hand"


def test_a_list_that_cannot_be_written_costs_no_other_item(council: Any) -> None:
    council.plant(council.case("RC-1"), council.case("RC-2"))
    council.apply()
    for item in (1, 2):
        council.edit(item, by="officer@ash.example", EnforcementNote="x")
    council.fault("status", method="PATCH", path_regex="/items/1/fields", status=403, times=20)
    assert [one.result for one in written(council)] == [Result.FAILED, Result.APPLIED]


def test_a_list_without_the_columns_is_left_alone(council: Any) -> None:
    council.plant(
        council.case("RC-1"),
        lists={CONTACTS: {"omit_columns": ["EnforcementStatus", "EnforcementNote"]}},
    )
    council.apply()
    assert written(council) == ()


@pytest.mark.requirement("Y1-16")
def test_the_tools_own_save_takes_nothing_from_an_approval_or_a_choice(council: Any) -> None:
    holder = council.councillors[0]
    council.plant(council.case("RC-1"), choices=[council.choice(holder, "a@mail.example", "Move to folder")])
    council.apply()
    written(council)
    planned = council.plan()
    assert (planned.exit_code, planned.changes, planned.refused) == (0, [], {})
    assert planned.document["choices"] == {"live": 1, "refused": 0}


@pytest.mark.parametrize(
    ("handling", "status", "says"),
    [
        ("Move to folder", "In place", "your folder Set aside until the end of 1 October 2027"),
        ("Junk Email", "In place", "emptied after 30 days"),
        ("Leave in Inbox", "Stopped", "comes to your Inbox"),
    ],
)
def test_a_councillor_sees_the_state_of_their_choice(
    council: Any, handling: str, status: str, says: str
) -> None:
    holder = council.councillors[0]
    council.plant(choices=[council.choice(holder, "a@mail.example", handling)])
    council.apply()
    written(council)
    shown = fields(council, 1, CHOICES)
    assert (shown["ChoiceStatus"], says in shown["ChoiceNote"]) == (status, True)


def test_a_choice_that_is_refused_says_why(council: Any) -> None:
    council.plant(
        choices=[
            council.choice(council.councillors[0], "a@mail.example", "Move to folder", FolderName="None")
        ]
    )
    council.apply()
    written(council)
    shown = fields(council, 1, CHOICES)
    assert shown["ChoiceStatus"] == "Not in place"
    assert "folder" in shown["ChoiceNote"]


def test_a_rule_that_its_holder_removed_is_said_to_be(council: Any) -> None:
    holder = council.councillors[0]
    council.plant(choices=[council.choice(holder, "a@mail.example", "Move to folder")])
    council.apply()
    (rule,) = council.inbox_rules(holder)
    council.holder(holder, "DELETE", f"/me/mailFolders/inbox/messageRules/{rule['id']}")
    council.apply()
    written(council)
    assert fields(council, 1, CHOICES)["ChoiceStatus"] == "Changed in Outlook"


def test_in_audit_mode_it_says_that_nothing_is_changed_yet(council: Any) -> None:
    council.plant(council.case("RC-1"), settings={"RULES__MODE": "audit"})
    council.apply()
    written(council)
    assert status(council, 1) == "Tried out: logged, nothing is changed yet"


def test_a_case_whose_rule_is_not_written_yet_says_so(council: Any) -> None:
    council.plant(council.case("RC-1"))
    written(council)
    assert status(council, 1) == "Not in step: held back"
