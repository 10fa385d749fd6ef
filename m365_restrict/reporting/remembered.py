"""Everything that a report takes from the ledger, read once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.ledger.lives import LifeRecord
from m365_restrict.ledger.openings import Opening
from m365_restrict.ledger.overrides import OverrideRecord
from m365_restrict.ledger.runs import PastRun
from m365_restrict.ledger.written import WrittenChange
from m365_restrict.plan.change import Applied
from m365_restrict.plan.waivers import Waiver
from m365_restrict.register.dates import local_day
from m365_restrict.report.edition import Period
from m365_restrict.report.model import PeriodCovered
from m365_restrict.report.privacy import HolderMailboxes
from m365_restrict.reporting.approvals import Approvals
from m365_restrict.reporting.earlier import EarlierRun, read_earlier
from m365_restrict.reporting.periods import bounds

_VERBS = ("drift", "report")
_LOOKS_BACK = timedelta(days=400)
_TRIES = 3
"""How many documents of one day are read to find one that tells its findings."""
_MONTH = 31
_SPANS: Mapping[Period, int] = {
    Period.RUN: _MONTH,
    Period.DAILY: _MONTH,
    Period.WEEKLY: _MONTH,
    Period.MONTHLY: 13 * 7,
    Period.QUARTERLY: 26 * 7,
    Period.ANNUAL: 53 * 7,
}
"""Days of which a report shows how findings went; beyond a month by the week."""


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What the ledger knows.

    `before` is the last run that told its findings, `compared` the last pack of the same cadence about an
    earlier period, `history` a run for each day or week, oldest first, by its day.
    """

    approvals: Approvals
    rules: tuple[Applied, ...]
    made_at: Mapping[str, datetime]
    written: tuple[WrittenChange, ...]
    holders: HolderMailboxes
    waivers: tuple[Waiver, ...]
    openings: tuple[Opening, ...]
    overrides: tuple[OverrideRecord, ...]
    freeze: Freeze | None
    lives: Mapping[str, LifeRecord]
    before: EarlierRun | None
    compared: EarlierRun | None
    history: tuple[tuple[date, EarlierRun], ...]


def remembered_of(ledger: Ledger, period: PeriodCovered, *, now: datetime, zone: ZoneInfo) -> Remembered:
    """Read it. `now` is the run's own moment: what began later does not count."""
    rules = ledger.rules.all()
    written = ledger.written.between(*bounds(period, zone))
    chosen = {one.mailbox for one in rules if one.chosen_by_holder}
    chosen |= {one.mailbox for one in written if one.chosen_by_holder}
    past = ledger.runs.documented(_VERBS, since=now - _LOOKS_BACK, until=now)
    return Remembered(
        approvals=Approvals(ledger.register.evidence().values(), zone),
        rules=rules,
        made_at=ledger.written.made_at(),
        written=written,
        holders=HolderMailboxes(ledger.mailboxes.numbers(chosen - {""})),
        waivers=ledger.waivers.all(),
        openings=ledger.openings.standing(),
        overrides=tuple(one for one in ledger.overrides.all() if one.stands_at(now)),
        freeze=ledger.freezes.current(),
        lives=ledger.lives.all(),
        before=next(_telling(ledger, past), None),
        compared=_compared(ledger, period, now),
        history=tuple(_history(ledger, past, span=_SPANS[period.kind], now=now, zone=zone)),
    )


def _telling(ledger: Ledger, past: Sequence[PastRun]) -> Iterator[EarlierRun]:
    """The runs that told their findings, in the order given."""
    for run in past:
        earlier = read_earlier(ledger.runs.document(run.run_id), run.started_at)
        if earlier is not None and earlier.findings is not None:
            yield earlier


def _compared(ledger: Ledger, period: PeriodCovered, now: datetime) -> EarlierRun | None:
    if period.kind is Period.RUN:
        return None
    kind = f'"kind": "{period.kind.value}"'
    packs = ledger.runs.documented(("report",), since=now - 2 * _LOOKS_BACK, until=now, containing=kind)
    for run in packs:
        earlier = read_earlier(ledger.runs.document(run.run_id), run.started_at)
        if earlier and earlier.numbers and earlier.first_day and earlier.first_day < period.first:
            return earlier
    return None


def _history(
    ledger: Ledger, past: Sequence[PastRun], *, span: int, now: datetime, zone: ZoneInfo
) -> Iterator[tuple[date, EarlierRun]]:
    """For each day, or each week from Monday, the last run that told its findings; oldest first."""

    def _day(run: PastRun) -> date:
        day = local_day(run.started_at, zone)
        return day if span <= _MONTH else day - timedelta(days=day.weekday())

    since = now - timedelta(days=span)
    recent = [run for run in past if run.started_at >= since]
    found = []
    for day, runs in groupby(recent, key=_day):
        if earlier := next(_telling(ledger, tuple(islice(runs, _TRIES))), None):
            found.append((day, earlier))
    return reversed(found)
