"""What every endpoint of the sandbox shares."""

from collections.abc import Callable
from dataclasses import dataclass

from m365_restrict.sandbox.faults import Faults
from m365_restrict.sandbox.identity import Authority
from m365_restrict.sandbox.past import Past
from m365_restrict.sandbox.request_log import RequestLog
from m365_restrict.sandbox.seed import Seed
from m365_restrict.sandbox.tenant import SandboxTenant


@dataclass(frozen=True)
class Ports:
    """The ports in use; None where a listener was not asked for."""

    https: int
    http: int | None
    smtp: int | None


@dataclass(frozen=True)
class Services:
    """The tenant, its authority, and what tests may do to it. `plant` replaces the tenant and client.env."""

    tenant: SandboxTenant
    authority: Authority
    faults: Faults
    log: RequestLog
    past: Past
    latency_seconds: float
    plant: Callable[[Seed], None]
    ports: Callable[[], Ports]
