"""Signing in with a token of somebody whom the application trusts, against the sandbox's token endpoint."""

import asyncio
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from m365_restrict.errors import ConfigurationError, ErrorCode, ExitCode, SignInError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.credentials import CredentialOptions, ReaderCredential
from m365_restrict.tenant.federation import AUDIENCE, TOKEN_FILE_VARIABLE, audience, presented, read_token

SCOPE = "https://graph.microsoft.com/.default"
CLUSTER = "https://oidc.cluster.ashbourne.example/11111111/"
SUBJECT = "system:serviceaccount:m365-restrict:m365-restrict"
IDENTITY = "aaaaaaaa-0000-0000-0000-000000000001"
ENTRA = "https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111/v2.0"
GRANTED = {"iss": CLUSTER, "sub": SUBJECT, "aud": [AUDIENCE]}


class Issuer:
    """A cluster, or Entra ID for a managed identity: a key, and tokens that it signs."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def keys(self):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def token(self, *, seconds=3600, key=None, **claims):
        now = int(time.time())
        told = GRANTED | {"iat": now, "exp": now + seconds} | claims
        return jwt.encode(told, key or self.key, algorithm="RS256", headers={"kid": "one"})


@pytest.fixture(scope="module")
def issuer():
    return Issuer()


@pytest.fixture
def trusting(sandbox, issuer):
    """A tenant whose reader trusts the cluster's service account and a managed identity."""
    federated = [
        {"issuer": CLUSTER, "subject": SUBJECT, "keys": issuer.keys},
        {"issuer": ENTRA, "subject": IDENTITY, "keys": issuer.keys},
    ]
    sandbox.seed({"tenant": {"applications": {"reader": {"federated_credentials": federated}}}})
    return sandbox


@pytest.fixture
def options(trusting, tmp_path):
    def made(**more):
        env = trusting.env
        usual = {
            "role": "reader",
            "tenant_id": env["M365_RESTRICT_AUTH__TENANT_ID"],
            "client_id": env["M365_RESTRICT_AUTH__READER__CLIENT_ID"],
            "authority": env["M365_RESTRICT_AUTH__AUTHORITY"],
            "ca_file": trusting.state / "ca.pem",
            "workload_identity": True,
            "token_file": tmp_path / "token",
        }
        return CredentialOptions(**usual | more)

    return made


def signed_in(options, *, times=1):
    """The claims of a token, of each of these requests that go past the cache."""

    async def asked():
        async with ReaderCredential(options) as credential:
            return [
                (await credential.get_token(SCOPE if number == 0 else EXCHANGE)).token
                for number in range(times)
            ]

    found = asyncio.run(asked())
    return [jwt.decode(one, options={"verify_signature": False}) for one in found]


EXCHANGE = "https://outlook.office365.com/.default"


def test_a_service_account_signs_in_without_a_key(options, issuer, tmp_path):
    (tmp_path / "token").write_text(issuer.token() + "\n")
    (claims,) = signed_in(options())
    assert claims["appid"] == options().client_id
    assert "Sites.Read.All" in claims["roles"]


def test_the_file_is_the_one_that_the_cluster_names(options, issuer, tmp_path, monkeypatch):
    monkeypatch.setenv(TOKEN_FILE_VARIABLE, str(tmp_path / "mounted"))
    (tmp_path / "mounted").write_text(issuer.token())
    (claims,) = signed_in(options(token_file=None))
    assert claims["appid"] == options().client_id


def test_the_file_is_read_anew_for_each_request_of_a_token(options, issuer, tmp_path):
    """The cluster replaces it; azure-identity's own credential would go on with the old one for a while."""
    file = tmp_path / "token"
    file.write_text(issuer.token())

    async def asked():
        async with ReaderCredential(options()) as credential:
            await credential.get_token(SCOPE)
            file.write_text(issuer.token(sub="system:serviceaccount:default:default"))
            await credential.get_token(EXCHANGE)

    with pytest.raises(SignInError, match="AADSTS700213"):
        asyncio.run(asked())


