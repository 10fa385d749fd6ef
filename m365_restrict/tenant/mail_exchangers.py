"""Where the world delivers mail for a domain, by DNS."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import dns.asyncresolver
import dns.exception
import dns.resolver

from m365_restrict.outcome import Unknown

Resolver: TypeAlias = Callable[[str], Coroutine[Any, Any, tuple[str, ...] | Unknown]]
"""The hosts that take mail for a domain, lower case, best first; none where it has none."""

_SECONDS = 8.0
_PORT = 53


def dns_resolver(server: str = "") -> Resolver:
    """Ask the system's name servers, or the one at `address` or `address:port`."""

    async def _ask(domain: str) -> tuple[str, ...] | Unknown:
        try:
            answer = await _resolver(server).resolve(domain, "MX", lifetime=_SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return Unknown(domain, f"no name server answered ({type(error).__name__})")
        found = sorted((row.preference, row.exchange.to_text(omit_final_dot=True)) for row in answer)
        return tuple(host.lower() for _, host in found)

    return _ask


def _resolver(server: str) -> dns.asyncresolver.Resolver:
    if not server:
        return dns.asyncresolver.Resolver()
    address, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [address]
    resolver.port = int(port or _PORT)
    return resolver
