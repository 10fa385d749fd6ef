"""`waive`: accept one finding of the present drift as it is, until a day. It writes the ledger alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from m365_restrict.by_hand.actions import harsher_actions, harsher_from_senders, sent_outside
from m365_restrict.by_hand.words import said
from m365_restrict.errors import ExitCode, RequestRefused
from m365_restrict.outcome import Unknown
from m365_restrict.plan.by_hand_codes import ByHandCode
from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.opening import captures_more
from m365_restrict.plan.waivers import Waiver, is_of_change, told_by
from m365_restrict.reconcile import reconcile
from m365_restrict.report.documents import Head, Source
from m365_restrict.report.lines import finding_id
from m365_restrict.report.verb import Verb
from m365_restrict.report.waive_document import WaiveDocument, waiver_entry
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.service_properties import ACTIONS
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.run_context import Run

_WAIVABLE = frozenset(
    {
        ChangeClass.DRIFTED,
        ChangeClass.BOTH,
        ChangeClass.MISSING,
        ChangeClass.ORPHAN,
        ChangeClass.FOREIGN_EFFECT,
    }
)
_NAMES = frozenset({"Name", "displayName"})


@dataclass(frozen=True, kw_only=True)
class WaiveOrder:
    """Which finding by its id, why, who answers for it by title, until which day, and who asks."""

    finding: str
    reason: str
    owner: str
    until: date
    made_by: str


async def waive(run: Run, order: WaiveOrder, finished: Callable[[], datetime]) -> WaiveDocument:
    """Look at the tenant as `drift` does and record the waiver. RequestRefused where that may not be."""
    reason, owner = said(order.reason, "--reason"), said(order.owner, "--owner")
    _check_day(order.until, run.today)
    found = await reconcile(replace(run, verb=Verb.DRIFT, writing=None, hand_over=None))
    planned = found.planned
    if planned is None:
        raise AssertionError("drift has a plan")
    finding = _named(order.finding, found.findings)
    why = _why_not(finding, found, planned)
    if why:
        raise RequestRefused(f"This finding cannot be waived: {why}", code=ByHandCode.NOT_WAIVABLE)
    waiver = run.ledger.waivers.begin(
        Waiver(
            finding_key=finding.known_by,
            code=finding.code.value,
            kind=finding.kind,
            key=finding.key,
            case_reference=finding.case_reference,
            rule_name=finding.rule,
            accepted=finding.fields,
            told="" if is_of_change(finding) else told_by(finding, _rules(planned)),
            reason=reason,
            owner=owner,
            made_by=order.made_by,
            since=run.now,
            until=order.until,
            run_id=run.run_id,
        )
    )
    until = long_day(order.until)
    return WaiveDocument(
        head=Head(
            run_id=run.run_id,
            started_at=run.now,
            finished_at=finished(),
            exit_code=ExitCode.IN_STEP,
            source=Source(
                items=len(found.register.cases.items), complete=True, version=found.register.version
            ),
        ),
        done=f"Waiver {waiver.number}: the finding is accepted as it is to the end of {until}. It stays in "
        "every drift report, and comes back when what was accepted changes.",
        waivers=(waiver_entry(waiver, run.today),),
    )


def longest_until(today: date) -> date:
    """The last day on which a waiver that is given today may count: 12 months on."""
    try:
        return today.replace(year=today.year + 1)
    except ValueError:  # 29 February
        return today.replace(year=today.year + 1, day=28)


def _check_day(until: date, today: date) -> None:
    if not today <= until <= longest_until(today):
        latest = long_day(longest_until(today))
        code = ByHandCode.WAIVER_TOO_LONG
        raise RequestRefused(f"--until must be between today and {latest}.", code=code)


def _named(text: str, findings: Sequence[Finding]) -> Finding:
    """The finding with this id; of several lines about one rule, that which is not accepted yet."""
    wanted = text.strip().lower()
    named = [one for one in findings if finding_id(one) == wanted]
    if not named:
        code = ByHandCode.FINDING_NOT_FOUND
        raise RequestRefused(f"The present drift has no finding {wanted}.", code=code)
    return min(named, key=lambda one: one.waived is not None)


def _rules(planned: Planned) -> dict[str, ObservedTransportRule]:
    rules = planned.observed.transport
    return {} if isinstance(rules, Unknown) else {rule.name.casefold(): rule for rule in rules}


def _why_not(finding: Finding, found: Found, planned: Planned) -> str:
    """Why a finding may not be accepted as it is, or "": nobody is to be restricted without a decision."""
    if finding.code is FindingCode.OPENED_BY_HAND or finding.change_class not in _WAIVABLE:
        return "it is put right in the register or by a run, and is no edit that somebody could accept."
    if finding.chosen_by_holder or (is_of_change(finding) and not _is_written(finding, planned)):
        choice, waits = "it is about a councillor's own choice.", "its case waits; first see what that lacks."
        return choice if finding.chosen_by_holder else waits
    if finding.severity is Severity.CRITICAL:
        return "it is critical: somebody may be captured whom no decision restricts."
    desired = {one.field: one.desired for one in finding.fields if one.desired is not None}
    observed = {one.field: one.observed for one in finding.fields if one.observed is not None}
    more = captures_more(desired, observed) if is_of_change(finding) and _stands(finding) else ()
    if more:
        return f"in {', '.join(more)} the rule acts on mail that no decision restricts."
    harsher = _harsher(finding, planned)
    if harsher:
        return f"by {', '.join(harsher)} mail would be kept from people in a way that nobody decided."
    outside = sent_outside({**observed, **_foreign_actions(finding, planned)}.items(), found.people.domains)
    return f"by {', '.join(outside)} mail would leave the organisation." if outside else ""


def _is_written(finding: Finding, planned: Planned) -> bool:
    """Whether the plan has a change, or had one but for a waiver, that the finding tells of."""
    difference = planned.plan.difference
    told = {one.field for one in finding.fields}
    return any(
        (one.kind, one.key) == (finding.kind, finding.key) and told <= {entry.field for entry in one.fields}
        for one in (*difference.waived, *difference.changes)
    )


def _harsher(finding: Finding, planned: Planned) -> tuple[str, ...]:
    """What the rule of the finding does to destroy, hold or turn away mail beyond the decision."""
    if finding.change_class is ChangeClass.FOREIGN_EFFECT:
        rule = _rules(planned).get(finding.rule.casefold())
        return harsher_from_senders(rule.properties) if rule is not None else ()
    difference = planned.plan.difference
    for change in (*difference.waived, *difference.changes):
        if (change.kind, change.key) == (finding.kind, finding.key) and change.observed is not None:
            return harsher_actions(change.observed.properties, change.target or {})
    return ()


def _foreign_actions(finding: Finding, planned: Planned) -> Properties:
    """What somebody else's rule does to mail: its finding shows none of it. Conditions send nothing."""
    if finding.change_class is not ChangeClass.FOREIGN_EFFECT:
        return {}
    rule = _rules(planned).get(finding.rule.casefold())
    properties = rule.properties if rule is not None else {}
    return {name: value for name, value in properties.items() if name in ACTIONS}


def _stands(finding: Finding) -> bool:
    """Whether there is a rule. An edit may do no more than remove a property, so values do not tell."""
    return not any(one.field in _NAMES and one.observed is None for one in finding.fields)
