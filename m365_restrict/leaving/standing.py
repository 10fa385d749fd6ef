"""Every rule of ours that stands in the tenant, and which of them may be left to end by itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from m365_restrict.by_hand.open_run import CaseRules
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Observed, ObservedRule, RuleKind
from m365_restrict.plan.opening import actions_in, captures_more
from m365_restrict.plan.out_of_reach import with_addresses
from m365_restrict.plan.ownership import keys_by_token, owned_inbox_rules, owned_transport_rules
from m365_restrict.plan.settle import Trio
from m365_restrict.plan.writes import identifier_of
from m365_restrict.register.recipient import RecipientKind, Resolved, Unresolved
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.steps.observing import observe
from m365_restrict.steps.recording import unfinished_mailboxes
from m365_restrict.steps.run_context import Run
from m365_restrict.writes.mailbox_folders import Folders

_NO_ROLE = "There is no Exchange role to remove it: an administrator does it by hand."
_EXPIRY = "ExpiryDate"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Our rules in the order in which they go.

    `chosen` are those by which councillors' own choices are carried out, transport rules of "Same as the
    council" among them; `named` the council's inbox rules; `council` its transport rules.
    """

    chosen: CaseRules
    named: CaseRules
    council: CaseRules

    @property
    def parts(self) -> tuple[CaseRules, CaseRules, CaseRules]:
        """The three in their order."""
        return self.chosen, self.named, self.council

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """What could not be looked at."""
        return tuple(dict.fromkeys(one for part in self.parts for one in part.unknown))


async def read_standing(run: Run) -> Standing:
    """Look for every rule that the ledger knows, and for every other that bears a mark of ours."""
    applied = run.ledger.rules.all()
    boxes = {one.mailbox for one in applied if one.kind is RuleKind.INBOX_RULE}
    boxes |= unfinished_mailboxes(run.ledger)
    observed = await observe(
        run.readers, mailboxes=boxes, applied=applied, folders=Folders(), options=run.options
    )
    observed = await _without_lost_mailboxes(run, observed)
    transport = _transport_rules(run, applied, observed)
    inbox = [_inbox_rules(run, applied, observed, box) for box in sorted(boxes)]
    return Standing(
        chosen=_joined([transport, *inbox], lambda one: one.chosen_by_holder),
        named=_joined(inbox, lambda one: not one.chosen_by_holder),
        council=_joined([transport], lambda one: not one.chosen_by_holder),
    )


async def _without_lost_mailboxes(run: Run, observed: Observed) -> Observed:
    """With no rules in a mailbox that could not be read because the directory knows it no more."""
    unread = [box for box, rules in observed.inbox.items() if isinstance(rules, Unknown)]
    found = await run.readers.directory.resolve(unread) if unread else {}
    lost = {box for box in unread if _is_lost(found.get(box.lower()))}
    return replace(
        observed, inbox={box: () if box in lost else rules for box, rules in observed.inbox.items()}
    )


def _is_lost(answer: Resolved | None) -> bool:
    if isinstance(answer, Unresolved):
        return answer.absent
    return answer is not None and answer.kind is RecipientKind.NO_MAILBOX


def _joined(parts: Sequence[CaseRules], takes: Callable[[Applied], bool]) -> CaseRules:
    return CaseRules(
        standing=tuple(one for part in parts for one in part.standing if takes(one[0])),
        gone=tuple(one for part in parts for one in part.gone if takes(one)),
        unseen=tuple(one for part in parts for one in part.unseen if takes(one[0])),
        unknown=tuple(one for part in parts for one in part.unknown),
    )


def _transport_rules(run: Run, applied: Sequence[Applied], observed: Observed) -> CaseRules:
    mine = [one for one in applied if one.kind is RuleKind.TRANSPORT_RULE]
    rules = observed.transport
    if isinstance(rules, Unknown):
        return CaseRules(unseen=tuple((one, rules.reason) for one in mine), unknown=(rules,))
    if not run.options.sees_transport_rules:
        return CaseRules(unseen=tuple((one, _NO_ROLE) for one in mine))
    owned, _ = owned_transport_rules(
        rules, applied, instance_id=run.options.instance_id, claims=run.ledger.claims.standing()
    )
    known = {one.key: one for one in mine}
    return CaseRules(
        standing=tuple(
            (known.get(one.key) or _unrecorded(one.key, one.case_reference, one.rule), one.rule)
            for one in owned.values()
        ),
        gone=tuple(one for one in mine if one.key not in owned),
    )


