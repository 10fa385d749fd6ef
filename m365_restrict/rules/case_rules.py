"""The rules of one case (contracts.md 1, Measure; design.md 4)."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from m365_restrict.register.case import Case, Measure
from m365_restrict.register.dates import expiry_instant
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.rules.audience import Audience, Names, audience_of, blocking, primary_of, target_problem
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Blocks, CompileOptions, CompileProblem, Directory, Rules
from m365_restrict.rules.inbox_rule import InboxRule
from m365_restrict.rules.mailbox_rules import (
    in_mailboxes,
    named_mailboxes,
    rule_in_mailbox,
    unfit_for_mailboxes,
)
from m365_restrict.rules.naming import (
    LONGEST_REJECT_TEXT,
    comments_for,
    part_suffix,
    reject_text,
    rule_name,
)
from m365_restrict.rules.patterns import LONGEST_PATTERN, exact_pattern
from m365_restrict.rules.properties import sorted_values, transport_properties
from m365_restrict.rules.split import fixed_size, size_of, split_senders
from m365_restrict.rules.stamp import Stamp, digest_of
from m365_restrict.rules.transport_rule import (
    BlindCopyTo,
    RedirectTo,
    Reject,
    SenderMatch,
    TransportAction,
    TransportRule,
)

_NOBODY = Names()
ORDER_OPTED_IN = 0
ORDER_NAMED = 1
ORDER_WHOLE_COUNCIL = 2


@dataclass(frozen=True)
class CaseRules:
    """The rules of one case and what is to be said of it. A blocking problem withholds the rules."""

    rules: Rules
    problems: tuple[CompileProblem, ...]

    @property
    def blocked(self) -> bool:
        """Whether a problem stops the case."""
        return any(problem.blocks is Blocks.CASE for problem in self.problems)


@dataclass(frozen=True, kw_only=True)
class Cover:
    """One group of recipients that one or more rules of a case cover. No condition covers everyone."""

    label: str
    order: int
    sent_to: tuple[str, ...] = ()
    sent_to_member_of: tuple[str, ...] = ()
    exceptions: Names = _NOBODY


def mailbox_key(address: str) -> str:
    """8 characters that stand for a mailbox in a key, so that no address gets into stamps or names."""
    return hashlib.sha256(address.encode()).hexdigest()[:8]


def compile_case(
    case: Case, directory: Directory, options: CompileOptions, *, restricted: frozenset[str]
) -> CaseRules:
    """All rules of one case but those that councillors asked for. Raises nothing: problems are values."""
    if not case.protected.measure.acts_on_mail or case.protected.ends_on is None:
        return CaseRules(Rules(), ())
    audience = audience_of(case, directory)
    problems = list(audience.problems)
    if case.protected.measure.needs_single_contact:
        fault = target_problem(case, directory, restricted)
        problems += [fault] if fault else []
    if in_mailboxes(case.protected.measure, options.carrier):
        problems += unfit_for_mailboxes(case, audience, directory, options)
        return CaseRules(
            Rules(inbox=tuple(_inbox_rules(case, audience, directory, options))), tuple(problems)
        )
    problems += _sender_problems(case, directory)
    covers = tuple(_covers(audience))
    transport = compile_covers(case, covers, directory, options, problems)
    return CaseRules(Rules(transport=transport), tuple(problems))


def _inbox_rules(
    case: Case, audience: Audience, directory: Directory, options: CompileOptions
) -> Iterator[InboxRule]:
    label = "junk" if case.protected.measure is Measure.JUNK else "mailbox"
    for mailbox in named_mailboxes(audience, directory):
        rule = rule_in_mailbox(
            case,
            directory,
            options,
            mailbox=mailbox,
            key=f"{case.reference}/{label}/{mailbox_key(mailbox)}",
            ends_on=case.protected.ends_on or date.min,
        )
        if rule is not None and rule.senders:
            yield rule


def _covers(audience: Audience) -> Iterator[Cover]:
    """Conditions of different kinds are ANDed, so mailboxes and groups need a rule each (exchange.md 2.1)."""
    if audience.scope is None:
        yield Cover(label="whole", order=ORDER_WHOLE_COUNCIL, exceptions=audience.exceptions)
        return
    mailboxes, groups = audience.scope.mailboxes, audience.scope.groups
    if mailboxes:
        yield Cover(label="named", order=ORDER_NAMED, sent_to=mailboxes, exceptions=audience.exceptions)
    if groups:
        yield Cover(
            label="named-groups",
            order=ORDER_NAMED,
            sent_to_member_of=groups,
            exceptions=audience.exceptions + Names(mailboxes),
        )


def compile_covers(
    case: Case,
    covers: Sequence[Cover],
    directory: Directory,
    options: CompileOptions,
    problems: list[CompileProblem],
) -> tuple[TransportRule, ...]:
    """The rules that do the case's measure to `covers`; what stands in the way is added to `problems`."""
    action = action_of(case, directory, options)
    if isinstance(action, Reject) and len(action.text) > LONGEST_REJECT_TEXT:
        problems.append(
            blocking(
                case,
                RuleCode.ROUTE_TEXT_TOO_LONG,
                f"The refusal text of case {case.reference} has {len(action.text)} characters.",
            )
        )
        action = Reject(action.text[:LONGEST_REJECT_TEXT])
    senders = _senders(case, directory, options, problems)
    drafts: list[TransportRule] = []
    for cover in covers:
        parts = _parts(case, cover, action, senders, options, problems)
        drafts += [_draft(case, cover, action, part, number, options) for number, part in enumerate(parts, 1)]
    return tuple(_named(case, drafts, options, problems))


