"""What a run says of changes that were handed over in a script and that nobody has made yet."""

from collections.abc import Iterable, Iterator

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Change, Finding, RuleKind, Severity
from m365_restrict.plan.findings import finding_for
from m365_restrict.report.lines import finding_key
from m365_restrict.script.waiting import CODE, is_left_to_hand, waiting_finding
from m365_restrict.steps.found import Planned
from m365_restrict.steps.run_context import Run

_SEVEREST_FIRST = tuple(Severity)


def waiting_keys(run: Run, changes: Iterable[Change]) -> tuple[str, ...]:
    """The keys under which the ledger remembers since when each change waits for a hand."""
    return tuple(_key(change, finding_for(change, now=run.now)) for change in changes)


def told_as_waiting(run: Run, planned: Planned, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, those of changes that wait in a script told as such (docs/enforce-with.md)."""
    if run.options.script is None:
        yield from findings
        return
    since = run.ledger.findings.known()
    known = frozenset(one.key for one in run.ledger.rules.all())
    changes: dict[tuple[RuleKind, str], list[Change]] = {}
    for change in planned.plan.changes:
        changes.setdefault((change.kind, change.key), []).append(change)
    for one in findings:
        candidates = changes.get((one.kind, one.key), []) if is_left_to_hand(one, known=known) else []
        waiting = next((change for change in candidates if _key(change, one) in since), None)
        if waiting is None:
            yield one
        else:
            late = run.now - since[_key(waiting, one)] >= run.options.script.high_after
            severity = _severer(one.severity, Severity.HIGH) if late else one.severity
            yield waiting_finding(waiting, one, severity=severity)


def still_waiting(run: Run, planned: Planned) -> tuple[str, ...]:
    """The keys of waiting changes where the rules could not be read: nobody knows whether they were made."""
    if not isinstance(planned.observed.transport, Unknown):
        return ()
    return tuple(key for key in run.ledger.findings.known() if key.startswith(f"{CODE.value}|"))


def _key(change: Change, found: Finding) -> str:
    return finding_key(waiting_finding(change, found, severity=found.severity))


def _severer(one: Severity, other: Severity) -> Severity:
    return min(one, other, key=_SEVEREST_FIRST.index)
