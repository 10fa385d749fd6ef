"""From settings to the clock that decisions are taken by."""

from m365_restrict.tenant.clock import Clock, SandboxClock, SystemClock
from settings.model import Settings


def build_clock(settings: Settings) -> Clock:
    """Real time, or the sandbox's where CLOCK__URL is set."""
    if settings.clock.url:
        return SandboxClock(settings.clock.url, ca_file=settings.tls.ca_file)
    return SystemClock()