def action_of(case: Case, directory: Directory, options: CompileOptions) -> TransportAction:
    """What the case's measure does to a covered message."""
    target = primary_of(case.protected.spoc_mailbox, directory)
    match case.protected.measure:
        case Measure.REDIRECT | Measure.FILE | Measure.ALLOWED_ONLY:
            return RedirectTo(target)
        case Measure.COPY:
            return BlindCopyTo(target)
        case Measure.REFUSE:
            return Reject(reject_text(case.other.route_text or options.default_route_text, case.reference))
        case Measure.JUNK | Measure.REQUESTED | Measure.NO_EMAIL:
            raise ValueError(f"the measure {case.protected.measure.value} needs no transport rule")
        case _ as never:
            assert_never(never)


def _senders(
    case: Case, directory: Directory, options: CompileOptions, problems: list[CompileProblem]
) -> tuple[str, ...]:
    if options.sender_match is SenderMatch.FROM:
        return sender_addresses(case, directory)
    # A pattern compares the address in the message, so what the directory makes of it does not matter.
    addresses = sorted_values(case.protected.addresses)
    patterns = tuple(exact_pattern(address, options.pattern_anchors) for address in addresses)
    fitting = tuple(pattern for pattern in patterns if len(pattern) <= LONGEST_PATTERN)
    if len(fitting) < len(patterns):
        text = f"Case {case.reference} has an address that is too long for a pattern."
        problems.append(blocking(case, RuleCode.ADDRESS_TOO_LONG, text))
    return fitting


def sender_addresses(case: Case, directory: Directory) -> tuple[str, ...]:
    """The case's addresses; a guest or contact by its main address, which is what Exchange compares.

    A rule in a mailbox compares the address in the message, whatever the directory makes of it.
    """
    addresses = case.protected.addresses
    if case.protected.measure is Measure.JUNK:
        return sorted_values(addresses)
    return sorted_values(tuple(one for address in addresses for one in directory.main_addresses(address)))


