import pytest

from m365_restrict.doctor.service_checks import audit_check, entry_check, limit_checks, on_premises_check
from m365_restrict.outcome import Unknown
from m365_restrict.plan.limits import ServiceLimits
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.tenant.examination import DomainRecipients

COUNTS = {"ash.example": DomainRecipients(here=12, on_premises=3)}


def rules(number):
    return tuple(
        observe_transport_rule({"Guid": str(one), "Name": str(one), "State": "Enabled"})
        for one in range(number)
    )


@pytest.mark.parametrize(("number", "state"), [(8, "ok"), (9, "warning"), (10, "failed")])
def test_limits_are_spoken_of_when_a_tenth_is_left(number, state):
    (found, _) = limit_checks(rules(number), ServiceLimits(rules=10))
    assert found.state.value == state


def test_unread_rules_leave_the_limits_unknown():
    (found,) = limit_checks(Unknown("transport rules", "HTTP 403"), ServiceLimits())
    assert found.state.value == "unknown"


@pytest.mark.parametrize(
    ("is_on", "state"), [(True, "ok"), (False, "failed"), (Unknown("x", "HTTP 403"), "unknown")]
)
def test_auditing_that_nobody_can_see_is_not_taken_for_on(is_on, state):
    assert audit_check(is_on=is_on).state.value == state


@pytest.mark.parametrize(
    ("hosts", "state"),
    [
        (("ash-example.mail.protection.outlook.com",), "ok"),
        (("ash-example.a-v1.mx.microsoft",), "ok"),
        (("mx.filter.example",), "warning"),
        (("ash-example.mail.protection.outlook.com", "mx.filter.example"), "warning"),
        (("mail.protection.outlook.com.evil.example",), "warning"),
        ((), "warning"),
        (Unknown("ash.example", "no name server answered"), "unknown"),
    ],
)
def test_a_domain_whose_mail_enters_elsewhere_is_said(hosts, state):
    found = entry_check("ash.example", hosts, COUNTS)
    assert found.state.value == state
    assert ("12 mailboxes may not be covered" in found.message) == (state == "warning")


def test_mailboxes_on_premises_are_counted_in_the_councils_domains_alone():
    counts = {**COUNTS, "else.example": DomainRecipients(on_premises=7)}
    found = on_premises_check(frozenset({"ash.example"}), counts)
    assert found.message.startswith("3 mailboxes may not be covered")
    assert on_premises_check(frozenset(), counts).state.value == "ok"
