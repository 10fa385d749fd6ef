import asyncio
import gc
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from m365_restrict.tenant.connection import (
    build_http_client,
    retry_after_seconds,
    shown_path,
    trust_of,
)
from m365_restrict.tenant.exchange import ReadCmdlet


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("²", None),
        ("٣", None),
        ("Mon, 1 Jan 2026 00:00:00 +99999999999999", None),
    ],
)
def test_retry_after_in_seconds(header, seconds):
    assert retry_after_seconds(header) == seconds


def test_retry_after_as_a_date():
    header = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < retry_after_seconds(header) <= 3600


def test_retry_after_in_the_past_is_no_wait():
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_addresses_are_left_out_of_shown_paths():
    assert (
        shown_path("https://g.example/v1.0/users/a%40b.example/mailFolders?x=1")
        == "/v1.0/users/…/mailFolders"
    )


async def cancelled_in_the_handshake(hold: socket.socket) -> bytes:
    """Cancel a request once the server has its first bytes; what the server reads of it until its end."""
    loop = asyncio.get_running_loop()
    hold.setblocking(False)
    async with build_http_client(ca_file=None, timeout_seconds=30) as http:
        asked = asyncio.create_task(http.get(f"https://127.0.0.1:{hold.getsockname()[1]}/"))
        taken, _ = await loop.sock_accept(hold)
        with taken:
            read = await loop.sock_recv(taken, 65_536)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            return read[:1] + await asyncio.wait_for(loop.sock_recv(taken, 65_536), timeout=10)


def test_a_request_that_is_cancelled_in_the_handshake_leaves_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hold:
        handshake = 0x16
        assert asyncio.run(cancelled_in_the_handshake(hold)) == bytes([handshake])


def test_all_who_trust_the_same_share_what_was_read(tenant):
    assert trust_of(tenant.ca_file) is trust_of(tenant.ca_file)
    assert trust_of(None) is trust_of(None)
    assert trust_of(None) is not trust_of(tenant.ca_file)


def test_authorities_that_were_replaced_are_read_anew(tenant, tmp_path):
    file = tmp_path / "ca.pem"
    file.write_bytes(tenant.ca_file.read_bytes())
    before = trust_of(file)
    file.write_bytes(tenant.ca_file.read_bytes() * 2)
    assert trust_of(file) is not before


def test_authorities_that_the_environment_names_are_read(tenant, monkeypatch):
    before = trust_of(None)
    monkeypatch.setenv("SSL_CERT_FILE", str(tenant.ca_file))
    assert [one["notAfter"] for one in trust_of(None).get_ca_certs()] != [
        one["notAfter"] for one in before.get_ca_certs()
    ]


async def asked_through(proxy: socket.socket, url: str) -> bytes:
    """What a proxy gets to read of a request for `url`."""
    loop = asyncio.get_running_loop()
    proxy.setblocking(False)
    async with build_http_client(ca_file=None, timeout_seconds=30) as http:
        asked = asyncio.create_task(http.get(url))
        taken, _ = await loop.sock_accept(proxy)
        with taken:
            read = await loop.sock_recv(taken, 65_536)
            await loop.sock_sendall(taken, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert (await asked).status_code == 200
            return read


def test_a_proxy_that_the_environment_names_is_used(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        read = asyncio.run(asked_through(proxy, "http://graph.example/v1.0/me"))
    assert read.startswith(b"GET http://graph.example/v1.0/me HTTP/1.1")


async def alive_after_reading(tenant, answers: int) -> int:
    """How many answers still stand after so many were read, where nobody looks for rings of objects."""
    async with tenant.exchange() as (exchange, _), tenant.graph() as (graph, _):
        for _ in range(answers):
            await exchange.invoke(ReadCmdlet.TRANSPORT_RULE)
            await graph.get_json("/sites/one")
        return sum(isinstance(one, httpx.Response) for one in gc.get_objects())


def test_an_answer_goes_once_it_was_read(tenant, answer):
    tenant.script = [answer({"value": [{"Guid": "a"}]})]
    before = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(alive_after_reading(tenant, 20)) <= 4
    finally:
        if before:
            gc.enable()
