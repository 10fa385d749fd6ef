import pytest

from m365_restrict.errors import ConfigurationError
from settings import load_settings
from settings.run_options import run_options

_P = "M365_RESTRICT_"
_NEEDED = {
    f"{_P}REGISTER__SITE": "council.sharepoint.example:/sites/restrict",
    f"{_P}POLICY__APPROVERS": "director@ashbourne.example",
    f"{_P}POLICY__COUNCILLORS_GROUP": "councillors@ashbourne.example",
    f"{_P}OWNERSHIP__INSTANCE_ID": "ashbourne",
}


def _options(**given):
    named = {f"{_P}NOTIFY__{name}": value for name, value in given.items()}
    return run_options(load_settings(_NEEDED | named, None)).notify


def test_nothing_is_sent_and_linked_by_default():
    notify = _options()
    assert (notify.sender, notify.monitoring_officer, notify.site_url, notify.library) == ("", "", "", "")


def test_mailboxes_are_lower_case_and_addresses_end_without_a_slash():
    notify = _options(
        SENDER="Restrict@Ashbourne.example", SITE_URL="https://c.example/sites/r/", LIBRARY="Letters"
    )
    assert (notify.sender, notify.site_url) == ("restrict@ashbourne.example", "https://c.example/sites/r")
    assert notify.library == "Letters"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SENDER", "not an address", "it must be one e-mail address"),
        ("MONITORING_OFFICER", "a@b.example, c@d.example", "it must be one e-mail address"),
        ("SITE_URL", "http://c.example/sites/r", "it must begin with https://"),
    ],
)
def test_what_cannot_be_used_is_refused(name, value, says):
    with pytest.raises(ConfigurationError) as failure:
        _options(**{name: value})
    assert says in failure.value.message
