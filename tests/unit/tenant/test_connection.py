from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from m365_restrict.tenant.connection import retry_after_seconds, shown_path


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120.0), ("0", 0.0), (None, None), ("", None), ("soon", None)]
)
def test_retry_after_in_seconds(header, seconds):
    assert retry_after_seconds(header) == seconds


def test_retry_after_as_a_date():
    header = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < retry_after_seconds(header) <= 3600


def test_retry_after_in_the_past_is_no_wait():
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_addresses_are_left_out_of_shown_paths():
    assert (
        shown_path("https://g.example/v1.0/users/a%40b.example/mailFolders?x=1")
        == "/v1.0/users/…/mailFolders"
    )
