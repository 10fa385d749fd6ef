"""Through real HTTP: what a watcher gets, and what it never gets."""

import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from m365_restrict.errors import ConfigurationError, ErrorCode, ExitCode, LedgerError
from m365_restrict.health.gather import gather
from m365_restrict.health.options import HealthOptions
from m365_restrict.health.pulse import Pulse
from m365_restrict.health.server import serve
from m365_restrict.health.source import Council, HealthSource
from m365_restrict.health.state import HealthState, SignInLine
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.logs.marks import marked
from m365_restrict.schedule.jobs import Job
from m365_restrict.tenant.sign_in_way import SignInWay

OPTIONS = HealthOptions(port=0)


def nothing():
    """Everything can be used."""


def unusable():
    raise LedgerError("The ledger /srv/private/ledger.db cannot be opened.", code=ErrorCode.LEDGER_READ_ONLY)


def source(state=HealthState, prove=nothing, pulse=None, name=""):
    return HealthSource(councils={name: Council(state=state, prove=prove)}, pulse=pulse)


def ask(served, path, options=OPTIONS, **headers):
    with serve(options, served) as address:
        return httpx.get(f"{address}{path}", headers=headers, trust_env=False, timeout=30)


def samples(answer, parse=text_string_to_metric_families):
    """The value of each sample by its name and its labels that say something."""
    return {
        (one.name, *sorted(value for value in one.labels.values() if value)): one.value
        for family in parse(answer.text)
        for one in family.samples
    }


def metrics(watched, **changes):
    def _state():
        return gather(watched.ledger, watched.question(**changes))

    return samples(ask(source(_state), "/metrics"))


