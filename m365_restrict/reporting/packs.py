"""Which reports are to be delivered, made from one run: those asked for, and those that did not arrive."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from m365_restrict.errors import LedgerError, RestrictError
from m365_restrict.ledger.deliveries import Deliveries, PackKey
from m365_restrict.plan.change import Finding
from m365_restrict.report.edition import Edition, Period, ReportLanguage
from m365_restrict.report.lines import finding_id
from m365_restrict.report.model import Report
from m365_restrict.reporting.request import ReportRequest
from m365_restrict.telling.deliver import Packs, pack_key, waiting
from m365_restrict.telling.delivery_options import DeliveryOptions

Make = Callable[[ReportRequest], Awaitable[Report]]

_MOST_AGAIN = 12
"""Reports that one run makes anew; what waits beyond them waits for the next run."""
_WITH_FINDINGS = frozenset({Edition.COMPLIANCE, Edition.ICT})


async def make_packs(
    make: Make,
    made: Report,
    request: ReportRequest,
    *,
    options: DeliveryOptions,
    ledger: Deliveries,
    domains: frozenset[str],
) -> Packs:
    """All reports that `telling.deliver` brings out. `made` is the one that `request` asked for.

    `make` is `compose` for this run. Raises as it does, but not for what did not arrive before: that goes on
    waiting.
    """
    others = [one for one in _editions(request, options) if one is not made.edition]
    now = [made, *[await make(replace(request, edition=one)) for one in others]]
    whole = next((one for one in now if one.edition in _WITH_FINDINGS), None)
    if whole is None:
        whole = await make(ReportRequest(period=Period.RUN, edition=Edition.COMPLIANCE))
    lacking = dict.fromkeys(one.pack for one in waiting(ledger, options))
    again = [one for one in lacking if one not in {pack_key(report) for report in now}]
    return Packs(
        whole=whole,
        now=tuple(now),
        again=tuple([one async for one in _again(make, again[:_MOST_AGAIN])]),
        edition=request.edition,
        domains=domains,
    )


def latest_days(findings: Iterable[Finding]) -> Mapping[str, date]:
    """The day of the last thing that a finding tells of, by its id, of those that tell of many."""
    return {finding_id(one): one.latest_on for one in findings if one.latest_on is not None}


def _editions(request: ReportRequest, options: DeliveryOptions) -> Iterator[Edition]:
    roles = options.for_period(request.period, request.edition)
    return iter(dict.fromkeys(role.edition(request.period) for role in roles))


async def _again(make: Make, packs: Iterable[PackKey]) -> AsyncIterator[Report]:
    for one in packs:
        try:
            yield await make(_request_of(one))
        except LedgerError:
            raise
        except RestrictError:
            continue


def _request_of(pack: PackKey) -> ReportRequest:
    return ReportRequest(
        period=Period(pack.period),
        edition=Edition(pack.edition),
        language=ReportLanguage(pack.language),
        day=date.fromisoformat(pack.first_day) if pack.first_day else None,
    )
