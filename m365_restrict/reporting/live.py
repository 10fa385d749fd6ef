"""All live cases: days left, reviews, rules, approval, since when, and how to open each by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from m365_restrict.plan.beside import MailCounts
from m365_restrict.plan.change import Applied
from m365_restrict.policy.judgement import AcceptedCase
from m365_restrict.report.documents import LiveLine, LiveState
from m365_restrict.report.model import LiveCase
from m365_restrict.reporting.approvals import NOBODY, Approval
from m365_restrict.rules.transport_rule import RuleMode
from m365_restrict.script.opening_line import opening_line

_NOT_ENFORCED = frozenset({LiveState.MISSING, LiveState.NOT_ON_MAIL})


@dataclass(frozen=True, kw_only=True)
class LiveScene:
    """What live cases are told from. `rules` and `made_at` are the ledger's, `approvals` by reference."""

    today: date
    mode: RuleMode
    accepted: Sequence[AcceptedCase]
    rules: Sequence[Applied]
    made_at: Mapping[str, datetime]
    approvals: Mapping[str, Approval]
    mail: Mapping[str, MailCounts]


def live_cases(lines: Sequence[LiveLine], scene: LiveScene, *, by_hand: bool) -> tuple[LiveCase, ...]:
    """One for each line. `by_hand` adds the cmdlets, which ICT alone needs."""
    accepted = {one.case.reference: one for one in scene.accepted}
    rules: dict[str, list[Applied]] = {}
    for rule in scene.rules:
        rules.setdefault(rule.case_reference, []).append(rule)
    return tuple(
        _live_case(line, accepted.get(line.case_ref), rules.get(line.case_ref, []), scene, by_hand=by_hand)
        for line in lines
    )


def _live_case(
    line: LiveLine,
    accepted: AcceptedCase | None,
    rules: Sequence[Applied],
    scene: LiveScene,
    *,
    by_hand: bool,
) -> LiveCase:
    approval = scene.approvals.get(line.case_ref, NOBODY)
    review = line.next_review_on
    council = [one for one in rules if not one.chosen_by_holder]
    return LiveCase(
        case_ref=line.case_ref,
        measure=line.measure,
        effective_from=accepted.case.protected.effective_from if accepted else None,
        ends_on=line.ends_on,
        days_left=(line.ends_on - scene.today).days if line.ends_on else None,
        next_review_on=review,
        review_overdue_days=max(0, (scene.today - review).days) if review else 0,
        state=line.state,
        rules=tuple(one.name for one in council),
        approved_by=approval.by,
        approved_on=approval.on,
        enforced_since=_enforced_since(line, council, scene),
        mail=scene.mail.get(line.case_ref),
        open_by_hand=tuple(filter(None, map(opening_line, rules))) if by_hand else (),
    )


def _enforced_since(line: LiveLine, rules: Sequence[Applied], scene: LiveScene) -> datetime | None:
    """Since when every rule of the case stands; None where none acts."""
    if line.state in _NOT_ENFORCED or scene.mode is RuleMode.AUDIT or not rules:
        return None
    made = [scene.made_at.get(one.key) or one.written_at for one in rules]
    known = [at for at in made if at is not None]
    return max(known) if len(known) == len(made) else None
