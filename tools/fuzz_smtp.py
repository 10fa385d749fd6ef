"""Hands fuzzed messages to the sandbox's SMTP front, byte for byte, as no mail library would send them."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fuzz_delivery import Tried
from fuzz_messages import FuzzedMessage

from m365_restrict.sandbox.delivery import Delivery
from m365_restrict.sandbox.smtp import SmtpServer

_OK, _GO_ON = "250", "354"
_WAIT = 30.0


class SmtpBench:
    """A conversation for every message. What is answered with 250 must have been delivered, once."""

    def __init__(self, delivery: Delivery, port: int) -> None:
        """Talk to the server on that port, and look for messages in `delivery`."""
        self._delivery = delivery
        self._port = port

    def try_message(self, fuzzed: FuzzedMessage) -> Tried:
        """Send one message."""
        before = len(self._delivery.traces())
        answer = self._send(fuzzed)
        kept = len(self._delivery.traces()) - before
        taken = answer.startswith(_OK)
        failures = [] if kept == int(taken) else [f"SMTP said {answer!r} and {kept} messages were delivered"]
        if not taken and answer[:1] not in {"4", "5"}:
            failures.append(f"SMTP refused without a code: {answer!r}")
        return Tried(("SMTP accepted" if taken else "SMTP refused",), tuple(failures))

    def _send(self, fuzzed: FuzzedMessage) -> str:
        """The answer that ended the message: to its data, or to the command that was refused."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=_WAIT) as connection:
            lines = connection.makefile("rb")
            _answer(lines.readline)
            commands = [b"EHLO fuzz.example", b"MAIL FROM:<%s> SMTPUTF8" % _octets(fuzzed.envelope_from)]
            commands += [b"RCPT TO:<%s>" % _octets(one) for one in fuzzed.recipients] + [b"DATA"]
            for command in commands:
                connection.sendall(command + b"\r\n")
                said = _answer(lines.readline)
                if said[:3] not in {_OK, _GO_ON} and not command.startswith(b"RCPT"):
                    return said
            body = fuzzed.raw.replace(b"\n.", b"\n..")
            body = b"." + body if body.startswith(b".") else body
            connection.sendall(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            return _answer(lines.readline)


@contextmanager
def smtp_bench(delivery: Delivery) -> Iterator[SmtpBench]:
    """A server on a free port for as long as the block lasts."""
    server = SmtpServer(delivery)
    server.start()
    try:
        yield SmtpBench(delivery, server.port)
    finally:
        server.stop()


def _answer(readline: Callable[[], bytes]) -> str:
    """The last line of an answer; "" where the other side has left."""
    while True:
        line = readline().decode("utf-8", "replace").rstrip("\r\n")
        if line[3:4] != "-":
            return line


def _octets(address: str) -> bytes:
    return address.strip("<>").encode("utf-8", "replace").replace(b"\r", b"").replace(b"\n", b"")
