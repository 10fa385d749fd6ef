"""Rules of ours in mailboxes that no decision leads to, and what holders did to rules that they chose."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.rebuilding.told_before import CHOICE_STATUS, seen_as_it_is
from m365_restrict.register.address import read_address_lines
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.register.values import as_text
from m365_restrict.rules.choice_rules import choice_key
from m365_restrict.rules.inbox_rule import InboxRule
from m365_restrict.rules.observed import ObservedInboxRule
from m365_restrict.rules.properties import inbox_properties
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.observing import observe
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.choice_notes import ChoiceStanding

_STOOD = frozenset({ChoiceStanding.IN_PLACE.value, ChoiceStanding.CHANGED.value})


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Our rules in mailboxes that the plan did not look into; how many those were, and which failed."""

    rules: tuple[Applied, ...] = ()
    mailboxes: int = 0
    unknown: tuple[Unknown, ...] = field(default=())


async def rules_elsewhere(run: Run, found: Found, planned: Planned) -> Elsewhere:
    """Look into every councillor's mailbox and every one that an item ever named, for our tokens alone."""
    seen = planned.observed.inbox
    mailboxes = [one for one in await _in_scope(run, found) if one not in seen]
    observed = await observe(
        run.readers, mailboxes=mailboxes, applied=(), folders=planned.folders, options=run.options
    )
    unread = [one for one in observed.inbox.values() if isinstance(one, Unknown)]
    ours = [rule for one in observed.inbox.values() if not isinstance(one, Unknown) for rule in one]
    ours += [rule for one in seen.values() if not isinstance(one, Unknown) for rule in _stray(one, planned)]
    reason = unread[0].reason if unread else ""
    told = (Unknown(f"{len(unread)} mailboxes that no decision leads to", reason),) if unread else ()
    return Elsewhere(rules=tuple(_leftovers(ours)), mailboxes=len(observed.inbox), unknown=told)


async def _in_scope(run: Run, found: Found) -> tuple[str, ...]:
    """Primary addresses of councillors, and of mailboxes that items of any state or version name."""
    councillors = found.people.councillors
    members = [] if isinstance(councillors, Unknown) else [one.address for one in councillors]
    named = {
        address
        for item in found.register.cases.items
        for fields in (item.fields, *(version.fields for version in item.versions))
        for address in read_address_lines(as_text(fields.get("ScopeMailboxes", "")))[0]
    }
    directory = run.readers.directory
    resolved = [
        one for one in (await directory.resolve(sorted(named))).values() if isinstance(one, Recipient)
    ]
    boxes = [one.address for one in resolved if one.kind.is_mailbox]
    for group in (one for one in resolved if one.kind is RecipientKind.GROUP):
        inside = await directory.members(group.address)
        boxes += [] if isinstance(inside, Unknown) else [one.address for one in inside]
    return tuple(dict.fromkeys([*members, *boxes]))


def _stray(rules: Iterable[ObservedInboxRule], planned: Planned) -> Iterator[ObservedInboxRule]:
    """Those that the plan would remove because nothing explains their token."""
    unexplained = {
        (change.mailbox, change.observed.rule_id)
        for change in planned.plan.difference.changes
        if isinstance(change.observed, ObservedInboxRule) and change.target is None
    }
    return (rule for rule in rules if (rule.mailbox, rule.rule_id) in unexplained)


def _leftovers(rules: Iterable[ObservedInboxRule]) -> Iterator[Applied]:
    """As the ledger remembers them: that way the next plan looks into the mailbox, and apply removes them."""
    taken: set[str] = set()
    for rule in rules:
        key = f"token-{rule.token}"
        while key in taken:
            key += "~"
        taken.add(key)
        yield Applied(
            key=key,
            kind=RuleKind.INBOX_RULE,
            guid_or_rule_id=rule.rule_id,
            mailbox=rule.mailbox,
            case_reference="",
            name=rule.display_name,
            properties=rule.properties,
            chosen_by_holder=True,
        )


def holders_own(found: Found, planned: Planned) -> Iterator[Applied]:
    """Choices whose rule stood, as their row says, and stands no more: the holder's doing, never put back."""
    items = {choice_key(item.item_id): item for item in found.register.choices.items}
    for rule in planned.desired.inbox:
        item = items.get(rule.key)
        if not rule.chosen_by_holder or item is None or _stands(rule, planned.observed.inbox):
            continue
        status = as_text(item.fields.get(CHOICE_STATUS, ""))
        if status in _STOOD and seen_as_it_is(item):
            yield Applied(
                key=rule.key,
                kind=RuleKind.INBOX_RULE,
                guid_or_rule_id="",
                mailbox=rule.mailbox,
                case_reference=rule.case_reference,
                name=rule.display_name,
                properties=inbox_properties(rule),
                chosen_by_holder=True,
                saved=rule.saved,
                holder_ended=status == ChoiceStanding.CHANGED.value,
                item_id=rule.item_id,
            )


def _stands(rule: InboxRule, observed: Mapping[str, tuple[ObservedInboxRule, ...] | Unknown]) -> bool:
    """Whether the rule is there, or nobody could look."""
    rules = observed.get(rule.mailbox, ())
    return isinstance(rules, Unknown) or any(one.token == rule.token for one in rules)
