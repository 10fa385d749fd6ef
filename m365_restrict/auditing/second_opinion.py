"""A second opinion on the transport rules: a snapshot by Tenant Configuration Management, at most daily.

Every run reads the admin endpoint, which is not the supported way to read rules; the snapshot is. Where they
differ, one of them is wrong about what Exchange does. What one run asks for, it or a later one reads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from m365_restrict.ledger.audit_memory import AskedQuery, AskedState, Purpose
from m365_restrict.ledger.beside_memory import SecondView
from m365_restrict.outcome import Unknown
from m365_restrict.plan.beside import NotCovered, Unseen
from m365_restrict.plan.change import Applied, ChangeClass, Finding, RuleKind, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.second_view import LACKING, RuleDisagreement, disagreements, shows_nothing, standing
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.steps.found import Planned
from m365_restrict.steps.options import AuditUse
from m365_restrict.steps.run_context import Run

_PATIENCE = timedelta(days=2)
_SCOPE = "Second opinion on the rules"
_SEES_NOTHING = (
    "the snapshot shows no transport rule at all, so Microsoft's principal may lack the role Security Reader"
)
_STEP = "See docs/who-changed-it.md, or set SECOND_VIEW__USE=off."


@dataclass(frozen=True, kw_only=True)
class SecondOpinion:
    """What both views differ in, and why there is no second view where one was asked for."""

    findings: tuple[Finding, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    unseen: frozenset[Unseen] = frozenset()


_UNSEEN = SecondOpinion(unseen=frozenset({Unseen(FindingCode.VIEWS_DISAGREE.value)}))
"""Nobody compared anything."""


async def second_opinion(run: Run, planned: Planned) -> SecondOpinion:
    """Have the rules shown a second time, if that is due, and tell what differs until the rules change."""
    rules = planned.observed.transport
    if isinstance(rules, Unknown) or not run.options.sees_transport_rules or not await _is_used(run):
        return _UNSEEN
    failure = await _looked(run, rules)
    view = run.ledger.beside.second_view(run.options.tenant_id)
    found = () if view is None else tuple(_findings(run, view, rules))
    lines = () if failure is None else (_line(failure),)
    return SecondOpinion(findings=found, not_covered=lines)


async def _is_used(run: Run) -> bool:
    match run.options.second_view.use:
        case AuditUse.OFF:
            return False
        case AuditUse.AUTO:
            return await run.readers.configuration.is_permitted()
        case AuditUse.ON:
            return True


def _line(failure: Unknown) -> NotCovered:
    return NotCovered(scope=_SCOPE, reason=f"There is none: {failure.reason.rstrip('.')}.", next_step=_STEP)


async def _looked(run: Run, rules: Sequence[ObservedTransportRule]) -> Unknown | None:
    """Read the snapshot that was asked for, or ask for one if it is due; what stands in the way."""
    memory, options = run.ledger.audit, run.options
    asked = memory.latest(options.tenant_id, Purpose.SECOND_VIEW)
    if asked is None or (
        asked.state is not AskedState.WAITING and run.now - asked.asked_at >= options.second_view.every
    ):
        asked = await _ask(run)
    match asked.state:
        case AskedState.WAITING:
            return await _read(run, asked, rules)
        case AskedState.FAILED:
            return Unknown(_SCOPE, asked.reason)
        case AskedState.READ:
            return None


async def _ask(run: Run) -> AskedQuery:
    made = await run.readers.configuration.ask()
    query = AskedQuery.made(made, tenant_id=run.options.tenant_id, at=run.now, purpose=Purpose.SECOND_VIEW)
    return run.ledger.audit.note(query)


async def _read(run: Run, asked: AskedQuery, rules: Sequence[ObservedTransportRule]) -> Unknown | None:
    reader = run.readers.configuration
    shown = await reader.read(asked.query_id)
    if not isinstance(shown, Unknown) and shown.rules is None:
        if run.now - asked.asked_at < _PATIENCE:
            return Unknown(_SCOPE, "the snapshot is not ready yet; a later run reads it")
        shown = Unknown(_SCOPE, "the snapshot was not ready within two days")
    # Only twelve jobs may stand in a tenant, so ours goes whatever came of it.
    left = await reader.withdraw(asked.query_id)
    before = asked.asked_at - run.options.settle
    if not isinstance(shown, Unknown) and shows_nothing(rules, shown.rules or (), before=before):
        shown = Unknown(_SCOPE, _SEES_NOTHING)
    if isinstance(shown, Unknown):
        run.ledger.audit.end(asked, AskedState.FAILED, reason=shown.reason)
        return shown
    found = disagreements(
        rules,
        {one.name: one.properties for one in shown.rules or ()},
        before=before,
    )
    run.ledger.beside.keep_second_view(
        SecondView(tenant_id=asked.tenant_id, taken_at=asked.asked_at, disagreements=found)
    )
    run.ledger.audit.end(asked, AskedState.READ)
    return left


def _findings(run: Run, view: SecondView, rules: Sequence[ObservedTransportRule]) -> Iterator[Finding]:
    """One for each rule; high where it is of ours, because then a live case hangs on it."""
    by_name = {one.name.casefold(): one for one in rules}
    ours = {one.guid_or_rule_id: one for one in run.ledger.rules.all() if one.kind is RuleKind.TRANSPORT_RULE}
    for one in standing(view.disagreements, rules, before=view.taken_at - run.options.settle):
        rule = by_name[one.name.casefold()]
        yield _finding(one, rule, ours.get(rule.guid))


def _finding(one: RuleDisagreement, rule: ObservedTransportRule, applied: Applied | None) -> Finding:
    code = FindingCode.VIEWS_DISAGREE
    lacks = LACKING in one.fields
    told = "The snapshot does not show it." if lacks else f"They differ in {', '.join(one.fields)}."
    return Finding(
        code=code,
        change_class=ChangeClass.UNKNOWN,
        severity=Severity.HIGH if applied else Severity.MEDIUM,
        message=f"{code.meaning} {told}",
        case_reference=applied.case_reference if applied else "",
        mailbox=applied.mailbox if applied else "",
        rule=rule.name,
        key=applied.key if applied else rule.guid,
        chosen_by_holder=bool(applied and applied.chosen_by_holder),
    )
