"""A TLS service on loopback that answers as a test scripts it, for answers that the sandbox never gives.

It issues tokens to azure-identity's real client-secret flow; everything else comes from the script.
"""

import json
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import trustme

from m365_restrict.tenant.credentials import CredentialOptions, ReaderCredential, WriterCredential
from m365_restrict.tenant.exchange import ExchangeOptions, ExchangeReader, ExchangeWriter
from m365_restrict.tenant.graph import GraphOptions, GraphReader, GraphWriter
from m365_restrict.tenant.in_flight import InFlight


@dataclass(frozen=True)
class Answer:
    """One scripted answer; a dict body is sent as JSON. `drop` closes the connection instead."""

    body: object = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    drop: bool = False

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: object


@dataclass
class Tenant:
    """The scripted service: answers in order, the last one again and again; and what it was asked."""

    base: str
    ca_file: Path
    script: list[Answer] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    token_status: int = 200
    claims: list[str] = field(default_factory=list)
    """The claims that each token was asked for with."""

    def credential(self, role: str) -> CredentialOptions:
        return CredentialOptions(
            role=role,
            tenant_id="11111111-1111-1111-1111-111111111111",
            client_id=f"app-{role}",
            authority=self.base,
            ca_file=self.ca_file,
            client_secret="not-a-secret",
        )

    def next_answer(self) -> Answer:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    @asynccontextmanager
    async def graph(self, *, retries: int = 1) -> AsyncIterator[tuple[GraphReader, GraphWriter]]:
        options = GraphOptions(
            base_url=f"{self.base}/v1.0", scope="https://graph.example/.default", retries=retries
        )
        async with self._credentials() as (reader, writer, stack):
            opened = {"ca_file": self.ca_file, "in_flight": InFlight(4)}
            clients = (GraphReader(options, reader, **opened), GraphWriter(options, writer, **opened))
            for client in clients:
                stack.push_async_callback(client.close)
            yield clients

    @asynccontextmanager
    async def exchange(self, *, deadline: float = 30) -> AsyncIterator[tuple[ExchangeReader, ExchangeWriter]]:
        options = ExchangeOptions(
            base_url=self.base,
            scope="https://outlook.example/.default",
            tenant_id="11111111-1111-1111-1111-111111111111",
            deadline_seconds=deadline,
        )
        async with self._credentials() as (reader, writer, stack):
            opened = {"ca_file": self.ca_file, "in_flight": InFlight(4)}
            clients = (ExchangeReader(options, reader, **opened), ExchangeWriter(options, writer, **opened))
            for client in clients:
                stack.push_async_callback(client.close)
            yield clients

    @asynccontextmanager
    async def _credentials(self) -> AsyncIterator[tuple[ReaderCredential, WriterCredential, AsyncExitStack]]:
        async with AsyncExitStack() as stack:
            reader = ReaderCredential(self.credential("reader"))
            stack.push_async_callback(reader.close)
            writer = WriterCredential(self.credential("writer"))
            stack.push_async_callback(writer.close)
            yield reader, writer, stack


def _handler(tenant: Tenant) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.endswith("/oauth2/v2.0/token"):
                tenant.claims += parse_qs(raw.decode()).get("claims", [""])
                self._send(self._token(), ())
                return
            body = json.loads(raw) if raw else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            tenant.received.append(Received(self.command, self.path, headers, body))
            answer = tenant.next_answer()
            if answer.drop:
                self.close_connection = True
                return
            self._send((answer.status, answer.raw()), answer.headers)

        def _token(self) -> tuple[int, bytes]:
            if tenant.token_status != 200:
                return (
                    tenant.token_status,
                    b'{"error":"invalid_client","error_description":"AADSTS7000215: no"}',
                )
            return 200, b'{"access_token":"opaque","expires_in":3600,"token_type":"Bearer"}'

        def _send(self, answer: tuple[int, bytes], headers: tuple[tuple[str, str], ...]) -> None:
            self.send_response(answer[0])
            for name, value in (("Content-Type", "application/json"), *headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 (http.server's names)

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    return Handler


@pytest.fixture(scope="session")
def _scripted_tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    authority = trustme.CA()
    ca_file = tmp_path_factory.mktemp("scripted") / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    tenant = Tenant("", ca_file)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tenant))
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    tenant.base = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield tenant
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tenant(_scripted_tenant: Tenant) -> Tenant:
    _scripted_tenant.script = []
    _scripted_tenant.received = []
    _scripted_tenant.token_status = 200
    _scripted_tenant.claims = []
    return _scripted_tenant


@pytest.fixture
def answer() -> type[Answer]:
    return Answer
