"""The differences whose makers are sought in the audit log, and what earlier runs learned of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from m365_restrict.ledger.audit_memory import AskedQuery
from m365_restrict.ledger.beside_memory import KnownChange
from m365_restrict.outcome import Unknown
from m365_restrict.plan.attribution import (
    ChangeRecord,
    SoughtChange,
    SoughtRule,
    actors_of,
    actors_of_choice,
    explaining,
)
from m365_restrict.plan.change import Applied, ChangeClass, Finding, Observed, RuleKind
from m365_restrict.report.lines import hides_who
from m365_restrict.steps.run_context import Run

_SOUGHT = frozenset(
    {
        ChangeClass.DRIFTED,
        ChangeClass.BOTH,
        ChangeClass.MISSING,
        ChangeClass.FOREIGN_EFFECT,
        ChangeClass.HOLDERS_CHOICE,
    }
)
_LATEST = timedelta(days=1)
"""How long a record may take to reach the log; nothing is guaranteed (exchange.md 6)."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """One finding whose maker is sought. `is_new`: no run before this one sought it."""

    finding: Finding
    sought: SoughtChange
    known: KnownChange
    is_new: bool

    @property
    def is_given_up(self) -> bool:
        """Whether every record must be in the log by what was read, and none explains it."""
        read = self.known.read_until
        return self.known.actors is None and read is not None and read >= self.known.until + _LATEST

    @property
    def is_open(self) -> bool:
        """Whether asking again could tell more."""
        return self.known.actors is None and not self.is_given_up

    def after(self, records: Sequence[ChangeRecord], asked: AskedQuery) -> "Need":
        """The same, once the log was read up to the moment of a question."""
        found = explaining(self.sought, records)
        if found:
            of_choice = self.sought.rule.is_choice
            actors = actors_of_choice(found) if of_choice else actors_of(found)
            return replace(self, known=replace(self.known, actors=actors, read_until=asked.asked_at))
        if asked.asked_at < self.known.until:
            return self
        return replace(self, known=replace(self.known, read_until=asked.asked_at))


def needs_of(run: Run, findings: Iterable[Finding], observed: Observed) -> tuple[Need, ...]:
    """The findings that somebody's edit may have made, each with the span in which that was."""
    applied = {(one.kind, one.key): one for one in run.ledger.rules.all()}
    known = run.ledger.beside.changes()
    last_look = run.ledger.beside.last_look(_look(run))
    return tuple(_needs(run, findings, applied, _Past(known, last_look, observed)))


def remember(run: Run, needs: Sequence[Need], observed: Observed) -> None:
    """Keep what is known of each, and that all was looked at where nothing was out of sight."""
    run.ledger.beside.keep_changes(
        (one.known for one in needs), standing={one.known.finding_key for one in needs}
    )
    unread = (observed.transport, *observed.inbox.values())
    if not any(isinstance(one, Unknown) for one in unread):
        run.ledger.beside.looked(_look(run), at=run.now)


@dataclass(frozen=True)
class _Past:
    known: Mapping[str, KnownChange]
    last_look: datetime | None
    observed: Observed


def _needs(
    run: Run, findings: Iterable[Finding], applied: Mapping[tuple[RuleKind, str], Applied], past: _Past
) -> Iterator[Need]:
    for finding in findings:
        if finding.change_class not in _SOUGHT or not finding.rule or finding.waived is not None:
            continue
        last = applied.get((finding.kind, finding.key))
        known = _still_of_it(past.known.get(finding.known_by), finding, last)
        change = known or KnownChange(
            finding_key=finding.known_by, since=_since(run, finding, last, past), until=run.now
        )
        sought = SoughtChange(
            rule=_rule(finding, last),
            since=change.since,
            until=change.until,
            fields=frozenset(one.field.lower() for one in finding.fields),
            changed_at=finding.changed_at,
            is_gone=_is_gone(finding, last, past.observed),
        )
        yield Need(finding=finding, sought=sought, known=change, is_new=known is None)


def _still_of_it(known: KnownChange | None, finding: Finding, last: Applied | None) -> KnownChange | None:
    """What is known, unless it is of an earlier edit: the rule was written or changed since it was seen."""
    moments = (last.written_at if last else None, finding.changed_at)
    if known is None or any(moment is not None and moment > known.until for moment in moments):
        return None
    return known


def _since(run: Run, finding: Finding, last: Applied | None, past: _Past) -> datetime:
    """When the rule was known to be as it should: it was written then, or looked at and not different.

    What was not put right between two edits of it came about in the span of both. What the rule itself tells
    goes before: a look may have been from before the ledger was rebuilt.
    """
    earliest = run.now - run.options.audit.reach
    written, before = last.written_at if last else None, past.known.get(finding.known_by)
    stands = before is not None and (written is None or written <= before.until)
    looked = before.since if before is not None and stands else past.last_look
    seen = [moment for moment in (written, looked) if moment is not None]
    since = max([earliest, *seen])
    changed = finding.changed_at
    return since if changed is None else max(earliest, min(since, changed))


def _rule(finding: Finding, last: Applied | None) -> SoughtRule:
    names = {finding.rule, *((last.name, last.guid_or_rule_id) if last else ())}
    is_inbox = finding.kind is RuleKind.INBOX_RULE
    return SoughtRule(
        kind=finding.kind,
        names=frozenset(name.lower() for name in names if name),
        mailbox=finding.mailbox.lower() if is_inbox else "",
        is_choice=hides_who(finding),
    )


def _is_gone(finding: Finding, last: Applied | None, observed: Observed) -> bool:
    if finding.change_class is ChangeClass.MISSING:
        return True
    if finding.change_class is not ChangeClass.HOLDERS_CHOICE or last is None:
        return False
    rules = observed.inbox.get(finding.mailbox, ())
    return isinstance(rules, tuple) and all(one.rule_id != last.guid_or_rule_id for one in rules)


def _look(run: Run) -> str:
    return f"rules of {run.options.tenant_id}"
