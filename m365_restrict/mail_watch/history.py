"""What the journal and the tenant tell of one case's transport rules: the past of what mail is judged by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from m365_restrict.ledger.written import WrittenChange, WrittenResult
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Change, ChangeClass, RuleKind
from m365_restrict.plan.mail_forms import (
    ACTIONS,
    REDIRECT,
    Look,
    RuleStory,
    Seen,
    Spell,
    Write,
    spells,
    stories,
)
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.steps.found import Planned
from m365_restrict.steps.run_context import Run

LEFT_A_FORM = frozenset({WrittenResult.APPLIED, WrittenResult.KNOWN, WrittenResult.FAILED})
"""Results of a write after which the journal's form is the rule's."""

_ALTERED = frozenset({ChangeClass.DRIFTED, ChangeClass.BOTH})


@dataclass(frozen=True, kw_only=True)
class History:
    """The past of one case. `began_at` is when the first of its rules was written, None where none was."""

    reference: str
    began_at: datetime | None
    spells: tuple[Spell, ...]
    stories: tuple[RuleStory, ...]


class MailHistories:
    """Reads the past of one case at a time; what the tenant shows was read with the plan."""

    def __init__(self, run: Run, planned: Planned) -> None:
        """`planned` is this run's own."""
        self._run = run
        transport = planned.observed.transport
        self._is_read = not isinstance(transport, Unknown)
        self._shown = {} if isinstance(transport, Unknown) else {one.guid: one for one in transport}
        changes: Iterable[Change] = (*planned.plan.difference.changes, *planned.plan.difference.waived)
        self._altered = {
            one.observed.guid
            for one in changes
            if isinstance(one.observed, ObservedTransportRule)
            and (one.change_class in _ALTERED or one.waived is not None)
            and any(entry.field in ACTIONS for entry in one.fields)
        }
        self._by_item: dict[str, list[Applied]] = {}
        for one in run.ledger.rules.all():
            if one.kind is RuleKind.TRANSPORT_RULE:
                self._by_item.setdefault(one.item_id, []).append(one)

    @property
    def items(self) -> frozenset[str]:
        """Items of which the ledger knows a transport rule in the tenant."""
        return frozenset(self._by_item)

    def of(self, item_id: str, wanted: Sequence[str] = ()) -> History:
        """The past of one item. `wanted` are keys of its rules: older rows know no items."""
        rows = self._rows(item_id, wanted)
        left = [one for one in rows if one.result in LEFT_A_FORM]
        writes = [_write(one) for one in left if one.kind is RuleKind.TRANSPORT_RULE]
        shown = {one.rule: self._seen(one.guid) for one in writes}
        return History(
            reference=next((one.case_reference for one in reversed(rows) if one.case_reference), ""),
            began_at=min((one.at for one in left if one.after is not None), default=None),
            spells=spells(writes),
            stories=stories(writes, shown, settle=self._run.options.settle),
        )

    def _rows(self, item_id: str, wanted: Sequence[str]) -> list[WrittenChange]:
        journal = self._run.ledger.written
        rules = [(one.key, one.guid_or_rule_id) for one in self._by_item.get(item_id, ())]
        rules += [(key, "") for key in wanted]
        rows = {row.number: row for row in journal.of_item(item_id)}
        for key, guid in rules:
            rows |= {row.number: row for row in journal.of_rule(key, guid) if row.item_id in ("", item_id)}
        return [rows[number] for number in sorted(rows)]

    def _seen(self, guid: str) -> Seen:
        if not self._is_read:
            return Seen(look=Look.UNREAD)
        rule = self._shown.get(guid)
        if rule is None:
            return Seen(look=Look.MISSING)
        targets = rule.properties.get(REDIRECT)
        return Seen(
            look=Look.ALTERED if guid in self._altered else Look.AS_WRITTEN,
            name=rule.name,
            changed_at=rule.changed_at,
            targets=frozenset(one.lower() for one in targets) if isinstance(targets, tuple) else frozenset(),
        )


def _write(row: WrittenChange) -> Write:
    return Write(
        at=row.at,
        key=row.key,
        guid=row.tenant_id,
        name=row.name,
        by_council=not row.chosen_by_holder,
        before=row.before,
        after=row.after,
    )
