import json
import logging

import pytest

from m365_restrict.logs.log_lines import LogFormat, begin_logging, is_logging, log, log_crash
from m365_restrict.logs.marks import current_marks, marked


@pytest.fixture(autouse=True)
def _as_before():
    level = logging.getLogger().level
    yield
    begin_logging(LogFormat.PLAIN, "info")
    logging.getLogger().setLevel(level)


def lines(capsys):
    told = capsys.readouterr()
    assert told.out == ""
    return told.err.splitlines()


def test_nothing_is_logged_unless_a_format_is_chosen(capsys):
    begin_logging(LogFormat.PLAIN, "debug")
    log("An event.", level=logging.ERROR)
    assert not is_logging()
    assert lines(capsys) == []


def test_a_json_line_says_when_what_and_of_which_run(capsys):
    begin_logging(LogFormat.JSON, "info")
    with marked(run_id="r-1", verb="drift", tenant="ash", job="drift"):
        log("An event.", exit_code=2)
    told = json.loads(lines(capsys)[0])
    marks = {"run_id": "r-1", "verb": "drift", "tenant": "ash", "job": "drift"}
    assert told.items() >= {"level": "info", "message": "An event.", "exit_code": 2, **marks}.items()
    assert told["time"].endswith("Z")


def test_a_text_line_says_the_same(capsys):
    begin_logging(LogFormat.TEXT, "info")
    with marked(run_id="r-1", verb="drift"):
        log("An event.", reason="two words")
    assert lines(capsys)[0].split(" ", 1)[1] == 'info An event. run_id=r-1 verb=drift reason="two words"'


@pytest.mark.parametrize("log_format", [LogFormat.TEXT, LogFormat.JSON])
def test_addresses_and_secrets_stand_in_no_line(capsys, log_format):
    begin_logging(log_format, "debug", secrets=["hush-hush"])
    log("For pat@away.example with hush-hush.", url="https://x/hush-hush?u=pat%40away.example")
    logging.getLogger("httpx").info("POST %s for %s", "https://x/hush-hush", "pat@away.example")
    try:
        raise ValueError("pat@away.example hush-hush")
    except ValueError as error:
        log_crash(error)
    told = "\n".join(lines(capsys))
    assert "ValueError" in told
    assert "hush-hush" not in told
    assert "away.example" not in told


@pytest.mark.parametrize("log_format", [LogFormat.TEXT, LogFormat.JSON])
def test_whatever_is_said_makes_one_line(capsys, log_format):
    begin_logging(log_format, "info")
    log("One\nerror forged=yes\x1b[2J\u202e", reason="two\nlines")
    try:
        raise ValueError("one\ntwo")
    except ValueError as error:
        log_crash(error)
    found = lines(capsys)
    assert len(found) == 2
    if log_format is LogFormat.TEXT:
        assert "\x1b" not in "".join(found)


def test_less_severe_lines_are_left_out(capsys):
    begin_logging(LogFormat.TEXT, "warning")
    log("An event.")
    log("Something else.", level=logging.WARNING)
    assert [one.split(" ")[1] for one in lines(capsys)] == ["warning"]


def test_libraries_speak_only_where_something_is_wrong(capsys):
    begin_logging(LogFormat.TEXT, "debug")
    logging.getLogger("httpcore.connection").debug("connect")
    logging.getLogger("msal.token_cache").info("found")
    assert lines(capsys) == []


def test_a_reader_that_has_gone_stops_nothing(monkeypatch):
    class Gone:
        def write(self, _text):
            raise BrokenPipeError

        def flush(self):
            raise BrokenPipeError

    begin_logging(LogFormat.TEXT, "info")
    monkeypatch.setattr("sys.stderr", Gone())
    log("An event.")


def test_beginning_again_does_not_say_things_twice(capsys):
    begin_logging(LogFormat.TEXT, "info")
    begin_logging(LogFormat.TEXT, "info")
    log("An event.")
    assert len(lines(capsys)) == 1


def test_marks_that_are_not_named_stay_and_a_new_run_counts_anew():
    with marked(tenant="ash", job="drift"):
        current_marks().traffic.sent()
        with marked(run_id="r-1", verb="drift"):
            assert (current_marks().tenant, current_marks().job) == ("ash", "drift")
            assert current_marks().traffic.requests == 0
            current_marks().traffic.sent()
            current_marks().traffic.answered(429)
            assert (current_marks().traffic.requests, current_marks().traffic.throttled) == (1, 1)
        assert current_marks().run_id == ""


def test_the_end_of_logging_gives_every_logger_its_level_back():
    loggers = [logging.getLogger(name) for name in ("", "azure", "sqlalchemy")]
    before = [one.level for one in loggers]
    begin_logging(LogFormat.JSON, "debug")
    begin_logging(LogFormat.TEXT, "info")
    assert [one.level for one in loggers] != before
    begin_logging(LogFormat.PLAIN, "info")
    assert [one.level for one in loggers] == before
