"""The units as systemd reads them, how little they may touch, and what the installer does."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.schedule.jobs import Job
from settings.schedule import ScheduleSettings

SERVICES = ("m365-restrict.service", "m365-restrict@.service")
PROGRAM = "/opt/m365-restrict/current/venv/bin/m365-restrict"
MOST_EXPOSED = 15
"""Tenths of systemd's measure from 0 (nothing) to 10 (everything)."""
STUB = """#!/bin/sh
echo "$@" >>"{log}"
case "$1 $2" in
    "-c "*) exit {usable} ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip") case "$*" in *--require-hashes*) exit {pip} ;; esac ;;
esac
"""

Install = Callable[..., "subprocess.CompletedProcess[str]"]


def values(text: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


@pytest.fixture(scope="module")
def units(deploy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies whose program exists on every computer."""
    folder = tmp_path_factory.mktemp("units")
    for one in [*(deploy / "systemd").glob("m365-restrict*.*")]:
        text = one.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true")
        (folder / one.name).write_text(text, encoding="utf-8")
    for service in SERVICES:
        shutil.copy(deploy / "systemd/certificates.conf", folder / "certificates.conf")
        (folder / f"{service}.d").mkdir()
        shutil.copy(folder / "certificates.conf", folder / f"{service}.d")
    return folder


def test_systemd_finds_no_fault(units: Path, judge: Any) -> None:
    timers = sorted(units.glob("*.timer"))
    jobs = [units / f"m365-restrict@{job}.service" for job in Job]
    ran = judge("systemd-analyze", "verify", "--man=no", units / SERVICES[0], *jobs, *timers)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert len(timers) == len(Job)


@pytest.mark.parametrize("service", SERVICES)
def test_it_may_touch_little(units: Path, judge: Any, service: str) -> None:
    ran = judge(
        "systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", units / service
    )
    assert ran.returncode == 0, ran.stdout[-400:]


@pytest.mark.parametrize("service", SERVICES)
def test_a_stop_has_time_for_the_job_at_work(deploy: Path, service: str) -> None:
    (stop,) = values((deploy / "systemd" / service).read_text(encoding="utf-8"), "TimeoutStopSec")
    assert int(stop.removesuffix("s")) > ScheduleSettings.model_fields["stop_seconds"].default


def test_a_job_has_time_to_end(deploy: Path) -> None:
    (most,) = values((deploy / "systemd" / SERVICES[1]).read_text(encoding="utf-8"), "TimeoutStartSec")
    fields = ScheduleSettings.model_fields
    needed = fields["longest_minutes"].default + fields["wait_minutes"].default
    assert int(most.removesuffix("h")) * 60 > needed


def test_differences_are_no_failure_of_a_job(deploy: Path) -> None:
    (codes,) = values((deploy / "systemd" / SERVICES[1]).read_text(encoding="utf-8"), "SuccessExitStatus")
    assert {int(one) for one in codes.split()} == {ExitCode.DIFFERENCES, ExitCode.LEASE_HELD}


def test_the_scheduler_is_not_restarted_in_vain(deploy: Path) -> None:
    (codes,) = values(
        (deploy / "systemd" / SERVICES[0]).read_text(encoding="utf-8"), "RestartPreventExitStatus"
    )
    assert {int(one) for one in codes.split()} == {ExitCode.REFUSED, ExitCode.CONFIGURATION, 64}


def test_a_database_that_is_long_away_leaves_it_down_for_no_longer(deploy: Path) -> None:
    unit = (deploy / "systemd" / SERVICES[0]).read_text(encoding="utf-8")
    assert values(unit, "Restart") == ["on-failure"]
    assert values(unit, "StartLimitIntervalSec") == ["0"]


@pytest.mark.parametrize("script", ["systemd/install.sh", "systemd/m365-restrict", "docker/run-job"])
def test_shellcheck_finds_no_fault(deploy: Path, judge: Any, script: str) -> None:
    ran = judge("shellcheck", deploy / script)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_installer_knows_every_job(deploy: Path) -> None:
    (known,) = values((deploy / "systemd/install.sh").read_text(encoding="utf-8"), "jobs")
    assert known.strip("()").split() == [job.value for job in Job]


@pytest.fixture
def install(deploy: Path, tmp_path: Path) -> Install:
    """The installer below a folder of its own, with a Python that only writes down what it is told."""

    def _run(*options: str, usable: int = 0, pip: int = 0) -> "subprocess.CompletedProcess[str]":
        stub = tmp_path / "python"
        stub.write_text(STUB.format(log=tmp_path / "told", usable=usable, pip=pip), encoding="utf-8")
        stub.chmod(0o755)
        return subprocess.run(
            ["bash", str(deploy / "systemd/install.sh"), "--root", str(tmp_path / "root"), *options],
            capture_output=True,
            encoding="utf-8",
            env={"PATH": os.environ["PATH"]},
            timeout=120,
            check=False,
        )

    return lambda *options, **given: _run("--python", str(tmp_path / "python"), *options, **given)


def test_packages_are_installed_by_their_hashes_alone(install: Install, tmp_path: Path) -> None:
    ran = install()
    assert ran.returncode == 0, ran.stderr
    pip = [one for one in (tmp_path / "told").read_text(encoding="utf-8").splitlines() if "-m pip" in one]
    assert len(pip) == 2
    assert "--require-hashes" in pip[0]
    assert {"--no-deps", "--no-index", "--no-build-isolation"} <= set(pip[1].split())


def test_settings_are_for_the_account_alone_and_never_written_over(install: Install, tmp_path: Path) -> None:
    install()
    settings = tmp_path / "root/etc/m365-restrict/settings.env"
    assert settings.stat().st_mode & 0o777 == 0o640
    settings.write_text("kept", encoding="utf-8")
    assert install().returncode == 0
    assert settings.read_text(encoding="utf-8") == "kept"


def test_an_upgrade_keeps_the_program_before_it_and_no_older_one(install: Install, tmp_path: Path) -> None:
    program = tmp_path / "root/opt/m365-restrict"
    seen = []
    for _ in range(3):
        assert install().returncode == 0
        seen.append((program / "current").resolve())
    assert len(set(seen)) == 3
    assert (program / "previous").resolve() == seen[1]
    assert {one.resolve() for one in (program / "releases").iterdir()} == set(seen[1:])


def test_a_failed_upgrade_changes_nothing(install: Install, tmp_path: Path) -> None:
    install()
    program = tmp_path / "root/opt/m365-restrict"
    before = (program / "current").resolve()
    ran = install(pip=1)
    assert ran.returncode == 1
    assert (program / "current").resolve() == before
    assert [one.resolve() for one in (program / "releases").iterdir()] == [before]


def test_certificates_are_handed_to_the_services_alone(install: Install, tmp_path: Path) -> None:
    given = tmp_path / "given.pem"
    given.write_text("certificate", encoding="utf-8")
    assert install("--reader-certificate", str(given), "--writer-certificate", str(given)).returncode == 0
    kept = tmp_path / "root/etc/m365-restrict/certificates"
    assert kept.stat().st_mode & 0o777 == 0o700
    assert {one.name: one.stat().st_mode & 0o777 for one in kept.iterdir()} == {
        "reader.pem": 0o600,
        "writer.pem": 0o600,
    }
    units = tmp_path / "root/etc/systemd/system"
    assert all((units / f"{one}.d/certificates.conf").exists() for one in SERVICES)


def test_the_services_may_write_where_the_settings_have_them_write(install: Install, tmp_path: Path) -> None:
    install()
    settings = tmp_path / "root/etc/m365-restrict/settings.env"
    settings.write_text(
        "M365_RESTRICT_SCHEDULE__BACKUP_FOLDER=/mnt/the backup\n"
        "M365_RESTRICT_SCHEDULE__HEAD_FILE=/mnt/heads/100%/head\r\n"
        "M365_RESTRICT_TLS__CA_FILE=/etc/ssl/own.pem\n",
        encoding="utf-8",
    )
    assert install().returncode == 0
    for service in SERVICES:
        written = tmp_path / "root/etc/systemd/system" / f"{service}.d/paths.conf"
        assert values(written.read_text(encoding="utf-8"), "ReadWritePaths") == [
            '"-/mnt/the backup"',
            '"-/mnt/heads/100%%"',
        ]
    settings.write_text("", encoding="utf-8")
    assert install().returncode == 0
    assert not written.exists()


def test_systemd_reads_the_paths_that_the_installer_writes(
    install: Install, tmp_path: Path, units: Path, judge: Any
) -> None:
    install()
    (tmp_path / "root/etc/m365-restrict/settings.env").write_text(
        "M365_RESTRICT_SCHEDULE__BACKUP_FOLDER=/mnt/the backup 100%\n", encoding="utf-8"
    )
    install()
    found = tmp_path / "found"
    found.mkdir()
    shutil.copy(units / SERVICES[0], found)
    shutil.copytree(tmp_path / f"root/etc/systemd/system/{SERVICES[0]}.d", found / f"{SERVICES[0]}.d")
    ran = judge("systemd-analyze", "verify", "--man=no", found / SERVICES[0])
    assert (ran.returncode, ran.stdout) == (0, "")


def test_taking_it_off_keeps_ledger_and_settings(install: Install, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install()
    ledger = root / "var/lib/m365-restrict/ledger.db"
    ledger.parent.mkdir(parents=True)
    ledger.write_text("ledger", encoding="utf-8")
    assert install("--uninstall").returncode == 0
    left = {str(one.relative_to(root)) for one in root.rglob("*") if one.is_file()}
    assert left == {"etc/m365-restrict/settings.env", "var/lib/m365-restrict/ledger.db"}


def test_purging_leaves_nothing(install: Install, tmp_path: Path) -> None:
    install()
    assert install("--uninstall", "--purge").returncode == 0
    assert not [one for one in (tmp_path / "root").rglob("*") if one.is_file()]


@pytest.mark.parametrize(
    "options",
    [
        ["--with", "cron"],
        ["--purge"],
        ["--reader-certificate", "a.pem"],
        ["--nothing"],
        ["--with"],
    ],
)
def test_a_mistyped_option_does_nothing(install: Install, tmp_path: Path, options: list[str]) -> None:
    ran = install(*options)
    assert ran.returncode == 64
    assert "install.sh:" in ran.stderr
    assert not (tmp_path / "root").exists()


def test_without_a_python_it_says_where_to_get_one(install: Install, tmp_path: Path) -> None:
    ran = install(usable=1)
    assert ran.returncode == 1
    assert "apt-get install python3 python3-venv" in ran.stderr
    assert not (tmp_path / "root/opt/m365-restrict/current").exists()


@pytest.mark.parametrize(("enabled", "kept"), [(True, "timers"), (False, "scheduler")])
def test_an_upgrade_starts_what_was_started_before(
    install: Install, tmp_path: Path, enabled: bool, kept: str
) -> None:
    wants = tmp_path / "root/etc/systemd/system/timers.target.wants"
    wants.mkdir(parents=True)
    if enabled:
        (wants / f"m365-restrict-{next(iter(Job))}.timer").symlink_to("/dev/null")
    assert f"by the {kept}" in install().stdout
