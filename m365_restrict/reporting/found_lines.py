"""Findings as a report tells them: whose they are, since when, who did it, and what has become of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from m365_restrict.plan.beside import Actor, ActorKind, Unseen, is_unseen
from m365_restrict.plan.change import Severity
from m365_restrict.register.dates import local_day
from m365_restrict.report.documents import FindingLine
from m365_restrict.report.model import Continuity, ReportFinding
from m365_restrict.report.said import Said
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


def fixed_sentences(
    lines: Iterable[FindingLine], before: EarlierRun | None, *, unseen: Collection[Unseen] = ()
) -> tuple[str, ...]:
    """What the run before found and this one, which looked for all but the `unseen`, does not."""
    stands = {line.id for line in lines}
    earlier = (before.findings or ()) if before else ()
    gone = (one for one in earlier if one.id not in stands)
    return tuple(_gone(one) for one in gone if not is_unseen(unseen, one.code, one.case_ref))


_GONE: Mapping[tuple[bool, bool], str] = {
    (True, True): ("%(case)s: %(code)s about “%(rule)s”, which was %(severity)s, is no longer found."),
    (True, False): "%(case)s: %(code)s, which was %(severity)s, is no longer found.",
    (False, True): "%(code)s about “%(rule)s”, which was %(severity)s, is no longer found.",
    (False, False): "%(code)s, which was %(severity)s, is no longer found.",
}
"""By whether it was about a case, and about a rule."""


def _gone(one: EarlierFinding) -> Said:
    return Said(
        _GONE[bool(one.case_ref), bool(one.rule)],
        case=one.case_ref,
        code=one.code,
        rule=one.rule,
        severity=Said(one.severity),
    )


def _from_rule(line: FindingLine) -> tuple[Actor, ...]:
    """Who the rule itself says changed it last."""
    if line.changed_by is None:
        return ()
    return (Actor(kind=ActorKind.PERSON, name=line.changed_by, at=line.changed_at, source=_RULE),)
