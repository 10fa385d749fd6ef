"""What each job does, once: as a timer or the scheduler starts it, in this process."""

import json
import sqlite3
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from m365_restrict.cli.app import app
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunStart
from m365_restrict.schedule.jobs import Job

DUE = "2026-11-23T07:30:00Z"
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def job(council, name, *, due=DUE, **settings):
    env = council.sandbox.env | {f"M365_RESTRICT_{key}": str(value) for key, value in settings.items()}
    done = CliRunner().invoke(app, ["job", name, "--due", due], env=env, catch_exceptions=False)
    council.sandbox.scan.said(done.stdout, done.stderr)
    return done


def runs(council, name):
    with open_ledger(council.sandbox.ledger_url) as ledger:
        return ledger.jobs.of(Job(name))


@contextmanager
def altered(council):
    """The ledger's tables, for somebody who goes past the program."""
    with closing(sqlite3.connect(council.sandbox.ledger_url.removeprefix("sqlite:///"))) as ledger:
        yield ledger
        ledger.commit()


@contextmanager
def a_watcher():
    """Where it listens, and the paths that something was sent to."""
    told = []

    class Watcher(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Watcher) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", told
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize(
    ("name", "exit_code", "verb"),
    [
        ("enforce", 0, "apply"),
        ("preferences", 0, "apply"),
        ("drift", 2, "drift"),
        ("reviews", 0, "reviews"),
        ("retention", 0, "retention"),
    ],
)
def test_a_job_is_its_verb_and_names_its_run(council, name, exit_code, verb):
    council.plant(council.case("RC-1"))
    assert job(council, name).exit_code == exit_code
    (run,) = runs(council, name)
    assert run.exit_code == exit_code
    with open_ledger(council.sandbox.ledger_url) as ledger:
        assert [(one.run_id, one.verb) for one in ledger.runs.latest()] == [(run.run_id, verb)]


def test_what_a_job_prints_for_a_journal_holds_no_address(council):
    council.plant(council.case("RC-1"))
    done = job(council, "enforce")
    assert "RC-1 Redirect to single contact" in done.stdout
    assert "@" not in done.stdout + done.stderr


def test_a_slot_that_was_done_is_said_and_nothing_is_asked_of_the_tenant(council):
    council.in_force(council.case("RC-1"))
    job(council, "drift")
    council.requests()
    again = job(council, "drift")
    assert (again.exit_code, council.requests()) == (0, [])
    assert "is not run twice" in again.stderr


def test_a_slot_that_is_started_again_ends_as_it_ended(council):
    council.plant(council.case("RC-1"))
    assert [job(council, "drift").exit_code for _ in range(2)] == [2, 2]


def test_on_a_bank_holiday_reviews_do_nothing_and_say_so(council):
    council.plant(council.case("RC-1"), now="2026-12-28T09:00:00Z")
    done = job(council, "reviews")
    assert (done.exit_code, council.requests()) == (0, [])
    assert "2026-12-28 is a bank holiday" in done.stderr
    assert [one.exit_code for one in runs(council, "reviews")] == [0]


