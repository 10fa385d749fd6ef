"""The mailboxes with the council's inbox rules as a plan leaves them, for simulating mail into them."""

from collections.abc import Iterable, Iterator, Mapping

from m365_restrict.mailflow.inbox import prepared
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Observed, Plan, RuleKind
from m365_restrict.rules.compilation import Carrier, Desired
from m365_restrict.rules.naming import COUNCIL_FOLDERS
from m365_restrict.rules.observed import ObservedInboxRule, Properties
from m365_restrict.rules.parameters import message_rule_body
from m365_restrict.rules.properties import INBOX_FOLDER, INBOX_REDIRECT, INBOX_SENDERS, enabled_in


def planned_inboxes(plan: Plan, observed: Observed, carrier: Carrier) -> KnownMailboxes:
    """Rules that put mail away or send it on: those that stay, and those that the plan writes.

    Where inbox rules carry the measures, one that is switched off is taken as if it acted: so audit mode
    is proven like enforcement.
    """
    forms = [*_staying(plan, observed), *_written(plan)]
    if carrier is Carrier.INBOX_RULES:
        forms = [(mailbox, {**form, "isEnabled": True}) for mailbox, form in forms]
    return simulated_mailboxes(
        (mailbox, {name: value for name, value in form.items() if not name.startswith("exceptions.")})
        for mailbox, form in forms
        if acts_on_mail(form) and enabled_in(form)
    )


def simulated_mailboxes(found: Iterable[tuple[str, Properties]]) -> KnownMailboxes:
    """Mailboxes with these rules of the council, given as (mailbox, normal form)."""
    rules: dict[str, list[Mapping[str, object]]] = {}
    for mailbox, properties in found:
        body = message_rule_body(properties, folders={name: name for name in COUNCIL_FOLDERS}, sequence=1)
        rules.setdefault(mailbox, []).append(prepared(body))
    return KnownMailboxes(rules=rules, folder_paths=dict.fromkeys(rules, COUNCIL_FOLDERS))


def inbox_names(plan: Plan, desired: Desired) -> Mapping[str, frozenset[str]]:
    """The names of the council's inbox rules by case reference, as they stand and as they will.

    Those that councillors chose are none of them: what they do to their own mail is what they asked for.
    """
    found: dict[str, set[str]] = {}
    for rule in (*desired.inbox, *desired.withheld.inbox):
        if not rule.chosen_by_holder:
            found.setdefault(rule.case_reference, set()).add(rule.display_name)
    for change in plan.changes:
        if change.kind is RuleKind.INBOX_RULE and not change.chosen_by_holder and change.observed_name:
            found.setdefault(change.case_reference, set()).add(change.observed_name)
    return {reference: frozenset(names) for reference, names in found.items()}


def acts_on_mail(properties: Properties) -> bool:
    """Whether an inbox rule is of a kind that the council's cases become, with its senders."""
    folder = properties.get(INBOX_FOLDER)
    known = folder in COUNCIL_FOLDERS or (folder is None and INBOX_REDIRECT in properties)
    return known and INBOX_SENDERS in properties


def _staying(plan: Plan, observed: Observed) -> Iterator[tuple[str, Properties]]:
    changed = {
        (one.mailbox, one.observed.rule_id)
        for one in plan.allowed
        if isinstance(one.observed, ObservedInboxRule)
    }
    for mailbox, found in observed.inbox.items():
        for rule in () if isinstance(found, Unknown) else found:
            if (mailbox, rule.rule_id) not in changed:
                yield mailbox, rule.properties


def _written(plan: Plan) -> Iterator[tuple[str, Properties]]:
    for change in plan.allowed:
        if change.kind is RuleKind.INBOX_RULE and change.target is not None:
            yield change.mailbox, change.target
