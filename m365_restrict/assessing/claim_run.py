"""`adopt` and `disown`: whose a transport rule is, put on record. The tenant is never written here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from m365_restrict.assess.codes import ClaimCode, ImportCode
from m365_restrict.assess.correspond import Correspondence, nearest
from m365_restrict.assessing.named_rule import read_standing, rule_named
from m365_restrict.codes import CatalogueCode
from m365_restrict.errors import ExitCode
from m365_restrict.ledger.claims import Claim, ClaimKind
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.reconcile import reconcile
from m365_restrict.register.reference import same_reference
from m365_restrict.report.claim_document import ClaimDocument, ClaimVerb, RefusedClaim
from m365_restrict.report.documents import Head, Source
from m365_restrict.report.verb import Verb
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.rules.stamp import Damaged, Stamp, parse_stamp
from m365_restrict.rules.transport_rule import TransportRule
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run

_SENDER_CONDITIONS = (
    "From",
    "FromAddressMatchesPatterns",
    "FromAddressContainsWords",
    "SenderDomainIs",
    "FromMemberOf",
)


@dataclass(frozen=True, kw_only=True)
class ClaimOrder:
    """Which rule, by name or Guid; for which case ("" to disown); why; and the account that says so."""

    rule: str
    case_ref: str = ""
    reason: str
    made_by: str


@dataclass(frozen=True)
class _Refusal:
    code: CatalogueCode
    message: str


async def adopt(run: Run, order: ClaimOrder, finished: Callable[[], datetime]) -> ClaimDocument:
    """Make a rule ours for a live case, if it corresponds to one of the case's rules.

    Reads all that `plan` reads, and raises what that raises. What the rule last was is unknown, so the
    next plan takes it over where it is equal and shows the differences otherwise.
    """
    found = await reconcile(replace(run, verb=Verb.PLAN, writing=None, hand_over=None))
    if found.planned is None:
        raise AssertionError("a plan has been made")
    document = _document(run, order, ClaimVerb.ADOPT, finished, source_of(found))
    rules = found.planned.observed.transport
    if isinstance(rules, Unknown):
        return _unread(document, rules)
    rule = rule_named(rules, order.rule)
    if rule is None:
        return _refused(document, _not_found())
    document = replace(document, rule=rule.name, guid=rule.guid)
    match = _match(rule, order, found, run.options.instance_id)
    if isinstance(match, _Refusal):
        return _refused(document, match)
    _record(run, order, rule.name, rule.guid, match)
    return replace(
        document, case_ref=match.case_reference, key=match.key, fields=match.differences, recorded=True
    )


async def disown(run: Run, order: ClaimOrder, finished: Callable[[], datetime]) -> ClaimDocument:
    """Give up a rule of ours: the ledger forgets it, and its stamp no longer makes it ours."""
    document = _document(run, order, ClaimVerb.DISOWN, finished, Source())
    run.progress("Reading the rules in the tenant")
    standing = await read_standing(run)
    if isinstance(standing, Unknown):
        left = None if run.options.sees_transport_rules else _left_behind(run, order)
        return _disowned_unseen(run, order, document, left) if left else _unread(document, standing)
    rule = standing.named(order.rule)
    if rule is None:
        return _refused(document, _not_found())
    document = replace(document, rule=rule.name, guid=rule.guid)
    owned = standing.ours(rule.guid)
    if owned is None and not _bears_our_mark(run, rule):
        return _refused(document, _Refusal(ClaimCode.NOT_OURS, f"The rule “{rule.name}” is not ours."))
    case_ref = owned.case_reference if owned else ""
    _record(run, replace(order, case_ref=case_ref), rule.name, rule.guid, None)
    return replace(
        document,
        case_ref=case_ref,
        key=owned.key if owned else "",
        recorded=True,
        notes=tuple(_consequences(run, case_ref)),
    )


def _left_behind(run: Run, order: ClaimOrder) -> Applied | None:
    """The transport rule that the ledger knows by this name or Guid, where nobody can look at it any more."""
    known = [one for one in run.ledger.rules.all() if one.kind is RuleKind.TRANSPORT_RULE]
    wanted = order.rule.strip().casefold()
    by_guid = (one for one in known if one.guid_or_rule_id.casefold() == wanted)
    return next(by_guid, None) or next((one for one in known if one.name.casefold() == wanted), None)


def _disowned_unseen(run: Run, order: ClaimOrder, document: ClaimDocument, left: Applied) -> ClaimDocument:
    """Somebody says that a rule is gone, or no longer ours, that cannot be read without an Exchange role."""
    _record(run, replace(order, case_ref=left.case_reference), left.name, left.guid_or_rule_id, None)
    return replace(
        document,
        rule=left.name,
        guid=left.guid_or_rule_id,
        case_ref=left.case_reference,
        key=left.key,
        recorded=True,
        notes=("The rule was not looked at: there is no Exchange role. Nobody will look at it again.",),
    )


def source_of(found: Found) -> Source:
    """The register as it was read."""
    return Source(items=len(found.register.cases.items), complete=True, version=found.register.version)


def _match(
    rule: ObservedTransportRule, order: ClaimOrder, found: Found, instance_id: str
) -> Correspondence | _Refusal:
    planned = found.planned
    if planned is None:
        raise AssertionError("a plan has been made")
    wanted = planned.desired.transport
    standing = {entry.guid: entry.key for entry in planned.plan.difference.line if entry.key}
    return (
        _unfit(rule, instance_id)
        or _is_ours(rule, wanted, standing)
        or _case_problem(order.case_ref, found)
        or _nearest(rule, _rules_of(order.case_ref, wanted), frozenset(standing.values()))
    )


def _unfit(rule: ObservedTransportRule, instance_id: str) -> _Refusal | None:
    stamp = parse_stamp(rule.comments)
    if isinstance(stamp, Stamp) and stamp.instance_id != instance_id:
        text = f"The rule “{rule.name}” belongs to the installation {stamp.instance_id}."
        return _Refusal(ClaimCode.OTHER_INSTALLATION, text)
    if not any(name in rule.properties for name in _SENDER_CONDITIONS):
        return _Refusal(ClaimCode.NO_SENDER, f"The rule “{rule.name}” has no sender condition.")
    return None


def _is_ours(
    rule: ObservedTransportRule, wanted: Sequence[TransportRule], standing: Mapping[str, str]
) -> _Refusal | None:
    """A rule of ours that no case wants any more may be given to another case."""
    key = standing.get(rule.guid)
    mine = next((one for one in wanted if one.key == key), None)
    if mine is None:
        return None
    return _Refusal(ClaimCode.ALREADY_OURS, f"The rule is ours already, for case {mine.case_reference}.")


def _case_problem(case_ref: str, found: Found) -> _Refusal | None:
    judgement = found.judgement
    if any(same_reference(one.case.reference, case_ref) for one in judgement.in_force):
        return None
    why = [one.message for one in judgement.refused if same_reference(one.case_ref, case_ref)]
    reason = why[0] if why else "The register has no approved case with this reference that is in force."
    return _Refusal(ClaimCode.CASE_NOT_LIVE, f"Case {case_ref} is not in force. {reason}")


def _rules_of(case_ref: str, wanted: Sequence[TransportRule]) -> tuple[TransportRule, ...]:
    """The case's own rules: what a councillor chose is made by that choice alone."""
    return tuple(
        one
        for one in wanted
        if same_reference(one.case_reference, case_ref) and not one.holder and not is_choice_key(one.key)
    )


