import importlib

import pytest


@pytest.mark.parametrize("job", ["enforce", "preferences", "drift", "reviews", "retention"])
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
