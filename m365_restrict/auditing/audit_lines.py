"""Who made the changes that `drift` found: asked of the audit log in one run, read in it or a later one.

Everything is for information: no failure here ends a run, and none makes a difference look better than it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from m365_restrict.auditing.audit_needs import Need, needs_of, remember
from m365_restrict.ledger.audit_memory import AskedQuery, AskedState, Purpose
from m365_restrict.outcome import Unknown
from m365_restrict.plan.attribution import AUDIT_LOG
from m365_restrict.plan.beside import Actor, ActorKind, NotCovered
from m365_restrict.plan.change import Finding, Observed, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.report.lines import finding_id, hides_who
from m365_restrict.steps.options import AuditUse
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.audit_changes import NOT_YET, PERMISSION, RulesSought
from m365_restrict.tenant.audit_queries import QueryState

_PAUSE = timedelta(hours=1)
"""How long after a question the same is asked again: what was not in the log then may be."""
_PATIENCE = timedelta(days=2)
_RULE = "rule"
_SCOPE = "Who changed a rule"
_GRANT = f"Grant the reader application {PERMISSION}; docs/who-changed-it.md says how."
_AGAIN = "Run `m365-restrict drift` again later; docs/who-changed-it.md says what may stand in the way."
_NOT_YET = " Who did it is not yet in the audit log."


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Who made which difference, by the finding's id, and what the log could not be asked or did not say."""

    actors: Mapping[str, tuple[Actor, ...]] = field(default_factory=dict)
    not_covered: tuple[NotCovered, ...] = ()


def with_actors(finding: Finding, actors: Mapping[str, tuple[Actor, ...]]) -> Finding:
    """The finding with what the log knows: whether it was another, and who, where the rule does not say."""
    told = actors.get(finding_id(finding), ())
    named = next((one for one in told if one.source == AUDIT_LOG), None)
    if finding.code is FindingCode.HOLDER_CHANGED_RULE:
        return _by_another(finding) if named else finding
    if finding.changed_by or hides_who(finding):
        return finding
    if named is not None:
        return replace(finding, changed_by=named.name, changed_at=named.at)
    if any(one.kind is ActorKind.NOT_YET_LOGGED for one in told):
        return replace(finding, message=finding.message + _NOT_YET)
    return finding


def _by_another(finding: Finding) -> Finding:
    """The same finding, known as before: the log tells later what nobody could tell at first."""
    code = FindingCode.CHOICE_REMOVED_BY_ANOTHER
    return replace(
        finding,
        code=code,
        severity=Severity.HIGH,
        message=f"{code.meaning} It is not put back.",
        identity=finding.known_by,
    )


async def who_changed(run: Run, findings: Sequence[Finding], observed: Observed) -> Attribution:
    """Who made each of the differences, as far as the log tells by now. The ledger keeps what it told."""
    needs = needs_of(run, findings, observed)
    stands_in_the_way = await _why_not_asked(run) if needs else None
    failure: Unknown | None = None
    if needs and stands_in_the_way is None:
        needs, failure = await _looked_up(run, needs)
    remember(run, needs, observed)
    lines = [] if stands_in_the_way is None else [stands_in_the_way]
    is_readable = stands_in_the_way is None and failure is None
    return Attribution(
        actors=_actors(needs, is_readable=is_readable),
        not_covered=(*lines, *_not_covered(run, needs, failure)),
    )


async def _why_not_asked(run: Run) -> NotCovered | None:
    match run.options.audit.changes:
        case AuditUse.OFF:
            reason, step = "AUDIT__CHANGES is off.", "Set AUDIT__CHANGES=auto to have the audit log asked."
        case AuditUse.AUTO if not await run.readers.rule_audit.is_permitted():
            reason, step = f"The reader application was not granted {PERMISSION}.", _GRANT
        case _:
            return None
    return NotCovered(
        scope=_SCOPE, reason=f"{reason} Rules alone tell who changed them last.", next_step=step
    )


async def _looked_up(run: Run, needs: tuple[Need, ...]) -> tuple[tuple[Need, ...], Unknown | None]:
    """Read the answer to the last question, and ask the next one if it is due; what stood in the way."""
    failure: Unknown | None = None
    asked = run.ledger.audit.latest(run.options.tenant_id, Purpose.CHANGES)
    if asked is not None and asked.state is AskedState.WAITING:
        needs, failure = await _followed(run, asked, needs)
        asked = run.ledger.audit.latest(run.options.tenant_id, Purpose.CHANGES)
    if _is_due(run, asked, needs):
        made = await _ask(run, needs)
        if isinstance(made, Unknown):
            return needs, made
        return await _followed(run, made, needs)
    if failure is None and asked is not None and asked.state is AskedState.FAILED:
        failure = Unknown(_SCOPE, asked.reason) if any(one.is_open for one in needs) else None
    return needs, failure


