import os
import subprocess
import sys

import pytest

from m365_restrict.ledger.process import is_running


def test_this_process_runs():
    assert is_running(os.getpid())


@pytest.mark.parametrize("collected", [True, False])
def test_a_process_that_ended_does_not_run_even_before_its_parent_has_collected_it(collected):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_running(child.pid)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    if collected:
        child.wait()
    try:
        assert not is_running(child.pid)
    finally:
        child.wait()


@pytest.mark.parametrize("pid", [0, -1])
def test_no_process_has_such_a_number(pid):
    assert not is_running(pid)
