"""The chain over runs, what it proves of every table, and what is found when somebody alters a byte."""

import contextlib
import json
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import JSON, Boolean, Date, Integer, LargeBinary, insert, select

from m365_restrict.errors import ExitCode
from m365_restrict.ledger.database import open_database
from m365_restrict.ledger.deletions import Deletion
from m365_restrict.ledger.evidence_bodies import Pieces, load, store
from m365_restrict.ledger.evidence_chain import RunEvidence
from m365_restrict.ledger.evidence_proof import prove
from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.overrides import OverrideRecord
from m365_restrict.ledger.register_memory import LiveCase
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.ledger.schema import Instant, evidence_bodies, metadata
from m365_restrict.plan.overrides import Override

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADDRESS = "person@outside.example"
_NOT_PROVEN = {"lease", "job_runs", "job_requests", "run_traffic", "item_history_contents"}
TABLES = [table for table in metadata.sorted_tables if table.name not in _NOT_PROVEN]
COLUMNS = [
    pytest.param(table.name, column.name, id=f"{table.name}.{column.name}")
    for table in TABLES
    for column in table.columns
]


def finish(ledger, run_id, *, at=NOON, verb="drift", evidence=None, document=None):
    ledger.runs.begin(RunStart(run_id=run_id, verb=verb, started_at=at, host="h", pid=1))
    text = json.dumps({"run_id": run_id, "status": "in_step", "exit_code": 0, **(document or {})})
    end = RunEnd(finished_at=at, exit_code=ExitCode.IN_STEP, source_version="v", plan_id="p", document=text)
    ledger.runs.finish(run_id, end, evidence)


def live(*references):
    day = date(2027, 3, 7)
    return [LiveCase(item_id=one, case_reference=one, measure="m", ends_on=day) for one in references]


def problems(ledger, **given):
    found = ledger.evidence.prove(**given).problems
    return [(one.code.value, one.table, one.run_id) for one in found]


def tables_found(path):
    with open_ledger(f"sqlite:///{path}") as ledger:
        return {name for _, tables, _ in problems(ledger) for name in tables.split(", ")}


@pytest.fixture
def ledger(ledger_url):
    with open_ledger(ledger_url) as opened:
        yield opened


def value_for(column):
    kinds = {Instant: NOON, Date: date(2026, 11, 23), Boolean: True, Integer: 7, JSON: {"a": "b"}}
    return next((value for kind, value in kinds.items() if isinstance(column.type, kind)), "text")


def fill(url):
    """Put a row into every table of a ledger, after two runs, the second with evidence."""
    with open_ledger(url) as ledger:
        finish(ledger, "r1")
        with ledger._database.writing() as connection:
            for table in TABLES:
                if table.name not in {"runs", "evidence_bodies", "evidence_chain", "evidence_head"}:
                    values = {one.name: value_for(one) for one in table.columns}
                    connection.execute(insert(table).values(values))
        finish(ledger, "r2", evidence=RunEvidence(parts={"answers": {"asked": ["x" * 2000]}}))
        assert problems(ledger) == []


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    path = tmp_path_factory.mktemp("filled") / "ledger.db"
    fill(f"sqlite:///{path}")
    return path


def alter(path, table, column):
    """Another value in one column of the last row, as somebody with the file would put it there."""
    with closing(sqlite3.connect(path)) as connection, connection:
        last = f'SELECT max(rowid) FROM "{table}"'  # noqa: S608 - names of the schema
        held = connection.execute(f'SELECT "{column}" FROM "{table}" WHERE rowid = ({last})').fetchone()[0]  # noqa: S608
        connection.execute(
            f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ({last})',  # noqa: S608
            (other_than(held),),
        )


def other_than(held):
    match held:
        case None:
            return "2026"
        case int():
            return held + 1
        case bytes():
            return held[:-1] + bytes([held[-1] ^ 1])
        case "":
            return "a"
        case _:
            return chr(ord(held[0]) ^ 1) + held[1:]


