"""The image and what runs it: read by the programs that others keep, and by what we ask of them."""

import os
import re
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings.schedule import ScheduleSettings
from settings.tenants_folder import find_folder

STUB = '#!/bin/sh\necho "$@" >>"{log}"\nexit {code}\n'
CLOCK = "#!/bin/sh\necho {hour}\n"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def instructions(deploy: Path) -> list[tuple[str, str]]:
    text = (deploy / "docker/Dockerfile").read_text(encoding="utf-8")
    whole = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(line.split()[0], line.partition(" ")[2]) for line in whole.splitlines() if line.strip()]


@pytest.fixture
def services(deploy: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((deploy / "docker/compose.yaml").read_text(encoding="utf-8"))
    return found


def test_hadolint_finds_no_fault(deploy: Path, judge: Any) -> None:
    ran = judge("hadolint", "--no-color", "--failure-threshold=style", deploy / "docker/Dockerfile")
    assert (ran.returncode, ran.stdout) == (0, "")


def test_compose_reads_its_file(deploy: Path, judge: Any) -> None:
    ran = judge("docker-compose", "-f", deploy / "docker/compose.yaml", "config")
    assert ran.returncode == 0, ran.stdout
    assert {"schedule", "postgres"} <= set(yaml.safe_load(ran.stdout)["services"])


def test_what_the_image_takes_from_the_source_is_there_and_not_ignored(
    deploy: Path, instructions: list[tuple[str, str]]
) -> None:
    taken = [
        one
        for name, rest in instructions
        if name == "COPY" and "--from" not in rest
        for one in rest.split()[:-1]
        if not one.startswith("--")
    ]
    assert all((deploy.parent / one).exists() for one in taken)
    let_in = (deploy / "docker/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{one}" for one in taken} == {one for one in let_in if one.startswith("!")}


def test_packages_are_installed_by_their_hashes_alone(instructions: list[tuple[str, str]]) -> None:
    pip = [rest for name, rest in instructions if name == "RUN" and "pip install" in rest]
    assert len(pip) == 2
    assert "--require-hashes" in pip[0]
    assert "--no-deps" in pip[1]


def test_the_program_is_not_root(instructions: list[tuple[str, str]]) -> None:
    last = [rest for name, rest in instructions if name == "USER"][-1]
    assert last == "10001:10001"


def test_no_secret_is_built_in(instructions: list[tuple[str, str]]) -> None:
    told = " ".join(rest for name, rest in instructions if name in {"ENV", "ARG"})
    assert not re.search(r"SECRET|PASSWORD|TOKEN|CERTIFICATE", told)


def test_health_is_asked_on_the_port_that_is_opened(
    instructions: list[tuple[str, str]], services: dict[str, Any]
) -> None:
    (asked,) = [rest for name, rest in instructions if name == "HEALTHCHECK"]
    (port,) = [rest for name, rest in instructions if name == "EXPOSE"]
    assert f"os.environ.get('M365_RESTRICT_HEALTH__PORT', '{port}') + '/healthz'" in asked
    assert services["services"]["schedule"]["environment"]["M365_RESTRICT_HEALTH__PORT"] == port


def test_the_image_can_work_for_many_councils(instructions: list[tuple[str, str]], tmp_path: Path) -> None:
    """Settings in the environment would leak into every council, and stop the run."""
    (environment,) = [rest for name, rest in instructions if name == "ENV" and "M365" in rest]
    (tmp_path / "ashbourne.env").touch()
    assert find_folder(tmp_path, dict(one.split("=", 1) for one in environment.split()))


@pytest.mark.parametrize("service", ["schedule", "postgres"])
def test_a_service_may_do_little(services: dict[str, Any], service: str) -> None:
    found = services["services"][service]
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in found


def test_the_ledger_cannot_be_reached_from_outside(services: dict[str, Any]) -> None:
    assert services["services"]["postgres"]["networks"] == ["ledger"]
    assert services["networks"]["ledger"]["internal"] is True


def test_secrets_are_files_that_are_not_under_version_control(deploy: Path, services: dict[str, Any]) -> None:
    assert all(one["file"].startswith("./secrets/") for one in services["secrets"].values())
    assert "/secrets/" in (deploy / "docker/.gitignore").read_text(encoding="utf-8").splitlines()
    told = [value for one in services["services"].values() for value in one["environment"].values()]
    assert not [one for one in told if "://" in one]


def test_a_stop_has_time_for_the_job_at_work(services: dict[str, Any]) -> None:
    seconds = int(services["services"]["schedule"]["stop_grace_period"].removesuffix("s"))
    assert seconds > ScheduleSettings.model_fields["stop_seconds"].default


@pytest.fixture
def run_job(deploy: Path, tmp_path: Path) -> Run:
    """What starts a job in the image, with a program that only writes down what it is told."""

    def _run(*arguments: str, code: int = 0, hour: str = "07", **given: str) -> Any:
        stubs = (
            ("m365-restrict", STUB.format(log=tmp_path / "told", code=code)),
            ("python", CLOCK.format(hour=hour)),
        )
        for name, text in stubs:
            stub = tmp_path / name
            stub.write_text(text, encoding="utf-8")
            stub.chmod(0o755)
        return subprocess.run(
            [str(deploy / "docker/run-job"), *arguments],
            capture_output=True,
            encoding="utf-8",
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **given},
            timeout=60,
            check=False,
        )

    return _run