def _inbox_rules(run: Run, applied: Sequence[Applied], observed: Observed, mailbox: str) -> CaseRules:
    mine = [one for one in applied if one.kind is RuleKind.INBOX_RULE and one.mailbox == mailbox]
    rules = observed.inbox.get(mailbox, ())
    if isinstance(rules, Unknown):
        about = Unknown("a mailbox that may hold rules of ours", rules.reason)
        return CaseRules(unseen=tuple((one, rules.reason) for one in mine), unknown=(about,))
    instance_id = run.options.instance_id
    unfinished = (one.key for one in run.ledger.written.unfinished() if one.mailbox == mailbox)
    begun = keys_by_token(unfinished, instance_id)
    owned, _ = owned_inbox_rules(rules, mine, begun, instance_id=instance_id)
    known = {one.key: one for one in mine}
    return CaseRules(
        standing=tuple(
            (known.get(key) or _unrecorded(key, "", one.rule, mailbox=mailbox), one.rule)
            for key, one in owned.items()
        ),
        gone=tuple(one for one in mine if one.key not in owned),
    )


def _unrecorded(key: str, case_ref: str, rule: ObservedRule, *, mailbox: str = "") -> Applied:
    """A rule of ours by its mark that the ledger does not know, as a killed run leaves it.

    Of an inbox rule nobody can tell whose it is then, so it is told of as a councillor's own.
    """
    transport = isinstance(rule, ObservedTransportRule)
    properties: Properties = rule.properties
    return Applied(
        key=key,
        kind=RuleKind.TRANSPORT_RULE if transport else RuleKind.INBOX_RULE,
        guid_or_rule_id=identifier_of(rule),
        mailbox=mailbox,
        case_reference=case_ref,
        name=str(properties.get("Name") or properties.get("displayName") or ""),
        properties=properties,
        chosen_by_holder=is_choice_key(key) or not transport,
    )


def why_not_left(one: Applied, rule: ObservedRule, *, now: datetime, reasons: Mapping[str, str]) -> str:
    """Why a rule may not be left to end by itself; "" where it may. `reasons` are others', by key.

    Nobody looks after it any more, so only a rule stays that ends itself no later than was decided, meets
    no more mail than was last applied and does the same with it (design.md 6).
    """
    if not isinstance(rule, ObservedTransportRule):
        return "An inbox rule has no end of its own, so it is not left."
    if one.chosen_by_holder:
        return "A councillor who chose it could no longer stop it, so it is not left."
    return (
        _why_not_by_its_end(one, rule, now) or _why_not_by_its_effect(one, rule) or reasons.get(one.key, "")
    )


def _why_not_by_its_end(one: Applied, rule: ObservedRule, now: datetime) -> str:
    end, decided = rule.properties.get(_EXPIRY), one.properties.get(_EXPIRY)
    if not isinstance(end, datetime) or not isinstance(decided, datetime):
        return "It has no end of its own, so it is not left."
    if end > decided:
        return "Somebody has given it a later end than was decided, so it is not left."
    return "Its end has passed." if end <= now else ""


def _why_not_by_its_effect(one: Applied, rule: ObservedTransportRule) -> str:
    shown = _with_addresses(one, rule).properties
    wider = captures_more(one.properties, shown)
    if wider:
        return f"It meets more mail than was last applied ({', '.join(wider)}), so it is not left."
    if actions_in(one.properties) != actions_in(shown):
        return "It does something else with mail than was last applied, so it is not left."
    return ""


def _with_addresses(one: Applied, rule: ObservedTransportRule) -> ObservedRule:
    """The rule with addresses for recipients that Exchange shows by name (exchange.md 2.4)."""
    trio = Trio(
        key=one.key,
        kind=one.kind,
        case_reference=one.case_reference,
        mailbox="",
        wanted=None,
        observed=rule,
        applied=one,
    )
    return with_addresses(trio)[0].observed or rule


def last_day(properties: Properties, zone: tzinfo) -> date | None:
    """The last local day on which a rule acts; None where nothing ends it."""
    end = properties.get(_EXPIRY)
    return (end.astimezone(zone) - timedelta(seconds=1)).date() if isinstance(end, datetime) else None


def split(
    part: CaseRules, *, now: datetime, reasons: Mapping[str, str]
) -> tuple[CaseRules, tuple[tuple[Applied, ObservedRule], ...]]:
    """What goes, and what may be left."""
    stays = tuple(one for one in part.standing if not why_not_left(*one, now=now, reasons=reasons))
    going = tuple(one for one in part.standing if one not in stays)
    return replace(part, standing=going), stays