@pytest.fixture
def copy(filled, tmp_path):
    target = tmp_path / "copy.db"
    with closing(sqlite3.connect(filled)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
    return target


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_one_altered_value_is_found_in_its_table(copy, table, column):
    alter(copy, table, column)
    assert table in tables_found(copy)


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_a_row_that_is_taken_away_is_found_in_its_table(copy, table):
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute(f'DELETE FROM "{table}" WHERE rowid = (SELECT max(rowid) FROM "{table}")')  # noqa: S608
    found = tables_found(copy)
    assert table in found or (table == "evidence_chain" and "evidence_head" in found)


_OTHER = {
    Instant: "coalesce({0}, '2026-01-01') + interval '1 second'",
    Date: "coalesce({0}, '2026-01-01') + 1",
    Boolean: "NOT {0}",
    Integer: "coalesce({0}, 0) + 1",
    JSON: """'{{"a":  "b"}}'""",  # the same value, written otherwise
    LargeBinary: "set_byte({0}, 0, get_byte({0}, 0) # 1)",
}


def columns_by_kind():
    """Of every table one column of each kind, with what a server is to put there."""
    for table in TABLES:
        kinds = {}
        for column in table.columns:
            kind = next((one for one in _OTHER if isinstance(column.type, one)), None)
            kinds.setdefault(kind, column.name)
        yield from ((table.name, column, _OTHER.get(kind, "{0} || 'x'")) for kind, column in kinds.items())


def test_one_altered_value_is_found_in_its_table_on_a_server_too(postgres_url):
    """All in one ledger: each alteration is taken back."""
    fill(postgres_url)
    missed = []
    with closing(open_database(postgres_url)) as database:
        for table, column, sql in columns_by_kind():
            other = sql.format(f'"{column}"')
            with contextlib.suppress(ZeroDivisionError), database.writing() as connection:
                connection.exec_driver_sql(
                    f'UPDATE "{table}" SET "{column}" = {other} WHERE ctid'  # noqa: S608
                    f' = (SELECT max(ctid) FROM "{table}")'
                )
                problems_ = prove(connection, expected="").problems
                found = {name for one in problems_ for name in one.table.split(", ")}
                missed += [] if table in found else [f"{table}.{column}"]
                raise ZeroDivisionError
        with database.reading() as connection:
            assert prove(connection, expected="").problems == ()
    assert missed == []


@pytest.mark.parametrize("place", [0, 1, 2, 40, -5, -4, -1])
def test_any_byte_of_a_stored_body_counts(copy, place):
    with closing(sqlite3.connect(copy)) as connection, connection:
        digest, held = connection.execute(
            "SELECT hash, content FROM evidence_bodies ORDER BY length(content) DESC"
        ).fetchone()
        changed = bytearray(held)
        changed[place] ^= 1
        connection.execute("UPDATE evidence_bodies SET content = ? WHERE hash = ?", (bytes(changed), digest))
    with open_ledger(f"sqlite:///{copy}") as ledger:
        assert ("evidence-body-altered", "evidence_bodies", "r2") in problems(ledger)


def test_the_run_is_named_whose_document_was_altered(ledger, ledger_url, by_hand):
    finish(ledger, "r1")
    finish(ledger, "r2")
    by_hand(
        ledger_url, "UPDATE runs SET document = replace(document, 'in_step', 'in-step') WHERE run_id = 'r1'"
    )
    assert set(problems(ledger)) == {("evidence-run-altered", "runs", "r1")}


def test_an_entry_that_was_made_anew_with_its_hash_no_longer_fits_the_next(ledger, ledger_url, by_hand):
    finish(ledger, "r1")
    finish(ledger, "r2")
    by_hand(ledger_url, "UPDATE evidence_chain SET verb = 'plan', hash = 'ab' WHERE number = 1")
    assert ("evidence-chain-broken", "evidence_chain", "r2") in problems(ledger)


def test_a_run_added_by_hand_is_found(ledger, ledger_url, by_hand):
    finish(ledger, "r1")
    by_hand(
        ledger_url,
        "INSERT INTO runs SELECT 'r0', verb, started_at, finished_at, status, exit_code, source_version, "
        "plan_id, '', host, pid FROM runs",
    )
    assert problems(ledger) == [("evidence-run-unproven", "runs", "r0")]


def test_a_table_changed_between_two_runs_is_found_although_the_later_run_took_it_over(
    ledger, ledger_url, by_hand
):
    ledger.register.replace_live(live("RC-1"), run_id="r1")
    finish(ledger, "r1")
    by_hand(ledger_url, "UPDATE live_cases SET measure = 'n'")
    later = NOON + timedelta(hours=1)
    finish(ledger, "r2", at=later, evidence=RunEvidence(parts={"ledger": ledger.evidence.state()}))
    assert problems(ledger) == [("evidence-table-altered", "live_cases", "r2")]


def test_a_run_that_was_at_work_meanwhile_explains_the_change(ledger):
    begins = NOON - timedelta(minutes=5)
    finish(ledger, "r1", at=begins)
    ledger.runs.begin(RunStart(run_id="apply", verb="apply", started_at=begins, host="h", pid=1))
    ledger.register.replace_live(live("RC-1"), run_id="apply")
    finish(ledger, "r2", evidence=RunEvidence(parts={"ledger": ledger.evidence.state()}))
    ledger.runs.finish("apply", RunEnd(finished_at=NOON, exit_code=ExitCode.IN_STEP))
    assert problems(ledger) == []


def test_what_a_killed_run_left_is_unproven_and_not_altered(ledger):
    finish(ledger, "r1")
    ledger.runs.begin(RunStart(run_id="r2", verb="apply", started_at=NOON, host="h", pid=1))
    ledger.register.replace_live(live("RC-1"), run_id="r2")
    assert problems(ledger) == [("evidence-table-unproven", "live_cases", "r2")]
    assert ledger.evidence.prove().unended == ("r2",)


def test_a_run_killed_long_ago_excuses_nothing(ledger, ledger_url, by_hand):
    ledger.runs.begin(
        RunStart(run_id="r0", verb="apply", started_at=NOON - timedelta(days=9), host="h", pid=1)
    )
    ledger.register.replace_live(live("RC-1"), run_id="r0")
    finish(ledger, "r1")
    by_hand(ledger_url, "UPDATE live_cases SET measure = 'n'")
    assert problems(ledger) == [("evidence-table-altered", "live_cases", "r0")]


def test_runs_from_before_the_chain_are_sealed_by_its_first_entry(ledger, ledger_url, by_hand):
    finish(ledger, "r1")
    tables = ("evidence_chain", "evidence_head", "evidence_bodies")
    by_hand(ledger_url, *(f"DELETE FROM {one}" for one in tables))  # noqa: S608 - names of the schema
    finish(ledger, "r2")
    proof = ledger.evidence.prove()
    assert (proof.problems, proof.earlier_runs, proof.entries) == ((), 1, 2)
    by_hand(ledger_url, "UPDATE runs SET exit_code = 3 WHERE run_id = 'r1'")
    assert ("evidence-run-altered", "runs", "r1") in problems(ledger)


@pytest.mark.parametrize(
    "said",
    [
        lambda ledger: ledger.freezes.begin(Freeze(reason="r", set_by="s", since=NOON)),
        lambda ledger: ledger.freezes.end(),
        lambda ledger: ledger.overrides.begin(
            OverrideRecord(
                override=Override(code="c", reason="r", until=NOON, limit=None), set_by="s", since=NOON
            )
        ),
        lambda ledger: ledger.overrides.end("c", by="s", at=NOON),
    ],
)
def test_what_a_person_says_without_a_run_is_an_entry_too(ledger, said):
    ledger.freezes.begin(Freeze(reason="before", set_by="s", since=NOON))
    finish(ledger, "r1")
    said(ledger)
    proof = ledger.evidence.prove()
    assert (proof.problems, proof.entries) == ((), 3)


def test_a_hash_that_was_kept_elsewhere_is_found_in_the_chain(ledger):
    finish(ledger, "r1")
    kept = ledger.evidence.hash_of_run("r1")
    finish(ledger, "r2")
    proof = ledger.evidence.prove(expected=kept)
    assert (proof.problems, proof.expected_entry) == ((), 1)
    assert proof.head == ledger.evidence.hash_of_run("r2")


def test_a_chain_that_was_made_anew_lacks_the_hash_that_was_kept(ledger):
    finish(ledger, "r1")
    assert problems(ledger, expected="ab" * 32) == [("evidence-anchor-missing", "evidence_chain", "")]


def delete_case(ledger, *, reference="RC-1"):
    ledger.deletions.record(
        Deletion(
            item_id="1",
            case_reference=reference,
            deleted_on=date(2026, 11, 23),
            run_id="ret",
            certificate='{"proven_on": "2026-11-20"}',
        ),
        addresses=[ADDRESS],
        evidence_ids=["1"],
    )


def an_item(reference, text):
    return {"item_id": "9", "fields": {"Title": reference, "Words": text}, "etag": "e"}


@pytest.fixture
def after_deletion(ledger):
    items = [an_item("RC-1", "a" * 1500), an_item("RC-2", "b" * 1500), an_item("rc-1 ", "c" * 1500)]
    evidence = RunEvidence(parts={"answers": [*items, f"from {ADDRESS.upper()}", "d" * 1500]})
    finish(ledger, "r1", evidence=evidence, document={"changes": [ADDRESS, "RC-2"]})
    delete_case(ledger)
    finish(ledger, "ret", verb="retention")
    return ledger


def test_the_chain_holds_after_a_deletion_and_says_what_went(after_deletion):
    proof = after_deletion.evidence.prove()
    assert proof.problems == ()
    (deletion,) = proof.deletions
    told = (deletion.case_reference, deletion.deleted_on, deletion.rules_absent_on, deletion.run_id)
    assert told == ("RC-1", "2026-11-23", "2026-11-20", "ret")
    assert deletion.bodies > 0


def test_nothing_of_the_case_is_left_in_the_bodies(after_deletion):
    kept = evidence_bodies.c.content
    with after_deletion._database.reading() as connection:
        held = connection.execute(select(kept).where(kept.is_not(None))).scalars()
        texts = [zlib.decompress(content).decode() for content in held]
    assert not [text for text in texts if ADDRESS in text.lower() or '"Title":"RC-1"' in text]


def test_what_another_case_left_stays_where_something_leads_to_it(ledger):
    kept = an_item("RC-2", "b" * 1500)
    finish(ledger, "r1", evidence=RunEvidence(parts={"one": an_item("RC-1", "a"), "other": kept}))
    delete_case(ledger)
    entry = ledger.evidence.entry_of("r1")
    assert ledger.evidence.value(entry.parts["other"]) == kept


def test_a_body_that_was_emptied_without_a_deletion_is_found(ledger, ledger_url, by_hand):
    finish(ledger, "r1", evidence=RunEvidence(parts={"answers": ["x"]}))
    by_hand(ledger_url, "UPDATE evidence_bodies SET content = NULL, seal = '', removed_by = 1")
    assert ("evidence-body-altered", "evidence_bodies", "r1") in problems(ledger)


def test_what_was_removed_and_is_seen_again_is_there_again(after_deletion):
    evidence = RunEvidence(parts={"answers": [f"from {ADDRESS.upper()}"]})
    finish(after_deletion, "r3", evidence=evidence)
    finish(after_deletion, "r4", evidence=evidence)
    assert after_deletion.evidence.prove().problems == ()


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"z": 1, "a": [True, None, 1.5, "ü"]},
        ["x" * 5000],
        [{"row": number, "text": "t" * 90} for number in range(3000)],
        {"deep": [[["y" * 1100] * 20] * 3]},
        '"$body":"' + "ab" * 32 + '"',
    ],
)
def test_a_value_comes_back_from_its_pieces(ledger, value):
    pieces = Pieces()
    digest = pieces.keep(value)
    with ledger._database.writing() as connection:
        store(connection, pieces.texts)
        assert json.dumps(load(connection, digest)) == json.dumps(value)


