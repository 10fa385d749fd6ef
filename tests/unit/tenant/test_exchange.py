import asyncio

import pytest

from m365_restrict.errors import ErrorCode, ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.exchange import ReadCmdlet, WriteCmdlet
from m365_restrict.tenant.transport_rules import TransportRuleReader, TransportRuleWriter

_RULE = {"Guid": "g1", "Name": "n", "Priority": 0}
_NOT_FOUND = {
    "error": {
        "code": "NotFound",
        "message": "Invalid Operation",
        "details": [{"message": "Ex1|Microsoft.X.ManagementObjectNotFoundException|It couldn't be found."}],
    }
}


async def _read(tenant, cmdlet=ReadCmdlet.TRANSPORT_RULE, **options):
    async with tenant.exchange(**options) as (reader, _):
        return await reader.invoke(cmdlet)


async def _write(tenant, cmdlet=WriteCmdlet.SET, **options):
    async with tenant.exchange(**options) as (_, writer):
        return await writer.invoke(cmdlet, {"Identity": "g1"})


async def _list_rules(tenant, **options):
    async with tenant.exchange(**options) as (reader, _):
        return await TransportRuleReader(reader).list_rules()


def test_request_has_anchor_language_and_parameters(tenant, answer):
    tenant.script = [answer({"value": []})]
    asyncio.run(_read(tenant))
    sent = tenant.received[0]
    assert sent.path == "/adminapi/beta/11111111-1111-1111-1111-111111111111/InvokeCommand"
    assert sent.body == {"CmdletInput": {"CmdletName": "Get-TransportRule", "Parameters": {}}}
    assert sent.headers["x-anchormailbox"].startswith(
        "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@11"
    )
    assert sent.headers["accept-language"] == "en-US"
    assert sent.headers["client-request-id"]


def test_next_page_is_the_same_body_posted_again(tenant, answer):
    link = f"{tenant.base}/adminapi/beta/t/InvokeCommand?$skiptoken=2"
    tenant.script = [answer({"value": [_RULE], "@odata.nextLink": link}), answer({"value": [{"Guid": "g2"}]})]
    result = asyncio.run(_read(tenant))
    assert [rule["Guid"] for rule in result.values] == ["g1", "g2"]
    assert tenant.received[0].body == tenant.received[1].body
    assert tenant.received[1].method == "POST"


def test_warning_of_more_results_is_unknown_not_a_short_list(tenant, answer):
    warning = "There are more results available than are currently displayed."
    tenant.script = [answer({"value": [_RULE], "@adminapi.warnings": [warning]})]
    assert isinstance(asyncio.run(_list_rules(tenant)), Unknown)


@pytest.mark.parametrize("body", [{}, b"", b"[]", b"not json"])
def test_answer_without_values_is_unknown_not_empty(tenant, answer, body):
    tenant.script = [answer(body)]
    assert isinstance(asyncio.run(_list_rules(tenant)), Unknown)


def test_write_that_answers_nothing_is_a_success(tenant, answer):
    tenant.script = [answer(b"")]
    assert asyncio.run(_write(tenant)).values == ()


def test_nul_bytes_are_a_missing_permission(tenant, answer):
    tenant.script = [answer(b"\x00" * 64, status=403)]
    with pytest.raises(ServiceError) as failure:
        asyncio.run(_read(tenant))
    assert failure.value.code is ErrorCode.PERMISSION_MISSING
    assert "Get-TransportRule" in failure.value.message


def test_concurrency_refusal_in_plain_text_is_tried_again(tenant, answer):
    text = b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
    refusal = answer(text, status=400, headers=(("Retry-After", "0"),))
    tenant.script = [refusal, answer({"value": [_RULE]})]
    assert len(asyncio.run(_read(tenant)).values) == 1


@pytest.mark.parametrize("status", [408, 429, 503, 504])
def test_passing_fault_of_a_read_is_tried_again(tenant, answer, status):
    tenant.script = [answer(b"", status=status, headers=(("Retry-After", "0"),)), answer({"value": []})]
    assert asyncio.run(_read(tenant)).values == ()


