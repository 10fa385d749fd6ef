import asyncio
import socket
import threading

import dns.message
import dns.rcode
import dns.rrset
import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.tenant.mail_exchangers import dns_resolver


@pytest.fixture
def name_server():
    """A name server on loopback that knows one domain; its address and port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))

    def _serve():
        while True:
            wire, client = listening.recvfrom(4096)
            if not wire:
                return
            asked = dns.message.from_wire(wire)
            answer = dns.message.make_response(asked)
            name = asked.question[0].name
            if name.to_text() == "ash.example.":
                records = ["20 second.example.", "10 First.example."]
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "MX", *records))
            elif name.to_text() == "broken.example.":
                answer.set_rcode(dns.rcode.SERVFAIL)
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            listening.sendto(answer.to_wire(), client)

    serving = threading.Thread(target=_serve, daemon=True)
    serving.start()
    host, port = listening.getsockname()
    yield f"{host}:{port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b"", (host, port))
    serving.join()
    listening.close()


@pytest.mark.parametrize(
    ("domain", "hosts"),
    [("ash.example", ("first.example", "second.example")), ("nowhere.example", ())],
)
def test_hosts_come_best_first_and_a_domain_without_any_has_none(name_server, domain, hosts):
    assert asyncio.run(dns_resolver(name_server)(domain)) == hosts


@pytest.mark.parametrize("server", ["not an address", "127.0.0.1:port"])
def test_a_name_server_that_cannot_be_asked_leaves_it_unknown(server):
    assert isinstance(asyncio.run(dns_resolver(server)("ash.example")), Unknown)


def test_a_failing_name_server_leaves_it_unknown(name_server):
    assert isinstance(asyncio.run(dns_resolver(name_server)("broken.example")), Unknown)
