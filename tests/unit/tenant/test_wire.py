"""Requests on the wire, against a server that says what each test has it say, byte for byte."""

import asyncio
import gzip
from asyncio.sslproto import SSLProtocol
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from m365_restrict.tenant.connection import build_http_client

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
ASKED = {"Accept": "application/json", "X-Own": "1, 2"}


@dataclass
class Server:
    """`answers` are sent in turn, the last one again and again; None ends the connection instead."""

    answers: list[bytes | None]
    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head.decode())
                told = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
                self.bodies.append(await reader.readexactly(int(told.get("content-length", "0"))))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is None:
                    break
                writer.write(answer)
                if answer.endswith(b"..."):  # The rest never comes.
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*answers: bytes | None):
    server = Server(list(answers))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


def asked(
    *answers: bytes | None, by: Callable[[httpx.AsyncClient, Server], Awaitable[object]]
) -> tuple[object, Server]:
    """What `by` returns or raises, and the server."""

    async def _run() -> tuple[object, Server]:
        async with serving(*answers) as server, build_http_client(ca_file=None, timeout_seconds=20) as http:
            try:
                return await by(http, server), server
            except httpx.HTTPError as error:
                return error, server

    return asyncio.run(_run())


def test_a_request_is_sent_as_it_was_made() -> None:
    target = "/v1.0/users/a%40b.example/mailFolders?$select=id&%24skiptoken=a%2Cb%20c"
    _, server = asked(EMPTY, by=lambda http, to: http.get(f"{to.base}{target}", headers=ASKED))
    first, *rest = server.heads[0].rstrip().split("\r\n")
    assert first == f"GET {target} HTTP/1.1"
    told = {line.split(": ", 1)[0].lower() for line in rest}
    assert told == {"host", "accept", "accept-encoding", "connection", "user-agent", "x-own"}
    assert "Accept: application/json" in rest
    assert "X-Own: 1, 2" in rest


@pytest.mark.parametrize("length", [0, 10, 2**20 + 1])
def test_a_body_arrives_whole(length: int) -> None:
    _, server = asked(EMPTY, by=lambda http, to: http.put(to.base, content=b"x" * length))
    assert server.bodies == [b"x" * length]


def test_an_answer_is_read_whole_and_decompressed() -> None:
    packed = gzip.compress(b'{"value": []}')
    head = (
        f"HTTP/1.1 207 Several\r\nContent-Encoding: gzip\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: {len(packed)}"
    )
    answer, _ = asked(f"{head}\r\n\r\n".encode() + packed, by=lambda http, to: http.get(to.base))
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, answer.reason_phrase, answer.http_version) == (207, "Several", "HTTP/1.1")
    assert answer.json() == {"value": []}
    assert answer.headers.get_list("x-a") == ["1", "2"]


def test_an_answer_in_chunks_is_put_together() -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    answer, _ = asked(chunks, by=lambda http, to: http.get(to.base))
    assert isinstance(answer, httpx.Response)
    assert answer.content == b"abc"


def test_a_long_challenge_is_read() -> None:
    long = "c" * 40_000
    head = f"HTTP/1.1 401 No\r\nWWW-Authenticate: {long}\r\nContent-Length: 0\r\n\r\n"
    answer, _ = asked(head.encode(), by=lambda http, to: http.get(to.base))
    assert isinstance(answer, httpx.Response)
    assert answer.headers["www-authenticate"] == long


def test_a_connection_serves_several_requests() -> None:
    async def _thrice(http: httpx.AsyncClient, to: Server) -> None:
        for _ in range(3):
            await http.get(to.base)

    _, server = asked(EMPTY, by=_thrice)
    assert (server.connections, len(server.heads)) == (1, 3)


def test_a_redirect_is_not_followed() -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    answer, server = asked(away, by=lambda http, to: http.get(to.base))
    assert isinstance(answer, httpx.Response)
    assert (answer.status_code, len(server.heads)) == (302, 1)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "PATCH"])
def test_what_is_lost_on_a_connection_that_was_used_before_is_not_sent_again(method: str) -> None:
    async def _twice(http: httpx.AsyncClient, to: Server) -> None:
        await http.get(to.base)
        await http.request(method, to.base, content=b"x")

    error, server = asked(EMPTY, None, EMPTY, by=_twice)
    assert isinstance(error, httpx.RemoteProtocolError)
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"SMTP ready\r\n\r\n...",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n...",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n900\r\n...",
    ],
    ids=["nothing", "no HTTP", "cut short", "a chunk cut short"],
)
def test_an_answer_that_is_none_is_an_error_of_the_protocol(answer: bytes | None) -> None:
    error, _ = asked(answer, by=lambda http, to: http.get(to.base))
    assert isinstance(error, httpx.RemoteProtocolError)
    assert error.request.method == "GET"


def test_where_nobody_listens_no_connection_is_made() -> None:
    async def _elsewhere(http: httpx.AsyncClient, _to: Server) -> object:
        async with serving(EMPTY) as other:
            base = other.base
        return await http.get(base)

    error, _ = asked(EMPTY, by=_elsewhere)
    assert isinstance(error, httpx.ConnectError)


def test_a_server_that_is_not_trusted_is_told_with_the_reason(tenant) -> None:
    error, _ = asked(EMPTY, by=lambda http, _to: http.get(tenant.base))
    assert isinstance(error, httpx.ConnectError)
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)


@pytest.mark.parametrize(("scheme", "kind"), [("http", httpx.ReadTimeout), ("https", httpx.ConnectTimeout)])
def test_one_who_never_answers_is_waited_for_no_longer_than_was_said(
    scheme: str, kind: type[httpx.TimeoutException]
) -> None:
    async def _silent(http: httpx.AsyncClient, _to: Server) -> object:
        taken: list[asyncio.StreamWriter] = []
        listening = await asyncio.start_server(lambda _, to: taken.append(to), "127.0.0.1", 0)
        try:
            port = listening.sockets[0].getsockname()[1]
            return await http.get(f"{scheme}://127.0.0.1:{port}/", timeout=0.2)
        finally:
            listening.close()
            for one in taken:
                one.close()
                await one.wait_closed()

    error, _ = asked(EMPTY, by=_silent)
    assert isinstance(error, kind)


def test_an_answer_longer_than_a_small_tls_buffer_is_read_whole(tenant, answer, monkeypatch) -> None:
    monkeypatch.setattr(SSLProtocol, "max_size", 65_536)
    tenant.script = [answer({"value": "x" * 1_000_000})]

    async def _read() -> int:
        async with build_http_client(ca_file=tenant.ca_file, timeout_seconds=20) as http:
            return len((await http.get(f"{tenant.base}/v1.0/long")).json()["value"])

    assert asyncio.run(_read()) == 1_000_000