class TestHealthz:
    def test_a_process_that_lives_says_so(self):
        answer = ask(source(), "/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    @pytest.mark.parametrize(("after", "status"), [(119, 200), (121, 503)])
    def test_a_loop_that_does_not_turn_is_stuck(self, after, status):
        seconds = [0.0]
        pulse = Pulse(clock=lambda: seconds[0])
        seconds[0] = after
        assert ask(source(pulse=pulse), "/healthz").status_code == status

    def test_a_beat_starts_the_time_again(self):
        seconds = [0.0]
        pulse = Pulse(clock=lambda: seconds[0])
        seconds[0] = 1000.0
        pulse.beat()
        assert ask(source(pulse=pulse), "/healthz").status_code == 200

    def test_it_asks_neither_settings_nor_ledger(self):
        assert ask(source(unusable, unusable), "/healthz").status_code == 200


class TestReadyz:
    def test_where_a_run_could_work(self):
        answer = ask(source(), "/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "problems": []})

    def test_what_stands_in_the_way_is_named_by_its_code_and_tells_nothing_else(self):
        answer = ask(source(prove=unusable), "/readyz")
        assert answer.status_code == 503
        told = answer.json()["problems"]
        assert [(one["code"], one["message"]) for one in told] == [
            ("ledger-read-only", ErrorCode.LEDGER_READ_ONLY.meaning)
        ]
        assert "private" not in answer.text

    def test_one_council_of_many_that_cannot_work_is_named(self):
        both = HealthSource(
            councils={"ash": Council(HealthState, nothing), "elm": Council(HealthState, unusable)}
        )
        answer = ask(both, "/readyz")
        assert [one["tenant"] for one in answer.json()["problems"]] == ["elm"]


class TestMetrics:
    def test_a_job_that_stopped_shows(self, watched):
        watched.all_ran()
        found = metrics(watched, now=watched.now + timedelta(hours=30))
        assert found["m365_restrict_job_overdue", "enforce"] == 1
        assert found["m365_restrict_job_silent", "enforce"] == 1
        last = (watched.now - timedelta(minutes=2)).timestamp()
        assert found["m365_restrict_job_last_success_timestamp_seconds", "enforce"] == last

    def test_jobs_that_run_do_not(self, watched):
        watched.all_ran()
        found = metrics(watched)
        assert {found["m365_restrict_job_overdue", job.value] for job in Job} == {0}
        assert {found["m365_restrict_job_last_exit_code", job.value] for job in Job} == {0}

    def test_a_job_that_never_ran_has_no_last_success(self, watched):
        assert ("m365_restrict_job_last_success_timestamp_seconds", "enforce") not in metrics(watched)

    def test_findings_requests_and_runs_are_counted(self, watched):
        finding = {"class": "drifted", "severity": "high", "waived": None}
        document = json.dumps({"error": None, "findings": [finding, finding]})
        with marked(run_id="r") as marks:
            marks.traffic.requests, marks.traffic.throttled = 40, 2
            start = RunStart(run_id="r", verb="drift", started_at=watched.now, host="h", pid=1)
            watched.ledger.runs.begin(start)
            end = RunEnd(finished_at=watched.now, exit_code=ExitCode.DIFFERENCES, document=document)
            watched.ledger.runs.finish("r", end)
        found = metrics(watched)
        assert found["m365_restrict_findings", "drifted", "high"] == 2
        assert found["m365_restrict_last_run_requests", "drift"] == 40
        assert found["m365_restrict_last_run_throttled_requests", "drift"] == 2
        assert found["m365_restrict_runs_total", "differences", "drift"] == 1

    def test_certificates_and_secrets(self, watched):
        ends = watched.now + timedelta(days=20)
        lines = (
            SignInLine(role="reader", kind=SignInWay.CERTIFICATE, ends_at=ends, days_left=20),
            SignInLine(role="writer", kind=SignInWay.SECRET),
        )
        found = samples(ask(source(lambda: HealthState(sign_in=lines)), "/metrics"))
        assert found["m365_restrict_certificate_days_left", "reader"] == 20
        assert found["m365_restrict_certificate_expiry_timestamp_seconds", "reader"] == ends.timestamp()
        assert found["m365_restrict_client_secret_in_use", "writer"] == 1

    def test_a_ledger_that_cannot_be_read_is_a_metric_and_no_error(self):
        answer = ask(source(unusable), "/metrics")
        assert answer.status_code == 200
        found = samples(answer)
        assert found[("m365_restrict_state_readable",)] == 0
        assert not [name for name in found if name[0] == "m365_restrict_live_cases"]
        assert "private" not in answer.text

    def test_one_council_that_cannot_be_read_hides_no_other(self):
        both = HealthSource(
            councils={"ash": Council(HealthState, nothing), "elm": Council(unusable, nothing)}
        )
        found = samples(ask(both, "/metrics"))
        assert found["m365_restrict_state_readable", "elm"] == 0
        assert found["m365_restrict_live_cases", "ash"] == 0

    def test_whoever_asks_for_openmetrics_gets_them(self, watched):
        watched.all_ran()
        served = source(lambda: gather(watched.ledger, watched.question()))
        answer = ask(served, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        assert samples(answer, read_openmetrics)["m365_restrict_job_overdue", "drift"] == 0

    def test_no_label_is_one_that_prometheus_sets_itself(self, watched):
        watched.all_ran()
        served = source(lambda: gather(watched.ledger, watched.question()))
        labels = {
            label
            for family in text_string_to_metric_families(ask(served, "/metrics").text)
            for one in family.samples
            for label in one.labels
        }
        assert labels == {"tenant", "job_name", "version", "python"}

    def test_the_age_of_the_loop(self):
        seconds = [0.0]
        pulse = Pulse(clock=lambda: seconds[0])
        seconds[0] = 7.0
        assert (
            samples(ask(source(pulse=pulse), "/metrics"))[("m365_restrict_scheduler_loop_age_seconds",)] == 7
        )


class TestServing:
    @pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/metrics/x"])
    def test_there_is_nothing_else(self, path):
        assert ask(source(), path).status_code == 404

    def test_nothing_can_be_sent(self):
        with serve(OPTIONS, source()) as address:
            assert httpx.post(f"{address}/healthz", trust_env=False, timeout=30).status_code == 405

    def test_it_answers_nobody_once_it_is_over(self):
        with serve(OPTIONS, source()) as address:
            pass
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/healthz", trust_env=False, timeout=30)
        assert not [one for one in threading.enumerate() if one.name == "health"]

    def test_a_port_that_somebody_has_is_a_wrong_setting(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            options = replace(OPTIONS, port=taken.getsockname()[1])
            with pytest.raises(ConfigurationError, match="cannot be opened"), serve(options, source()):
                pass

    def test_a_host_that_is_not_here_is_a_wrong_setting(self):
        options = replace(OPTIONS, host="192.0.2.1")
        with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1"), serve(options, source()):
            pass

    def test_a_ledger_that_does_not_come_back_leaves_healthz_alone(self):
        back, asked = threading.Event(), threading.Event()

        def _cut_off():
            asked.set()
            back.wait(120)

        with serve(OPTIONS, source(prove=_cut_off)) as address, ThreadPoolExecutor(20) as pool:
            try:
                first = pool.submit(httpx.get, f"{address}/readyz", trust_env=False, timeout=120)
                assert asked.wait(60)
                told = []
                for _ in range(2):  # as a cluster asks: again and again, whatever became of the ones before
                    waiting = [
                        pool.submit(httpx.get, f"{address}/{path}", trust_env=False, timeout=30)
                        for path in ("readyz", "metrics") * 4
                    ]
                    wait(waiting)
                    told += [one.result() for one in waiting if one.exception() is None]
                living = httpx.get(f"{address}/healthz", trust_env=False, timeout=60).status_code
            finally:
                back.set()
            assert living == 200
            assert [(one.status_code, one.json()["status"]) for one in told] == [(503, "busy")] * 16
            assert first.result(60).status_code == 200

    def test_a_state_that_fails_unexpectedly_is_an_error_and_the_next_answer_comes(self):
        def _broken():
            raise RuntimeError("private")

        with serve(OPTIONS, source(_broken)) as address:
            answer = httpx.get(f"{address}/metrics", trust_env=False, timeout=30)
            assert (answer.status_code, "private" in answer.text) == (500, False)
            assert httpx.get(f"{address}/healthz", trust_env=False, timeout=30).status_code == 200


class TestPage:
    """docs/health.md names the metrics that there are."""

    PAGE = (Path(__file__).parents[3] / "docs" / "health.md").read_text(encoding="utf-8")

    def test_every_metric_is_on_the_page_and_no_other(self, watched):
        watched.all_ran()
        pulse = Pulse()
        served = source(lambda: gather(watched.ledger, watched.question()), pulse=pulse)
        families = text_string_to_metric_families(ask(served, "/metrics").text)
        exposed = {one.name for one in families if one.name.startswith("m365_restrict_")}
        table = self.PAGE.split("## Metrics")[1].split("Alarms that")[0]
        named = {name.removesuffix("_total") for name in re.findall(r"`(m365_restrict_\w+)`", table)}
        short = {f"m365_restrict_job{name}" for name in re.findall(r"`…(_\w+)`", table)}
        assert named | short == exposed

    def test_the_alarms_are_about_metrics_that_are_there(self):
        table, alarms = self.PAGE.split("## Metrics")[1].split("Alarms that")
        used = set(re.findall(r"m365_restrict_\w+", alarms.split("## ")[0]))
        assert used
        known = table.replace("`…_silent`", "`m365_restrict_job_silent`")
        assert all(f"`{name}`" in known for name in used), used
