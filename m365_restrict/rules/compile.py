"""From decisions to rules: one pure function (design.md 4)."""

from collections.abc import Sequence
from dataclasses import replace

from m365_restrict.register.case import Case
from m365_restrict.register.choice import Choice
from m365_restrict.rules.audience import blocking
from m365_restrict.rules.case_rules import CaseRules, compile_case
from m365_restrict.rules.choice_rules import compile_choices
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Carrier, CompileOptions, Desired, Directory, Rules
from m365_restrict.rules.mailbox_rules import full_mailbox_problem, size_in_mailbox


def compile_rules(
    cases: Sequence[Case],
    choices: Sequence[Choice],
    directory: Directory,
    options: CompileOptions,
    *,
    stated: Sequence[Case] = (),
) -> Desired:
    """Compile the cases in force, the councillors' choices, and what cases without a live decision say.

    `cases` are effective cases that are in force today, those without a mail measure included.
    What is wrong with one case or choice refuses that one and leaves the others alone.
    """
    restricted = frozenset(address for case in cases for address in case.protected.addresses)
    compiled = _refuse_same_names(
        [(case, compile_case(case, directory, options, restricted=restricted)) for case in cases]
    )
    if options.carrier is Carrier.INBOX_RULES:
        compiled = _refuse_full_mailboxes(compiled, options.mailbox_budget)
    blocked = frozenset(case.reference for case, result in compiled if result.blocked)
    chosen = compile_choices(
        choices, {case.reference: case for case in cases}, directory, options, blocked=blocked
    )
    ready = _joined([result.rules for _, result in compiled if not result.blocked])
    withheld = _joined([result.rules for _, result in compiled if result.blocked])
    return Desired(
        transport=tuple(sorted(ready.transport + chosen.rules.transport, key=lambda rule: rule.order)),
        inbox=ready.inbox + chosen.rules.inbox,
        withheld=_joined([withheld, chosen.withheld]),
        stated=_joined(
            [compile_case(case, directory, options, restricted=restricted).rules for case in stated]
        ),
        stated_cases=frozenset(case.reference for case in stated),
        problems=tuple(problem for _, result in compiled for problem in result.problems),
        choice_refusals=chosen.refused,
        same_senders=directory.same_senders,
    )


def _joined(rules: Sequence[Rules]) -> Rules:
    return Rules(
        transport=tuple(rule for entry in rules for rule in entry.transport),
        inbox=tuple(rule for entry in rules for rule in entry.inbox),
    )


def _refuse_same_names(compiled: Sequence[tuple[Case, CaseRules]]) -> list[tuple[Case, CaseRules]]:
    """Names are unique without regard to case in Exchange (exchange.md 7.1 row 18)."""
    taken: dict[str, str] = {}
    result: list[tuple[Case, CaseRules]] = []
    for case, rules in compiled:
        names = [rule.name.casefold() for rule in rules.rules.transport]
        clash = next((taken[name] for name in names if taken.get(name, case.item_id) != case.item_id), None)
        if clash is not None:
            text = f"Case {case.reference} needs a rule name that item {clash} of the list already needs."
            problem = blocking(case, RuleCode.NAME_NOT_UNIQUE, text)
            result.append((case, replace(rules, problems=(*rules.problems, problem))))
            continue
        taken.update(dict.fromkeys(names, case.item_id))
        result.append((case, rules))
    return result


def _refuse_full_mailboxes(
    compiled: Sequence[tuple[Case, CaseRules]], budget: int
) -> list[tuple[Case, CaseRules]]:
    """The case whose rules no longer fit into one of its mailboxes is refused, those before it are not."""
    taken: dict[str, int] = {}
    result: list[tuple[Case, CaseRules]] = []
    for case, rules in compiled:
        needed = {rule.mailbox: size_in_mailbox(rule) for rule in rules.rules.inbox}
        if any(taken.get(mailbox, 0) + size > budget for mailbox, size in needed.items()):
            result.append((case, replace(rules, problems=(*rules.problems, full_mailbox_problem(case)))))
            continue
        if not rules.blocked:
            taken |= {mailbox: taken.get(mailbox, 0) + size for mailbox, size in needed.items()}
        result.append((case, rules))
    return result
