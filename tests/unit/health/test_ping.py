"""Signs of life, to a real server."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from m365_restrict.health.ping import _unlogged, address_of, report_job
from m365_restrict.schedule.jobs import Job


@contextmanager
def watcher(*statuses: int) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server that answers with these statuses, then 200; its address, and what it was sent."""
    sent: list[tuple[str, str]] = []
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent.append((self.path, body))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("exit_code", [0, 2])
def test_a_job_that_did_its_work_is_reported_to_each_watcher_by_its_name(exit_code):
    with watcher() as (url, sent):
        assert report_job(Job.DRIFT, exit_code, [f"{url}/key/{{job}}", f"{url}/all"], run_id="r-1") == 0
    assert [path for path, _ in sent] == ["/key/drift", "/all"]
    assert sent[0][1] == f"drift ended with exit code {exit_code}, run r-1\n"


@pytest.mark.parametrize("exit_code", [1, 5, 7])
def test_a_job_that_failed_is_reported_as_failed(exit_code):
    with watcher() as (url, sent):
        assert report_job(Job.DRIFT, exit_code, [f"{url}/key/{{job}}"]) == 0
    assert [path for path, _ in sent] == ["/key/drift/fail"]


@pytest.mark.parametrize("exit_code", [3, 4, 6])
def test_what_is_neither_is_left_to_silence(exit_code):
    with watcher() as (url, sent):
        assert report_job(Job.DRIFT, exit_code, [url]) == 0
    assert sent == []


def test_a_watcher_that_is_busy_is_asked_again():
    with watcher(503, 429) as (url, sent):
        assert report_job(Job.DRIFT, 0, [f"{url}/a"]) == 0
    assert [path for path, _ in sent] == ["/a", "/a", "/a"]


def test_a_watcher_that_stays_away_fails_nothing_and_keeps_no_other_from_being_told():
    with watcher(500, 500, 500) as (url, sent):
        assert report_job(Job.DRIFT, 0, [f"{url}/a", f"{url}/b"]) == 1
    assert [path for path, _ in sent] == ["/a", "/a", "/a", "/b"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://[bad", "https://127.0.0.1:9/x"])
def test_nobody_there_fails_nothing(url):
    assert report_job(Job.DRIFT, 0, [url]) == 1


def test_an_address_that_is_not_known_there_is_said_and_not_asked_again():
    with watcher(404) as (url, sent):
        assert report_job(Job.DRIFT, 0, [url]) == 1
    assert len(sent) == 1


def test_no_log_line_holds_the_address(caplog):
    caplog.set_level(logging.DEBUG)
    with watcher(404) as (url, _):
        report_job(Job.DRIFT, 0, [f"{url}/hush-hush"])
    assert "hush" not in caplog.text


def test_councils_that_report_at_once_do_not_have_each_others_addresses_logged(caplog):
    caplog.set_level(logging.DEBUG)
    held, told = threading.Event(), threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if "first" in self.path:
                told.set()
                held.wait(60)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    url = f"http://127.0.0.1:{server.server_address[1]}/hush"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(report_job, Job.DRIFT, 0, [f"{url}/first"])
        assert told.wait(60)
        with _unlogged():  # another council's has begun meanwhile, and ends later
            held.set()
            assert first.result(60) == 0
            assert report_job(Job.DRIFT, 0, [f"{url}/second"]) == 0
        assert report_job(Job.DRIFT, 0, [f"{url}/third"]) == 0
        httpx.get(f"{url}/not-secret-at-all", trust_env=False, timeout=60)
    server.shutdown()
    serving.join()
    server.server_close()
    assert not [name for name in ("first", "second", "third") if f"hush/{name}" in caplog.text]
    assert "not-secret-at-all" in caplog.text


def test_a_query_stays_behind_the_path():
    assert address_of("https://x.example/a/?q=1", Job.DRIFT, failed=True) == "https://x.example/a/fail?q=1"
