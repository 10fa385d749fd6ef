"""A measure carried out in named mailboxes: Junk always, the others where there is no Exchange role.

An inbox rule sees mail that has been delivered. So it can send a message on and put the original away,
but it cannot refuse it, nor cover mailboxes that nobody has named (design.md 4).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import assert_never

from m365_restrict.outcome import Unknown
from m365_restrict.register.case import Case, Measure
from m365_restrict.register.recipient import Recipient
from m365_restrict.rules.audience import Audience, Names, blocking, left_out, primary_of
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Carrier, CompileOptions, CompileProblem, Directory
from m365_restrict.rules.inbox_rule import InboxAction, InboxRule, MoveToFolder, SendOn
from m365_restrict.rules.naming import ASIDE_FOLDER, JUNK_FOLDER, inbox_rule_name
from m365_restrict.rules.properties import sorted_values
from m365_restrict.rules.token import token_for
from m365_restrict.rules.transport_rule import RuleMode

_RULE_BYTES = 1024
_SENDER_BYTES = 64
"""What a rule, and each sender beside its address that is written twice, is taken to need."""


def in_mailboxes(measure: Measure, carrier: Carrier) -> bool:
    """Whether inbox rules carry the measure."""
    return measure is Measure.JUNK or (carrier is Carrier.INBOX_RULES and measure.acts_on_mail)


def folder_for(measure: Measure, carrier: Carrier) -> str:
    """The folder of a named mailbox that the measure needs, or ""."""
    if not in_mailboxes(measure, carrier):
        return ""
    match measure:
        case Measure.JUNK:
            return JUNK_FOLDER
        case Measure.REDIRECT | Measure.FILE | Measure.ALLOWED_ONLY:
            return ASIDE_FOLDER
        case Measure.COPY | Measure.REFUSE | Measure.REQUESTED | Measure.NO_EMAIL:
            return ""
        case _ as never:
            assert_never(never)


def rule_in_mailbox(
    case: Case, directory: Directory, options: CompileOptions, *, mailbox: str, key: str, ends_on: date
) -> InboxRule | None:
    """The rule that carries out the case in one mailbox; None where no inbox rule can."""
    action = _action_of(case, directory)
    if action is None:
        return None
    token = token_for(key, options.instance_id)
    subject = f"Council mail rule {case.reference}"
    watched = options.carrier is Carrier.INBOX_RULES and options.mode is RuleMode.AUDIT
    return InboxRule(
        key=key,
        case_reference=case.reference,
        mailbox=mailbox,
        display_name=inbox_rule_name(subject=subject, action=action, ends_on=ends_on, token=token),
        token=token,
        senders=sorted_values(case.protected.addresses),
        action=action,
        ends_on=ends_on,
        chosen_by_holder=False,
        item_id=case.item_id,
        enabled=not watched,
    )


def _action_of(case: Case, directory: Directory) -> InboxAction | None:
    """A redirect keeps the original sender, where a forward would be a new message (graph.md 11)."""
    contact = primary_of(case.protected.spoc_mailbox, directory)
    match case.protected.measure:
        case Measure.JUNK:
            return MoveToFolder(JUNK_FOLDER)
        case Measure.REDIRECT | Measure.FILE | Measure.ALLOWED_ONLY:
            return SendOn(contact, ASIDE_FOLDER)
        case Measure.COPY:
            return SendOn(contact)
        case Measure.REFUSE | Measure.REQUESTED | Measure.NO_EMAIL:
            return None
        case _ as never:
            assert_never(never)


def named_mailboxes(audience: Audience, directory: Directory) -> tuple[str, ...]:
    """The mailboxes in scope whose rules may touch mail, those in exempt groups left out."""
    scope = audience.scope or Names()
    return tuple(one for one in scope.mailboxes if not is_in_exempt_group(one, audience.exempt, directory))


def is_in_exempt_group(mailbox: str, exempt: Names, directory: Directory) -> bool:
    """Whether a mailbox is known to be in a group that is exempt: an inbox rule cannot say "except"."""
    read = (directory.group_members.get(group) for group in exempt.groups)
    return any(mailbox in members for members in read if isinstance(members, frozenset))


def unfit_for_mailboxes(
    case: Case, audience: Audience, directory: Directory, options: CompileOptions
) -> Iterator[CompileProblem]:
    """What stands in the way of carrying out a case by inbox rules."""
    yield from _unfit_scope(case, audience, directory)
    if audience.scope is not None and audience.scope.mailboxes:
        yield from _exempt_by_group(case, audience, directory)
    if options.carrier is Carrier.INBOX_RULES:
        yield from _unfit_measure(case, audience, directory, options)


def _unfit_scope(case: Case, audience: Audience, directory: Directory) -> Iterator[CompileProblem]:
    resolved = [directory.resolve(address) for address in case.protected.scope_mailboxes]
    unfit = any(isinstance(entry, Recipient) and not entry.kind.is_mailbox for entry in resolved)
    if case.protected.measure is Measure.JUNK:
        if audience.scope is None or unfit:
            text = f"Case {case.reference} puts mail into Junk Email, so it must name user or shared ones."
            yield blocking(case, RuleCode.JUNK_NEEDS_MAILBOXES, text)
    elif audience.scope is None:
        yield _blocked(case, RuleCode.WHOLE_COUNCIL_NEEDS_MAIL_FLOW)
    elif unfit:
        yield _blocked(case, RuleCode.GROUP_NEEDS_MAIL_FLOW)


def _exempt_by_group(case: Case, audience: Audience, directory: Directory) -> Iterator[CompileProblem]:
    for group in audience.exempt.groups:
        members = directory.group_members.get(group)
        if isinstance(members, Unknown):
            text = f"Case {case.reference} exempts {group}, whose members could not be read: {members.reason}"
            yield blocking(case, RuleCode.RECIPIENT_UNREADABLE, text)
    left = named_mailboxes(audience, directory)
    if audience.scope is not None and len(left) < len(audience.scope.mailboxes):
        yield left_out(case, RuleCode.SCOPE_NAMES_EXEMPT, "a mailbox that is in an exempt group")
        if not left:
            text = f"No mailbox is left in ScopeMailboxes of case {case.reference}."
            yield blocking(case, RuleCode.SCOPE_EMPTY, text)


def _unfit_measure(
    case: Case, audience: Audience, directory: Directory, options: CompileOptions
) -> Iterator[CompileProblem]:
    if case.protected.measure is Measure.REFUSE:
        yield _blocked(case, RuleCode.REFUSE_NEEDS_MAIL_FLOW)
    if len(named_mailboxes(audience, directory)) > options.max_mailboxes:
        yield _blocked(case, RuleCode.TOO_MANY_MAILBOXES)
    if len(case.protected.addresses) > options.max_senders:
        yield _blocked(case, RuleCode.TOO_MANY_ADDRESSES)


def _blocked(case: Case, code: RuleCode) -> CompileProblem:
    return blocking(case, code, f"Case {case.reference}: {code.meaning}")


def size_in_mailbox(rule: InboxRule) -> int:
    """Estimated bytes of the mailbox's budget. How the service counts is unknown (graph.md 1.4)."""
    return _RULE_BYTES + sum(2 * len(sender.encode()) + _SENDER_BYTES for sender in rule.senders)


def full_mailbox_problem(case: Case) -> CompileProblem:
    """The problem of a case whose rules do not fit into one of its mailboxes beside those before it."""
    return _blocked(case, RuleCode.MAILBOX_RULES_FULL)


def as_chosen(rule: InboxRule, saved: str) -> InboxRule:
    """The same rule in the mailbox of a councillor who chose it."""
    return replace(rule, chosen_by_holder=True, saved=saved)
