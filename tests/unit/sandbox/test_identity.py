import asyncio
import time

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from azure.identity.aio import CertificateCredential as AioCertificateCredential
from azure.identity.aio import ClientSecretCredential as AioClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient

from m365_restrict.sandbox.identity import EXCHANGE, GRAPH

SCOPE = f"{GRAPH}/.default"


def settings(sandbox, role="READER"):
    env = sandbox.env
    prefix = f"M365_RESTRICT_AUTH__{role}__"
    return {
        "tenant_id": env["M365_RESTRICT_AUTH__TENANT_ID"],
        "client_id": env[f"{prefix}CLIENT_ID"],
        "authority": env["M365_RESTRICT_AUTH__AUTHORITY"],
        "disable_instance_discovery": True,
        # What aiohttp trusts by default it reads once in a process, maybe before there was a sandbox.
        "connection_verify": env["SSL_CERT_FILE"],
    }, env[f"{prefix}CLIENT_SECRET"], env[f"{prefix}CERTIFICATE_PATH"]  # fmt: skip


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_a_sync_credential_logs_in(council, kind):
    common, secret, certificate = settings(council)
    with (
        ClientSecretCredential(client_secret=secret, **common)
        if kind == "secret"
        else CertificateCredential(certificate_path=certificate, **common)
    ) as credential:
        token = credential.get_token(SCOPE).token
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["appid"]) == (GRAPH, common["client_id"])


async def _typed_call(sandbox, credential):
    async with credential:
        provider = AzureIdentityAuthenticationProvider(
            credential, scopes=[SCOPE], allowed_hosts=["localhost"]
        )
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = sandbox.env["M365_RESTRICT_GRAPH__BASE_URL"]
        client = GraphServiceClient(request_adapter=adapter)
        user = await client.users.by_user_id("director@ashbourne.example").get()
        # The SDK's transport does not pass aclose on, so the one inside it is closed here.
        await adapter._http_client._transport.transport.aclose()
        return user


# msgraph-sdk warns of its own deprecated query classes when its builders are imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_an_aio_credential_makes_a_typed_call(council, kind):
    common, secret, certificate = settings(council)
    credential = (
        AioClientSecretCredential(client_secret=secret, **common)
        if kind == "secret"
        else AioCertificateCredential(certificate_path=certificate, **common)
    )
    user = asyncio.run(_typed_call(council, credential))
    assert user.display_name == "The Director"
    assert council.requests()[0]["app_id"] == common["client_id"]


def test_another_applications_certificate_is_refused(council):
    common, _, _ = settings(council)
    _, _, other = settings(council, "WRITER")
    with (
        CertificateCredential(certificate_path=other, **common) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS700027"),
    ):
        credential.get_token(SCOPE)


def test_a_wrong_secret_is_refused(council):
    common, _, _ = settings(council)
    with (
        ClientSecretCredential(client_secret="wrong", **common) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(SCOPE)


def test_another_tenant_is_refused(council):
    common, secret, _ = settings(council)
    url = f"{council.plain_base}/other.example/oauth2/v2.0/token"
    form = {"grant_type": "client_credentials", "client_id": common["client_id"], "client_secret": secret}
    answer = httpx.post(url, data={**form, "scope": SCOPE}, trust_env=False)
    assert answer.json()["error_codes"] == [90002]


def test_a_token_for_another_resource_is_not_issued(council):
    common, secret, _ = settings(council)
    url = f"{council.plain_base}/{common['tenant_id']}/oauth2/v2.0/token"
    form = {"grant_type": "client_credentials", "client_id": common["client_id"], "client_secret": secret}
    answer = httpx.post(url, data={**form, "scope": "https://vault.example/.default"}, trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_resource")


@pytest.mark.parametrize(
    ("role", "resource", "seconds", "why"),
    [
        ("reader", EXCHANGE, 3600, "audience"),
        ("reader", GRAPH, -600, "expired"),
    ],
)
def test_graph_refuses_tokens(council, role, resource, seconds, why):
    token = council.token(role, resource=resource, seconds=seconds)
    answer = council.graph("GET", "users", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert why in answer.json()["error"]["message"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer abc.def.ghi", "Basic eDp5"])
def test_graph_refuses_what_is_no_token(council, header):
    assert council.graph("GET", "users", headers={"Authorization": header}).status_code == 401


def test_a_token_signed_by_anyone_else_is_refused(council):
    claims = {
        "aud": GRAPH, "exp": int(time.time()) + 600, "tid": council.tenant.document["id"],
        "appid": council.authority.applications["reader"].client_id, "roles": ["User.Read.All"],
    }  # fmt: skip
    forged = jwt.encode(claims, "x" * 32, algorithm="HS256")
    assert council.graph("GET", "users", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_a_token_of_the_tenant_before_is_refused(council):
    before = council.token("reader")
    council.seed({"tenant": {"id": "11111111-2222-3333-4444-555555555555"}})
    answer = council.graph("GET", "users", headers={"Authorization": f"Bearer {before}"})
    assert answer.status_code == 401


RULES = "users/cllr.b@ashbourne.example/mailFolders/inbox/messageRules"


@pytest.mark.parametrize(
    ("role", "method", "path", "code"),
    [
        ("reader", "POST", RULES, "ErrorAccessDenied"),
        ("setup", "GET", RULES, "ErrorAccessDenied"),
        ("writer", "GET", "users", "Authorization_RequestDenied"),
        ("writer", "POST", "users/cllr.b@ashbourne.example/mailFolders", "ErrorAccessDenied"),
        (
            "reader", "PATCH", "sites/localhost:/sites/democracy:/lists/Restricted contacts/items/1/fields",
            "accessDenied",
        ),
    ],
)  # fmt: skip
def test_an_application_without_the_role_is_refused(council, role, method, path, code):
    answer = council.graph(method, path, role=role, json={"Title": "x"} if method != "GET" else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)


def test_the_reader_may_read_in_exchange(council):
    assert council.cmdlet("Get-AcceptedDomain", {}).status_code == 200


@pytest.mark.parametrize("cmdlet", ["New-TransportRule", "Set-TransportRule", "Get-Nonsense"])
def test_a_cmdlet_that_the_reader_may_not_run_is_blank(council, cmdlet):
    answer = council.cmdlet(cmdlet, {"Name": "x"})
    assert answer.status_code == 403
    assert set(answer.content) == {0}


def test_the_setup_application_has_no_exchange_role(council):
    assert council.cmdlet("Get-AcceptedDomain", {}, role="setup").status_code == 401


def test_exchange_refuses_a_graph_token(council):
    url = f"{council.plain_base}/adminapi/beta/{council.tenant.document['id']}/InvokeCommand"
    body = {"CmdletInput": {"CmdletName": "Get-AcceptedDomain", "Parameters": {}}}
    headers = {"Authorization": f"Bearer {council.token('reader')}"}
    assert httpx.post(url, json=body, headers=headers, trust_env=False).status_code == 401


def test_invoke_command_is_not_at_v1(council):
    url = f"{council.plain_base}/adminapi/v1.0/{council.tenant.document['id']}/InvokeCommand"
    assert httpx.post(url, json={}, trust_env=False).status_code == 405
