"""Delivering reports once they are made: the writer is opened for it, and for nothing else."""

from contextlib import AsyncExitStack
from datetime import datetime

from m365_restrict.cli.report_faces import FACES
from m365_restrict.cli.report_form import ReportFormat
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import tell
from m365_restrict.errors import RestrictError
from m365_restrict.ledger.deliveries import Channel, DeliveryState, Moment
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.report.privacy import without_addresses
from m365_restrict.telling.deliver import Courier, Delivered, Packs, deliver
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.session import TenantWriters, open_writers
from m365_restrict.tenant.workflow import WorkflowPoster
from settings.model import PREFIX, Settings
from settings.tenant_options import delivery_options, tenant_options

_WAYS = {Channel.MAIL: "by mail", Channel.TEAMS: "in Teams", Channel.LIBRARY: ""}


async def deliver_packs(
    packs: Packs, settings: Settings, ledger: Ledger, *, run: tuple[str, datetime]
) -> None:
    """Deliver them and tell what came of it. `run` is its id and time; nothing here fails the run."""
    options, stopping = delivery_options(settings), Stopping()
    if not options.library and not any(one.is_named for one in options.roles):
        tell(f"Nothing was delivered: no {PREFIX}DELIVERY__… setting names anybody or a library.")
        return
    tenant = tenant_options(settings)
    in_flight = InFlight(tenant.graph.max_in_flight, seconds=tenant.deadline_seconds)
    try:
        async with AsyncExitStack() as stack:
            writers: TenantWriters | RestrictError
            try:
                opened = stopping.between_items(open_writers(tenant, in_flight))
                writers = await stack.enter_async_context(opened)
            except RestrictError as error:
                writers = error
            courier = Courier(
                options=options,
                writers=writers,
                workflow=WorkflowPoster(ca_file=tenant.ca_file, in_flight=in_flight),
                page=FACES[ReportFormat.HTML],
                sheet=FACES[ReportFormat.XLSX],
                ledger=ledger.deliveries,
                when=Moment(run_id=run[0], at=run[1]),
                stopping=lambda: bool(stopping.asked()),
            )
            _say(await stopping.heeded(deliver(packs, courier)))
    except RestrictError as error:
        tell(f"Not everything was delivered: {without_addresses(error.message)}")


def _say(done: tuple[Delivered, ...]) -> None:
    if not done:
        tell("Nothing is new to anybody, so nothing was sent.")
    for one in done:
        way = f" {_WAYS[one.channel]}".rstrip()
        if one.state is DeliveryState.SENT:
            tell(f"Delivered: the report '{one.period.value}' to {one.to}{way}.")
        else:
            again = " It is due again in the next run that delivers." if one.is_due_again else ""
            tell(f"Not delivered: the report '{one.period.value}' to {one.to}{way}. {one.reason}{again}")