def test_one_changed_row_of_many_makes_few_new_bodies():
    rows = [{"row": number, "text": f"{number}" * 40} for number in range(2000)]
    before, after = Pieces(), Pieces()
    before.keep(rows)
    after.keep([*rows[:700], {"row": "new"}, *rows[700:]])
    new = after.texts.keys() - before.texts.keys()
    assert sum(len(after.texts[one]) for one in new) < 20_000


def test_a_state_can_be_put_into_an_empty_ledger(filled):
    with open_ledger(f"sqlite:///{filled}") as full, open_ledger("sqlite://") as empty:
        empty.evidence.restore(full.evidence.state())
        assert empty.evidence.state() == full.evidence.state()


def test_a_kind_of_column_that_holds_bytes_is_never_part_of_the_state():
    from m365_restrict.ledger.evidence_state import STATE_TABLES

    assert not [one for table in STATE_TABLES for one in table.columns if isinstance(one.type, LargeBinary)]


def test_the_hash_of_a_value_stays_what_it_was_in_every_ledger():
    """Else nothing that a run sees again would be found among what was kept before."""
    rules = [{"Name": f"{number}é", "Empty": [None] * 300, "On": True, "SCL": 1.5} for number in range(40)]
    pieces = Pieces()
    assert pieces.keep({"rules": rules, "text": "\u2028" * 1200, "none": {}, "list": []}) == (
        "69ba12699b6694f7b9b48642e06c63f4b31ba57704a791d2d7b5cf08e3be21d7"
    )
    assert len(pieces.texts) == 7
