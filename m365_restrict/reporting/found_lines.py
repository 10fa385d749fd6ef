"""Findings as a report tells them: whose they are, since when, who did it, and what has become of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from m365_restrict.plan.change import Severity
from m365_restrict.register.dates import local_day
from m365_restrict.report.documents import FindingLine
from m365_restrict.report.model import Actor, ActorKind, Continuity, ReportFinding
from m365_restrict.reporting.approvals import NOBODY, Approval
from m365_restrict.reporting.duties import Duties
from m365_restrict.reporting.earlier import EarlierFinding, EarlierRun
from m365_restrict.reporting.withheld import without_outsiders

_RULE = "rule"


@dataclass(frozen=True, kw_only=True)
class FindingScene:
    """What findings are told from. `approvals` are by case reference, `actors` by the finding's id.

    `before` is what the run before found; `domains` are the council's own.
    """

    duties: Duties
    zone: ZoneInfo
    approvals: Mapping[str, Approval]
    actors: Mapping[str, tuple[Actor, ...]]
    before: EarlierRun | None
    domains: Collection[str]


def report_findings(lines: Iterable[FindingLine], scene: FindingScene) -> tuple[ReportFinding, ...]:
    """The findings, severest first, numbered from 1."""
    known = {one.id for one in (scene.before.findings or ())} if scene.before else set()
    order = list(Severity)
    in_order = sorted(lines, key=lambda line: order.index(Severity(line.severity)))
    return tuple(
        _finding(number, line, scene, is_known=line.id in known) for number, line in enumerate(in_order, 1)
    )


def _finding(number: int, line: FindingLine, scene: FindingScene, *, is_known: bool) -> ReportFinding:
    approval = scene.approvals.get(line.case_ref or "", NOBODY)
    return ReportFinding(
        number=number,
        line=without_outsiders(line, scene.domains),
        continuity=Continuity.CONTINUING if is_known else Continuity.NEW,
        actors=scene.actors.get(line.id) or _from_rule(line),
        owner=scene.duties.owner(line),
        due=scene.duties.due(line, since=local_day(line.since, scene.zone)),
        approved_by=approval.by,
        approved_on=approval.on,
    )


def fixed_sentences(lines: Iterable[FindingLine], before: EarlierRun | None) -> tuple[str, ...]:
    """What the run before found and this one, which could look at everything, does not."""
    stands = {line.id for line in lines}
    earlier = (before.findings or ()) if before else ()
    return tuple(_gone(one) for one in earlier if one.id not in stands)


def _gone(one: EarlierFinding) -> str:
    case = f"{one.case_ref}: " if one.case_ref else ""
    rule = f" about “{one.rule}”" if one.rule else ""
    return f"{case}{one.code}{rule}, which was {one.severity}, is no longer found."


def _from_rule(line: FindingLine) -> tuple[Actor, ...]:
    """Who the rule itself says changed it last."""
    if line.changed_by is None:
        return ()
    return (Actor(kind=ActorKind.PERSON, name=line.changed_by, at=line.changed_at, source=_RULE),)
