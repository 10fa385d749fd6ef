"""Many councils in one run: each has its own, and one that fails stops nobody.

Every council here is a tenant of its own: its own sandbox with its own authority, over HTTPS, with its own
applications, its own ledger and its own case.
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import jsonschema
import pg8000.native
import pytest
from sqlalchemy import make_url

from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

MANY = 50
PREFIX = "M365_RESTRICT_"
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
SCHEMA = json.loads((SCHEMAS / "tenants.json").read_text())
_SECRETS = {"AUTH__READER__CERTIFICATE_PATH": "", "AUTH__WRITER__CERTIFICATE_PATH": ""}


@dataclass(frozen=True)
class Done:
    exit_code: int
    document: dict
    stdout: str
    stderr: str

    @property
    def statuses(self):
        return {one["name"]: one["status"] for one in self.document["tenants"]}

    def line(self, name):
        return next(one for one in self.document["tenants"] if one["name"] == name)


class County:
    """A folder of councils, each with a sandbox of its own."""

    def __init__(self, folder, council_class, scan):
        self.folder, self.tenants = folder, folder / "tenants"
        self.tenants.mkdir()
        self.sandboxes, self._class, self._scan = {}, council_class, scan
        self._open = ExitStack()

    def close(self):
        self._open.close()

    def found(self, *names):
        """Start and seed these councils, and write their settings."""
        with ThreadPoolExecutor(4) as starting:
            self.sandboxes |= dict(zip(names, starting.map(self._started, names), strict=True))
        for name in names:
            self.write(name)

    def write(self, name, **changed):
        """The council's file: what its sandbox says, with these settings instead."""
        env = {key: value for key, value in self.sandboxes[name].env.items() if key.startswith(PREFIX)}
        env |= {f"{PREFIX}{key}": value for key, value in {**_SECRETS, **changed}.items()}
        self.put(f"{name}.env", env)

    def put(self, file, env: Mapping[str, str]):
        (self.tenants / file).write_text("".join(f"{key}={value}\n" for key, value in env.items()))

    def ledger(self, name):
        return self.folder / name / "ledger.db"

    def rules(self, name):
        """The names of the rules in the council's own Exchange."""
        return {one["Name"] for _, one in self.sandboxes[name].tenant.store.all("transport_rules")}

    def begin(self, *arguments, **variables):
        """Start the program in a process of its own."""
        env = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        env = {key: value for key, value in env.items() if key not in {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}}
        env |= {f"{PREFIX}{key}": value for key, value in variables.items()}
        command = [sys.executable, "-m", "m365_restrict", *arguments, "--tenants", str(self.tenants)]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env=env, stdout=pipe, stderr=pipe, stdin=subprocess.DEVNULL, text=True
        )

    def run(self, *arguments, **variables):
        """Run it to its end; with --json its document is held against the schema."""
        return self.ended(self.begin(*arguments, **variables))

    def ended(self, process):
        out, err = process.communicate(timeout=300)
        self._scan.said(out, err)
        document = json.loads(out) if out.startswith("{") else {}
        if document.get("schema") == "m365-restrict/tenants/1":
            jsonschema.validate(document, SCHEMA)
            assert document["exit_code"] == process.returncode
        return Done(process.returncode, document, out, err)

    def _started(self, name):
        running = RunningSandbox(SandboxOptions(state=self.folder / name))
        running.start()
        self._open.callback(running.stop)
        self.plant(running, name)
        return running

    def plant(self, running, name):
        """A council with one case, which bears its name."""
        self._class(_Seeding(running, self._scan)).plant(self._class.case(reference(name)))


@dataclass
class _Seeding:
    running: RunningSandbox
    scan: object

    def seed(self, document):
        self.scan.planted.plant(document)
        self.running.seed(document)


def reference(name):
    return f"RC-{name}"


@pytest.fixture
def county(council, sandbox, tmp_path):
    made = County(tmp_path, type(council), sandbox.scan)
    yield made
    made.close()


def test_of_fifty_councils_one_is_broken_and_forty_nine_are_in_step(county):
    names = [f"c{number:02}" for number in range(MANY)]
    county.found(*names)
    county.write("c17", AUTH__READER__CLIENT_SECRET="not-the-secret")
    done = county.run("apply", "--all", "--approve", "--json")
    assert done.exit_code == 4
    assert [name for name, status in done.statuses.items() if status == "in_step"] == [
        name for name in names if name != "c17"
    ], done.stderr
    broken = done.line("c17")
    assert (broken["status"], broken["exit_code"], broken["error"]["code"]) == ("failed", 5, "sign-in-failed")
    for name in names:
        ours = {one for one in county.rules(name) if one.startswith("RC-")}
        assert ours == (set() if name == "c17" else {f"{reference(name)} Redirect to single contact"})


def damaged(county, name):
    """A ledger that is no database."""
    county.ledger(name).write_bytes(b"no ledger" * 500)


