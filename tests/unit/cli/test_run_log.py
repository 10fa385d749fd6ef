import pytest

from m365_restrict.cli.run_log import begin_log, crashed
from m365_restrict.logs.log_lines import LogFormat, begin_logging, is_logging


@pytest.fixture(autouse=True)
def _as_before():
    yield
    begin_logging(LogFormat.PLAIN, "info")


def test_nothing_is_logged_where_nothing_is_chosen(tmp_path):
    file = tmp_path / "ash.env"
    file.write_text("M365_RESTRICT_LEDGER__URL=sqlite://\n")
    begin_log(file, {})
    assert not is_logging()


@pytest.mark.parametrize("where", ["environment", "file", "shared"])
def test_a_format_counts_wherever_it_is_chosen(tmp_path, where):
    line = "M365_RESTRICT_LOG__FORMAT=json"
    file = tmp_path / "ash.env"
    file.write_text(line if where == "file" else "")
    (tmp_path / "_shared.env").write_text(line if where == "shared" else "")
    begin_log(file, dict([line.split("=")]) if where == "environment" else {})
    assert is_logging()


@pytest.mark.parametrize("content", [b"M365_RESTRICT_LOG__FORMAT=json\nnonsense\n", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_left_to_the_settings(tmp_path, content):
    file = tmp_path / "ash.env"
    file.write_bytes(content)
    begin_log(file, {})
    assert not is_logging()


def test_a_file_that_is_not_there_is_left_to_the_settings(tmp_path):
    begin_log(tmp_path / "none.env", {})
    assert not is_logging()


def test_an_error_that_nobody_expected_is_one_line_where_lines_are_logged(capsys):
    begin_log(None, {"M365_RESTRICT_LOG__FORMAT": "text"})
    crashed(ValueError("one\ntwo"))
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "error_code=unexpected" in told[0]


def test_else_it_is_a_traceback(capsys):
    crashed(ValueError("one"))
    assert capsys.readouterr().err == "ValueError: one\n"