def _nearest(
    rule: ObservedTransportRule, wanted: Sequence[TransportRule], taken: AbstractSet[str]
) -> Correspondence | _Refusal:
    free = [one for one in wanted if one.key not in taken]
    match = nearest(rule, free)
    if match is not None:
        return match
    if nearest(rule, wanted) is not None:
        return _Refusal(
            ClaimCode.CASE_HAS_RULE, "The case has the rule that this one corresponds to already."
        )
    lacks = (
        "names none of the case's addresses exactly" if wanted else "has no transport rule to correspond to"
    )
    return _Refusal(ClaimCode.NOT_FOR_CASE, f"The rule “{rule.name}” {lacks}.")


def _record(run: Run, order: ClaimOrder, name: str, guid: str, match: Correspondence | None) -> None:
    """First the claim, then the ledger forgets what it knew: in between, the claim alone decides."""
    ledger = run.ledger
    ledger.claims.record(
        Claim(
            guid=guid,
            kind=ClaimKind.ADOPTED if match else ClaimKind.DISOWNED,
            key=match.key if match else "",
            case_reference=match.case_reference if match else order.case_ref,
            rule_name=name,
            reason=order.reason,
            made_by=order.made_by,
            at=run.now,
            run_id=run.run_id,
        )
    )
    for one in ledger.rules.all():
        if one.kind is RuleKind.TRANSPORT_RULE and one.guid_or_rule_id == guid:
            ledger.rules.forget(one.key)


def _bears_our_mark(run: Run, rule: ObservedTransportRule) -> bool:
    """A copied or a damaged stamp of ours, which nobody has disowned yet."""
    if rule.guid in run.ledger.claims.standing().disowned:
        return False
    stamp = parse_stamp(rule.comments)
    return isinstance(stamp, Damaged) or (
        isinstance(stamp, Stamp) and stamp.instance_id == run.options.instance_id
    )


def _consequences(run: Run, case_ref: str) -> Iterator[str]:
    live = {one.case_reference for one in run.ledger.register.live()}
    if case_ref in live:
        yield (
            f"Case {case_ref} is in force: the next plan makes a rule of its own for it, once this one is "
            "renamed or removed."
        )
    yield "Undo it with `m365-restrict adopt`."


def _not_found() -> _Refusal:
    return _Refusal(ImportCode.RULE_NOT_FOUND, ImportCode.RULE_NOT_FOUND.meaning)


def _document(
    run: Run, order: ClaimOrder, verb: ClaimVerb, finished: Callable[[], datetime], source: Source
) -> ClaimDocument:
    head = Head(
        run_id=run.run_id,
        started_at=run.now,
        finished_at=finished(),
        exit_code=ExitCode.IN_STEP,
        source=source,
    )
    return ClaimDocument(
        verb=verb,
        head=head,
        rule=order.rule,
        case_ref=order.case_ref,
        reason=order.reason,
        made_by=order.made_by,
        at=run.now,
    )


def _refused(document: ClaimDocument, why: _Refusal) -> ClaimDocument:
    refusal = RefusedClaim(why.code.value, why.message, why.code.advice)
    return replace(document, head=replace(document.head, exit_code=ExitCode.REFUSED), refused=(refusal,))


def _unread(document: ClaimDocument, unknown: Unknown) -> ClaimDocument:
    head = replace(document.head, exit_code=ExitCode.PARTIAL, unknown=(unknown,))
    return replace(document, head=head)