def test_each_way_of_failing_is_told_and_stops_nobody(county):
    county.found("ash", "birch", "cedar", "damaged", "unsound")
    county.run("apply", "--all", "--approve")
    county.write("birch", AUTH__READER__CLIENT_SECRET="not-the-secret")
    damaged(county, "damaged")
    county.write("unsound", RULES__MODE="sometimes")
    county.put("_shared.env", {f"{PREFIX}TENANTS__AT_ONCE": "3"})
    done = county.run("drift", "--all", "--json", "--folder", str(county.folder / "documents"))
    assert done.exit_code == 4
    assert done.line("birch")["error"]["code"] == "sign-in-failed"
    assert done.line("damaged")["error"]["code"] == "ledger-corrupt"
    assert done.line("unsound")["error"]["code"] == "settings-invalid"
    assert (done.statuses["ash"], done.statuses["cedar"]) == ("in_step", "in_step")
    for name in ("ash", "cedar"):
        document = json.loads(Path(done.line(name)["document"]).read_text())
        jsonschema.validate(document, json.loads((SCHEMAS / "drift.json").read_text()))
        assert [one["case_ref"] for one in document["live"]] == [reference(name)]
        assert document["run_id"] == done.line(name)["run_id"]
        assert f"{name}: in step." in done.stderr


def test_only_differences_end_with_2_and_the_table_says_where(county):
    county.found("ash", "birch")
    county.run("apply", "--tenant", "ash", "--approve")
    done = county.run("plan", "--all")
    assert done.exit_code == 2
    lines = done.stdout.splitlines()
    assert lines[0].split(maxsplit=1)[0] == "ash"
    assert lines[1].startswith("birch  differences  1 change would be made.")


def test_a_council_that_does_not_answer_is_stopped_at_the_deadline(county):
    county.found("ash")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        county.write("ash", GRAPH__BASE_URL=f"https://127.0.0.1:{silent.getsockname()[1]}/v1.0")
        done = county.run("drift", "--all", "--json", TENANTS__DEADLINE="4")
    assert done.exit_code == 4
    assert "TENANTS__DEADLINE" in done.line("ash")["error"]["message"]


def test_a_signal_ends_them_all_and_is_told(county):
    county.found("ash", "birch")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name in ("ash", "birch"):
            county.write(name, GRAPH__BASE_URL=f"https://127.0.0.1:{silent.getsockname()[1]}/v1.0")
        process = county.begin("drift", "--all", "--json", TENANTS__AT_ONCE="1")
        silent.settimeout(120)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGTERM)
        done = county.ended(process)
        connection.close()
    assert done.exit_code == 4
    assert done.document["error"]["code"] == "stopped"
    assert {one["error"]["code"] for one in done.document["tenants"]} == {"stopped"}


def test_shares_of_three_workers_are_every_council_once(county):
    names = ["ash", "birch", "cedar", "elm", "fir"]
    for name in names:
        county.put(f"{name}.env", {})
    served = [
        [*county.run("validate", "--all", "--json", "--shard", f"{index}/3").statuses] for index in range(3)
    ]
    assert sorted(name for share in served for name in share) == names


def test_workers_that_claim_do_every_council_once(county):
    names = ["ash", "birch", "cedar", "elm"]
    county.found(*names)
    county.put("_shared.env", {f"{PREFIX}SCHEDULE__DRIFT": "0 3 1 * *"})
    at_work = [county.begin("job", "drift", "--all", "--claim") for _ in range(2)]
    codes = [county.ended(worker).exit_code for worker in at_work]
    assert set(codes) <= {0, 2}
    assert 2 in codes
    for name in names:
        with closing(sqlite3.connect(county.ledger(name))) as ledger:
            runs = ledger.execute("SELECT count(*) FROM runs WHERE verb = 'drift'").fetchone()
            jobs = ledger.execute("SELECT job, exit_code FROM job_runs").fetchall()
        assert (runs, jobs) == ((1,), [("drift", 2)])
    again = county.run("job", "drift", "--all", "--claim")
    assert again.exit_code == 0
    assert again.stdout.count("elsewhere  ") == len(names)


QUIET = {
    "SCHEDULE__ENFORCE": "0 3 1 1 *",
    "SCHEDULE__PREFERENCES": "off",
    "SCHEDULE__DRIFT": "off",
    "SCHEDULE__REVIEWS": "off",
    "SCHEDULE__RETENTION": "off",
    "LEASE__SECONDS": "6",
}


def wait_for(what):
    """Until it is so; a loaded machine is given its time."""
    end = time.monotonic() + 240
    while not (found := what()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)
    return found


def in_force(county, name):
    return f"{reference(name)} Redirect to single contact" in county.rules(name)


def leader(county, name):
    """The process that holds the lease of the council's scheduler."""
    with closing(sqlite3.connect(county.ledger(name))) as ledger:
        found = ledger.execute("SELECT pid FROM lease WHERE name = 'schedule'").fetchone()
    return found and found[0]


