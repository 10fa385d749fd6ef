import sqlite3
from datetime import UTC, datetime

import pytest

from m365_restrict.errors import ErrorCode, ExitCode, LedgerError
from m365_restrict.ledger.evidence_chain import RunEvidence
from m365_restrict.ledger.export import export_ledger
from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.plan.change import Applied, RuleKind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULE = Applied(
    key="RC-1",
    kind=RuleKind.TRANSPORT_RULE,
    guid_or_rule_id="guid",
    mailbox="",
    case_reference="RC-1",
    name="RC-1 Redirect",
    properties={"From": ("a@post.example",), "StopRuleProcessing": True, "ExpiryDate": NOON},
)


@pytest.fixture
def filled(ledger_url):
    with open_ledger(ledger_url) as ledger:
        ledger.runs.begin(RunStart(run_id="run-1", verb="apply", started_at=NOON, host="here", pid=1))
        ledger.rules.record(RULE, run_id="run-1", at=NOON)
        end = RunEnd(finished_at=NOON, exit_code=ExitCode.IN_STEP, document="{}")
        ledger.runs.finish("run-1", end, RunEvidence(parts={"run": {"verb": "apply"}}))
        ledger.freezes.begin(Freeze(reason="frost", set_by="admin", since=NOON))
    return ledger_url


def test_the_copy_is_whole_proves_the_same_and_needs_no_server(filled, tmp_path):
    target = tmp_path / "evidence" / "ledger.db"
    head = export_ledger(filled, target)
    with open_ledger(filled) as original, open_ledger(f"sqlite:///{target}", read_only=True) as copy:
        assert copy.rules.all() == original.rules.all() == (RULE,)
        assert copy.runs.latest() == original.runs.latest()
        assert copy.freezes.current().reason == "frost"
        assert copy.evidence.prove(expected=head).problems == ()
        assert original.evidence.head() == head
    assert [one.name for one in target.parent.iterdir()] == ["ledger.db"]
    assert oct(target.stat().st_mode & 0o777) == "0o600"


def test_a_run_that_holds_the_lease_does_not_hold_it_in_the_copy(filled, tmp_path):
    target = tmp_path / "ledger.db"
    me = Holder(holder="run-2", host="here", pid=1)
    with open_ledger(filled) as ledger, ledger.lease(me, seconds=600, clock=lambda: NOON):
        export_ledger(filled, target)
    with sqlite3.connect(target) as connection:
        assert connection.execute("SELECT count(*) FROM lease").fetchone() == (0,)


def test_a_copy_takes_the_place_of_an_older_one(filled, tmp_path):
    target = tmp_path / "ledger.db"
    before = export_ledger(filled, target)
    with open_ledger(filled) as ledger:
        ledger.freezes.end()
    assert export_ledger(filled, target) != before
    with open_ledger(f"sqlite:///{target}", read_only=True) as copy:
        assert copy.freezes.current() is None


def test_a_place_that_cannot_be_written_is_said_and_a_copy_of_before_stays(filled, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LedgerError) as refused:
        export_ledger(filled, tmp_path / "file" / "ledger.db")
    assert refused.value.code is ErrorCode.LEDGER_COPY_UNUSABLE