@pytest.mark.parametrize(
    ("code", "word", "ended"),
    [(0, "done", 0), (2, "done", 0), (6, "waited", 0), (1, "failed", 1), (3, "failed", 3), (4, "failed", 4),
     (5, "failed", 5), (7, "failed", 7)],
)  # fmt: skip
def test_an_engine_is_told_what_counts_as_failure(run_job: Run, code: int, word: str, ended: int) -> None:
    ran = run_job("drift", code=code)
    assert ran.returncode == ended
    assert ran.stderr.splitlines()[-1] == f"m365-restrict-job drift {word} exit={code}"


def test_what_follows_the_job_is_handed_on(run_job: Run, tmp_path: Path) -> None:
    run_job("drift", "--all", "--tenants", "/councils")
    assert (tmp_path / "told").read_text(encoding="utf-8") == "job drift --all --tenants /councils\n"


@pytest.mark.parametrize(("hour", "begun"), [("07", True), ("08", False), ("06", False)])
def test_only_at_the_councils_own_hour(run_job: Run, tmp_path: Path, hour: str, begun: bool) -> None:
    ran = run_job("reviews", hour=hour, ONLY_AT="07")
    assert ran.returncode == 0
    assert (tmp_path / "told").exists() is begun
    assert ("waited" in ran.stderr) is not begun


def test_a_run_is_told_to_stop_and_waited_for(deploy: Path, tmp_path: Path) -> None:
    stub = tmp_path / "m365-restrict"
    stub.write_text(
        f"#!/bin/sh\ntrap 'touch {tmp_path}/stopped; exit 4' TERM\ntouch {tmp_path}/begun\n"
        "i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i + 1)); done\n",
        encoding="utf-8",
    )
    stub.chmod(0o755)
    begun = subprocess.Popen(
        [str(deploy / "docker/run-job"), "enforce"],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    while not (tmp_path / "begun").exists():
        assert begun.poll() is None
        time.sleep(0.05)
    begun.terminate()
    _, said = begun.communicate(timeout=60)
    assert (tmp_path / "stopped").exists()
    assert begun.returncode == 4
    assert said.splitlines()[-1] == "m365-restrict-job enforce failed exit=4"


def test_the_image_may_run_what_starts_a_job(deploy: Path) -> None:
    assert (deploy / "docker/run-job").stat().st_mode & stat.S_IXUSR