def test_longer_wait_than_the_deadline_gives_up_at_once(tenant, answer):
    tenant.script = [answer(b"", status=429, headers=(("Retry-After", "3600"),))]
    with pytest.raises(ServiceError) as failure:
        asyncio.run(_read(tenant, deadline=5))
    assert (failure.value.status, len(tenant.received)) == (429, 1)


@pytest.mark.parametrize("failure", [{"status": 503}, {"status": 504}, {"drop": True}])
def test_new_is_not_repeated_after_a_failure_that_may_have_made_the_rule(tenant, answer, failure):
    tenant.script = [answer(b"", **failure), answer({"value": [_RULE]})]
    with pytest.raises(ServiceError):
        asyncio.run(_write(tenant, WriteCmdlet.NEW))
    assert len(tenant.received) == 1


def test_new_is_repeated_after_throttling_because_it_did_not_begin(tenant, answer):
    tenant.script = [answer(b"", status=429, headers=(("Retry-After", "0"),)), answer({"value": [_RULE]})]
    assert asyncio.run(_write(tenant, WriteCmdlet.NEW)).values == (_RULE,)


def test_set_is_repeated_after_a_lost_answer(tenant, answer):
    tenant.script = [answer(None, drop=True), answer(b"")]
    asyncio.run(_write(tenant))
    assert len(tenant.received) == 2


def test_error_type_and_text_come_from_the_details(tenant, answer):
    tenant.script = [answer(_NOT_FOUND, status=404)]
    with pytest.raises(ServiceError, match="It couldn't be found") as failure:
        asyncio.run(_write(tenant))
    assert failure.value.service_code == "ManagementObjectNotFoundException"


def test_removing_what_is_gone_succeeds(tenant, answer):
    async def remove():
        async with tenant.exchange() as (_, writer):
            await TransportRuleWriter(writer).remove("g1")

    tenant.script = [answer(_NOT_FOUND, status=404)]
    asyncio.run(remove())
    assert tenant.received[0].body["CmdletInput"]["Parameters"] == {"Identity": "g1", "Confirm": False}


def test_rules_come_in_the_order_of_priority(tenant, answer):
    tenant.script = [answer({"value": [{"Guid": "b", "Priority": 1}, {"Guid": "a", "Priority": 0}]})]
    assert [rule["Guid"] for rule in asyncio.run(_list_rules(tenant))] == ["a", "b"]


def test_reader_refuses_a_write_cmdlet_at_run_time_too(tenant, answer):
    tenant.script = [answer({"value": []})]
    with pytest.raises(ValueError, match="New-TransportRule"):
        asyncio.run(_read(tenant, "New-TransportRule"))
    assert tenant.received == []


def test_a_tenant_that_takes_no_outside_sender_is_said_plainly(tenant, answer):
    text = '|X.ManagementObjectNotFoundException|Couldn\'t find recipient "pat@post.example".'
    body = {"error": {"message": "Invalid Operation", "details": [{"message": text}]}}
    tenant.script = [answer(body, status=400)]

    async def create():
        async with tenant.exchange() as (_, writer):
            await TransportRuleWriter(writer).create({"Name": "n", "From": ["pat@post.example"]})

    with pytest.raises(ServiceError) as caught:
        asyncio.run(create())
    assert "RULES__SENDER_MATCH=patterns" in caught.value.message
    assert "pat@post.example" not in caught.value.message


def _find_rule(tenant, guid):
    async def _find():
        async with tenant.exchange(deadline=0.01) as (reader, _):
            return await TransportRuleReader(reader).find_rule(guid)

    return asyncio.run(_find())


@pytest.mark.parametrize(("guid", "found"), [("b", {"Guid": "b"}), ("c", None)])
def test_one_rule_is_looked_for_in_the_whole_list(tenant, answer, guid, found):
    """exchange.md 7.1 row 27: an unknown Identity answers with all rules."""
    tenant.script = [answer({"value": [{"Guid": "a"}, {"Guid": "b"}]})]
    assert _find_rule(tenant, guid) == found
    assert [one.body["CmdletInput"]["Parameters"] for one in tenant.received] == [{}]


def test_a_rule_that_cannot_be_asked_for_is_unknown(tenant, answer):
    tenant.script = [answer({"error": {"message": "No."}}, status=403)]
    assert isinstance(_find_rule(tenant, "b"), Unknown)
