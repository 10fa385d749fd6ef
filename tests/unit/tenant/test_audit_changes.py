"""Records of changed rules come in shapes that are partly inferred: what cannot be read is left out."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from m365_restrict.evidence.values import decode, encode
from m365_restrict.ledger.evidence_bodies import canonical
from m365_restrict.outcome import Unknown
from m365_restrict.plan.attribution import SoughtRule
from m365_restrict.plan.beside import ActorKind
from m365_restrict.plan.change import RuleKind
from m365_restrict.tenant.audit_changes import NOT_YET, RuleAuditReader, RulesSought
from m365_restrict.tenant.audit_queries import QueryState
from m365_restrict.tenant.shared_wait import SharedWait

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADMIN, HOLDER = "admin@ash.example", "cllr.a@ash.example"
COUNCIL, ELSEWHERE = "11111111-aaaa", "22222222-bbbb"
RULE = SoughtRule(kind=RuleKind.TRANSPORT_RULE, names=frozenset({"rc-1 redirect", "4f0c-guid"}))
CHOICE = SoughtRule(kind=RuleKind.INBOX_RULE, names=frozenset({"pat"}), mailbox=HOLDER, is_choice=True)
OWNER = {"id": "OID-A", "userPrincipalName": "Cllr.A@ash.example", "mail": None}


def record(**data):
    plain = {
        "Operation": "Set-TransportRule",
        "ObjectId": "RC-1 Redirect",
        "UserId": "Admin@ash.example",
        "UserType": 2,
        "ResultStatus": "True",
        "ClientIP": "192.0.2.10:4711",
        "Parameters": [{"Name": "Identity", "Value": "4F0C-guid"}, {"Name": "Mode", "Value": "Audit"}],
    }
    told = {name: value for name, value in {**plain, **data}.items() if value is not ...}
    return {"createdDateTime": "2026-11-23T11:00:00Z", "auditData": told}


def of_choice(**data):
    return record(
        **{"Operation": "Remove-InboxRule", "ObjectId": f"{HOLDER}\\Pat", "MailboxOwnerUPN": HOLDER, **data}
    )


def ask(tenant, work, *script, seconds=30):
    async def _ask():
        tenant.script = list(script)
        async with tenant.graph() as (reader, _):
            return await work(RuleAuditReader(reader, SharedWait(seconds)))

    return asyncio.run(_ask())


def read(tenant, answer, *records, rules=(RULE,), after=(), own=frozenset({"app-writer"}), seconds=30):
    sought = RulesSought(rules=rules, own_applications=own)
    script = (answer({"value": list(records)}), *(answer(one) for one in after))
    return ask(tenant, lambda log: log.records("q", sought), *script, seconds=seconds)


def test_a_record_tells_rule_time_parameters_account_and_address(tenant, answer):
    (found,) = read(tenant, answer, record())
    assert {"rc-1 redirect", "4f0c-guid"} <= found.names
    assert (found.kind, found.operation) == (RuleKind.TRANSPORT_RULE, "set-transportrule")
    assert (found.at, found.parameters) == (NOW.replace(hour=11), {"identity", "mode"})
    assert (found.actor, found.from_where, found.by_holder) == ("Admin@ash.example", "192.0.2.10", False)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({}, ActorKind.PERSON),
        ({"UserType": "Regular"}, ActorKind.PERSON),
        ({"UserType": 5}, ActorKind.APPLICATION),
        ({"UserType": "ServicePrincipal"}, ActorKind.APPLICATION),
        ({"UserType": 9}, ActorKind.PARTNER),
        ({"OrganizationId": COUNCIL, "TokenTenantId": ELSEWHERE}, ActorKind.PARTNER),
        ({"OrganizationId": COUNCIL, "TokenTenantId": COUNCIL.upper()}, ActorKind.PERSON),
        ({"TokenTenantId": ELSEWHERE}, ActorKind.PERSON),
        ({"ExternalAccess": True}, ActorKind.PARTNER),
        ({"ExternalAccess": "False"}, ActorKind.PERSON),
        ({"ExternalAccess": True, "UserType": "DcAdmin"}, ActorKind.SERVICE),
        ({"UserId": "NT AUTHORITY\\SYSTEM (w3wp)"}, ActorKind.SERVICE),
        ({"AppAccessContext": {"ClientAppId": "APP-WRITER"}}, ActorKind.THIS_TOOL),
        ({"AppId": "app-writer", "UserType": 5}, ActorKind.THIS_TOOL),
        ({"UserId": "ServicePrincipal_app-writer", "TokenTenantId": ELSEWHERE}, ActorKind.THIS_TOOL),
        ({"AppAccessContext": {"ClientAppId": "another"}}, ActorKind.PERSON),
    ],
)
def test_what_kind_of_account_it_was(tenant, answer, data, kind):
    (found,) = read(tenant, answer, record(**data))
    assert found.actor_kind is kind


def test_without_an_application_of_its_own_nothing_is_the_tools(tenant, answer):
    data = {"UserType": 5, "AppId": "", "AppAccessContext": {"ClientAppId": ""}}
    (found,) = read(tenant, answer, record(**data), own=frozenset({""}))
    assert found.actor_kind is ActorKind.APPLICATION


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("192.0.2.10-4711", "192.0.2.10"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("<script>", ""),
        ("", ""),
        (None, ""),
        (["192.0.2.10"], ""),
    ],
)
def test_the_network_address_without_its_port(tenant, answer, told, address):
    (found,) = read(tenant, answer, record(ClientIP=told))
    assert found.from_where == address


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"ObjectId": "", "Parameters": [{"Name": "Name", "Value": "RC-1 Redirect"}]}, True),
        ({"ObjectId": "ash.example\\RC-1 Redirect", "Parameters": None}, True),
        ({"ObjectId": None, "ModifiedObjectResolvedName": "RC-1 Redirect", "Parameters": []}, True),
        ({"ObjectId": "RC-2 Redirect", "Parameters": []}, False),
        ({"ObjectId": "Pat", "Parameters": [], "Operation": "Set-InboxRule"}, False),
        ({"ResultStatus": "False"}, False),
        ({"ResultStatus": "Failed"}, False),
        ({"ResultStatus": None}, True),
    ],
)
def test_only_successful_changes_of_rules_that_are_asked_about_are_kept(tenant, answer, data, kept):
    assert bool(read(tenant, answer, record(**data))) is kept


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("Disable-TransportRule", {"identity", "state", "enabled"}),
        ("Enable-TransportRule", {"identity", "state", "enabled"}),
        ("Set-TransportRule", {"identity"}),
    ],
)
def test_switching_a_rule_touches_its_state(tenant, answer, operation, parameters):
    named = [{"Name": "Identity", "Value": "4f0c-guid"}]
    (found,) = read(tenant, answer, record(Operation=operation, Parameters=named))
    assert found.parameters == parameters


HOSTILE = {
    "no object": "text",
    "null": None,
    "empty": {},
    "null data": {**record(), "auditData": None},
    "data as text": {**record(), "auditData": json.dumps(record()["auditData"])},
    "data as list": {**record(), "auditData": [record()["auditData"]]},
    "no time": {**record(), "createdDateTime": None},
    "time as object": {**record(), "createdDateTime": {"at": 1}},
    "time as word": {**record(), "createdDateTime": "soon"},
    "time as number": {**record(), "createdDateTime": 1.5e300},
}


@pytest.mark.parametrize("broken", HOSTILE.values(), ids=HOSTILE)
def test_a_record_that_cannot_be_read_is_left_out_and_the_others_are_not(tenant, answer, broken):
    assert [one.actor for one in read(tenant, answer, broken, record())] == ["Admin@ash.example"]


ODD = {
    "no account": {"UserId": ..., "UserType": ..., "ClientIP": ...},
    "account as list": {"UserId": ["x"], "UserType": ["2"], "UserKey": {}},
    "parameters as text": {"Parameters": "Identity"},
    "parameters of texts": {"Parameters": ["Identity", None, 7]},
    "parameters without names": {"Parameters": [{}, {"Name": None}, {"Value": ["x"]}]},
    "context as text": {"AppAccessContext": "app-writer"},
    "half a pair": {"UserId": "half \ud800", "Parameters": [{"Name": "\udfff", "Value": "\ud83d"}]},
    "a whole pair": {"UserId": "whole \U0001f600"},
    "very long": {"UserId": "a" * 100_000},
    "operation as list": {"Operation": ["Set-TransportRule"]},
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_what_an_odd_record_tells_can_be_kept_and_read_again(tenant, answer, data):
    (found,) = read(tenant, answer, record(**data))
    kept = canonical(encode(found)).encode()
    assert decode(json.loads(kept)) == found


def test_what_a_person_reads_of_an_error_has_neither_the_request_nor_the_services_words(tenant, answer):
    error = {"error": {"code": "bad \udc00", "message": "half \ud800"}}
    found = ask(tenant, lambda log: log.state("q"), answer(error, status=400))
    assert isinstance(found, Unknown)
    assert found.reason == "Graph answered with HTTP 400"


def test_records_come_oldest_first(tenant, answer):
    later = {**record(UserId="later"), "createdDateTime": "2026-11-23T11:30:00"}
    assert [one.actor for one in read(tenant, answer, later, record())] == ["Admin@ash.example", "later"]


@pytest.mark.parametrize("known_as", [{"UserId": "Cllr.A@ash.example"}, {"TokenObjectId": "oid-a"}])
def test_of_an_owner_who_changed_a_choice_nothing_is_kept_but_that(tenant, answer, known_as):
    (found,) = read(tenant, answer, of_choice(**known_as), rules=(CHOICE,), after=[OWNER])
    assert (found.by_holder, found.actor, found.from_where) == (True, "", "")


@pytest.mark.parametrize(
    ("data", "is_administrator"),
    [({"UserType": 2}, True), ({"UserType": 0}, False), ({"UserType": 5}, True), ({"UserType": None}, False)],
)
def test_whether_another_who_changed_a_choice_is_an_administrator(tenant, answer, data, is_administrator):
    (found,) = read(tenant, answer, of_choice(UserId=ADMIN, **data), rules=(CHOICE,), after=[OWNER])
    assert (found.by_holder, found.actor, found.is_administrator) == (False, ADMIN, is_administrator)


@pytest.mark.parametrize("data", [{}, {"UserId": HOLDER}])
def test_where_the_owner_is_not_known_nobody_is_accused(tenant, answer, data):
    script = [answer({"value": [of_choice(**data)]}), answer({"error": {}}, status=404)]
    sought = RulesSought(rules=(CHOICE,))
    assert ask(tenant, lambda log: log.records("q", sought), *script) == ()


@pytest.mark.parametrize(
    ("work", "found"),
    [
        (lambda log: log.ask([RuleKind.INBOX_RULE], since=NOW, until=NOW), NOT_YET),
        (lambda log: log.state_in_time("q"), QueryState.WAITING),
        (lambda log: log.records("q", RulesSought(rules=(RULE,))), NOT_YET),
    ],
)
def test_what_is_not_there_in_time_is_left_to_a_later_run(tenant, answer, work, found):
    assert ask(tenant, work, answer({"id": "q", "status": "succeeded", "value": []}), seconds=0) == found


def test_a_query_is_looked_at_until_it_has_ended(tenant, answer):
    script = [answer({"status": "running"}), answer({"status": None}), answer({"status": "succeeded"})]
    assert ask(tenant, lambda log: log.state_in_time("q"), *script) is QueryState.READY
    assert len(tenant.received) == 3


@pytest.mark.parametrize(
    ("kinds", "asked"),
    [([RuleKind.TRANSPORT_RULE], {"TransportRule"}), (list(RuleKind), {"TransportRule", "InboxRule"})],
)
def test_only_operations_on_rules_of_these_kinds_are_asked_for(tenant, answer, kinds, asked):
    work = lambda log: log.ask(kinds, since=NOW, until=NOW)  # noqa: E731
    assert ask(tenant, work, answer({"id": "q-1"})) == "q-1"
    (sent,) = tenant.received
    named = set(sent.body["operationFilters"]) - {"UpdateInboxRules"}
    assert {one.partition("-")[2] for one in named} == asked
    assert ("UpdateInboxRules" in sent.body["operationFilters"]) is ("InboxRule" in asked)


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": ""}])
def test_a_question_that_got_no_id_is_unknown(tenant, answer, body):
    work = lambda log: log.ask([RuleKind.INBOX_RULE], since=NOW, until=NOW)  # noqa: E731
    assert isinstance(ask(tenant, work, answer(body)), Unknown)
