"""Tokens in place of a password: azure-identity asks a managed identity's endpoint on the loopback."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from m365_restrict.errors import ErrorCode, LedgerError
from m365_restrict.ledger.entra import SCOPE
from m365_restrict.ledger.ledger import open_ledger

TOKEN = "header.claims.signature"


class Endpoint(BaseHTTPRequestHandler):
    """Answers as a container's identity endpoint does."""

    asked: list[dict[str, str]]
    status = 200

    def do_GET(self):
        query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        type(self).asked.append(query)
        body = {"access_token": TOKEN, "expires_on": str(int(time.time()) + 3600), "resource": "r"}
        told = json.dumps(body if self.status == 200 else {"message": "no such identity"}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_words):
        """Says nothing."""


@pytest.fixture
def endpoint(monkeypatch):
    kind = type("Asked", (Endpoint,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    yield kind
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def url(postgres_cluster, postgres_url):
    """A database whose user's password is what a token would be."""
    name = postgres_url.rpartition("/")[2]
    for statement in (
        "DROP ROLE IF EXISTS identity",
        f"CREATE ROLE identity LOGIN PASSWORD '{TOKEN}'",
        f"ALTER DATABASE {name} OWNER TO identity",
    ):
        postgres_cluster.run(statement)
    yield f"postgresql://identity@127.0.0.1:{postgres_cluster.port}/{name}?auth=entra"
    postgres_cluster.run(f"ALTER DATABASE {name} OWNER TO ledger")


def test_the_token_of_a_managed_identity_is_the_password(endpoint, url):
    with open_ledger(f"{url}&client_id=abc") as ledger:
        ledger.prove_usable()
    assert {one["resource"] for one in endpoint.asked} == {SCOPE.removesuffix("/.default")}
    assert {one["client_id"] for one in endpoint.asked} == {"abc"}


def test_a_token_is_asked_for_once_for_several_connections(endpoint, url):
    with open_ledger(url) as ledger, ledger._database.reading(), ledger._database.reading():
        pass
    assert len(endpoint.asked) == 1


def test_without_a_token_the_ledger_says_why_and_what_to_do(endpoint, url):
    endpoint.status = 400
    with pytest.raises(LedgerError) as caught:
        open_ledger(url)
    assert caught.value.code is ErrorCode.LEDGER_REFUSED
    assert "LEDGER__CLIENT_ID" in caught.value.advice


@pytest.mark.parametrize("tenant", ["", "11111111-1111-1111-1111-111111111111"])
def test_a_pod_that_lacks_half_of_it_is_told_so(monkeypatch, tmp_path, tenant):
    """Without a tenant nobody can be asked; without the file there is nothing to show."""
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AZURE_TENANT_ID", tenant)
    with pytest.raises(LedgerError) as caught:
        open_ledger("postgresql://identity@127.0.0.1:1/none?auth=entra&client_id=abc")
    assert caught.value.code is ErrorCode.LEDGER_REFUSED
    assert "AZURE_TENANT_ID" in caught.value.advice
