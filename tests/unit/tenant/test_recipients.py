"""Many recipients are asked about together; what that does not tell is asked one by one."""

import asyncio

import pytest

from m365_restrict.register.recipient import Recipient, Unresolved
from m365_restrict.tenant.directory import DirectoryReader

MANY = [f"cllr.{number}@ash.example" for number in range(25)]


@pytest.fixture
def resolve(tenant):
    def _resolve(*addresses):
        async def _asked():
            async with tenant.graph() as (graph, _), tenant.exchange(deadline=0.01) as (exchange, _):
                return await DirectoryReader(graph, exchange).resolve(addresses)

        return asyncio.run(_asked())

    return _resolve


def entry(address):
    return {
        "RecipientTypeDetails": "UserMailbox",
        "PrimarySmtpAddress": address,
        "EmailAddresses": [f"SMTP:{address}"],
    }


def asked(tenant):
    bodies = [one.body for one in tenant.received if isinstance(one.body, dict)]
    return [body["CmdletInput"]["Parameters"] for body in bodies if "CmdletInput" in body]


def test_many_are_asked_about_in_filters(tenant, answer, resolve):
    tenant.script = [answer({"value": [entry(address) for address in MANY]})]
    found = resolve(*MANY)
    assert [one.address for one in found.values() if isinstance(one, Recipient)] == MANY
    assert sorted(one["Filter"].count(" -or ") for one in asked(tenant)) == [4, 19]


def test_a_few_are_asked_about_each_by_itself(tenant, answer, resolve):
    tenant.script = [answer({"value": [entry(MANY[0])]})]
    resolve(*MANY[:3])
    assert sorted(one["Identity"] for one in asked(tenant)) == MANY[:3]


@pytest.mark.parametrize("body", [{"value": []}, {"value": [entry(MANY[0]), entry(MANY[0])]}])
def test_who_is_not_in_the_answer_once_is_asked_about_alone(tenant, answer, resolve, body):
    tenant.script = [answer(body), answer({"value": [entry(MANY[0])]})]
    resolve(*MANY[:9])
    assert sorted(one["Identity"] for one in asked(tenant) if "Identity" in one) == MANY[:9]


def test_a_tenant_that_takes_no_filter_is_asked_about_each(tenant, answer, resolve):
    tenant.script = [answer({"error": {"message": "No filter."}}, status=400)]
    found = resolve(*MANY[:9])
    assert all(isinstance(one, Unresolved) and not one.absent for one in found.values())
    assert sorted(one["Identity"] for one in asked(tenant) if "Identity" in one) == MANY[:9]
