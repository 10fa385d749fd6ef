import smtplib
import socket
import threading

import pytest

from m365_restrict.sandbox.smtp import SmtpServer


class Letterbox:
    """Keeps what was handed over."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str, list[str]]] = []

    def deliver(self, raw, envelope_from, recipients):
        self.taken.append((raw, envelope_from, list(recipients)))
        return {"copies": []}


@pytest.fixture
def letterbox():
    return Letterbox()


@pytest.fixture
def server(letterbox):
    server = SmtpServer(letterbox, 0)
    server.start()
    yield server
    server.stop()


def has_loopback_6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", pytest.param("::1", marks=pytest.mark.skipif(not has_loopback_6(), reason="no ::1 here"))],
)
def test_a_message_is_handed_over_with_its_envelope(server, letterbox, host) -> None:
    with smtplib.SMTP(host, server.port) as client:
        client.sendmail(
            "x@mail.example", ["a@ashbourne.example", "b@ashbourne.example"], b"Subject: Bins\r\n\r\nText\r\n"
        )
    ((raw, sender, recipients),) = letterbox.taken
    assert (raw[:15], sender, recipients) == (
        b"Subject: Bins\r\n",
        "x@mail.example",
        ["a@ashbourne.example", "b@ashbourne.example"],
    )


def test_a_bounce_has_an_empty_sender(server, letterbox) -> None:
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.sendmail("", ["a@ashbourne.example"], b"Subject: x\r\n\r\n")
    assert letterbox.taken[0][1] == ""


def test_bytes_outside_ascii_come_through(server, letterbox) -> None:
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.sendmail("x@mail.example", ["a@ashbourne.example"], "Subject: Café\r\n\r\n".encode())
    assert "Café".encode() in letterbox.taken[0][0]


def test_messages_at_once_are_all_taken(server, letterbox) -> None:
    def send() -> None:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.sendmail("x@mail.example", ["a@ashbourne.example"], b"Subject: x\r\n\r\n")

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(letterbox.taken) == 8


def test_once_stopped_nothing_listens_even_with_a_client_still_connected(letterbox) -> None:
    server = SmtpServer(letterbox, 0)
    server.start()
    port = server.port
    with socket.create_connection(("127.0.0.1", port)):
        server.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


def test_a_taken_port_is_an_error(server, letterbox) -> None:
    with pytest.raises(OSError, match="in use"):
        SmtpServer(letterbox, server.port).start()


def test_stopping_what_was_not_started_is_no_error(letterbox) -> None:
    SmtpServer(letterbox, 0).stop()
