"""Step 4 of the main path: the rules that the tenant holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Observed, RuleKind
from m365_restrict.plan.limits import ServiceLimits
from m365_restrict.rules.normalise import folder_names, observe_inbox_rule, observe_transport_rule
from m365_restrict.rules.observed import ObservedInboxRule, ObservedTransportRule
from m365_restrict.steps.options import RunOptions
from m365_restrict.tenant.inbox_rules import InboxRuleReader, RawRule
from m365_restrict.tenant.session import TenantReaders
from m365_restrict.tenant.together import all_of, both
from m365_restrict.writes.mailbox_folders import Folders

MailboxRules: TypeAlias = tuple[RawRule, ...] | Unknown
"""The rules of a mailbox as Graph told them, or why they could not be read."""


@dataclass(frozen=True, kw_only=True)
class TransportRules:
    """The tenant's transport rules and its own limits on them, or the documented ones (exchange.md 9)."""

    rules: tuple[ObservedTransportRule, ...] | Unknown = ()
    limits: ServiceLimits = field(default_factory=ServiceLimits)


async def observe(
    readers: TenantReaders,
    *,
    mailboxes: Iterable[str],
    applied: Sequence[Applied],
    folders: Folders,
    options: RunOptions,
) -> Observed:
    """The tenant's rules now. What could not be read is Unknown, never absent.

    Without an Exchange role transport rules are not looked at; `left_behind` tells of those of ours.
    """
    transport, read = await both(
        _observe_transport(readers, options),
        read_mailboxes(readers.inbox_rules, mailboxes, applied=applied, folders=folders),
    )
    inbox = observed_in(read, applied=applied, folders=folders, instance_id=options.instance_id)
    return Observed(transport=transport, inbox=inbox)


async def read_transport_rules(readers: TenantReaders, options: RunOptions) -> TransportRules:
    """The transport rules as `observe` reads them, with what the tenant allows of them."""
    rules = await _observe_transport(readers, options)
    if isinstance(rules, Unknown):
        # Where the rules themselves cannot be read, asking Exchange for more only takes time.
        return TransportRules(rules=rules)
    return TransportRules(rules=rules, limits=await readers.directory.limits())


async def read_mailboxes(
    reader: InboxRuleReader, mailboxes: Iterable[str], *, applied: Sequence[Applied], folders: Folders
) -> Mapping[str, MailboxRules]:
    """Ask for the rules of these mailboxes; those whose folders could not be read are not asked."""
    known, wanted = known_ids(applied), sorted(frozenset(mailboxes))
    asking = [one for one in wanted if one not in folders.unreadable]
    found = await all_of(reader.list_rules(one, known_ids=frozenset(known.get(one, {}))) for one in asking)
    return dict.fromkeys(wanted, ()) | dict(zip(asking, found, strict=True))


def observed_in(
    read: Mapping[str, MailboxRules], *, applied: Sequence[Applied], folders: Folders, instance_id: str
) -> Mapping[str, tuple[ObservedInboxRule, ...] | Unknown]:
    """The rules that mailboxes told, with their folders under the names that they have in `folders`."""
    known, unreadable = known_ids(applied), folders.unreadable
    inbox: dict[str, tuple[ObservedInboxRule, ...] | Unknown] = {}
    for mailbox, raw in read.items():
        if mailbox in unreadable:
            inbox[mailbox] = replace(unreadable[mailbox], scope=mailbox)
        elif isinstance(raw, Unknown):
            inbox[mailbox] = raw
        else:
            inbox[mailbox] = _observed(
                mailbox, raw, known=known.get(mailbox, {}), folders=folders, instance_id=instance_id
            )
    return inbox


def _observed(
    mailbox: str,
    raw: Sequence[RawRule],
    *,
    known: Mapping[str, Applied],
    folders: Folders,
    instance_id: str,
) -> tuple[ObservedInboxRule, ...]:
    names = folder_names(folders.ids.get(mailbox, {}))
    known_ids, spellings = frozenset(known), {key: one.spellings for key, one in known.items()}
    observed = (
        observe_inbox_rule(
            rule,
            mailbox=mailbox,
            instance_id=instance_id,
            folders=names,
            known_ids=known_ids,
            spellings=spellings,
        )
        for rule in raw
    )
    return tuple(rule for rule in observed if rule is not None)


def known_ids(applied: Sequence[Applied]) -> Mapping[str, Mapping[str, Applied]]:
    """The inbox rules that the ledger knows, by mailbox and id."""
    known: dict[str, dict[str, Applied]] = {}
    for one in applied:
        if one.kind is RuleKind.INBOX_RULE:
            known.setdefault(one.mailbox, {})[one.guid_or_rule_id] = one
    return known


async def _observe_transport(
    readers: TenantReaders, options: RunOptions
) -> tuple[ObservedTransportRule, ...] | Unknown:
    if not options.sees_transport_rules:
        return ()
    raw = await readers.transport_rules.list_rules()
    return raw if isinstance(raw, Unknown) else tuple(observe_transport_rule(rule) for rule in raw)
