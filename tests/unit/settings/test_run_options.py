from datetime import date, timedelta
from pathlib import Path

import pytest

from m365_restrict.rules.compilation import Carrier
from m365_restrict.steps.options import ScriptOptions
from settings import load_settings
from settings.run_options import run_options

_NEEDED = {
    "M365_RESTRICT_REGISTER__SITE": "localhost:/sites/democracy",
    "M365_RESTRICT_POLICY__APPROVERS": "director@ash.example",
    "M365_RESTRICT_POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    "M365_RESTRICT_OWNERSHIP__INSTANCE_ID": "ash",
}


@pytest.mark.parametrize(
    ("value", "carrier"),
    [
        ("mail_flow", Carrier.TRANSPORT_RULES),
        ("script", Carrier.TRANSPORT_RULES),
        ("inbox_rules", Carrier.INBOX_RULES),
    ],
)
def test_the_way_to_enforce_decides_which_layer_carries_the_measures(value: str, carrier: Carrier) -> None:
    options = run_options(load_settings({**_NEEDED, "M365_RESTRICT_ENFORCE_WITH": value}, None))
    assert options.compile.carrier is carrier
    assert options.sees_transport_rules is (carrier is Carrier.TRANSPORT_RULES)


def test_folders_are_made_only_where_the_setting_says_so() -> None:
    asked = {**_NEEDED, "M365_RESTRICT_CHOICES__CREATE_FOLDER": "true"}
    assert run_options(load_settings(asked, None)).create_folders
    assert not run_options(load_settings(_NEEDED, None)).create_folders


def test_the_required_settings_are_enough() -> None:
    assert run_options(load_settings(_NEEDED, None)).instance_id == "ash"


def test_scripts_are_asked_for_by_the_setting_alone() -> None:
    asked = {"M365_RESTRICT_ENFORCE_WITH": "script", "M365_RESTRICT_SCRIPT__HIGH_AFTER_DAYS": "5"}
    found = run_options(load_settings({**_NEEDED, **asked}, None)).script
    assert found == ScriptOptions(folder=Path(), high_after=timedelta(days=5))
    assert run_options(load_settings(_NEEDED, None)).script is None


@pytest.mark.parametrize(
    ("by", "on", "checked"),
    [
        ("", "", False),
        ("A. Translator", "", False),
        ("", "2026-08-01", False),
        ("A. Translator", "2026-08-01", True),
        ("A. Translator", "2026-08-02", False),
    ],
)
def test_the_welsh_of_reports_is_checked_by_somebody_on_a_day_that_has_come(
    by: str, on: str, checked: bool
) -> None:
    told = {"M365_RESTRICT_REPORTS__WELSH_CHECKED_BY": by, "M365_RESTRICT_REPORTS__WELSH_CHECKED_ON": on}
    options = run_options(load_settings({**_NEEDED, **told}, None))
    assert options.report.welsh_is_checked(date(2026, 8, 1)) is checked
    assert not options.letters.council.welsh_is_checked(date(2026, 8, 1))