@pytest.mark.parametrize(
    ("token", "number"),
    [
        ({"iss": "https://oidc.cluster.ashbourne.example/22222222/"}, 700211),
        ({"iss": CLUSTER.rstrip("/")}, 700211),
        ({"sub": "system:serviceaccount:default:default"}, 700213),
        ({"sub": SUBJECT.replace("m365", "M365")}, 7002138),
        ({"aud": "https://kubernetes.default.svc"}, 700212),
        ({"seconds": -3600}, 700024),
        ({"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, 700027),
    ],
)
def test_what_the_application_does_not_trust_is_refused(options, issuer, tmp_path, token, number):
    (tmp_path / "token").write_text(issuer.token(**token))
    with pytest.raises(SignInError, match=f"AADSTS{number}: ") as failure:
        signed_in(options())
    assert failure.value.code is ErrorCode.SIGN_IN_FAILED
    assert "issuer, subject and audience" in failure.value.advice


def test_an_application_that_trusts_nobody_takes_no_such_token(options, issuer, trusting, tmp_path):
    (tmp_path / "token").write_text(issuer.token())
    writer = trusting.env["M365_RESTRICT_AUTH__WRITER__CLIENT_ID"]
    with pytest.raises(SignInError, match="AADSTS700211"):
        signed_in(options(client_id=writer))


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read"), ("", "empty"), (" \n", "empty")])
def test_a_file_without_a_token_is_named_and_said_plainly(options, tmp_path, content, why):
    if content is not None:
        (tmp_path / "token").write_text(content)
    with pytest.raises(SignInError, match=why) as failure:
        signed_in(options())
    assert str(tmp_path / "token") in failure.value.message
    assert failure.value.code is ErrorCode.WORKLOAD_TOKEN_UNUSABLE
    assert failure.value.exit_code is ExitCode.CONFIGURATION


def test_a_file_that_is_no_text_is_no_token(tmp_path):
    (tmp_path / "token").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SignInError, match="cannot be read"):
        read_token(tmp_path / "token")


def test_without_any_file_the_setting_is_named(options, monkeypatch):
    monkeypatch.delenv(TOKEN_FILE_VARIABLE, raising=False)
    with pytest.raises(ConfigurationError, match="AUTH__READER__TOKEN_FILE"):
        ReaderCredential(options(token_file=None))


@pytest.mark.parametrize(
    ("authority", "whom"),
    [
        ("https://login.microsoftonline.com", AUDIENCE),
        ("https://login.microsoftonline.us", f"{AUDIENCE}USGov"),
        ("https://login.partner.microsoftonline.cn", f"{AUDIENCE}China"),
        ("https://localhost:1", AUDIENCE),
    ],
)
def test_each_cloud_has_its_own_audience(authority, whom):
    assert audience(authority) == whom


class TestWhatATokenSays:
    def test_of_itself(self, issuer, tmp_path):
        (tmp_path / "token").write_text(issuer.token(exp=2_000_000_000))
        found = presented(tmp_path / "token")
        assert (found.issuer, found.subject, found.audiences) == (CLUSTER, SUBJECT, (AUDIENCE,))
        assert f"{found.ends_at:%Y-%m-%d}" == "2033-05-18"

    @pytest.mark.parametrize("content", ["", "no token", "a.b.c"])
    def test_nothing_that_can_be_read(self, tmp_path, content):
        (tmp_path / "token").write_text(content)
        assert isinstance(presented(tmp_path / "token"), Unknown)


class IdentityEndpoint(BaseHTTPRequestHandler):
    """Answers as a container's identity endpoint does."""

    asked: list[dict[str, str]]
    token = ""
    status = 200

    def do_GET(self):
        query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        type(self).asked.append(query)
        body = {"access_token": self.token, "expires_on": str(int(time.time()) + 86400)}
        body["resource"] = query["resource"]
        told = json.dumps(body if self.status == 200 else {"message": "no such identity"}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_words):
        """Says nothing."""


@pytest.fixture
def container(monkeypatch, issuer):
    """A container of Azure whose managed identity the application trusts."""
    token = issuer.token(iss=ENTRA, sub=IDENTITY, aud=AUDIENCE)
    kind = type("Asked", (IdentityEndpoint,), {"asked": [], "token": token})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    yield kind
    server.shutdown()
    server.server_close()
    thread.join()


class TestManagedIdentityThatIsTrusted:
    def test_its_token_stands_for_a_key(self, container, options):
        (claims,) = signed_in(options(workload_identity=False, trusted_identity="abc"))
        assert claims["appid"] == options().client_id
        assert [(one["resource"], one["client_id"]) for one in container.asked] == [(AUDIENCE, "abc")]

    def test_it_is_asked_once_for_several_tokens(self, container, options):
        found = signed_in(options(workload_identity=False, trusted_identity="abc"), times=2)
        assert [one["aud"] for one in found] == [
            "https://graph.microsoft.com",
            "https://outlook.office365.com",
        ]
        assert len(container.asked) == 1

    def test_another_identity_is_refused(self, container, options, issuer):
        container.token = issuer.token(iss=ENTRA, sub=IDENTITY.replace("1", "2"), aud=AUDIENCE)
        with pytest.raises(SignInError, match="AADSTS700213"):
            signed_in(options(workload_identity=False, trusted_identity="abc"))

    def test_an_identity_that_is_not_assigned_is_said(self, container, options):
        container.status = 400
        with pytest.raises(SignInError) as failure:
            signed_in(options(workload_identity=False, trusted_identity="abc"))
        assert "assigned to this computer" in failure.value.advice
