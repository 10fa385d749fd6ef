import pytest

from settings.load import load_settings
from settings.shaping import shaping_settings

REQUIRED = {
    "REGISTER__SITE": "council.sharepoint.example:/sites/restrict",
    "POLICY__APPROVERS": "director@ash.example",
    "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    "OWNERSHIP__INSTANCE_ID": "ash-1",
}


def shaped(**more):
    given = {f"M365_RESTRICT_{name}": value for name, value in {**REQUIRED, **more}.items()}
    return shaping_settings(load_settings(given, None))


def moved(**more):
    """The settings that count as moved, without their prefix."""
    before, now = shaped(), shaped(**more)
    names = before.keys() | now.keys()
    return {one.removeprefix("M365_RESTRICT_") for one in names if before.get(one) != now.get(one)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RULES__MODE", "enforce"),
        ("RULES__SETTLE_MINUTES", "5"),
        ("POLICY__PROTECTED_MAILBOXES", "monitoring@ash.example"),
        ("POLICY__PROFILE", "york-2013"),
        ("REGISTER__COLUMNS__ENDSON", "End_x0020_date"),
        ("CHOICES__CREATE_FOLDER", "true"),
        ("ENFORCE_WITH", "script"),
        ("OWNERSHIP__INSTANCE_ID", "ash-2"),
        ("AUTH__TENANT_ID", "11111111-1111-4111-8111-111111111111"),
    ],
)
def test_a_setting_that_shapes_rules_counts_and_is_named(name, value):
    assert moved(**{name: value}) == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAFETY__MAX_REMOVALS", "9"),
        ("SAFETY__CHANGE_WINDOWS", "Mon-Fri 09:00-17:00"),
        ("LEDGER__URL", "sqlite:///other.db"),
        ("GRAPH__MAX_IN_FLIGHT", "2"),
        ("AUTH__READER__CLIENT_SECRET", "secret"),
    ],
)
def test_what_shapes_no_rule_does_not_count(name, value):
    assert moved(**{name: value}) == set()


def test_a_profile_counts_with_all_that_it_says(monkeypatch):
    before = shaped()["M365_RESTRICT_POLICY__PROFILE"]
    monkeypatch.setattr("settings.shaping.profile_text", lambda name: f"another {name}")
    assert shaped()["M365_RESTRICT_POLICY__PROFILE"] != before
