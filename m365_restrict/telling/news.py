"""What of a report's findings is news to somebody: each is told once, and once that it is gone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from m365_restrict.ledger.deliveries import KnownFinding, ToldNow
from m365_restrict.plan.beside import Unseen, is_unseen
from m365_restrict.plan.change import Severity
from m365_restrict.report.model import ReportFinding

_ORDER = tuple(Severity)


@dataclass(frozen=True, kw_only=True)
class News:
    """What to tell: `new` for the first time, or as more or severer than before, `fixed` for the last time.

    `continuing` counts what they know already and still stands, `unseen` what they know and this run could
    not look for. `latest` is the day of the last thing that a finding tells of, by its id.
    """

    new: tuple[ReportFinding, ...]
    fixed: tuple[KnownFinding, ...]
    continuing: int
    unseen: int = 0
    latest: Mapping[str, date] = field(default_factory=dict)

    @property
    def is_any(self) -> bool:
        """Whether there is anything that they do not know."""
        return bool(self.new or self.fixed)

    @property
    def told(self) -> ToldNow:
        """What they know once they have it."""
        return ToldNow(
            new=tuple(_known(one, self.latest) for one in self.new),
            fixed=tuple(one.finding_id for one in self.fixed),
        )


NO_NEWS = News(new=(), fixed=(), continuing=0)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Somebody who is told: `least` is the least severe finding they want, `known` what they know by id.

    `at_once`: only what cannot wait for the next digest.
    """

    least: Severity
    known: Mapping[str, KnownFinding]
    at_once: bool = False


@dataclass(frozen=True, kw_only=True)
class Looked:
    """How far a run looked: `is_whole` at all that it compares, beside that for all but `unseen`.

    `latest` is the local day of the last thing that a finding tells of, by its id, where it tells of many.
    """

    is_whole: bool = True
    unseen: frozenset[Unseen] = frozenset()
    latest: Mapping[str, date] = field(default_factory=dict)

    def is_left(self, one: KnownFinding) -> bool:
        """Whether a finding that was not found may still stand, for all that this run knows."""
        found = [entry for entry in self.unseen if entry.covers(one.code, one.case_reference)]
        return any(not entry.is_aged for entry in found) or not (found or self.is_whole)

    def is_gone(self, one: KnownFinding) -> bool:
        """Whether a finding that was not found is known not to stand."""
        return self.is_whole and not is_unseen(self.unseen, one.code, one.case_reference)


def news_for(reader: Reader, findings: Sequence[ReportFinding], looked: Looked) -> News:
    """What the findings of a run are to a reader.

    What the run could not look for may still stand. What somebody has waived is no news, and is not gone
    either.
    """
    least = Severity.CRITICAL if reader.at_once else reader.least
    standing = [one for one in findings if one.line.waived is None and _reaches(one.line.severity, least)]
    new = tuple(one for one in standing if _is_new(one, reader.known, looked.latest))
    seen = {one.line.id for one in findings}
    absent = [one for id_, one in reader.known.items() if id_ not in seen]
    gone = tuple(one for one in absent if looked.is_gone(one))
    return News(
        new=new,
        fixed=tuple(one for one in gone if _reaches(one.severity, least) or not reader.at_once),
        continuing=len(standing) - len(new),
        unseen=sum(looked.is_left(one) for one in absent),
        latest=looked.latest,
    )


def _is_new(one: ReportFinding, known: Mapping[str, KnownFinding], latest: Mapping[str, date]) -> bool:
    before, last = known.get(one.line.id), latest.get(one.line.id)
    if before is None or _rank(one.line.severity) < _rank(before.severity):
        return True
    return last is not None and (before.latest_on is None or last > before.latest_on)


def _reaches(severity: str, least: Severity) -> bool:
    return _rank(severity) <= _rank(least)


def _rank(severity: str) -> int:
    return _ORDER.index(Severity(severity))


def _known(one: ReportFinding, latest: Mapping[str, date]) -> KnownFinding:
    line = one.line
    return KnownFinding(
        finding_id=line.id,
        code=line.code,
        severity=line.severity,
        case_reference=line.case_ref or "",
        latest_on=latest.get(line.id),
    )


def severest(findings: Iterable[ReportFinding]) -> tuple[ReportFinding, ...]:
    """The findings in the order in which they are told."""
    return tuple(sorted(findings, key=lambda one: _rank(one.line.severity)))