@contextmanager
def at_work(county, *arguments):
    """A process that is gone after the block."""
    process = county.begin(*arguments)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class TestScheduleAll:
    def test_each_council_by_its_own_timetable_and_one_that_fails_stops_nobody(self, county):
        """Its ledger is damaged; once that is put right it is served as well, without a restart."""
        county.found("ash", "birch", "cedar")
        for name, at in (("ash", "10 6 * * *"), ("birch", "10 6 * * *"), ("cedar", "10 5 * * *")):
            county.write(name, SCHEDULE__EVIDENCE=at, **QUIET)
        damaged(county, "birch")
        port = free_port()
        scheduler = county.begin("schedule", "--all", "--once-now", "enforce", HEALTH__PORT=str(port))
        try:
            wait_for(lambda: in_force(county, "ash") and in_force(county, "cedar"))
            assert not in_force(county, "birch")
            told = httpx.get(f"http://127.0.0.1:{port}/metrics").text
            assert 'm365_restrict_state_readable{tenant="ash"} 1.0' in told
            assert 'm365_restrict_state_readable{tenant="birch"} 0.0' in told
            assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
            county.ledger("birch").unlink()
            wait_for(lambda: in_force(county, "birch"))
        finally:
            scheduler.send_signal(signal.SIGTERM)
            done = county.ended(scheduler)
        assert done.exit_code == 0, done.stderr
        due = {line.split()[0]: line[-5:] for line in done.stderr.splitlines() if "evidence: due at" in line}
        assert due == {"ash:": "06:10", "birch:": "06:10", "cedar:": "05:10"}
        assert "birch: The ledger" in done.stderr
        assert [leader(county, name) for name in ("ash", "birch", "cedar")] == [None] * 3

    def test_of_two_each_council_is_led_by_one_and_taken_over_by_the_other(self, county):
        names = ["ash", "birch"]
        county.found(*names)
        for name in names:
            county.write(name, SCHEDULE__EVIDENCE="off", **QUIET)
            open_ledger(f"sqlite:///{county.ledger(name)}").close()
        with at_work(county, "schedule", "--all", "--once-now", "drift") as first:
            wait_for(lambda: {leader(county, name) for name in names} == {first.pid})
            with at_work(county, "schedule", "--all") as second:
                wait_for(lambda: all(ended(county, name) == [("drift", 2)] for name in names))
                first.kill()
                wait_for(lambda: {leader(county, name) for name in names} == {second.pid})
                second.send_signal(signal.SIGTERM)
                done = county.ended(second)
        assert done.exit_code == 0, done.stderr
        for name in names:
            assert ended(county, name) == [("drift", 2)], "by the first, and not twice"

    def test_where_none_can_be_served_it_ends(self, county):
        county.put("ash.env", {f"{PREFIX}RULES__MODE": "sometimes"})
        done = county.run("schedule", "--all")
        assert done.exit_code == 5
        assert "Of 1 council" in done.stderr


def ended(county, name):
    with closing(sqlite3.connect(county.ledger(name))) as ledger:
        return ledger.execute("SELECT job, exit_code FROM job_runs WHERE status = 'ended'").fetchall()


def test_councils_with_a_schema_each_in_one_database_keep_apart(county, postgres_url):
    names = ["ash", "birch"]
    county.found(*names)
    server = make_url(postgres_url)
    with closing(
        pg8000.native.Connection(server.username, server.host, server.database, server.port, server.password)
    ) as database:
        for name in names:
            database.run(f"CREATE SCHEMA {name}")
            county.write(name, LEDGER__URL=f"{postgres_url}?options=-csearch_path%3D{name}")
        done = county.run("apply", "--all", "--approve", "--json")
        assert set(done.statuses.values()) == {"in_step"}, done.stdout
        for name in names:
            found = database.run(f"SELECT run_id FROM {name}.runs WHERE verb = 'apply'")  # noqa: S608 (ours)
            assert found == [[done.line(name)["run_id"]]]


def test_one_council_by_its_name(county):
    county.found("ash", "birch")
    done = county.run("apply", "--tenant", "birch", "--approve", "--json")
    assert done.exit_code == 0
    assert [one["case_ref"] for one in done.document["changes"]] == [reference("birch")]
    assert not {one for one in county.rules("ash") if one.startswith("RC-")}
    shown = county.run("show-config", "--tenant", "ash")
    assert f"{PREFIX}LEDGER__URL=sqlite:///{county.ledger('ash')}" in shown.stdout


def test_a_council_that_shares_with_another_is_not_run_by_its_name_either(county):
    county.found("ash", "birch")
    county.write("birch", LEDGER__URL=f"sqlite:///{county.ledger('ash')}")
    done = county.run("plan", "--tenant", "ash")
    assert done.exit_code == 5
    assert "same LEDGER__URL as birch" in done.stderr
    listed = county.run("tenants", "--json")
    assert (listed.exit_code, set(listed.statuses.values())) == (4, {"failed"})


def test_reports_go_into_a_folder_of_each_council(county):
    county.found("ash", "birch")
    done = county.run("report", "--all", "--output", str(county.folder / "reports"))
    assert done.exit_code == 2, done.stderr
    for name, other in (("ash", "birch"), ("birch", "ash")):
        (page,) = (county.folder / "reports" / name).glob("*.html")
        text = page.read_text(encoding="utf-8")
        assert reference(name) in text
        assert reference(other) not in text
