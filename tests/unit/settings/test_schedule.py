from zoneinfo import ZoneInfo

import pytest

from m365_restrict.errors import ConfigurationError
from m365_restrict.schedule.jobs import Job
from settings.load import load_settings
from settings.schedule import ScheduleSettings

NEEDED = {
    "M365_RESTRICT_REGISTER__SITE": "site",
    "M365_RESTRICT_POLICY__APPROVERS": "director@ash.example",
    "M365_RESTRICT_POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    "M365_RESTRICT_OWNERSHIP__INSTANCE_ID": "ash",
}


def test_every_job_has_a_time_unless_it_is_switched_off():
    table = ScheduleSettings(drift="OFF").timetable(ZoneInfo("Europe/London"))
    assert {job for job in Job if table.trigger(job) is None} == {Job.DRIFT}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("REVIEWS", "30 7 * * 1-5", "is '30 7 * * 1-5': days of the week must be names"),
        ("ENFORCE", "often", "is 'often': it must be five fields"),
        ("JITTER_SECONDS", "90", "less than or equal to 50"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_setting(name, value, told):
    with pytest.raises(ConfigurationError) as refused:
        load_settings({**NEEDED, f"M365_RESTRICT_SCHEDULE__{name}": value}, None)
    assert f"M365_RESTRICT_SCHEDULE__{name} " in refused.value.message
    assert told in refused.value.message


def test_a_misspelt_job_is_answered_with_the_nearest():
    with pytest.raises(ConfigurationError, match=r"Did you mean M365_RESTRICT_SCHEDULE__ENFORCE\?"):
        load_settings({**NEEDED, "M365_RESTRICT_SCHEDULE__ENFORC": "off"}, None)
