import asyncio
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from m365_restrict.tenant.connection import build_http_client, retry_after_seconds, shown_path


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
