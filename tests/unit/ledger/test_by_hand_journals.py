"""Waivers, openings and the journal of writes: nothing is forgotten, and everything comes back as it was."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from m365_restrict.ledger.deletions import Deletion
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.openings import Opening
from m365_restrict.ledger.written import WrittenChange, WrittenResult
from m365_restrict.plan.change import Action, FieldChange, RuleKind
from m365_restrict.plan.waivers import Waiver
from m365_restrict.rules.observed import Properties

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORM: Properties = {
    "From": ("pat@post.example",),
    "ExpiryDate": NOON,
    "State": "Enabled",
    "StopRuleProcessing": True,
}

WAIVER = Waiver(
    finding_key="rule-drifted|transport_rule|RC-1/whole/1|RC-1",
    code="rule-drifted",
    kind=RuleKind.TRANSPORT_RULE,
    key="RC-1/whole/1",
    case_reference="RC-1",
    rule_name="RC-1 Redirect",
    accepted=(
        FieldChange("ExpiryDate", NOON, None),
        FieldChange("RedirectMessageTo", None, ("contact@ash.example",)),
        FieldChange("order", 2, 1),
    ),
    told="",
    reason="CHG-1042",
    owner="Head of ICT",
    made_by="ict",
    since=NOON,
    until=date(2027, 3, 31),
    run_id="run-1",
)
OPENING = Opening(
    case_reference="RC-1", item_id="1", reason="INC-77", opened_by="ict", since=NOON, run_id="run-1"
)
WRITE = WrittenChange(
    run_id="run-1",
    at=NOON,
    action=Action.UPDATE,
    kind=RuleKind.TRANSPORT_RULE,
    key="RC-1/whole/1",
    tenant_id="guid-1",
    mailbox="",
    case_reference="RC-1",
    item_id="1",
    name="RC-1 Redirect",
    chosen_by_holder=False,
    before={**FORM, "State": "Disabled"},
    after=FORM,
    result=WrittenResult.APPLIED,
)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(ledger_url) as opened:
        yield opened


def test_a_waiver_comes_back_with_every_value(ledger: Ledger) -> None:
    assert ledger.waivers.begin(WAIVER).number == 1
    assert ledger.waivers.all() == (replace(WAIVER, number=1),)


def test_a_second_waiver_of_the_same_rule_ends_the_first(ledger: Ledger) -> None:
    ledger.waivers.begin(WAIVER)
    again = replace(WAIVER, finding_key="rule-changed-twice|…", since=NOON + HOUR, made_by="duty")
    ledger.waivers.begin(again)
    assert [(one.ended_by, one.ended_at) for one in ledger.waivers.all()] == [
        ("duty", NOON + HOUR),
        ("", None),
    ]


def test_a_waiver_of_another_rule_ends_nothing(ledger: Ledger) -> None:
    ledger.waivers.begin(WAIVER)
    ledger.waivers.begin(replace(WAIVER, key="RC-2/whole/1"))
    assert [one.ended_at for one in ledger.waivers.all()] == [None, None]


def test_a_waiver_ends_once(ledger: Ledger) -> None:
    number = ledger.waivers.begin(WAIVER).number
    assert ledger.waivers.end(number, by="duty", at=NOON)
    assert not ledger.waivers.end(number, by="duty", at=NOON)


@pytest.mark.parametrize(("day", "stands"), [(30, True), (31, True), (1, False)])
def test_a_waiver_counts_to_the_end_of_its_last_day(day: int, stands: bool) -> None:
    assert WAIVER.stands_on(date(2027, 3 if day > 1 else 4, day)) is stands


def test_an_opening_stands_until_it_is_ended_and_stays_on_record(ledger: Ledger) -> None:
    ledger.openings.begin(OPENING)
    (standing,) = ledger.openings.standing()
    assert standing == replace(OPENING, number=1)
    ledger.openings.end(1, by="duty", at=NOON + HOUR, reason="solved")
    ledger.openings.end(1, by="else", at=NOON + 2 * HOUR, reason="again")
    assert ledger.openings.standing() == ()
    assert ledger.openings.all()[0].end_reason == "solved"


def test_a_write_that_was_only_begun_is_seen(ledger: Ledger) -> None:
    number = ledger.written.add(replace(WRITE, after=None, result=WrittenResult.BEGUN))
    (begun,) = ledger.written.of_run("run-1")
    assert (begun.result, begun.before, begun.after) == (WrittenResult.BEGUN, WRITE.before, None)
    ledger.written.finish(
        number, result=WrittenResult.APPLIED, reason="", tenant_id="guid-1", after=WRITE.after
    )
    assert ledger.written.of_run("run-1") == (replace(WRITE, number=number),)


@pytest.mark.parametrize(
    ("result", "after", "changed"),
    [
        (WrittenResult.APPLIED, FORM, True),
        (WrittenResult.FAILED, WRITE.before, False),
        (WrittenResult.FAILED, FORM, True),
        (WrittenResult.FAILED, None, True),
        (WrittenResult.BEGUN, None, False),
        (WrittenResult.KNOWN, FORM, False),
    ],
)
def test_the_latest_run_that_wrote_is_one_that_changed_the_tenant(
    ledger: Ledger, result: WrittenResult, after: Properties | None, changed: bool
) -> None:
    ledger.written.add(WRITE)
    ledger.written.add(replace(WRITE, run_id="run-2", result=result, after=after))
    assert ledger.written.latest_writing_run() == ("run-2" if changed else "run-1")


def test_writes_are_counted_by_run(ledger: Ledger) -> None:
    for run_id in ("run-1", "run-1", "run-2"):
        ledger.written.add(replace(WRITE, run_id=run_id))
    ledger.written.add(replace(WRITE, run_id="run-3", result=WrittenResult.FAILED))
    assert ledger.written.counts() == {"run-1": 2, "run-2": 1}


def test_the_addresses_of_a_deleted_case_leave_the_journals(ledger: Ledger) -> None:
    pattern: Properties = {"FromAddressMatchesPatterns": (r"^pat@post\.example$", r"^else@post\.example$")}
    ledger.written.add(replace(WRITE, after=pattern))
    ledger.waivers.begin(replace(WAIVER, accepted=(FieldChange("From", ("pat@post.example",), None),)))
    deletion = Deletion(
        item_id="1", case_reference="RC-1", deleted_on=NOON.date(), run_id="run-9", certificate="{}"
    )
    ledger.deletions.record(deletion, addresses=["Pat@post.example"], evidence_ids=["1"])
    (row,) = ledger.written.of_run("run-1")
    assert row.before is not None
    assert row.before["From"] == ("(deleted)",)
    assert row.after == {"FromAddressMatchesPatterns": ("^(deleted)$", r"^else@post\.example$")}
    assert ledger.waivers.all()[0].accepted == (FieldChange("From", ("(deleted)",), None),)


def test_the_journal_of_an_older_ledger_begins_with_what_it_knows(
    empty_url: str, older_ledger: Callable[..., None]
) -> None:
    older_ledger(
        empty_url,
        "0006",
        "INSERT INTO applied_rules (key, kind, tenant_id, mailbox, case_reference, name, properties,"
        " chosen_by_holder, saved, holder_ended, item_id, applied_at, run_id) VALUES ('RC-1/whole/1',"
        " 'transport_rule', 'guid-1', '', 'RC-1', 'RC-1 Refuse', '{\"State\": \"Enabled\"}', FALSE, '',"
        " FALSE, '1', '2026-11-23 09:00:00', 'run-1')",
    )
    with open_ledger(empty_url) as ledger:
        (row,) = ledger.written.of_run("run-1")
    assert (row.result, row.tenant_id, row.before) == (WrittenResult.KNOWN, "guid-1", None)
    assert row.after == {"State": "Enabled"}
    assert not row.changed_the_tenant
