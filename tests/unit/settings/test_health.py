import pytest

from m365_restrict.errors import ConfigurationError
from m365_restrict.logs.log_lines import LogFormat
from settings.effective import effective_settings, shown_url
from settings.load import load_settings
from settings.log import log_choice

LEAST = {
    "M365_RESTRICT_REGISTER__SITE": "s",
    "M365_RESTRICT_POLICY__APPROVERS": "a@ash.example",
    "M365_RESTRICT_POLICY__COUNCILLORS_GROUP": "c@ash.example",
    "M365_RESTRICT_OWNERSHIP__INSTANCE_ID": "ash-1",
}
SANDBOX = {
    "M365_RESTRICT_CLOCK__URL": "https://localhost:1",
    "M365_RESTRICT_GRAPH__BASE_URL": "https://localhost:1",
    "M365_RESTRICT_EXCHANGE__BASE_URL": "https://localhost:1",
    "M365_RESTRICT_AUTH__AUTHORITY": "https://localhost:1",
}
PING = "M365_RESTRICT_HEALTH__PING_URL"


def loaded(**more):
    return load_settings(LEAST | more, None)


def test_nothing_is_opened_sent_or_logged_unless_it_is_asked_for():
    settings = loaded()
    assert (settings.health.port, settings.health.host) == (0, "127.0.0.1")
    assert settings.health.ping_urls == ()
    assert settings.log.format is LogFormat.PLAIN


def test_several_watchers_with_the_name_of_the_job():
    urls = "https://watch.example/key/{job}, https://other.example/x"
    assert loaded(**{PING: urls}).health.ping_urls == tuple(urls.split(", "))


@pytest.mark.parametrize(
    "url", ["watch.example/key", "http://watch.example/key", "https://watch.example/{name}", "ftp://a/b"]
)
def test_an_address_that_cannot_be_used_is_refused_and_not_shown(url):
    with pytest.raises(ConfigurationError, match=PING) as refused:
        loaded(**{PING: url})
    assert url not in refused.value.message


def test_a_watcher_on_this_computer_needs_no_https():
    assert loaded(**{PING: "http://127.0.0.1:8000/x"}).health.ping_urls == ("http://127.0.0.1:8000/x",)


def test_a_sandbox_never_tells_a_real_watcher_that_it_is_alive():
    with pytest.raises(ConfigurationError, match="in a sandbox"):
        loaded(**SANDBOX, **{PING: "https://watch.example/key"})


def test_show_config_masks_the_address():
    shown = {one.name: one.value for one in effective_settings(loaded(**{PING: "https://w.example/k"}))}
    assert shown[PING] == "********"


@pytest.mark.parametrize("level", ["loud", "INFO!"])
def test_a_log_that_cannot_be_had_is_left_to_the_settings_to_refuse(level):
    given = {"M365_RESTRICT_LOG__FORMAT": "json", "M365_RESTRICT_LOG__LEVEL": level}
    assert log_choice(given, None).format is LogFormat.PLAIN
    with pytest.raises(ConfigurationError, match="LOG__LEVEL"):
        loaded(**given)


def test_the_environment_wins_over_the_file_and_the_file_over_what_is_shared(tmp_path):
    (tmp_path / "_shared.env").write_text("M365_RESTRICT_LOG__FORMAT=json\nM365_RESTRICT_LOG__LEVEL=debug\n")
    file = tmp_path / "ash.env"
    file.write_text("M365_RESTRICT_LOG__FORMAT=text\n")
    assert log_choice({}, file).format is LogFormat.TEXT
    assert log_choice({}, file).level == "debug"
    assert log_choice({"M365_RESTRICT_LOG__FORMAT": "json"}, file).format is LogFormat.JSON


def test_the_secrets_of_all_sources_are_known(tmp_path):
    file = tmp_path / "ash.env"
    file.write_text("M365_RESTRICT_AUTH__READER__CLIENT_SECRET=hush-hush\n")
    given = {
        PING: "https://watch.example/key-1/{job}",
        "M365_RESTRICT_LEDGER__URL": "postgresql://u:pass-word@h/d?sslpassword=pass-other",
    }
    assert {"hush-hush", "key-1", "pass-word", "pass-other"} <= set(log_choice(given, file).secrets)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:pass-word@h/d", "postgresql://u:********@h/d"),
        (
            "postgresql://u@h/d?password=x&sslmode=require",
            "postgresql://u@h/d?password=********&sslmode=require",
        ),
        ("sqlite:////var/lib/password=x/ledger.db", "sqlite:////var/lib/password=x/ledger.db"),
    ],
)
def test_a_ledgers_password_is_not_shown_wherever_it_stands(url, shown):
    assert shown_url(url) == shown
