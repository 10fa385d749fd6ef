"""A token that is revoked while a run works: a new one is asked for, once (exchange.md 1.8)."""

import asyncio
import base64

import pytest

from m365_restrict.errors import ErrorCode, ServiceError
from m365_restrict.tenant.exchange import ReadCmdlet, WriteCmdlet
from m365_restrict.tenant.exchange_errors import challenged_claims

CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1"}}}'
ENCODED = base64.b64encode(CLAIMS.encode()).decode()


@pytest.mark.parametrize(
    ("status", "challenge", "claims"),
    [
        (401, f'Bearer realm="", error="insufficient_claims", claims="{ENCODED}"', CLAIMS),
        (401, f'Bearer claims="{ENCODED.rstrip("=")}"', CLAIMS),
        (401, 'Bearer error="invalid_token"', ""),
        (401, 'Bearer claims="%%%"', ""),
        (401, None, ""),
        (403, f'Bearer claims="{ENCODED}"', ""),
    ],
)
def test_claims_are_read_from_a_challenge_alone(status, challenge, claims):
    assert challenged_claims(status, challenge) == claims


def _challenge(answer):
    header = ("WWW-Authenticate", f'Bearer error="insufficient_claims", claims="{ENCODED}"')
    return answer({"error": {"code": "Unauthorized", "message": "x"}}, status=401, headers=(header,))


@pytest.mark.parametrize("cmdlet", [WriteCmdlet.NEW, WriteCmdlet.SET])
def test_a_challenged_cmdlet_goes_once_more_with_the_claims(tenant, answer, cmdlet):
    tenant.script = [_challenge(answer), answer({"value": [{"Guid": "g1"}]})]

    async def write():
        async with tenant.exchange() as (_, writer):
            return await writer.invoke(cmdlet, {"Name": "n"})

    assert len(asyncio.run(write()).values) == 1
    assert len(tenant.received) == 2
    assert '"nbf": {"essential": true, "value": "1"}' in tenant.claims[-1]


def test_a_second_challenge_ends_it(tenant, answer):
    tenant.script = [_challenge(answer)]

    async def read():
        async with tenant.exchange() as (reader, _):
            await reader.invoke(ReadCmdlet.TRANSPORT_RULE)

    with pytest.raises(ServiceError) as caught:
        asyncio.run(read())
    assert (caught.value.code, len(tenant.received)) == (ErrorCode.PERMISSION_MISSING, 2)


def test_a_challenged_request_of_graph_goes_once_more(tenant, answer):
    tenant.script = [_challenge(answer), answer({"id": "r1"}, status=201)]

    async def write():
        async with tenant.graph() as (_, writer):
            return await writer.post("/rules", {"displayName": "x"})

    assert asyncio.run(write()) == {"id": "r1"}
    assert [one.body for one in tenant.received] == [{"displayName": "x"}] * 2