class TestEvidence:
    def test_the_ledger_is_proved_and_copied_and_its_head_handed_out(self, council, tmp_path):
        council.in_force(council.case("RC-1"))
        head, copies = tmp_path / "head.txt", tmp_path / "copies"
        settings = {"SCHEDULE__HEAD_FILE": head, "SCHEDULE__BACKUP_FOLDER": copies}
        assert job(council, "evidence", **settings).exit_code == 0
        (copy,) = copies.iterdir()
        (line,) = head.read_text().splitlines()
        proved = CliRunner().invoke(
            app, ["verify-ledger", "--ledger", str(copy), "--expect", line.split()[-1], "--json"]
        )
        assert json.loads(proved.stdout)["status"] == "in_step"

    def test_a_chain_that_no_longer_holds_the_head_of_yesterday_is_found(self, council, tmp_path):
        council.in_force(council.case("RC-1"))
        head = tmp_path / "head.txt"
        head.write_text(f"2026-11-22T06:10:00Z 7 {'0' * 64}\n")
        done = job(council, "evidence", SCHEDULE__HEAD_FILE=head)
        assert done.exit_code == 1
        assert "0" * 64 in done.stdout
        assert head.read_text().count("\n") == 1, "and it is found again tomorrow"

    def test_a_ledger_that_was_altered_is_a_failure_and_no_success(self, council, tmp_path):
        """The watcher hears of it at `/fail`, the last success stays old, and `status` says it."""
        council.in_force(council.case("RC-1"))
        head = tmp_path / "head.txt"
        assert job(council, "evidence", SCHEDULE__HEAD_FILE=head).exit_code == 0
        with open_ledger(council.sandbox.ledger_url) as ledger:
            succeeded = ledger.jobs.last_success(Job.EVIDENCE)
        with altered(council) as ledger:
            ledger.execute("UPDATE runs SET document = '{}' WHERE verb = 'apply'")
        with a_watcher() as (url, told):
            done = job(
                council,
                "evidence",
                due="2026-11-24T07:30:00Z",
                SCHEDULE__HEAD_FILE=head,
                HEALTH__PING_URL=f"{url}/{{job}}",
            )
        assert (done.exit_code, told) == (1, ["/evidence/fail"])
        assert "evidence-run-altered" in done.stdout
        assert "this job has failed" in done.stderr
        assert head.read_text().count("\n") == 1
        with open_ledger(council.sandbox.ledger_url) as ledger:
            assert ledger.jobs.last_success(Job.EVIDENCE) == succeeded
        said = CliRunner().invoke(app, ["status", "--json"], env=council.sandbox.env)
        assert {"code": "job-failed", "about": "job evidence"}.items() in [
            {key: one[key] for key in ("code", "about")}.items()
            for one in json.loads(said.stdout)["attention"]
        ]

    def test_a_run_that_has_not_ended_leaves_the_ledger_unproved(self, council):
        """It was killed, say, and nobody can tell whether a table is as it left it."""
        council.in_force(council.case("RC-1"))
        with open_ledger(council.sandbox.ledger_url) as ledger:
            begun = RunStart(run_id="killed", verb="apply", started_at=LATER, host="elsewhere", pid=1)
            ledger.runs.begin(begun)
        with altered(council) as ledger:
            ledger.execute("DELETE FROM applied_rules")
        done = job(council, "evidence")
        assert "evidence-table-unproven" in done.stdout
        assert done.exit_code == 1

    def test_as_many_copies_are_kept_as_the_settings_say(self, council, tmp_path):
        council.in_force(council.case("RC-1"))
        copies = tmp_path / "copies"
        copies.mkdir()
        for day in (1, 2, 3):
            (copies / f"ledger-2026110{day}T061000Z.db").write_bytes(b"")
        (copies / "mine.db").write_bytes(b"")
        job(council, "evidence", SCHEDULE__BACKUP_FOLDER=copies, SCHEDULE__BACKUP_COPIES=2)
        names = sorted(one.name for one in copies.iterdir())
        assert (len(names), names[0], names[-1]) == (3, "ledger-20261103T061000Z.db", "mine.db")

    def test_reports_that_are_due_are_delivered_once(self, council):
        council.in_force(council.case("RC-1"))
        settings = {
            "NOTIFY__SENDER": "clerk@ash.example",
            "DELIVERY__ICT__TO": "surveyor@ash.example",
            "DELIVERY__GOVERNANCE__TO": "assistant@ash.example",
        }
        first = job(council, "evidence", **settings)
        again = job(council, "evidence", due="2026-11-23T08:30:00Z", **settings)
        due = [line for line in first.stderr.splitlines() if line.endswith("is due.")]
        assert due == [f"The report '{one}' is due." for one in ("run", "daily", "weekly")]
        assert "Delivered: the report 'daily' to" in first.stderr
        assert "'daily' is due" not in again.stderr


@pytest.mark.parametrize(("to", "delivers"), [("surveyor@ash.example", True), ("", False)])
def test_where_drift_finds_a_difference_what_is_critical_is_delivered_at_once(council, to, delivers):
    """Nothing here is critical, so the delivery says that it has nothing to tell."""
    council.in_force(council.case("RC-1"))
    council.cmdlet("Remove-TransportRule", Identity="RC-1 Redirect to single contact")
    done = job(council, "drift", NOTIFY__SENDER="clerk@ash.example", DELIVERY__ICT__TO=to)
    assert done.exit_code == 2
    assert ("Nothing is new to anybody" in done.stderr) is delivers
