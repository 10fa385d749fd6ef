"""Everything that `drift` tells of, severest first, judged by the waivers that people gave."""

from collections.abc import Iterable, Iterator

from m365_restrict.auditing.approval_audit import audit_findings
from m365_restrict.auditing.audit_lines import with_actors
from m365_restrict.findings.left_behind import left_behind
from m365_restrict.findings.left_to_hand import told_as_waiting
from m365_restrict.findings.register_findings import register_findings
from m365_restrict.findings.silent_jobs import silent_findings
from m365_restrict.findings.unsigned_reports import unsigned_findings
from m365_restrict.plan.canary import canary_findings
from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.findings import finding_for, findings_of
from m365_restrict.plan.foreign_effect import foreign_effects
from m365_restrict.plan.undecided import undecided_rules
from m365_restrict.plan.waivers import told_of_waivers
from m365_restrict.register.case import CaseState
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.openings import opening_of
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.waiving import waiver_ground
from m365_restrict.steps.watched import Watched

_SEVEREST_FIRST = tuple(Severity)
_OPENED = FindingCode.OPENED_BY_HAND


def drift_findings(run: Run, found: Found, planned: Planned) -> tuple[Finding, ...]:
    """What differs or needs somebody, and of what was accepted whether it still is as it was."""
    return _judged(run, planned, _unjudged(run, found, planned))


def with_watched(
    run: Run, planned: Planned, findings: Iterable[Finding], watched: Watched
) -> tuple[Finding, ...]:
    """The same with what was read beside the rules: who made each, and what follows from that alone."""
    everything = (*findings, *_judged(run, planned, watched.findings))
    return _severest_first(with_actors(one, watched.actors) for one in everything)


def _judged(run: Run, planned: Planned, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    ground = waiver_ground(run, run.ledger.rules.all(), planned.observed)
    return _severest_first(told_of_waivers(findings, planned.plan.difference, ground))


def _severest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda one: _SEVEREST_FIRST.index(one.severity)))


def _unjudged(run: Run, found: Found, planned: Planned) -> Iterator[Finding]:
    difference = planned.plan.difference
    in_force = [one.case for one in found.judgement.in_force]
    yield from told_as_waiting(run, planned, findings_of(difference, now=run.now))
    yield from (finding_for(change, now=run.now) for change in difference.waived)
    yield from register_findings(found, planned)
    yield from audit_findings(run, found)
    yield from unsigned_findings(run, found)
    yield from silent_findings(run)
    yield from _opened_by_hand(run, found)
    yield from _undecided(run, found, planned)
    yield from foreign_effects(in_force, difference, planned.observed, planned.directory, now=run.now)
    yield from planned.rule_tests.findings
    yield from left_behind(run, frozenset(one.reference for one in in_force))
    passed = run.ledger.canaries.passed_forms(run.options.tenant_id)
    yield from canary_findings(run.options.compile, passed=passed)


def _opened_by_hand(run: Run, found: Found) -> Iterator[Finding]:
    """Each day until the register follows: the tenant was brought away from the decision."""
    openings = run.ledger.openings.standing()
    for one in found.judgement.accepted:
        if one.state is not CaseState.OPENED_BY_HAND or not one.case.protected.measure.acts_on_mail:
            continue
        opening = opening_of(one.case.item_id, one.case.reference, openings)
        if opening is not None:
            yield Finding(
                code=_OPENED,
                change_class=ChangeClass.DRIFTED,
                severity=Severity.HIGH,
                message=f"{_OPENED.meaning} The reason given: {opening.reason}",
                case_reference=one.case.reference,
                key=f"opening:{opening.number}",
                changed_by=opening.opened_by,
                changed_at=opening.since,
                began_at=opening.since,
            )


def _undecided(run: Run, found: Found, planned: Planned) -> Iterator[Finding]:
    return undecided_rules(
        planned.plan.difference,
        planned.observed,
        decided=frozenset(
            named
            for one in found.judgement.in_force
            for address in one.case.protected.addresses
            for named in (address, *planned.directory.main_addresses(address))
        )
        | _trial_address(run),
        council_domains=found.people.domains,
        now=run.now,
    )


def _trial_address(run: Run) -> frozenset[str]:
    """The address of ICT's own that a canary's rules are about, while one stands (docs/doctor.md)."""
    stands = run.ledger.canaries.standing(run.options.tenant_id) is not None
    return frozenset({run.options.canary.address} if stands else ())
