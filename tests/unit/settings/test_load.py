from datetime import date
from pathlib import Path

import pytest

from m365_restrict.errors import ConfigurationError, ErrorCode, ExitCode
from settings import load_settings
from settings.choices import EnforceWith, RulesPlace

_P = "M365_RESTRICT_"
_NEEDED = {
    f"{_P}REGISTER__SITE": "council.sharepoint.example:/sites/restrict",
    f"{_P}POLICY__APPROVERS": "director@ashbourne.example",
    f"{_P}POLICY__COUNCILLORS_GROUP": "councillors@ashbourne.example",
    f"{_P}OWNERSHIP__INSTANCE_ID": "ashbourne",
}


def _load(env_file: Path | None = None, **given: str):
    return load_settings(_NEEDED | {f"{_P}{name}": value for name, value in given.items()}, env_file)


def _refusal(environ, env_file=None) -> str:
    with pytest.raises(ConfigurationError) as failure:
        load_settings(environ, env_file)
    assert failure.value.code is ErrorCode.SETTINGS_INVALID
    assert failure.value.exit_code is ExitCode.CONFIGURATION
    return failure.value.message


def test_defaults_are_those_of_the_contract():
    settings = _load()
    assert settings.rules.mode.value == "audit"
    assert settings.rules.place is RulesPlace.LAST
    assert settings.enforce_with is EnforceWith.MAIL_FLOW
    assert (settings.safety.max_removals, settings.safety.max_removals_percent) == (5, 30)
    assert (settings.lease.seconds, settings.graph.max_in_flight) == (60, 4)
    assert settings.lists.contacts == "Restricted contacts"
    assert settings.choices_site == settings.lists.site


@pytest.mark.parametrize("name", sorted(_NEEDED))
def test_each_required_name_is_missed_by_name(name):
    environ = {key: value for key, value in _NEEDED.items() if key != name}
    assert _refusal(environ) == f"{name} is not set."


def test_all_missing_names_come_at_once():
    message = _refusal({})
    assert all(name in message for name in _NEEDED)


def test_an_empty_value_counts_as_not_set():
    assert "POLICY__APPROVERS is not set" in _refusal(_NEEDED | {f"{_P}POLICY__APPROVERS": " "})


def test_lists_are_comma_separated_and_lower_case():
    settings = _load(POLICY__APPROVERS="A@X.example, b@x.example,")
    assert settings.policy.approvers == ("a@x.example", "b@x.example")


def test_days_are_read():
    assert _load(POLICY__TERM_ENDS_ON="2027-05-06").policy.term_ends_on == date(2027, 5, 6)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("RULES__MDOE", "RULES__MODE"),
        ("POLICY__APPROVER", "POLICY__APPROVERS"),
        ("AUTH__READER__CLIENTID", "AUTH__READER__CLIENT_ID"),
        ("ENFORCEWITH", "ENFORCE_WITH"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(name, near):
    message = _refusal(_NEEDED | {f"{_P}{name}": "x"})
    assert f"{_P}{name} (environment) is not a setting. Did you mean {_P}{near}?" in message


def test_a_misspelt_name_in_the_file_names_the_file(tmp_path):
    file = tmp_path / "client.env"
    file.write_text(f"{_P}RULES__MDOE=audit\n")
    assert str(file) in _refusal(_NEEDED, file)


def test_other_programs_variables_are_left_alone():
    load_settings(_NEEDED | {"RULES__MDOE": "x", "SSL_CERT_FILE": "/x"}, None)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("RULES__MODE", "enforced", "it must be 'audit' or 'enforce'"),
        ("SAFETY__MAX_REMOVALS", "many", "it must be a whole number"),
        ("POLICY__TERM_ENDS_ON", "May", "it must be a day such as"),
        ("REGISTER__TIME_ZONE", "Europe/Ashbourne", "it must be a time zone name"),
        ("OWNERSHIP__INSTANCE_ID", "a]b", "letters, digits"),
        ("GRAPH__BASE_URL", "http://graph.example/v1.0", "https://"),
        ("CHOICES__CREATE_FOLDER", "perhaps", "true or false"),
        ("POLICY__APPROVERS", ",", "must not be empty"),
    ],
)
def test_a_bad_value_is_named_with_what_it_must_be(name, value, says):
    message = _refusal(_NEEDED | {f"{_P}{name}": value})
    assert f"{_P}{name} is '{value}'" in message
    assert says in message


def test_a_bad_secret_is_not_shown():
    message = _refusal(_NEEDED | {f"{_P}AUTH__READER__CLIENT_SECRET__X": "hush"})
    assert "hush" not in message


def test_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "client.env"
    file.write_text(f"# a remark\n\n{_P}RULES__MODE=enforce\n{_P}LEASE__SECONDS=5\nSSL_CERT_FILE=/x/ca.pem\n")
    settings = _load(file, RULES__MODE="audit")
    assert (settings.rules.mode.value, settings.lease.seconds) == ("audit", 5)


def test_a_line_that_is_no_assignment_is_named(tmp_path):
    file = tmp_path / "client.env"
    file.write_text("A=b\nnonsense\n")
    assert "Line 2" in _refusal(_NEEDED, file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "absent.env" in _refusal(_NEEDED, tmp_path / "absent.env")


def test_columns_are_remapped_by_their_own_names():
    assert _load(REGISTER__COLUMNS__ENDSON="End_x0020_date").lists.columns == {"EndsOn": "End_x0020_date"}


def test_an_unknown_column_is_refused_with_the_nearest():
    message = _refusal(_NEEDED | {f"{_P}REGISTER__COLUMNS__ENDSONN": "x"})
    assert "ENDSONN is no column of any list; did you mean ENDSON?" in message


_LOCAL = {
    f"{_P}CLOCK__URL": "https://localhost:8443/sandbox/clock",
    f"{_P}GRAPH__BASE_URL": "https://127.0.0.1:8443/v1.0",
    f"{_P}EXCHANGE__BASE_URL": "https://[::1]:8443",
    f"{_P}AUTH__AUTHORITY": "https://localhost:8443",
}


def test_a_clock_is_accepted_where_everything_is_on_this_computer():
    assert load_settings(_NEEDED | _LOCAL, None).clock.url.endswith("/sandbox/clock")


@pytest.mark.parametrize("name", sorted(_LOCAL))
def test_a_clock_is_refused_if_any_endpoint_is_elsewhere(name):
    message = _refusal(_NEEDED | _LOCAL | {name: "https://localhost.example/x"})
    assert "CLOCK__URL is for a sandbox alone" in message


def test_change_windows_are_a_list():
    windows = _load(SAFETY__CHANGE_WINDOWS="Mon-Fri 09:00-17:00, Sat 22:00-02:00").safety.change_windows
    assert [str(one) for one in windows] == ["Mon-Fri 09:00-17:00", "Sat 22:00-02:00"]


def test_a_misspelt_change_window_is_named():
    message = _refusal(_NEEDED | {f"{_P}SAFETY__CHANGE_WINDOWS": "Mon-Fri 09:00-17:00,Sta 10:00-11:00"})
    assert f"{_P}SAFETY__CHANGE_WINDOWS" in message
    assert "'Sta 10:00-11:00' is not a change window" in message


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        _load().rules.mode = "enforce"


def test_the_name_of_the_file_is_no_setting():
    assert _load(ENV_FILE="/etc/m365-restrict/council.env") == _load()
