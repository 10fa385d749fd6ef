"""Everything that the sandbox's services share: one store and what reads it."""

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.delivery import Delivery
from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.exchange.service import ExchangeService
from m365_restrict.sandbox.list_fields import SitePeople
from m365_restrict.sandbox.lists import SandboxLists
from m365_restrict.sandbox.seed import Behaviour
from m365_restrict.sandbox.store import Store


class UnknownPerson(Exception):
    """Somebody is named who is not in the tenant."""


@dataclass(frozen=True)
class SandboxTenant:
    """The tenant's parts over one store. A seed replaces what the store holds, never these objects."""

    store: Store
    directory: SandboxDirectory
    clock: SandboxClock
    lists: SandboxLists
    exchange: ExchangeService
    delivery: Delivery
    known: dict[int, Behaviour] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def over(cls, store: Store) -> "SandboxTenant":
        """Wire the parts together."""
        directory = SandboxDirectory(store)
        clock = SandboxClock(store)
        exchange = ExchangeService(store, directory, clock)
        return cls(
            store=store,
            directory=directory,
            clock=clock,
            lists=SandboxLists(store, clock, SitePeople(store, directory)),
            exchange=exchange,
            delivery=Delivery(store, directory, clock, exchange),
        )

    @property
    def document(self) -> dict[str, Any]:
        """The tenant document: id, domains, time zone, behaviour, settings."""
        return self.store.get("tenant", "tenant") or {}

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone, in which list dates are local midnights."""
        return ZoneInfo(self.document["time_zone"])

    @property
    def behaviour(self) -> Behaviour:
        """How this tenant answers what nobody knows for certain."""
        revision = self.store.revision("tenant")
        if revision not in self.known:
            self.known.clear()
            self.known[revision] = Behaviour(**self.document.get("behaviour", {}))
        return self.known[revision]

    def saver(self, name: str) -> dict[str, Any]:
        """Who saves, from the `by` of a seed or control call.

        A sign-in name is that user. `app:<name>` is an application, for example a flow that runs as one.
        """
        if name.startswith("app:"):
            label = name.removeprefix("app:")
            return {"kind": "application", "id": f"{label}-client-id", "name": label}
        found = self.directory.find(name)
        if found is None or found["mailbox"] == "contact":
            raise UnknownPerson(f"{name!r} is not one of the users")
        return {"kind": "user", "upn": found["upn"], "id": found["id"]}
