"""What a person at a terminal meets: a question, Ctrl-C, a pipe that closes, a plan that nobody approved."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

REDIRECT = "RC-1 Redirect to single contact"


@contextmanager
def started(council: Any, *arguments: str, **pipes: Any) -> Iterator[subprocess.Popen[str]]:
    """The program in a process of its own, with client.env as its file of settings."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT")}
    env["M365_RESTRICT_LEDGER__URL"] = council.sandbox.env["M365_RESTRICT_LEDGER__URL"]
    command = [sys.executable, "-m", "m365_restrict", *arguments]
    command += ["--env-file", str(council.sandbox.state / "client.env")]
    with subprocess.Popen(command, env=env, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(stream: int, text: str) -> str:
    """What comes out of a terminal, up to `text`. Fails the test after a minute of silence."""
    seen = ""
    while text not in seen:
        ready, _, _ = select.select([stream], [], [], 60)
        assert ready, seen
        seen += os.read(stream, 4096).decode()
    return seen


@contextmanager
def asked(council: Any) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`apply` at a terminal, waiting for an answer."""
    ours, theirs = pty.openpty()
    try:
        with started(council, "apply", stdin=theirs, stdout=subprocess.PIPE, stderr=theirs) as process:
            seen = read_until(ours, "[y/N] ")
            assert "create RC-1 Redirect" in seen
            yield process, ours
    finally:
        os.close(ours)
        os.close(theirs)


def test_one_press_of_ctrl_c_ends_the_question(council: Any) -> None:
    council.plant(council.case("RC-1"))
    with asked(council) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 1
    assert council.ours() == {}
    assert council.apply().exit_code == 0


@pytest.mark.parametrize(("typed", "code", "rules"), [("y\n", 0, [REDIRECT]), ("n\n", 2, []), ("\n", 2, [])])
def test_the_answer_counts(council: Any, typed: str, code: int, rules: list[str]) -> None:
    council.plant(council.case("RC-1"))
    with asked(council) as (process, terminal):
        os.write(terminal, typed.encode())
        assert process.wait(timeout=60) == code
    assert list(council.ours()) == rules


@pytest.mark.parametrize("arguments", [("plan",), ("plan", "--json"), ("show-config",)])
def test_a_reader_that_leaves_is_no_failure(council: Any, arguments: tuple[str, ...]) -> None:
    council.plant(council.case("RC-1"))
    ours, theirs = os.pipe()
    os.close(ours)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": theirs, "stderr": subprocess.PIPE}
    with started(council, *arguments, **pipes) as process:
        os.close(theirs)
        _, said = process.communicate(timeout=60)
    assert process.returncode == (2 if arguments[0] == "plan" else 0)
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


def test_a_run_goes_on_where_nobody_reads_its_progress(council: Any) -> None:
    council.plant(council.case("RC-1"))
    ours, theirs = os.pipe()
    os.close(ours)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": theirs, "stderr": theirs}
    with started(council, "apply", "--approve", **pipes) as process:
        os.close(theirs)
        assert process.wait(timeout=60) == 0
    assert list(council.ours()) == [REDIRECT]


@pytest.mark.parametrize(
    ("options", "code"), [({}, "approval-needed"), ({"plan_id": "another"}, "plan-changed")]
)
def test_what_nobody_approved_is_listed_as_skipped(council: Any, options: dict[str, Any], code: str) -> None:
    council.plant(council.case("RC-1"), council.case("RC-2"))
    planned = council.plan()
    refused = council.run("apply", **options)
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, code)
    assert refused.document["plan_id"] == planned.document["plan_id"]
    assert [one["outcome"] for one in refused.changes] == ["skipped", "skipped"]
    assert all(planned.document["plan_id"] in one["reason"] for one in refused.changes)
    assert refused.document["source"]["complete"]
    assert council.ours() == {}


def test_what_a_guard_holds_back_keeps_its_own_reason(council: Any) -> None:
    council.plant(council.case("RC-1"))
    assert council.shell("freeze", "--reason", "Test").exit_code == 0
    (change,) = council.run("apply", plan_id="another").changes
    assert change["reason"] == "held back by the guard frozen"


def test_a_register_that_could_not_be_read_whole_is_told_so(council: Any) -> None:
    council.plant(council.case("RC-1"))
    told = council.run("plan", output="text", settings={"REGISTER__LIST": "No such list"}).stdout
    assert "Register: nothing is concluded from it, because the run ended early." in told


def test_explaining_from_the_ledger_asks_no_register(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    told = council.run("explain", output="text", address="rc-1@post.example", from_ledger=True).stdout
    assert "Register: not asked." in told
