"""Tasks as Task Scheduler takes them, and scripts as PowerShell reads them. No Windows is needed, or had."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from m365_restrict.schedule.jobs import Job

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
TASKS = ("schedule", *Job)
SCRIPTS = ("install.ps1", "uninstall.ps1")
LOCAL_SERVICE = "S-1-5-19"

Read = Callable[[str], Any]


def task(deploy: Path, name: str) -> Any:
    return etree.fromstring((deploy / f"windows/tasks/{name}.xml").read_bytes())


def said(found: Any, name: str) -> list[str]:
    return [one.text for one in found.iter(f"{NAMESPACE}{name}")]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_has_the_documented_form(deploy: Path, name: str) -> None:
    schema = etree.XMLSchema(etree.parse(Path(__file__).with_name("task.xsd")))
    assert schema.validate(task(deploy, name)), schema.error_log


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_written_as_windows_writes_its_own(deploy: Path, name: str) -> None:
    content = (deploy / f"windows/tasks/{name}.xml").read_bytes()
    assert content.startswith(b"\xff\xfe")
    text = content.decode("utf-16")
    assert text.startswith('<?xml version="1.0" encoding="UTF-16"?>\r\n')
    assert text.count("\n") == text.count("\r\n")


@pytest.mark.parametrize("name", TASKS)
def test_a_task_runs_once_at_a_time_with_no_more_rights_than_it_needs(deploy: Path, name: str) -> None:
    found = task(deploy, name)
    assert said(found, "MultipleInstancesPolicy") == ["IgnoreNew"]
    assert said(found, "RunLevel") == ["LeastPrivilege"]
    assert said(found, "UserId") == [LOCAL_SERVICE]


@pytest.mark.parametrize("name", TASKS)
def test_what_was_missed_is_made_up_for(deploy: Path, name: str) -> None:
    assert said(task(deploy, name), "StartWhenAvailable") == ["true"]


@pytest.mark.parametrize("name", TASKS)
def test_a_job_has_an_end_and_the_scheduler_none(deploy: Path, name: str) -> None:
    assert said(task(deploy, name), "ExecutionTimeLimit") == ["PT0S" if name == "schedule" else "PT2H"]


def test_the_scheduler_starts_with_the_computer_and_again_should_it_end(deploy: Path) -> None:
    triggers = task(deploy, "schedule").find(f"{NAMESPACE}Triggers")
    kinds = [etree.QName(one).localname for one in triggers.iterchildren(tag=etree.Element)]
    assert kinds == ["BootTrigger", "TimeTrigger"]
    assert said(triggers, "Interval") == ["PT15M"]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_starts_its_own_job(deploy: Path, name: str) -> None:
    (arguments,) = said(task(deploy, name), "Arguments")
    asked = "schedule" if name == "schedule" else f"job {name}"
    assert arguments == f'/d /c ""C:\\Program Files\\m365-restrict\\run.cmd" {asked}"'


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_powershell(deploy: Path, read_powershell: Read, script: str) -> None:
    assert read_powershell((deploy / "windows" / script).read_text(encoding="utf-8")).errors == []


@pytest.mark.parametrize("script", [*SCRIPTS, "run.cmd", "m365-restrict.cmd"])
def test_every_version_of_windows_reads_a_script_alike(deploy: Path, script: str) -> None:
    content = (deploy / "windows" / script).read_bytes()
    assert content.isascii()
    if script.endswith(".cmd"):
        assert content.count(b"\n") == content.count(b"\r\n")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_says_what_it_would_do_and_teaches(deploy: Path, script: str) -> None:
    text = (deploy / "windows" / script).read_text(encoding="utf-8")
    assert "SupportsShouldProcess" in text
    assert {".SYNOPSIS", ".DESCRIPTION", ".EXAMPLE"} <= set(re.findall(r"^\.[A-Z]+", text, re.MULTILINE))
    described = re.findall(r"^\.PARAMETER (\w+)", text, re.MULTILINE)
    taken = re.findall(r"^    \[\w+\]\$(\w+)", text.partition("param(")[2].partition("\n)")[0], re.MULTILINE)
    assert sorted(described) == sorted(taken)


def test_the_installer_knows_every_job(deploy: Path) -> None:
    text = (deploy / "windows/install.ps1").read_text(encoding="utf-8")
    (known,) = re.findall(r"^\$Jobs = @\((.*)\)$", text, re.MULTILINE)
    assert known == ", ".join(f"'{job}'" for job in Job)


def test_the_installer_takes_packages_by_their_hashes_alone(deploy: Path) -> None:
    pip = re.findall(r"\(\$pip \+ (.*)\)", (deploy / "windows/install.ps1").read_text(encoding="utf-8"))
    assert len(pip) == 2
    assert "'--require-hashes'" in pip[0]
    assert "'--no-deps', '--no-build-isolation', '--no-index'" in pip[1]


def test_what_is_started_writes_to_a_log_and_hands_its_exit_code_on(deploy: Path) -> None:
    lines = (deploy / "windows/run.cmd").read_text(encoding="ascii").splitlines()
    assert lines[-2].endswith('--env-file "%DATA%\\settings.env" >>"%LOG%" 2>&1')
    assert lines[-1] == "exit /b %ERRORLEVEL%"


def test_nobody_else_writes_what_runs_with_the_certificates(deploy: Path) -> None:
    """A program folder on another disk inherits what everybody may do there."""
    script = (deploy / "windows/install.ps1").read_text(encoding="utf-8")
    install = script.split("function Install-Program")[1].split("function Stop-Jobs")[0]
    protected = install.index("Protect-Folder -Folder $ProgramFolder -Rights 'RX'")
    assert protected < install.index("New-Item -ItemType Directory -Force -Path $new")
    # icacls as it is documented.
    assert "'/inheritance:r', '/q', '/grant:r'" in script
