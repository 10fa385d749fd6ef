"""Approvals held against the tenant's audit log: asked by one `drift`, read by a later one, at most daily.

Nothing waits for it and nothing is enforced by it: what the log says becomes findings.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from m365_restrict.ledger.audit_memory import AskedQuery, AskedState, AuditedSave, Purpose
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.policy.audited import AuditRecord, AuditVerdict, judge_save, unfamiliar_actors
from m365_restrict.policy.judgement import Judgement
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.report.verb import Verb
from m365_restrict.steps.found import Found
from m365_restrict.steps.options import AuditUse
from m365_restrict.steps.reading import Register
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.audit_log import QueryState

_PAUSE = timedelta(days=1)
"""How long after a question the next is asked, and how long a record may take to reach the log."""
_PATIENCE = timedelta(days=2)
"""After this a question that is not answered is given up."""
_MARGIN = timedelta(hours=1)
_NOT_YET = "the audit log has not answered yet"
_NO_RECORD = "the audit log holds no record of them"


async def consult_audit_log(run: Run, register: Register, judgement: Judgement) -> None:
    """Read the answer to the last question if there is one, and ask the next if it is due; in `drift` alone.

    Failures are remembered and told by `audit_findings`; none ends the run.
    """
    use = run.options.audit.approvals
    if run.verb is not Verb.DRIFT or use is AuditUse.OFF:
        return
    if use is AuditUse.AUTO and not await run.readers.audit_log.is_permitted():
        return
    asked = run.ledger.audit.latest(run.options.tenant_id)
    if asked is not None and asked.state is AskedState.WAITING:
        asked = await _follow(run, asked, register, judgement)
    if asked is None or run.now - asked.asked_at >= _PAUSE:
        await _ask(run, _open_saves(run, judgement))


def audit_findings(run: Run, found: Found) -> Iterator[Finding]:
    """What the audit log says against the approvals that count, and of which it could say nothing."""
    if run.options.audit.approvals is AuditUse.OFF:
        return
    opinions = run.ledger.audit.opinions()
    unchecked: dict[str, str] = {}
    for reference, save in _saves(run, found.judgement):
        opinion = opinions.get(save.key)
        if opinion is None or opinion.verdict is AuditVerdict.UNRECORDED:
            unchecked[reference] = _NOT_YET if opinion is None else _NO_RECORD
        elif opinion.verdict is not AuditVerdict.CONFIRMED:
            yield _spoken_against(reference, save, opinion)
    asked = run.ledger.audit.latest(run.options.tenant_id)
    if unchecked and asked is not None:
        yield _unchecked(unchecked, asked)


def _saves(run: Run, judgement: Judgement) -> Iterator[tuple[str, ApprovalEvidence]]:
    """Each save that approves what counts, with the reference of its case; of a quorum all."""
    pinned = run.ledger.register.evidence()
    for one in judgement.accepted:
        for save in {**pinned, one.evidence.key: one.evidence}.values():
            same = (save.item_id, save.fields_hash) == (one.case.item_id, one.evidence.fields_hash)
            if same and save.verdict is EvidenceVerdict.ELIGIBLE:
                yield one.case.reference, save


def _open_saves(run: Run, judgement: Judgement) -> tuple[ApprovalEvidence, ...]:
    """The saves that the log may still say something about."""
    opinions = run.ledger.audit.opinions()
    earliest = run.now - run.options.audit.reach
    return tuple(
        save
        for _, save in _saves(run, judgement)
        if save.saved_at >= earliest and not _is_settled(save, opinions.get(save.key))
    )


def _is_settled(save: ApprovalEvidence, opinion: AuditedSave | None) -> bool:
    """Contradicted for good at once; all else once every record must have reached the log."""
    if opinion is None:
        return False
    if opinion.verdict is AuditVerdict.CONTRADICTED:
        return True
    return opinion.until >= save.saved_at + _PAUSE


async def _ask(run: Run, saves: Sequence[ApprovalEvidence]) -> None:
    if not saves:
        return
    since = min(save.saved_at for save in saves) - _MARGIN
    made = await run.readers.audit_log.ask(since=since, until=run.now)
    tenant_id = run.options.tenant_id
    run.ledger.audit.note(AskedQuery.made(made, tenant_id=tenant_id, at=run.now, purpose=Purpose.APPROVALS))


async def _follow(run: Run, asked: AskedQuery, register: Register, judgement: Judgement) -> AskedQuery | None:
    """See how far a question has come; the last question as it stands then."""
    memory, log = run.ledger.audit, run.readers.audit_log
    state = await log.state(asked.query_id)
    if isinstance(state, Unknown):
        memory.end(asked, AskedState.FAILED, reason=state.reason)
    elif state is QueryState.FAILED:
        memory.end(asked, AskedState.FAILED, reason="the service could not answer the question")
    elif state is QueryState.READY:
        await _take_in(run, asked, register, judgement)
    elif run.now - asked.asked_at >= _PATIENCE:
        memory.end(asked, AskedState.FAILED, reason="the service did not answer within two days")
    return memory.latest(run.options.tenant_id)


async def _take_in(run: Run, asked: AskedQuery, register: Register, judgement: Judgement) -> None:
    """Judge every open save by the records that came, and remember what they say."""
    places, memory = run.options.lists, run.ledger.audit
    place = await run.readers.lists.locate(places.register_site, places.register, RESTRICTED_CONTACTS)
    records = await run.readers.audit_log.records(asked.query_id, list_id=place.list_id)
    saves = [save for save in _open_saves(run, judgement) if save.saved_at <= asked.asked_at]
    accounts = Unknown("", "") if isinstance(records, Unknown) else await _accounts(run, saves, records)
    if isinstance(records, Unknown) or isinstance(accounts, Unknown):
        failed = records if isinstance(records, Unknown) else accounts
        memory.end(asked, AskedState.FAILED, reason=failed.reason if isinstance(failed, Unknown) else "")
        return
    items = {item.item_id: item for item in register.cases.items}
    opinions = {
        save.key: judge_save(save, items[save.item_id], records, accounts=accounts, zone=run.options.zone)
        for save in saves
        if save.item_id in items
    }
    memory.keep(
        AuditedSave(
            item_id=key[0], version=key[1], verdict=one.verdict, actor=one.actor, until=asked.asked_at
        )
        for key, one in opinions.items()
    )
    memory.end(asked, AskedState.READ)


async def _accounts(
    run: Run, saves: Sequence[ApprovalEvidence], records: Sequence[AuditRecord]
) -> Mapping[str, str] | Unknown:
    """The object id of every unfamiliar actor that the directory knows."""
    concerned = {save.item_id for save in saves}
    actors = unfamiliar_actors(saves, [one for one in records if one.item_id in concerned])
    found: dict[str, str] = {}
    for actor in sorted(actors):
        people = await run.readers.directory.expand([actor])
        if isinstance(people, Unknown):
            return people
        if len(people.object_ids) == 1:
            found[actor] = next(iter(people.object_ids)).lower()
    return found


def _spoken_against(reference: str, save: ApprovalEvidence, opinion: AuditedSave) -> Finding:
    forged = opinion.verdict is AuditVerdict.CONTRADICTED
    code = FindingCode.APPROVAL_CONTRADICTED if forged else FindingCode.APPROVAL_REWRITTEN
    return Finding(
        code=code,
        change_class=ChangeClass.REGISTER,
        severity=Severity.CRITICAL if forged else Severity.HIGH,
        message=f"{code.meaning} It is version {save.version} of item {save.item_id}.",
        case_reference=reference,
        changed_by=opinion.actor,
        changed_at=save.saved_at if forged else None,
        key=f"approval:{save.item_id}:{save.version}",
    )


def _unchecked(unchecked: Mapping[str, str], asked: AskedQuery) -> Finding:
    """One line for all of them: it says what was not looked into, and is no failure."""
    code = FindingCode.APPROVAL_UNCHECKED
    if asked.state is AskedState.FAILED:
        unchecked = dict.fromkeys(unchecked, asked.reason)
    by_reason: dict[str, list[str]] = {}
    for reference, reason in unchecked.items():
        by_reason.setdefault(reason, []).append(reference)
    told = "; ".join(f"{', '.join(cases)}: {reason}" for reason, cases in by_reason.items())
    return Finding(
        code=code,
        change_class=ChangeClass.REGISTER,
        severity=Severity.LOW,
        message=f"{code.meaning} {told}.",
        key="approvals",
    )
