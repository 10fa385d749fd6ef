"""What the HTTP face asks: the state of each council, and whether a run could work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from m365_restrict.codes import CatalogueCode
from m365_restrict.errors import RestrictError
from m365_restrict.health.pulse import Pulse
from m365_restrict.health.state import HealthState


@dataclass(frozen=True, kw_only=True)
class Unready:
    """Why a run could not work. The words are the catalogue's own: whoever asks is not known."""

    code: str
    message: str
    tenant: str = ""


@dataclass(frozen=True)
class Council:
    """One installation. Both raise `RestrictError`, and are asked from any thread.

    `state` gives the state now; `prove` returns where settings and ledger can be used.
    """

    state: Callable[[], HealthState]
    prove: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class HealthSource:
    """Every council by its name; "" names the only one. `pulse` is None where no loop is watched."""

    councils: Mapping[str, Council]
    pulse: Pulse | None = None

    def unready(self) -> tuple[Unready, ...]:
        """What stands in the way of a run, now; nothing of it asks Microsoft 365."""
        found = []
        for name, council in self.councils.items():
            try:
                council.prove()
            except RestrictError as error:
                found.append(_unready(error.code, name))
        return tuple(found)


def _unready(code: CatalogueCode, tenant: str) -> Unready:
    return Unready(code=code.value, message=code.meaning, tenant=tenant)
