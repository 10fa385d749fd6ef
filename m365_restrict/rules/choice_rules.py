"""The rules that councillors chose for their own mailbox (contracts.md 1, Councillor mail choices)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from m365_restrict.register.case import Case
from m365_restrict.register.choice import Choice, Handling, RefusedChoice
from m365_restrict.register.dates import expiry_instant
from m365_restrict.register.reference import reference_key
from m365_restrict.rules.audience import audience_of, primary_of
from m365_restrict.rules.case_rules import (
    ORDER_OPTED_IN,
    Cover,
    compile_covers,
    finish,
    mailbox_key,
)
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import CompileOptions, CompileProblem, Directory, Rules
from m365_restrict.rules.inbox_rule import AssignCategory, InboxAction, InboxRule, MoveToFolder
from m365_restrict.rules.mailbox_rules import as_chosen, in_mailboxes, is_in_exempt_group, rule_in_mailbox
from m365_restrict.rules.naming import JUNK_FOLDER, inbox_rule_name, opted_in_suffix
from m365_restrict.rules.properties import sorted_values
from m365_restrict.rules.token import token_for
from m365_restrict.rules.transport_rule import TransportRule

_CHOICE = "choice-"
_MUST_STAY_OPEN = "is for a mailbox that must stay open in that case"


def choice_key(item_id: str) -> str:
    """The key of the inbox rule that a choice about a sender becomes."""
    return f"{_CHOICE}{item_id}"


def is_choice_key(key: str) -> bool:
    """Whether a rule with this key exists because a councillor chose it."""
    return key.startswith(_CHOICE) or f"/{_CHOICE}" in key


@dataclass(frozen=True)
class ChoiceRules:
    """The rules of all choices, those that wait for their case, and the choices that get none."""

    rules: Rules
    withheld: Rules
    refused: tuple[RefusedChoice, ...]


def compile_choices(
    choices: Sequence[Choice],
    cases: Mapping[str, Case],
    directory: Directory,
    options: CompileOptions,
    *,
    blocked: frozenset[str],
) -> ChoiceRules:
    """Turn choices into rules. `cases` are those in force; `blocked` are refused for a problem of theirs."""
    known = {reference_key(reference): case for reference, case in cases.items()}
    inbox: list[InboxRule] = []
    refused: list[RefusedChoice] = []
    with_council: dict[str, list[Choice]] = {}
    for choice in sorted(choices, key=_item_order):
        case = known.get(reference_key(choice.case_reference))
        refusal = _refusal(choice, case, directory)
        if refusal:
            refused.append(refusal)
        elif case and choice.handling is Handling.AS_COUNCIL:
            with_council.setdefault(case.reference, []).append(choice)
        else:
            rule = _own_rule(choice, case, directory, options)
            inbox += [rule] if rule else []
    ready, withheld = Rules(inbox=tuple(inbox)), Rules()
    for reference, chosen in with_council.items():
        rules = _same_as_council(cases[reference], chosen, directory, options, refused)
        if reference in blocked:
            withheld = _joined(withheld, rules)
        else:
            ready = _joined(ready, rules)
    return ChoiceRules(ready, withheld, tuple(refused))


def _joined(first: Rules, second: Rules) -> Rules:
    return Rules(transport=first.transport + second.transport, inbox=first.inbox + second.inbox)


def _item_order(choice: Choice) -> tuple[int, str]:
    return (int(choice.item_id) if choice.item_id.isdigit() else 0, choice.item_id)


def _refusal(choice: Choice, case: Case | None, directory: Directory) -> RefusedChoice | None:
    """Why a choice gets no rule. Messages name the item only, never the sender or the holder."""
    if choice.case_reference and case is None:
        return _refused(choice, RuleCode.CHOICE_CASE_NOT_LIVE, "names a case that is not in force")
    if choice.handling is not Handling.AS_COUNCIL:
        return None
    if case is None:
        return _refused(choice, RuleCode.CHOICE_CASE_NOT_LIVE, "names no case reference")
    if not case.protected.measure.acts_on_mail:
        return _refused(choice, RuleCode.CHOICE_CASE_WITHOUT_MAIL, "names a case that leaves mail as it is")
    holder = primary_of(choice.holder, directory)
    if holder in audience_of(case, directory).exempt.mailboxes:
        return _refused(choice, RuleCode.CHOICE_MAILBOX_EXEMPT, _MUST_STAY_OPEN)
    return None


def _refused(choice: Choice, code: RuleCode, why: str) -> RefusedChoice:
    return RefusedChoice(choice.item_id, code.value, f"Choice {choice.item_id} {why}. {code.advice}")


def _own_rule(
    choice: Choice, case: Case | None, directory: Directory, options: CompileOptions
) -> InboxRule | None:
    action = _action_of(choice, options)
    if action is None:
        return None
    key = choice_key(choice.item_id)
    token = token_for(key, options.instance_id)
    senders = sorted_values(case.protected.addresses) if case else (choice.sender,)
    return InboxRule(
        key=key,
        case_reference="",
        mailbox=primary_of(choice.holder, directory),
        display_name=inbox_rule_name(
            subject="Council mail choice", action=action, ends_on=choice.ends_on, token=token
        ),
        token=token,
        senders=senders,
        action=action,
        ends_on=choice.ends_on,
        chosen_by_holder=True,
        saved=choice.saved,
    )


def _action_of(choice: Choice, options: CompileOptions) -> InboxAction | None:
    match choice.handling:
        case Handling.FOLDER:
            return MoveToFolder(choice.folder_name)
        case Handling.JUNK:
            return MoveToFolder(JUNK_FOLDER)
        case Handling.CATEGORY:
            return AssignCategory(options.category_name)
        case Handling.STOP | Handling.DELEGATE | Handling.AS_COUNCIL:
            return None
        case _ as never:
            assert_never(never)


def _same_as_council(
    case: Case,
    choices: Sequence[Choice],
    directory: Directory,
    options: CompileOptions,
    refused: list[RefusedChoice],
) -> Rules:
    """The case's measure for the choosers' own mailboxes, until the earlier of both ends."""
    if in_mailboxes(case.protected.measure, options.carrier):
        inbox = [_in_own_mailbox(case, choice, directory, options, refused) for choice in choices]
        return Rules(inbox=tuple(rule for rule in inbox if rule is not None))
    rules: list[TransportRule] = []
    for choice in choices:
        for draft in _drafts(case, choice, directory, options):
            number = len(rules) + 1
            ends_on = _earlier_end(case, choice)
            named = finish(case, draft, opted_in_suffix(number), options, ends_on)
            if named is None:
                why = "names a case whose reference is too long for a rule name"
                refused.append(_refused(choice, RuleCode.REFERENCE_TOO_LONG, why))
                break
            rules.append(replace(named, order=(ORDER_OPTED_IN, case.reference, number)))
    return Rules(transport=tuple(rules))


def _drafts(
    case: Case, choice: Choice, directory: Directory, options: CompileOptions
) -> Sequence[TransportRule]:
    holder = primary_of(choice.holder, directory)
    label = f"{_CHOICE}{mailbox_key(holder)}"
    cover = Cover(label=label, order=ORDER_OPTED_IN, sent_to=(holder,))
    # What is wrong with the case has been said by its own rules.
    already_said: list[CompileProblem] = []
    drafts = compile_covers(case, (cover,), directory, options, already_said)
    ends = expiry_instant(_earlier_end(case, choice), options.zone)
    return [replace(draft, holder=holder, expires_at=ends, comments="") for draft in drafts]


def _in_own_mailbox(
    case: Case,
    choice: Choice,
    directory: Directory,
    options: CompileOptions,
    refused: list[RefusedChoice],
) -> InboxRule | None:
    holder = primary_of(choice.holder, directory)
    if is_in_exempt_group(holder, audience_of(case, directory).exempt, directory):
        refused.append(_refused(choice, RuleCode.CHOICE_MAILBOX_EXEMPT, _MUST_STAY_OPEN))
        return None
    rule = rule_in_mailbox(
        case,
        directory,
        options,
        mailbox=holder,
        key=f"{case.reference}/{_CHOICE}{mailbox_key(holder)}",
        ends_on=_earlier_end(case, choice),
    )
    if rule is None:
        why = "names a case that refuses mail, which no inbox rule can do"
        refused.append(_refused(choice, RuleCode.REFUSE_NEEDS_MAIL_FLOW, why))
        return None
    return as_chosen(rule, choice.saved)


def _earlier_end(case: Case, choice: Choice) -> date:
    return min(choice.ends_on, case.protected.ends_on or choice.ends_on)