def _is_due(run: Run, asked: AskedQuery | None, needs: Sequence[Need]) -> bool:
    wanted = [one for one in needs if one.is_open]
    if not wanted or (asked is not None and asked.state is AskedState.WAITING):
        return False
    return asked is None or run.now - asked.asked_at >= _PAUSE or any(one.is_new for one in wanted)


async def _ask(run: Run, needs: Sequence[Need]) -> AskedQuery | Unknown:
    wanted = [one for one in needs if one.is_open]
    kinds = sorted({one.finding.kind for one in wanted})
    since = min(one.known.since for one in wanted) - timedelta(minutes=5)
    made = await run.readers.rule_audit.ask(kinds, since=since, until=run.now)
    query = AskedQuery.made(made, tenant_id=run.options.tenant_id, at=run.now, purpose=Purpose.CHANGES)
    query = run.ledger.audit.note(query)
    return made if isinstance(made, Unknown) else query


async def _followed(
    run: Run, asked: AskedQuery, needs: tuple[Need, ...]
) -> tuple[tuple[Need, ...], Unknown | None]:
    """See how far a question has come, and read its answer if it is there."""
    reader = run.readers.rule_audit
    state = await reader.state_in_time(asked.query_id)
    if state is QueryState.WAITING:
        return needs, _end_if_overdue(run, asked)
    if state is QueryState.FAILED:
        return needs, _end(run, asked, "the service could not answer the question")
    if isinstance(state, Unknown):
        return needs, _end(run, asked, state.reason)
    sought = RulesSought(
        rules=tuple(one.sought.rule for one in needs if one.is_open),
        own_applications=frozenset(client.lower() for _, client in run.options.report.applications),
    )
    records = await reader.records(asked.query_id, sought)
    if records == NOT_YET:
        return needs, _end_if_overdue(run, asked)
    if isinstance(records, Unknown):
        return needs, _end(run, asked, records.reason)
    run.ledger.audit.end(asked, AskedState.READ)
    return tuple(one.after(records, asked) if one.is_open else one for one in needs), None


def _end_if_overdue(run: Run, asked: AskedQuery) -> Unknown | None:
    """A later run reads what was not there in time, for some days."""
    if run.now - asked.asked_at < _PATIENCE:
        return None
    return _end(run, asked, "the service did not answer within two days")


def _end(run: Run, asked: AskedQuery, reason: str) -> Unknown:
    run.ledger.audit.end(asked, AskedState.FAILED, reason=reason)
    return Unknown(_SCOPE, reason)


def _actors(needs: Sequence[Need], *, is_readable: bool) -> Mapping[str, tuple[Actor, ...]]:
    """By the finding's id, and by the id that it gets by what they tell."""
    found: dict[str, tuple[Actor, ...]] = {}
    for one in needs:
        told = tuple(_of_one(one, is_readable=is_readable))
        by_id = {finding_id(one.finding): told}
        found |= by_id | {finding_id(with_actors(one.finding, by_id)): told}
    return found


def _of_one(need: Need, *, is_readable: bool) -> Iterator[Actor]:
    """What the rule says, then what the log does. Of a councillor's own choice the rule says nothing."""
    finding, known = need.finding, need.known.actors
    if finding.changed_by and not need.sought.rule.is_choice:
        yield Actor(kind=ActorKind.PERSON, name=finding.changed_by, at=finding.changed_at, source=_RULE)
    if known is not None:
        yield from known
    elif is_readable:
        yield Actor(kind=ActorKind.NOT_YET_LOGGED, at=need.known.until)
    elif not finding.changed_by:
        yield Actor(kind=ActorKind.NOT_READABLE)


def _not_covered(run: Run, needs: Sequence[Need], failure: Unknown | None) -> Iterator[NotCovered]:
    if failure is not None:
        reason = f"The audit log could not be read: {failure.reason.rstrip('.')}."
        yield NotCovered(scope=_SCOPE, reason=reason, next_step=_GRANT if PERMISSION in reason else _AGAIN)
    elif any(one.is_open for one in needs):
        asked = run.ledger.audit.latest(run.options.tenant_id, Purpose.CHANGES)
        if asked is not None and asked.state is AskedState.WAITING:
            reason = "The audit log has been asked and has not answered yet."
            yield NotCovered(scope=_SCOPE, reason=reason, next_step=_AGAIN)
    given_up = sum(one.is_given_up for one in needs)
    if given_up:
        reason = f"The audit log holds no record of {given_up} of the changes, a day later."
        step = "See that auditing is switched on in the tenant (docs/who-changed-it.md)."
        yield NotCovered(scope=_SCOPE, reason=reason, next_step=step)