def _sender_problems(case: Case, directory: Directory) -> Iterator[CompileProblem]:
    """What the directory makes of the case's own addresses. No message holds one of them."""
    for address in case.protected.addresses:
        entry = directory.senders.get(address)
        if directory.is_unread_sender(address):
            text = f"The directory could not be asked about an address of case {case.reference}."
            yield blocking(case, RuleCode.SENDERS_UNKNOWN, text)
        elif isinstance(entry, Recipient) and (entry.kind.is_mailbox or entry.kind is RecipientKind.GROUP):
            text = f"An address of case {case.reference} belongs to a {entry.kind.value} of the council."
            yield blocking(case, RuleCode.SENDER_IS_OURS, text)
        elif isinstance(entry, Recipient):
            yield CompileProblem(
                case.reference,
                RuleCode.SENDER_IN_DIRECTORY,
                _in_directory(case, address, entry),
                Blocks.NOTHING,
            )


def _in_directory(case: Case, address: str, entry: Recipient) -> str:
    known = f"An address of case {case.reference} is in the directory ({entry.kind.value})"
    if entry.address == address:
        return f"{known}; rules compare its main address, which is the one in the case."
    return (
        f"{known} beside another, main address. Rules compare the main one, so mail from the address in the "
        "case may go through."
    )


def _parts(
    case: Case,
    cover: Cover,
    action: TransportAction,
    senders: tuple[str, ...],
    options: CompileOptions,
    problems: list[CompileProblem],
) -> tuple[tuple[str, ...], ...]:
    if not senders:
        return ()
    text = action.text if isinstance(action, Reject) else action.mailbox
    taken = fixed_size(text, *cover.sent_to, *cover.sent_to_member_of)
    taken += size_of((*cover.exceptions.mailboxes, *cover.exceptions.groups))
    try:
        return split_senders(senders, budget=options.rule_size_budget - taken, most=options.max_senders)
    except ValueError:
        message = f"Case {case.reference} exempts so many recipients that no sender fits into its rule."
        problems.append(blocking(case, RuleCode.EXEMPTIONS_TOO_LARGE, message))
        return ()


def _draft(
    case: Case,
    cover: Cover,
    action: TransportAction,
    senders: tuple[str, ...],
    number: int,
    options: CompileOptions,
) -> TransportRule:
    ends_on = case.protected.ends_on or date.min
    return TransportRule(
        key=f"{case.reference}/{cover.label}/{number}",
        case_reference=case.reference,
        name="",
        comments="",
        senders=senders,
        sender_match=options.sender_match,
        sender_location=options.sender_location,
        sent_to=cover.sent_to,
        sent_to_member_of=cover.sent_to_member_of,
        except_sent_to=cover.exceptions.mailboxes,
        except_sent_to_member_of=cover.exceptions.groups,
        action=action,
        stops_later_rules=not isinstance(action, BlindCopyTo),
        mode=options.mode,
        expires_at=expiry_instant(ends_on, options.zone),
        order=(cover.order, case.reference, number),
        item_id=case.item_id,
    )


def _named(
    case: Case,
    drafts: Sequence[TransportRule],
    options: CompileOptions,
    problems: list[CompileProblem],
) -> Iterator[TransportRule]:
    for number, draft in enumerate(drafts, 1):
        rule = finish(case, draft, part_suffix(number, len(drafts)), options, case.protected.ends_on)
        if rule is None:
            text = f"The reference {case.reference} leaves no room for the measure in a rule's name."
            problems.append(blocking(case, RuleCode.REFERENCE_TOO_LONG, text))
            return
        yield replace(rule, order=(draft.order[0], case.reference, number))


def finish(
    case: Case, draft: TransportRule, suffix: str, options: CompileOptions, ends_on: date | None
) -> TransportRule | None:
    """Give a drafted rule its name and its stamped comments; None where the reference is too long."""
    name = rule_name(case.reference, case.protected.measure.value, suffix)
    if name is None or ends_on is None:
        return None
    named = replace(draft, name=name, expires_at=expiry_instant(ends_on, options.zone))
    digest = digest_of(transport_properties(named))
    stamp = Stamp(options.instance_id, case.reference, draft.key, digest)
    try:
        return replace(named, comments=comments_for(stamp, ends_on))
    except ValueError:
        return None
