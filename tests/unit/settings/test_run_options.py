import pytest

from m365_restrict.errors import ConfigurationError
from settings import load_settings
from settings.run_options import run_options

_NEEDED = {
    "M365_RESTRICT_REGISTER__SITE": "localhost:/sites/democracy",
    "M365_RESTRICT_POLICY__APPROVERS": "director@ash.example",
    "M365_RESTRICT_POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    "M365_RESTRICT_OWNERSHIP__INSTANCE_ID": "ash",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [("ENFORCE_WITH", "script"), ("ENFORCE_WITH", "inbox_rules"), ("CHOICES__CREATE_FOLDER", "true")],
)
def test_a_setting_that_would_do_nothing_is_refused_by_name(name: str, value: str) -> None:
    settings = load_settings({**_NEEDED, f"M365_RESTRICT_{name}": value}, None)
    with pytest.raises(ConfigurationError, match=f"M365_RESTRICT_{name}={value}"):
        run_options(settings)


def test_the_required_settings_are_enough() -> None:
    assert run_options(load_settings(_NEEDED, None)).instance_id == "ash"
