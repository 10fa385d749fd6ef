from datetime import UTC, date, datetime

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.ledger.deletions import Deletion
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.lives import LifeRecord
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict

DAY, NOW = date(2027, 4, 1), datetime(2027, 4, 1, 9, tzinfo=UTC)


@pytest.fixture
def ledger(ledger_url):
    with open_ledger(ledger_url) as opened:
        yield opened


def test_a_notice_is_known_once_it_is_recorded(ledger):
    ledger.notices.record("a", on=DAY, run_id="run-1")
    ledger.notices.record("a", on=DAY, run_id="run-2")
    assert ledger.notices.known(["a", "b"]) == {"a"}


def test_the_last_record_of_a_life_stands(ledger):
    ledger.lives.record(LifeRecord(item_id="1", case_reference="RC-1", ends_on=DAY))
    ended = LifeRecord(item_id="1", case_reference="RC-1", ended_on=DAY, closed_on=DAY, closed_run="run-2")
    ledger.lives.record(ended)
    assert ledger.lives.all() == {"1": ended}


def evidence(item_id: str) -> ApprovalEvidence:
    return ApprovalEvidence(
        item_id=item_id, version="2.0", saver_object_id="id", saver_address="director@ash.example",
        saved_at=NOW, fields_hash="digest", values_json='{"Addresses":["a.b@inbox.example"]}', seen_on=DAY,
        verdict=EvidenceVerdict.ELIGIBLE,
    )  # fmt: skip


def deletion() -> Deletion:
    return Deletion(item_id="1", case_reference="RC-1", deleted_on=DAY, run_id="run-1", certificate="{}")


@pytest.mark.requirement("M-52")
def test_a_deletion_takes_the_addresses_out_of_the_ledger(ledger):
    ledger.register.pin([evidence("1"), evidence("2")])
    ledger.runs.begin(RunStart(run_id="r", verb="apply", started_at=NOW, host="h", pid=1))
    text = r'["A.B@inbox.example", "^a\\.b@inbox\\.example$", "aa.b@inbox.example", "a.b@inbox.example.org"]'
    ledger.runs.finish("r", RunEnd(finished_at=NOW, exit_code=ExitCode.IN_STEP, document=text))
    ledger.deletions.record(deletion(), addresses=["a.b@inbox.example"], evidence_ids=["1"])
    kept = ledger.register.evidence()
    assert (kept["1", "2.0"].values_json, kept["1", "2.0"].fields_hash) == ("{}", "digest")
    assert "a.b@inbox.example" in kept["2", "2.0"].values_json
    document = ledger.runs.latest()[0].document
    assert document == '["(deleted)", "^(deleted)$", "aa.b@inbox.example", "a.b@inbox.example.org"]'


def test_a_certificate_is_kept_in_place_of_the_life(ledger):
    ledger.lives.record(LifeRecord(item_id="1", case_reference="RC-1", closed_on=DAY))
    ledger.deletions.record(deletion(), addresses=[], evidence_ids=[])
    assert (ledger.lives.all(), ledger.deletions.all()) == ({}, {"1": deletion()})
