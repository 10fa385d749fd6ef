"""Whether it says that it works, and that it does not: `status`, HTTP, log lines, findings of `drift`."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.schedule.jobs import Job

STATUS = "status.json"


def status(council: Any) -> Any:
    """`status --json` in a process of its own, held against its schema."""
    answer = council.shell("status", "--json")
    schema = json.loads((council.schemas / STATUS).read_text())
    Draft202012Validator(schema).validate(answer.document)
    assert answer.document["exit_code"] == answer.exit_code
    return answer


def ran(council: Any, *, ago: timedelta, jobs: Any = Job) -> None:
    """Jobs that ended so long ago, having done their work."""
    at = datetime.now(UTC) - ago
    with open_ledger(council.sandbox.env["M365_RESTRICT_LEDGER__URL"]) as ledger:
        for job in jobs:
            holder = Holder(holder=f"{job}-{at:%H%M%S%f}", host="elsewhere", pid=1)
            number = ledger.jobs.begin(job, due_at=at, at=at, holder=holder)
            assert number is not None
            ledger.jobs.finish(number, at=at, exit_code=0)


class TestStatus:
    def test_an_installation_in_step(self, council):
        council.in_force(council.case("RC-1"))
        council.drift()
        ran(council, ago=timedelta(minutes=1))
        answer = status(council)
        assert answer.document["live_cases"] == 1
        assert answer.document["findings"]["at"] is not None
        assert answer.document["headroom"]["rules"]["used"] == 4
        assert answer.document["ledger"]["chain_head"]
        codes = {one["code"] for one in answer.document["attention"]}
        assert codes <= {"client-secret", "findings-open"}  # this council has sent no canary

    def test_a_job_that_stopped_shows_with_exit_code_4(self, council):
        council.in_force(council.case("RC-1"))
        ran(council, ago=timedelta(days=2))
        answer = status(council)
        assert answer.exit_code == 4
        states = {one["job"]: one["state"] for one in answer.document["jobs"]}
        assert states["enforce"] == "silent"

    def test_it_names_no_person_and_no_address(self, council):
        council.in_force(council.case("RC-1"))
        council.edit(1, by="officer@ash.example", Addresses="somebody@post.example\nno address")
        council.apply()
        told = council.shell("status")
        assert "@" not in told.stdout + told.stderr

    def test_it_asks_no_service_and_writes_nothing(self, council):
        council.in_force(council.case("RC-1"))
        before = status(council).document["runs"]
        assert council.requests() == []
        assert status(council).document["runs"] == before

    def test_it_loads_no_client_of_microsoft_365(self, council):
        council.plant()
        council.plan()
        loaded = "import contextlib, sys\nfrom m365_restrict.__main__ import main\n"
        loaded += "with contextlib.suppress(SystemExit): main()\n"
        names = (
            "('msgraph', 'azure', 'kiota_abstractions', 'starlette', 'uvicorn', 'httpx', 'prometheus_client')"
        )
        check = f"print([one for one in {names} if one in sys.modules], file=sys.stderr)"
        env = {**os.environ, **council.sandbox.env}
        done = subprocess.run(
            [sys.executable, "-c", loaded + check, "status"],
            env=env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.stderr.splitlines()[-1] == "[]", done.stderr

    def test_settings_that_cannot_be_used_end_with_5_and_a_document(self, council):
        council.plant()
        answer = council.shell("status", "--json", RULES__MODE="loud")
        assert (answer.exit_code, answer.document["error"]["code"]) == (5, "settings-invalid")


class TestRequests:
    def test_a_run_counts_the_requests_that_the_services_see(self, council):
        council.plant(council.case("RC-1"))
        council.requests()
        run = council.plan()
        seen = len(council.requests())
        told = {one["verb"]: one for one in status(council).document["traffic"]}
        assert told["plan"]["run_id"] == run.document["run_id"]
        assert (told["plan"]["requests"], told["plan"]["throttled"]) == (seen, 0)

    def test_what_was_throttled_is_counted(self, council):
        council.plant(council.case("RC-1"))
        council.fault("plain_throttle", times=2, path_regex="/lists", method="GET")
        council.plan()
        told = {one["verb"]: one for one in status(council).document["traffic"]}
        assert told["plan"]["throttled"] == 2


class TestDriftTellsOfSilence:
    def test_a_job_that_was_due_and_has_long_not_succeeded_is_a_finding(self, council):
        council.in_force(council.case("RC-1"))
        ran(council, ago=timedelta(days=3), jobs=[Job.ENFORCE])
        found = [one for one in council.drift().document["findings"] if one["code"] == "job-silent"]
        told = {(one["severity"], one["class"], one["case_ref"]) for one in found}
        assert told == {("high", "register", None)}
        assert any("It is the job enforce, which last succeeded on" in one["message"] for one in found)

    def test_where_no_job_has_ever_run_nothing_is_said(self, council):
        council.in_force(council.case("RC-1"))
        assert "job-silent" not in {one["code"] for one in council.drift().document["findings"]}

    def test_performed_again_the_run_says_the_same(self, council):
        council.in_force(council.case("RC-1"))
        ran(council, ago=timedelta(days=3), jobs=[Job.ENFORCE])
        run = council.drift().document["run_id"]
        ran(council, ago=timedelta(minutes=1))
        assert council.shell("replay", run, "--json").document["same"] is True


class TestLogLines:
    def test_every_line_is_json_names_the_run_and_holds_no_address(self, council):
        council.plant(council.case("RC-1"))
        answer = council.shell("plan", "--json", LOG__FORMAT="json", LOG__LEVEL="debug")
        lines = [json.loads(line) for line in answer.stderr.splitlines()]
        assert {one["run_id"] for one in lines} == {answer.document["run_id"]}
        assert {one["verb"] for one in lines} == {"plan"}
        assert lines[-1]["exit_code"] == answer.exit_code
        assert lines[-1]["requests"] > 0
        assert "@" not in answer.stderr
        assert any(one["logger"] == "httpx" for one in lines), "nothing was at risk"

    def test_an_error_has_its_code(self, council):
        council.plant(without=["Restricted contacts"])
        answer = council.shell("plan", "--json", LOG__FORMAT="json")
        last = json.loads(answer.stderr.splitlines()[-1])
        assert (last["level"], last["error_code"], last["exit_code"]) == (
            "error",
            answer.document["error"]["code"],
            answer.exit_code,
        )

    def test_unless_it_is_asked_for_people_read_sentences(self, council):
        council.plant(council.case("RC-1"))
        answer = council.shell("plan", "--json")
        assert answer.stderr
        assert not any(line.startswith("{") or "run_id" in line for line in answer.stderr.splitlines())


@contextmanager
def served(council: Any, **variables: str) -> Iterator[str]:
    """`health serve` of a council in a process of its own; its address."""
    given = {f"M365_RESTRICT_{key}": one for key, one in variables.items()}
    with process_of({**os.environ, **council.sandbox.env, **given}) as address:
        yield address


@contextmanager
def process_of(env: Mapping[str, str], *arguments: str) -> Iterator[str]:
    """`health serve` in a process of its own; its address."""
    command = [sys.executable, "-m", "m365_restrict", "health", "serve", "--port", "0", *arguments]
    piped = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdout=piped, stderr=piped, text=True) as process:
        try:
            assert process.stdout is not None
            ready, address = process.stdout.readline().split()
            assert ready == "ready"
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")


def ask(address: str, path: str) -> httpx.Response:
    return httpx.get(f"{address}{path}", trust_env=False, timeout=60)


class TestServe:
    def test_a_watcher_sees_what_the_ledger_knows(self, council):
        council.in_force(council.case("RC-1"))
        ran(council, ago=timedelta(days=2))
        with served(council) as address:
            assert ask(address, "/healthz").json() == {"status": "ok"}
            assert ask(address, "/readyz").status_code == 200
            answer = ask(address, "/metrics")
            values = {
                (one.name, one.labels.get("job_name", "")): one.value
                for family in text_string_to_metric_families(answer.text)
                for one in family.samples
            }
            assert values["m365_restrict_job_silent", "enforce"] == 1
            assert values["m365_restrict_live_cases", ""] == 1
            assert "@" not in answer.text
            assert "RC-1" not in answer.text
            ran(council, ago=timedelta(minutes=1))
            assert 'job_silent{job_name="enforce",tenant=""} 0.0' in ask(address, "/metrics").text
        assert council.requests() == []

    def test_a_ledger_that_is_not_there_is_not_ready(self, council, tmp_path):
        council.plant()
        with served(council, LEDGER__URL=f"sqlite:///{tmp_path / 'none.db'}") as address:
            answer = ask(address, "/readyz")
            assert answer.status_code == 503
            assert [one["code"] for one in answer.json()["problems"]] == ["ledger-unusable"]
            assert not (tmp_path / "none.db").exists()

    def test_many_councils_are_told_of_by_name_and_one_broken_hides_no_other(self, tmp_path):
        folder = tmp_path / "tenants"
        folder.mkdir()
        for name in ("ash", "birch"):
            lines = {
                "REGISTER__SITE": "site",
                "POLICY__APPROVERS": "director@ash.example",
                "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
                "OWNERSHIP__INSTANCE_ID": name,
                "LEDGER__URL": f"sqlite:///{tmp_path / name}.db",
            }
            text = "".join(f"M365_RESTRICT_{key}={value}\n" for key, value in lines.items())
            (folder / f"{name}.env").write_text(text)
        (folder / "cedar.env").write_text("M365_RESTRICT_NOTHING=1\n")
        open_ledger(f"sqlite:///{tmp_path / 'ash.db'}").close()
        env = {key: one for key, one in os.environ.items() if not key.startswith("M365_RESTRICT")}
        with process_of(env, "--all", "--tenants", str(folder)) as address:
            told = {one["tenant"]: one["code"] for one in ask(address, "/readyz").json()["problems"]}
            assert told == {"birch": "ledger-unusable", "cedar": "settings-invalid"}
            text = ask(address, "/metrics").text
        assert 'm365_restrict_state_readable{tenant="cedar"} 0.0' in text
        assert 'm365_restrict_live_cases{tenant="ash"} 0.0' in text

    def test_settings_that_cannot_be_used_end_it_with_5(self, council):
        council.plant()
        assert council.shell("health", "serve", HEALTH__PORT="no").exit_code == 5


@contextmanager
def watcher() -> Iterator[tuple[str, list[str]]]:
    """A server that takes signs of life; its address and the paths that were asked."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestJobs:
    def test_a_job_tells_the_watcher_and_its_lines_name_the_job(self, council):
        council.plant(council.case("RC-1"))
        with watcher() as (url, paths):
            answer = council.shell(
                "job",
                "enforce",
                HEALTH__PING_URL=f"{url}/key/{{job}}",
                LOG__FORMAT="json",
                LOG__LEVEL="debug",
            )
        assert answer.exit_code == 0, answer.stderr
        assert "/key/enforce" in paths
        lines = [json.loads(line) for line in answer.stderr.splitlines()]
        assert {one["job"] for one in lines} == {"enforce"}
        assert "/key" not in answer.stderr

    def test_a_job_that_fails_says_so(self, council):
        council.plant(without=["Restricted contacts"])
        with watcher() as (url, paths):
            answer = council.shell("job", "drift", HEALTH__PING_URL=f"{url}/{{job}}")
        assert answer.exit_code in {1, 5, 7}
        assert paths == ["/drift/fail"]

    def test_a_job_that_ran_shows_in_status(self, council):
        council.plant(council.case("RC-1"))
        council.shell("job", "drift")
        jobs = {one["job"]: one for one in status(council).document["jobs"]}
        assert jobs["drift"]["last_success"] is not None
        assert jobs["drift"]["state"] == "well"


class TestScheduler:
    def test_it_answers_while_it_works_and_no_longer(self, council):
        council.plant()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        env = {
            **os.environ,
            **council.sandbox.env,
            "M365_RESTRICT_HEALTH__PORT": str(port),
            **{f"M365_RESTRICT_SCHEDULE__{job.name}": "off" for job in Job},
        }
        command = [sys.executable, "-m", "m365_restrict", "schedule"]
        address = f"http://127.0.0.1:{port}"
        with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr is not None
                assert any(address in line for line in process.stderr), "it ended before it answered"
                assert ask(address, "/healthz").json() == {"status": "ok"}
                assert ask(address, "/readyz").status_code == 200
                assert "m365_restrict_scheduler_loop_age_seconds" in ask(address, "/metrics").text
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=120)
        assert process.returncode == 0
        with pytest.raises(httpx.ConnectError):
            ask(address, "/healthz")


@pytest.mark.parametrize("verb", [("status",), ("health", "serve")])
def test_help_teaches(verb):
    env = {key: one for key, one in os.environ.items() if not key.startswith("M365_RESTRICT")}
    command = [sys.executable, "-m", "m365_restrict", *verb, "--help"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    assert "Example: m365-restrict" in done.stdout
    assert "Exits 0" in done.stdout
