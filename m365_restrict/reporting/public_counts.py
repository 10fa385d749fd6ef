"""The public aggregate: how many cases each measure had in the period, small numbers withheld."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date

from m365_restrict.ledger.lives import LifeRecord
from m365_restrict.register.case import CaseState, Measure
from m365_restrict.register.item import ListItem
from m365_restrict.report.model import PeriodCovered, PublicCount, PublicCounts
from m365_restrict.report.suppression import SMALLEST_SHOWN, suppressed
from m365_restrict.reporting.approvals import NOBODY, Approvals
from m365_restrict.reporting.periods import bounds
from m365_restrict.steps.found import Found
from m365_restrict.steps.options import RunOptions


def public_counts(
    found: Found,
    period: PeriodCovered,
    *,
    approvals: Approvals,
    lives: Mapping[str, LifeRecord],
    options: RunOptions,
) -> PublicCounts:
    """Every case that was in force on any day of the period, counted once under its measure."""
    end = bounds(period, options.zone)[1]
    measures = [
        *_in_force(found, period),
        *(
            measure
            for item, measure in _ended(found, period, lives)
            if approvals.of(item.item_id, at=end) is not NOBODY
        ),
    ]
    counted = Counter(measures)
    told = suppressed({measure.value: counted[measure] for measure in Measure})
    return PublicCounts(
        by_measure=tuple(PublicCount(measure=name, count=count) for name, count in told.counts.items()),
        total=told.total,
        smallest_shown=SMALLEST_SHOWN,
    )


def _in_force(found: Found, period: PeriodCovered) -> Iterator[Measure]:
    """Cases of which the register says today that they are in force, also where somebody opened them."""
    for one in found.judgement.accepted:
        first = one.case.protected.effective_from
        if one.state is not CaseState.SCHEDULED and first is not None and first <= period.last:
            yield one.case.protected.measure


def _ended(
    found: Found, period: PeriodCovered, lives: Mapping[str, LifeRecord]
) -> Iterator[tuple[ListItem, Measure]]:
    """Cases that are over and had effect on some day of the period."""
    items = {item.item_id: item for item in found.register.cases.items}
    for one in found.judgement.ended_by_register:
        item = items[one.item_id]
        first, measure = item.fields.get("EffectiveFrom"), _measure(item)
        last = _last_day(item, lives.get(one.item_id))
        if not isinstance(first, date) or last is None or measure is None:
            continue
        if first <= min(last, period.last) and last >= period.first:
            yield item, measure


def _measure(item: ListItem) -> Measure | None:
    return next((one for one in Measure if item.fields.get("Measure") == one.value), None)


def _last_day(item: ListItem, life: LifeRecord | None) -> date | None:
    ends_on = item.fields.get("EndsOn")
    if life is not None and life.ended_on is not None:
        return life.ended_on
    return ends_on if isinstance(ends_on, date) else None
