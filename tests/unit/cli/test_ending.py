"""A process ends with its code, with all that it said, and without taking its objects apart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_BEGIN = (
    "import atexit, sys, threading, time\nfrom m365_restrict.cli.ending import PromptEnd\nend = PromptEnd()\n"
)
_WITNESS = "class Witness:\n    def __del__(self): print('taken apart', flush=True)\nseen = Witness()\n"


def ended(program: str, stdout: int = subprocess.PIPE) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _BEGIN + program],
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("code", [0, 3])
def test_it_ends_with_the_code_and_what_was_written(code: int) -> None:
    done = ended(f"sys.stdout.write('all of it')\nsys.exit(end.with_code({code}))")
    assert (done.returncode, done.stdout) == (code, "all of it")


def test_objects_are_not_taken_apart() -> None:
    assert ended(f"{_WITNESS}sys.exit(end.with_code(0))").stdout == ""


def test_without_a_code_it_ends_as_python_does() -> None:
    done = ended(f"{_WITNESS}sys.exit(2)")
    assert (done.returncode, done.stdout) == (2, "taken apart\n")


def test_other_exit_handlers_and_threads_come_first() -> None:
    late = "def late():\n    time.sleep(0.2)\n    print('thread', flush=True)\n"
    program = f"{late}atexit.register(print, 'handler')\nthreading.Thread(target=late).start()\n"
    assert ended(f"{program}sys.exit(end.with_code(0))").stdout == "thread\nhandler\n"


def test_an_error_that_nobody_caught_is_told_with_1() -> None:
    done = ended("end.with_code\nraise RuntimeError('untold')")
    assert done.returncode == 1
    assert "RuntimeError: untold" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this computer has no /dev/full")
def test_what_cannot_be_written_at_the_end_is_left_to_python() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = ended("sys.stdout.write('lost')\nsys.exit(end.with_code(0))", stdout=full.fileno())
    assert done.returncode == 120
    assert "No space left" in done.stderr
