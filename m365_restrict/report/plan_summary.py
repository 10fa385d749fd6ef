"""A long plan on one screen: how many of what, what holds it back and what to do. `--detail` has each change.

No line is longer than a terminal of 80 columns and the whole is no higher than 24 lines, so nothing has
to be scrolled for. Every line is a sentence or a labelled value, with no boxes and no columns.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from m365_restrict.report.documents import ChangeLine, GuardLine, Outcome, PlanDocument
from m365_restrict.report.text import Line, counted, folded
from m365_restrict.report.verb import Verb

WIDTH, HEIGHT = 80, 24
_MOST_ENTRIES = 25
_MOST_GUARDS = 2
_MOST_UNKNOWN = 2
_CHOICE = "councillors' own choices"
_ACTIONS = {"create": "rules to make", "update": "rules to change", "delete": "rules to remove"}


@dataclass(frozen=True)
class _Section:
    """Lines that stand or fall together. Those with the highest `rank` give way first."""

    rank: int
    lines: tuple[Line, ...]


def is_long(document: PlanDocument) -> bool:
    """Whether every change on its own would take more than a screen."""
    entries = (document.changes, document.refused, document.guards, document.failed_tests, document.settling)
    return sum(map(len, entries)) > _MOST_ENTRIES


def summary_lines(document: PlanDocument, *, first: Line, last: Sequence[Line]) -> tuple[Line, ...]:
    """The summary between a first line and the last ones, in 80 columns and 24 lines."""
    ending = [piece for line in last for piece in folded(line, WIDTH, most=3)]
    sections = [_Section(0, tuple(folded(first, WIDTH, most=3)))]
    sections += [
        _Section(
            section.rank, tuple(piece for line in section.lines for piece in folded(line, WIDTH, most=2))
        )
        for section in _sections(document)
    ]
    while sum(len(section.lines) for section in sections) + len(ending) > HEIGHT:
        sections.remove(max(reversed(sections), key=lambda section: section.rank))
    return (*(line for section in sections for line in section.lines), *ending)


def _sections(document: PlanDocument) -> Iterator[_Section]:
    changes = [change for change in document.changes if not change.waived]
    if changes:
        yield _Section(1, (Line(f"Changes: {_numbers(_ACTIONS[one.action] for one in changes)}."),))
        yield _Section(4, (Line(f"Why: {_numbers(one.class_.replace('_', ' ') for one in changes)}."),))
        yield _Section(2, (Line(f"Measures: {_numbers(_measure(one) for one in changes)}."),))
    failed = [change for change in changes if change.outcome is Outcome.FAILED]
    if failed:
        text = f"! failed: {counted(len(failed), 'change')}, first {failed[0].name!r}: {failed[0].reason}"
        yield _Section(1, (Line(text, "red"),))
    yield from _guards(document.guards)
    yield from _told(document)
    if document.refused:
        cases = counted(len({line.case_ref for line in document.refused}), "case")
        codes = _numbers(line.code for line in document.refused)
        yield _Section(1, (Line(f"! {cases} not enforced: {codes}.", "red"),))
    unknown = document.head.unknown
    for one in unknown[:_MOST_UNKNOWN]:
        yield _Section(2, (Line(f"! unknown: {one.scope}: {one.reason}", "yellow"),))
    if len(unknown) > _MOST_UNKNOWN:
        yield _Section(
            1, (Line(f"! unknown: {len(unknown) - _MOST_UNKNOWN} more parts of the tenant", "yellow"),)
        )
    if document.plan_id:
        yield _Section(0, (Line(f"Plan id: {document.plan_id}"), Line(_next_step(document))))


def _guards(guards: Sequence[GuardLine]) -> Iterator[_Section]:
    """One of each guard; the same guard may fire for many cases."""
    first = {guard.code: guard for guard in reversed(guards)}
    times = Counter(guard.code for guard in guards)
    for code in list(times)[:_MOST_GUARDS]:
        guard, more = first[code], f" (and {times[code] - 1} more)" if times[code] > 1 else ""
        lines = [Line(f"! guard {code}{more}: {guard.message}", "red")]
        if guard.override:
            lines.append(Line(f"To go on all the same: {guard.override}", indent=1))
        yield _Section(1, tuple(lines))
    if len(times) > _MOST_GUARDS:
        yield _Section(1, (Line(f"! guards too: {', '.join(list(times)[_MOST_GUARDS:])}", "red"),))


def _told(document: PlanDocument) -> Iterator[_Section]:
    for one in document.overrides:
        yield _Section(2, (Line(f"! override of {one.code} stands: {one.reason}", "yellow"),))
    if document.failed_tests:
        text = f"! {counted(len(document.failed_tests), 'rule test')} of the council fail, first "
        yield _Section(1, (Line(f"{text}'{document.failed_tests[0].name}'", "yellow"),))
    if document.settling:
        text = f"Settling: {counted(len(document.settling), 'rule')} until the successor acts everywhere."
        yield _Section(5, (Line(text),))
    if document.headroom is not None:
        rules = document.headroom.rules
        text = f"Head-room: {rules.used} of {rules.limit} transport rules, {rules.planned} with this plan."
        yield _Section(3, (Line(text),))
    if document.script is not None:
        text = f"Script: {document.script.file} makes {counted(document.script.changes, 'change')}."
        yield _Section(1, (Line(text),))


def _measure(change: ChangeLine) -> str:
    return _CHOICE if isinstance(change.mailbox, int) else change.measure or "no live case"


def _numbers(words: Iterable[str]) -> str:
    """How many of each, most first."""
    return ", ".join(f"{number} {word}" for word, number in Counter(words).most_common())


def _next_step(document: PlanDocument) -> str:
    each = "`m365-restrict plan --detail` shows each change"
    planned = any(change.outcome is Outcome.PLANNED for change in document.changes)
    if document.guards:
        return f"Next step: see what the guards say (docs/guards.md); {each}."
    if document.verb is Verb.PLAN and planned:
        return f"Next step: {each}; then `m365-restrict apply --plan-id {document.plan_id}`."
    return f"Next step: {each} that is left." if document.verb is Verb.APPLY else f"Next step: {each}."
