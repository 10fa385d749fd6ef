"""Who is sent reports, as the settings say it."""

import pytest

from m365_restrict.errors import ConfigurationError
from m365_restrict.plan.change import Severity
from m365_restrict.report.edition import Edition, Period
from m365_restrict.telling.delivery_options import DeliveryOptions, ReportRole, RoleDelivery
from settings import effective_settings, load_settings
from settings.tenant_options import delivery_options

_P = "M365_RESTRICT_"
_NEEDED = {
    "REGISTER__SITE": "council.sharepoint.example:/sites/restrict",
    "POLICY__APPROVERS": "director@ashbourne.example",
    "POLICY__COUNCILLORS_GROUP": "councillors@ashbourne.example",
    "OWNERSHIP__INSTANCE_ID": "ashbourne",
}
_URL = "https://prod-1.workflows.example/invoke?sig=a-key"


def load(**given):
    return load_settings({f"{_P}{name}": value for name, value in (_NEEDED | given).items()}, None)


def options(**given) -> DeliveryOptions:
    return delivery_options(load(**given))


def role(name: str, **given) -> RoleDelivery:
    found = options(**{f"DELIVERY__{name.upper()}__TO": "a@ashbourne.example", **given}).role(name)
    assert found is not None
    return found


def test_nobody_is_named_by_default():
    made = options()
    assert [one.is_named for one in made.roles] == [False] * len(ReportRole)
    assert made.for_period(Period.DAILY, None) == ()
    assert made.library == ""


@pytest.mark.parametrize(
    ("name", "least", "packs", "edition"),
    [
        ("ict", Severity.MEDIUM, {"run", "daily"}, Edition.ICT),
        ("governance", Severity.HIGH, {"run", "weekly"}, Edition.COMPLIANCE),
        ("iao", Severity.CRITICAL, {"run", "monthly"}, Edition.COMPLIANCE),
        ("board", Severity.CRITICAL, {"quarterly"}, Edition.BOARD),
    ],
)
def test_a_role_has_its_usual_packs(name, least, packs, edition):
    found = role(name)
    assert (found.severity, found.packs, found.edition(Period.RUN)) == (least, packs, edition)
    assert found.edition(Period.ANNUAL) is Edition.PUBLIC


def test_what_is_set_replaces_what_is_usual_one_by_one():
    found = role("ict", DELIVERY__ICT__PACKS="weekly, monthly")
    assert (found.packs, found.severity) == ({"weekly", "monthly"}, Severity.MEDIUM)
    assert role("ict", DELIVERY__ICT__SEVERITY="low").packs == {"run", "daily"}


def test_mailboxes_are_each_named_once_in_lower_case():
    found = role("ict", DELIVERY__ICT__TO="A@Ashbourne.example, a@ashbourne.example,b@ashbourne.example")
    assert found.to == ("a@ashbourne.example", "b@ashbourne.example")


def test_reports_go_where_letters_go_unless_set_otherwise():
    assert options(NOTIFY__LIBRARY="Letters").library == "Letters"
    assert options(NOTIFY__LIBRARY="Letters", DELIVERY__LIBRARY="Reports").library == "Reports"


def test_the_address_of_a_workflow_is_shown_nowhere():
    settings = load(DELIVERY__ICT__WORKFLOW_URL=_URL)
    assert delivery_options(settings).role("ict").workflow_url == _URL
    shown = {one.name: one.value for one in effective_settings(settings)}
    assert shown[f"{_P}DELIVERY__ICT__WORKFLOW_URL"] == "********"
    assert "a-key" not in repr(settings) + repr(delivery_options(settings))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ICT__TO", "nobody", "each entry must be one e-mail address"),
        ("ICT__PACKS", "hourly", "it must be 'run'"),
        ("ICT__SEVERITY", "mild", "it must be 'critical'"),
        ("ICT__WORKFLOW_URL", "http://workflows.example/a-key", "begins with https://"),
        ("ICT__WORKFLOW_URL", "a-key", "begins with https://"),
        ("ICT__WORKFLOW_URL", "https://localhost/a-key", "must be on this computer in a sandbox"),
        ("MAYOR__TO", "m@ashbourne.example", "is not a setting"),
    ],
)
def test_what_cannot_be_used_is_refused_without_the_secret(name, value, says):
    with pytest.raises(ConfigurationError) as failure:
        load(**{f"DELIVERY__{name}": value})
    assert says in failure.value.message
    assert "a-key" not in failure.value.message


def test_a_sandbox_posts_to_itself_alone():
    local = {
        "CLOCK__URL": "https://localhost:1/sandbox/clock",
        "GRAPH__BASE_URL": "https://localhost:1/v1.0",
        "EXCHANGE__BASE_URL": "https://localhost:1",
        "AUTH__AUTHORITY": "https://localhost:1",
    }
    assert load(**local, DELIVERY__ICT__WORKFLOW_URL="http://localhost:2/sandbox/workflow")
    with pytest.raises(ConfigurationError, match="in a sandbox"):
        load(**local, DELIVERY__ICT__WORKFLOW_URL=_URL)
