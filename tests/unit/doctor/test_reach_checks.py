import pytest

from m365_restrict.doctor.reach_checks import outside_check, reach_check
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.mailbox_reach import Reach

UNREAD = Unknown("a mailbox", "HTTP 503")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Reach.WITHIN, Reach.WITHIN], "ok"),
        ([Reach.WITHIN, Reach.NO_MAILBOX], "warning"),
        ([Reach.WITHIN, Reach.REFUSED], "failed"),
        ([Reach.REFUSED, UNREAD], "unknown"),
    ],
)
def test_mailboxes_out_of_reach_are_counted_and_not_named(answers, expected):
    found = reach_check("writer", "councillors' mailboxes", answers)
    assert (found.state.value, "@" in found.message) == (expected, False)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Reach.REFUSED, Reach.NO_MAILBOX], "ok"),
        ([Reach.REFUSED, Reach.WITHIN], "warning"),
        ([Reach.WITHIN, UNREAD], "warning"),
        ([Reach.REFUSED, UNREAD], "unknown"),
    ],
)
def test_a_mailbox_that_is_nobodys_business_is_too_much(answers, expected):
    found = outside_check("writer", answers)
    assert (found.state.value, "@" in found.message) == (expected, False)
