import importlib
import tomllib
from pathlib import Path

import pytest

from m365_restrict.schedule.jobs import Job


@pytest.mark.parametrize("job", ["enforce", "preferences", "drift", "reviews", "evidence", "retention"])
def test_a_job_ends_with_the_exit_code_of_its_verb(job, monkeypatch, capsys):
    """Without settings every verb says so and exits 5; nothing is reached over the network."""
    for name in ("POLICY__APPROVERS", "REGISTER__SITE", "OWNERSHIP__INSTANCE_ID"):
        monkeypatch.delenv(f"M365_RESTRICT_{name}", raising=False)
    monkeypatch.delenv("M365_RESTRICT_ENV_FILE", raising=False)
    assert importlib.import_module(f"jobs.{job}").main() == 5
    assert "settings" in capsys.readouterr().out


def test_a_job_reads_the_file_that_the_environment_names(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("M365_RESTRICT_ENV_FILE", str(tmp_path / "missing.env"))
    assert importlib.import_module("jobs.drift").main() == 5
    assert "missing.env" in capsys.readouterr().out


def test_every_job_has_a_console_script():
    scripts = tomllib.loads(Path(__file__).parents[3].joinpath("pyproject.toml").read_text())["project"][
        "scripts"
    ]
    assert {f"m365-restrict-{job}": f"jobs.{job}:main" for job in Job}.items() <= scripts.items()
