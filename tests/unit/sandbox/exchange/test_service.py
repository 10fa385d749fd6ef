import json

import pytest

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.exchange.catalogue import properties, readable_after_set
from m365_restrict.sandbox.exchange.service import Caller, ExchangeService

READER = Caller("reader app", "", "app-1", frozenset({"Get-TransportRule"}))


def test_the_envelope_of_a_list(tenant) -> None:
    """exchange.md 1.5."""
    tenant.new()
    document = json.loads(tenant.service.invoke("Get-TransportRule", {}, READER).body)
    assert document["@odata.context"].endswith("#Collection(Exchange.GenericHashTable)")
    assert document["adminapi.warnings@odata.type"] == "#Collection(String)"
    assert document["@adminapi.warnings"] == []


@pytest.mark.parametrize(
    ("name", "side_car"),
    [
        ("Priority", "System.Int32"), ("Size", "System.Int32"), ("WhenChanged", "System.DateTime"),
        ("ExpiryDate", "System.DateTime"),
    ],
)  # fmt: skip
def test_type_side_cars_stand_beside_scalars(tenant, name, side_car) -> None:
    """exchange.md 1.5."""
    assert tenant.new(ExpiryDate="2027-01-01T00:00:00Z")[f"{name}@data.type"] == side_car


def test_lists_carry_a_collection_type_and_unset_values_none(tenant) -> None:
    rule = tenant.new()
    assert rule["Conditions@odata.type"] == rule["From@odata.type"] == "#Collection(String)"
    assert not {"SentTo@odata.type", "ExpiryDate@data.type", "DeleteMessage@data.type"} & set(rule)


def test_the_envelope_of_an_error(tenant) -> None:
    """exchange.md 1.7."""
    answer = tenant.service.invoke("Set-TransportRule", {"Identity": "No", "Comments": "x"}, tenant.caller)
    text = (
        "The operation couldn't be performed because object 'No' couldn't be found "
        "on 'SANDBOX01.PROD.OUTLOOK.COM'."
    )
    kind = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    assert answer.status == 404
    assert json.loads(answer.body) == {
        "error": {
            "code": "NotFound",
            "message": "Invalid Operation",
            "details": [{"code": "Client", "target": "", "message": f"Ex6F9304|{kind}|{text}"}],
            "innererror": {
                "message": "Error executing cmdlet",
                "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
                "internalexception": {"message": text, "type": kind},
            },
        }
    }


@pytest.mark.parametrize(
    ("caller", "cmdlet"), [(READER, "Remove-TransportRule"), (READER, "Get-Mailbox"), (None, "Get-Nonsense")]
)
def test_a_cmdlet_that_is_not_there_answers_403_with_nul_bytes(tenant, caller, cmdlet) -> None:
    """exchange.md 1.7, 1.8."""
    answer = tenant.service.invoke(cmdlet, {"Identity": "Rule"}, caller or tenant.caller)
    assert answer.status == 403
    assert set(answer.body) == {0}


def test_cmdlet_names_ignore_case(tenant) -> None:
    assert tenant.service.invoke("get-TRANSPORTRULE", {}, READER).status == 200


def test_the_answer_names_the_rule_behind_a_guid(tenant) -> None:
    guid = tenant.new()["Guid"]
    answer = tenant.service.invoke("Disable-TransportRule", {"Identity": guid}, tenant.caller)
    assert answer.target == "Rule"


def test_the_tenants_state_outlives_the_service(tenant) -> None:
    tenant.new()
    directory = SandboxDirectory(tenant.store)
    tenant.service = ExchangeService(tenant.store, directory, SandboxClock(tenant.store))
    assert tenant.names() == ["Rule"]


SAMPLES = {
    "string": "text", "boolean": True, "words": ["word"], "patterns": ["pattern"], "strings": ["192.0.2.1"],
    "senders": ["y@out.example"], "people": ["officer@ashbourne.example"],
    "anyone": ["officer@ashbourne.example"],
    "groups": ["distribution@ashbourne.example"], "copies": ["officer@ashbourne.example"],
    "moderators": ["officer@ashbourne.example"], "recipient": "officer@ashbourne.example", "size": "1 MB",
    "scl": 3, "status_code": "5.7.900", "instant": "2027-01-01T00:00:00Z",
}  # fmt: skip
PARTNERS = {
    "HeaderContainsMessageHeader": {"HeaderContainsWords": ["w"]},
    "HeaderMatchesMessageHeader": {"HeaderMatchesPatterns": ["p"]},
    "SetHeaderName": {"SetHeaderValue": "v"},
}
PARTNERS |= {f"ExceptIf{a}": {f"ExceptIf{k}": v for k, v in b.items()} for a, b in PARTNERS.items()}


@pytest.mark.parametrize("name", readable_after_set())
def test_every_parameter_of_set_is_read_back_changed(tenant, name) -> None:
    entry = properties()[name]
    value = SAMPLES.get(entry.kind.value)
    if entry.kind.value == "enumeration":
        value = next(v for v in entry.values if v != entry.default)
    elif entry.kind.value == "enumerations":
        value = [entry.values[0]]
    elif name == "Priority":
        value = 1
    second_half = {k: {a: "X-Test"} for a, b in PARTNERS.items() for k in b}
    before = tenant.new()
    tenant.new("Second", SubjectContainsWords=["x"])
    if before[name] == value:
        value = False
        tenant.changed(Quarantine=True)
    after = tenant.changed(**{name: value, **PARTNERS.get(name, {}), **second_half.get(name, {})})
    assert after[name] != before[name]
    assert after[name] is not None
