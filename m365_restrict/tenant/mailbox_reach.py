"""Whether an application may look into a mailbox: the one proof of a scope that needs no role of its own.

`Test-ServicePrincipalAuthorization` says it too, but only to who manages the organisation (graph.md 8.2).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.credentials import CredentialOptions, ReaderCredential
from m365_restrict.tenant.graph import GraphReader, path_of
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.session import TenantOptions

_NOT_FOUND = 404
_REFUSED = 403


class Reach(Enum):
    """Whether an application may look into a mailbox."""

    WITHIN = "within"
    REFUSED = "refused"
    NO_MAILBOX = "no mailbox in the cloud"


class MailboxReach:
    """Asks with one application's token what the mailbox is for, and keeps only whether it was told."""

    def __init__(self, graph: GraphReader) -> None:
        """`graph` reads alone, whichever application it signs in as."""
        self._graph = graph

    async def of(self, object_id: str) -> Reach | Unknown:
        """Whether the mailbox is in the scope that the application was given (graph.md 8.2)."""
        path = path_of("users", object_id, "mailboxSettings", "userPurpose")
        try:
            await self._graph.get_json(path)
        except ServiceError as error:
            if error.status == _REFUSED:
                return Reach.REFUSED
            if error.status == _NOT_FOUND:
                return Reach.NO_MAILBOX
            # The message of the service is left out: it may name the mailbox.
            return Unknown("a mailbox", f"Graph answered with HTTP {error.status or 'nothing'}")
        return Reach.WITHIN


@asynccontextmanager
async def open_reach(
    options: TenantOptions, application: CredentialOptions, in_flight: InFlight
) -> AsyncIterator[MailboxReach]:
    """A reader in the name of any application, the writer's too: nothing in it has a method that writes."""
    credential = ReaderCredential(application)
    graph = GraphReader(options.graph, credential, ca_file=options.ca_file, in_flight=in_flight)
    try:
        yield MailboxReach(graph)
    finally:
        await graph.close()
        await credential.close()
