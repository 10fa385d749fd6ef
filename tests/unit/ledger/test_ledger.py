"""What goes in comes out, after the ledger was closed and opened again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from m365_restrict.errors import ExitCode, LedgerError
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.register_memory import LiveCase
from m365_restrict.ledger.runs import STARTED, RunEnd, RunStart
from m365_restrict.ledger.values import (
    decode_held_since,
    decode_properties,
    encode_held_since,
    encode_properties,
)
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.rules.observed import Spelling

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROPERTIES = {
    "From": ("person@outside.example", "other@outside.example"),
    "ExceptIfSentTo": (),
    "StopRuleProcessing": True,
    "Priority": 1,
    "ExpiryDate": datetime(2027, 3, 28, 23, tzinfo=UTC),
    "Comments": "Case RC-2026-014\n[stamp] 2027-03-28T23:00:00+00:00",
}
APPLIED = Applied(
    key="RC-2026-014/council/1",
    kind=RuleKind.TRANSPORT_RULE,
    guid_or_rule_id="0f8b",
    mailbox="",
    case_reference="RC-2026-014",
    name="RC-2026-014 Redirect",
    properties=PROPERTIES,
    item_id="14",
)
EVIDENCE = ApprovalEvidence(
    item_id="14",
    version="2.0",
    saver_object_id="oid",
    saver_address="director@ashbourne.example",
    saved_at=NOON,
    fields_hash="ab" * 32,
    values_json='{"Measure":"Redirect to single contact"}',
    seen_on=date(2026, 11, 23),
    verdict=EvidenceVerdict.ELIGIBLE,
)


@pytest.fixture
def reopen(ledger_url):
    opened = []

    def again():
        opened.append(open_ledger(ledger_url))
        return opened[-1]

    yield again
    for ledger in opened:
        ledger.close()


def test_properties_come_back_with_their_types():
    back = decode_properties(encode_properties(PROPERTIES))
    assert {name: (type(value), value) for name, value in back.items()} == {
        name: (type(value), value) for name, value in PROPERTIES.items()
    }


def test_an_unknown_stored_form_is_a_ledger_error():
    with pytest.raises(LedgerError, match="ExpiryDate"):
        decode_properties({"ExpiryDate": {"$later": "2027"}})


def test_an_applied_rule_survives_reopening(reopen):
    reopen().rules.record(APPLIED, run_id="r1", at=NOON)
    assert reopen().rules.all() == (APPLIED,)


def test_recording_again_replaces_the_key(reopen):
    ledger = reopen()
    ledger.rules.record(APPLIED, run_id="r1", at=NOON)
    newer = replace(APPLIED, name="RC-2026-014 Refuse")
    ledger.rules.record(newer, run_id="r2", at=NOON)
    assert ledger.rules.all() == (newer,)


def test_main_addresses_outlive_a_write_and_are_replaced_as_a_whole(reopen):
    ledger = reopen()
    spelt = replace(APPLIED, spellings={"From": Spelling(names=("pat",), addresses=("pat@home.example",))})
    ledger.rules.record(spelt, run_id="r1", at=NOON)
    ledger.rules.note_main_addresses(APPLIED.key, {"old@home.example": "pat@home.example"})
    ledger.rules.note_main_addresses("no such rule", {"a@b.example": "c@b.example"})
    ledger.rules.record(replace(spelt, name="RC-2026-014 Refuse"), run_id="r2", at=NOON)
    (kept,) = reopen().rules.all()
    assert kept.main_addresses == {"old@home.example": "pat@home.example"}
    assert (kept.properties, kept.spellings) == (APPLIED.properties, spelt.spellings)
    ledger.rules.note_main_addresses(APPLIED.key, {})
    assert ledger.rules.all()[0].main_addresses == {}


FIRST, OTHER = PROPERTIES["From"]
HELD = {FIRST: NOON - timedelta(days=2), OTHER: NOON}


def test_since_when_each_sender_is_held_outlives_all_but_the_next_write(reopen):
    ledger = reopen()
    ledger.rules.record(replace(APPLIED, held_since=HELD), run_id="r1", at=NOON)
    ledger.rules.note_main_addresses(APPLIED.key, {"old@home.example": FIRST})
    renamed = replace(APPLIED, key="RC-9/council/1", case_reference="RC-9")
    ledger.rules.rename({APPLIED.key: renamed})
    (kept,) = reopen().rules.all()
    assert (kept, kept.held_since) == (renamed, HELD)
    assert (kept.main_addresses, kept.written_at) == ({"old@home.example": FIRST}, NOON)
    ledger.rules.record(renamed, run_id="r2", at=NOON + timedelta(hours=1))
    assert {ledger.rules.all()[0].since(one) for one in HELD} == {NOON + timedelta(hours=1)}


def test_since_when_a_sender_is_held_repeats_no_address():
    assert FIRST not in str(encode_held_since(PROPERTIES, HELD, written_at=NOON))


@pytest.mark.parametrize("moments", [[NOON.isoformat()], "since noon", None])
def test_moments_that_fit_no_sender_are_taken_for_none(moments):
    stored = encode_properties(PROPERTIES) | {"@held_since": moments}
    assert decode_held_since(stored) == {}


def test_a_rule_from_before_that_was_kept_holds_all_since_it_was_written(reopen):
    reopen().rules.record(APPLIED, run_id="r1", at=NOON)
    (kept,) = reopen().rules.all()
    assert (kept.held_since, kept.since(FIRST)) == ({}, NOON)


def test_one_rule_is_found_by_its_key(reopen):
    ledger = reopen()
    ledger.rules.record(APPLIED, run_id="r1", at=NOON)
    assert (ledger.rules.find(APPLIED.key), ledger.rules.find("no such rule")) == (APPLIED, None)


def test_rules_that_swap_their_names_keep_all_else(reopen):
    ledger = reopen()
    other = replace(APPLIED, key="RC-2/whole/1", case_reference="RC-2", item_id="", guid_or_rule_id="77")
    ledger.rules.record(APPLIED, run_id="r1", at=NOON)
    ledger.rules.record(other, run_id="r1", at=NOON)
    first = replace(APPLIED, key=other.key, case_reference=other.case_reference)
    second = replace(other, key=APPLIED.key, case_reference=APPLIED.case_reference, item_id="2")
    unknown = replace(APPLIED, key="RC-3/whole/1")
    ledger.rules.rename({APPLIED.key: first, other.key: second, "RC-4/whole/1": unknown})
    assert ledger.rules.all() == (first, second)


def test_a_forgotten_rule_is_gone(reopen):
    ledger = reopen()
    ledger.rules.record(APPLIED, run_id="r1", at=NOON)
    ledger.rules.forget(APPLIED.key)
    assert ledger.rules.all() == ()


def test_a_holders_end_is_remembered(reopen):
    ledger = reopen()
    ledger.rules.record(replace(APPLIED, chosen_by_holder=True, saved="d1"), run_id="r1", at=NOON)
    ledger.rules.mark_holder_ended(APPLIED.key)
    assert [rule.holder_ended for rule in ledger.rules.all()] == [True]


def test_evidence_survives_reopening(reopen):
    reopen().register.pin([EVIDENCE])
    assert reopen().register.evidence() == {("14", "2.0"): EVIDENCE}


def test_the_first_verdict_on_a_version_stands(reopen):
    ledger = reopen()
    ledger.register.pin([EVIDENCE, replace(EVIDENCE, verdict=EvidenceVerdict.FLOW)])
    ledger.register.pin([replace(EVIDENCE, verdict=EvidenceVerdict.NOT_ELIGIBLE)])
    assert ledger.register.evidence()["14", "2.0"].verdict is EvidenceVerdict.ELIGIBLE


def test_live_cases_are_replaced_as_a_whole(reopen):
    ledger = reopen()
    first, second = (
        LiveCase(item_id=n, case_reference=f"RC-{n}", measure="Refuse with notice", ends_on=date(2027, 3, 7))
        for n in "12"
    )
    ledger.register.replace_live([first, second], run_id="r1")
    ledger.register.replace_live([second], run_id="r2")
    assert ledger.register.live() == (second,)


@pytest.mark.parametrize(("runs", "seen"), [(["r1"], 1), (["r1", "r1"], 1), (["r1", "r2"], 2)])
def test_a_vanished_item_is_counted_once_a_run(reopen, runs, seen):
    ledger = reopen()
    assert [ledger.register.note_vanished("14", run_id=run) for run in runs][-1] == seen


def test_an_item_that_is_back_is_counted_from_one_again(reopen):
    ledger = reopen()
    ledger.register.note_vanished("14", run_id="r1")
    ledger.register.note_present(["14", "15"])
    assert ledger.register.note_vanished("14", run_id="r2") == 1


def test_a_run_that_never_ended_is_told_from_one_that_did(reopen):
    ledger = reopen()
    for number in (1, 2):
        start = RunStart(
            run_id=f"r{number}",
            verb="plan",
            started_at=NOON + timedelta(minutes=number),
            host="h",
            pid=number,
        )
        ledger.runs.begin(start)
    end = RunEnd(finished_at=NOON, exit_code=ExitCode.DIFFERENCES, plan_id="p", document="{}")
    ledger.runs.finish("r1", end)
    assert [(run.run_id, run.status, run.exit_code) for run in ledger.runs.latest(verb="plan")] == [
        ("r2", STARTED, None),
        ("r1", "differences", ExitCode.DIFFERENCES),
    ]
    assert ledger.runs.latest(verb="apply") == ()


def test_an_instant_of_another_zone_comes_back_as_the_same_instant(reopen):
    ledger = reopen()
    there = datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=1)))
    ledger.findings.note(["f"], at=there)
    assert ledger.findings.known() == {"f": there}


def test_a_finding_keeps_its_first_day_until_it_goes(reopen):
    ledger = reopen()
    later, latest = NOON + timedelta(days=1), NOON + timedelta(days=2)
    ledger.findings.note(["a", "b"], at=NOON)
    assert ledger.findings.note(["a"], at=later) == {"a": NOON}
    assert ledger.findings.note(["a", "b"], at=latest) == {"a": NOON, "b": latest}


def test_a_finding_that_could_not_be_looked_for_keeps_its_first_day(reopen):
    ledger = reopen()
    ledger.findings.note(["a"], at=NOON)
    ledger.findings.note([], at=NOON + timedelta(days=1), unknown=["a"])
    assert ledger.findings.known() == {"a": NOON}


def test_a_mailbox_keeps_its_number(reopen):
    first = reopen().mailboxes.numbers(["cllr.b@ashbourne.example"])
    assert reopen().mailboxes.numbers(["CLLR.B@ashbourne.example"]) == first


def test_numbers_are_never_shared(reopen):
    numbers = reopen().mailboxes.numbers((f"cllr.{n}@ashbourne.example" for n in range(45)), draw=lambda _: 0)
    assert len(set(numbers.values())) == 45


def test_numbers_follow_the_draw_and_not_the_alphabet(reopen):
    draws = iter((500, 3))
    names = ["a@ashbourne.example", "b@ashbourne.example"]
    assert reopen().mailboxes.numbers(names, draw=lambda _: next(draws)) == dict(
        zip(names, (600, 103), strict=True)
    )


def test_findings_of_one_code_are_restarted_without_touching_others(reopen):
    ledger = reopen()
    ledger.findings.note(["waiting|a", "waiting|b", "other|a", "waiting-x|a"], at=NOON)
    later = NOON + timedelta(days=1)
    ledger.findings.restart("waiting", ["waiting|b", "waiting|c"], at=later)
    expected = {"waiting|b": NOON, "waiting|c": later, "other|a": NOON, "waiting-x|a": NOON}
    assert ledger.findings.known() == expected
