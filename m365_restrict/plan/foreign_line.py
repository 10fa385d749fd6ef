"""Which rules of others run before ours, and which our stop would skip (design.md 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from m365_restrict.mailflow.remembered import RememberedDirectory
from m365_restrict.mailflow.stored_rule import StoredRule
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Change, Difference, Observed
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.plan.prefixes import line_of
from m365_restrict.rules.compilation import Directory


@dataclass(frozen=True)
class ForeignLine:
    """Names of acting rules of others that may meet mail of ours, in the order in which they run.

    `before` run before one of ours at least. `skipped` never run for mail that one of ours has stopped,
    redirected or refused: ours stands above them. A rule may be in both.
    """

    before: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def foreign_line(
    difference: Difference, changes: Sequence[Change], observed: Observed, directory: Directory
) -> ForeignLine | None:
    """Once `changes`, which are in writing order, are made; None where the rules could not be read."""
    if isinstance(observed.transport, Unknown):
        return None
    known = RememberedDirectory(PlannedDirectory(directory))
    line = line_of(difference.line, changes, observed, known)
    forms = [*line.staying, *(one.after for one in line.changed if one.after is not None)]
    if not forms:
        return ForeignLine()
    senders = frozenset[str]().union(*(form.senders or () for form in forms))
    meeting = tuple(line.foreign.candidates(senders))
    last = max(form.rule.priority for form in forms)
    stopping = [form.rule.priority for form in forms if _ends_the_rules(form.rule)]
    first_stop = min(stopping, default=last)
    return ForeignLine(
        before=_names(rule for rule in meeting if rule.priority < last),
        skipped=_names(rule for rule in meeting if stopping and rule.priority > first_stop),
    )


def _ends_the_rules(rule: StoredRule) -> bool:
    actions = rule.actions
    return actions.stop or bool(actions.redirect) or bool(actions.reject)


def _names(rules: Iterable[StoredRule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules)
