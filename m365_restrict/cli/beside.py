"""What a report tells beside what its run found: mail that may not be covered, reports that never arrived."""

from m365_restrict.reporting.coverage import read_coverage
from m365_restrict.reporting.request import Beside
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.undelivered import undelivered
from m365_restrict.tenant.mail_exchangers import Resolver, dns_resolver
from settings.model import Settings


async def beside_of(run: Run, settings: Settings, resolver: Resolver | None = None) -> Beside:
    """`resolver` asks where mail for a domain is delivered; None takes the settings' own."""
    coverage = await read_coverage(run, resolver or _resolver(settings))
    return Beside(not_covered=(*coverage, *undelivered(run.ledger)))


def _resolver(settings: Settings) -> Resolver | None:
    """Nobody asks the world about the domains of a sandbox."""
    return None if settings.clock.url else dns_resolver(settings.doctor.dns_server)
