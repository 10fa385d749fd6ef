"""Step 10 of the main path: what the ledger is told, item by item and at the end."""

from dataclasses import replace

from m365_restrict.ledger.ledger import Ledger
from m365_restrict.ledger.written import WrittenChange, WrittenResult
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Applied, Change, RuleKind
from m365_restrict.plan.held_since import held_since
from m365_restrict.plan.writes import identifier_of, without_kept_edits
from m365_restrict.register.recipient import Recipient
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.properties import senders_of
from m365_restrict.steps.found import Planned
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.session import TenantWriters
from m365_restrict.writes.mailbox_folders import Folders
from m365_restrict.writes.write_outcome import ChangeOutcome, Result, Tools

_MARKS = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "removed"}


def tools_for(run: Run, writing: Writing, writers: TenantWriters, folders: Folders) -> Tools:
    """What apply works with; every outcome goes into the ledger the moment it is known."""
    journal = WriteJournal(run)
    return Tools(
        readers=run.readers,
        writers=writers,
        instance_id=run.options.instance_id,
        folders=folders.ids,
        folders_to_make=folders.missing if run.options.create_folders else frozenset(),
        begin=journal.begin,
        record=journal.finish,
        progress=lambda outcome: run.progress(_sentence(outcome)),
        still_ours=writing.lease.check,
        stopping=writing.stopping,
    )


class WriteJournal:
    """Enters each write in the ledger before it is made, and what became of it the moment that is known."""

    def __init__(self, run: Run) -> None:
        """For the writes of one run."""
        self._run = run
        self._numbers: dict[int, int] = {}

    def begin(self, change: Change) -> None:
        """Enter a write that is about to be made, with the rule as it was observed."""
        observed = change.observed
        entry = WrittenChange(
            run_id=self._run.run_id,
            at=self._run.now,
            action=change.action,
            kind=change.kind,
            key=change.key,
            tenant_id=identifier_of(observed) if observed else "",
            mailbox=change.mailbox,
            case_reference=change.case_reference,
            item_id=change.item_id,
            name=change.observed_name or change.name,
            chosen_by_holder=change.chosen_by_holder,
            before=observed.properties if observed else None,
            after=None,
            result=WrittenResult.BEGUN,
        )
        self._numbers[id(change)] = self._run.ledger.written.add(entry)

    def finish(self, outcome: ChangeOutcome) -> None:
        """Remember what a write left, in the journal and as what was last applied, or neither."""
        change, applied = outcome.change, outcome.applied
        if id(change) not in self._numbers:
            self.begin(change)
        known = change.observed.properties if change.observed else None
        unchanged = outcome.result is not Result.APPLIED and applied is None and not outcome.gone
        with self._run.ledger.together():
            self._run.ledger.written.finish(
                self._numbers.pop(id(change)),
                result=WrittenResult.APPLIED if outcome.result is Result.APPLIED else WrittenResult.FAILED,
                reason=outcome.reason,
                tenant_id=applied.guid_or_rule_id if applied else _identifier(change),
                after=applied.properties if applied else known if unchanged else None,
            )
            keep_outcome(self._run, outcome)


def _identifier(change: Change) -> str:
    return identifier_of(change.observed) if change.observed else ""


def _note(run: Run, rule: Applied, *, before: Applied | None, gone: bool = False) -> None:
    """Enter what the ledger follows without a write: a rule that was taken over, or that is gone."""
    run.ledger.written.add(
        WrittenChange(
            run_id=run.run_id,
            at=run.now,
            action=Action.DELETE if gone else Action.UPDATE,
            kind=rule.kind,
            key=rule.key,
            tenant_id=rule.guid_or_rule_id,
            mailbox=rule.mailbox,
            case_reference=rule.case_reference,
            item_id=rule.item_id,
            name=rule.name,
            chosen_by_holder=rule.chosen_by_holder,
            before=before.properties if before else None,
            after=None if gone else rule.properties,
            result=WrittenResult.KNOWN,
        )
    )


def keep_outcome(run: Run, outcome: ChangeOutcome) -> None:
    """Remember a rule as it was read back, whether or not as it was sent; forget one that is proven gone."""
    applied, change = outcome.applied, outcome.change
    if applied is not None:
        last = run.ledger.rules.find(change.key)
        held = held_since(last, applied, run.now, change=change)
        if change.opens:
            applied = without_kept_edits(applied, change, last)
        run.ledger.rules.record(replace(applied, held_since=held), run_id=run.run_id, at=run.now)
    elif outcome.gone:
        run.ledger.rules.forget(outcome.change.key)


def take_over(run: Run, rule: Applied) -> None:
    """Remember a rule that stands as it is wanted and that the ledger knew differently, or not at all."""
    held = held_since(run.ledger.rules.find(rule.key), rule, run.now)
    run.ledger.rules.record(replace(rule, held_since=held), run_id=run.run_id, at=run.now)


def unfinished_mailboxes(ledger: Ledger) -> frozenset[str]:
    """Mailboxes into which a run that was killed may have written a rule that the ledger does not know."""
    return frozenset(one.mailbox for one in ledger.written.unfinished() if one.kind is RuleKind.INBOX_RULE)


def _finish_begun(run: Run, planned: Planned) -> None:
    """Complete what killed runs began, once the tenant has been read: their rules are now known or gone."""
    known = {one.key: one for one in run.ledger.rules.all()}
    observed = planned.observed
    for row in run.ledger.written.unfinished():
        unread = Unknown(row.mailbox, "it was not read")
        inbox = observed.inbox.get(row.mailbox, unread)
        if isinstance(inbox if row.kind is RuleKind.INBOX_RULE else observed.transport, Unknown):
            continue
        left = known.get(row.key)
        run.ledger.written.finish(
            row.number,
            result=WrittenResult.FAILED,
            reason="The run ended before it knew; a later run found the rule so.",
            tenant_id=left.guid_or_rule_id if left else row.tenant_id,
            after=left.properties if left else None,
        )


def record_run(run: Run, planned: Planned) -> None:
    """What stands after a run that wrote: takeovers, rules that are gone, holders' choices, live cases."""
    ledger, plan = run.ledger, planned.plan
    known = {one.key: one for one in ledger.rules.all()}
    for applied in plan.difference.takeovers:
        _note(run, applied, before=known.get(applied.key))
        take_over(run, applied)
    for key in plan.difference.forgotten:
        if key in known:
            _note(run, known[key], before=known[key], gone=True)
        ledger.rules.forget(key)
    for key in plan.difference.holder_ended:
        ledger.rules.mark_holder_ended(key)
    _note_main_addresses(ledger, planned.directory)
    _finish_begun(run, planned)
    cases = planned.cases
    standing = cases.kept | (cases.lost if plan.guards else frozenset())
    remembered = [one for one in cases.before if one.case_reference in standing]
    ledger.register.replace_live([*cases.live, *remembered], run_id=run.run_id)


def _note_main_addresses(ledger: Ledger, directory: Directory) -> None:
    """Remember which sender of a rule is whose main address, for runs in which the directory is silent.

    Of an address that could not be asked about, what was known stays.
    """
    for rule in ledger.rules.all():
        if rule.kind is not RuleKind.TRANSPORT_RULE:
            continue
        asked = {one: rule.main_addresses.get(one, "") for one in directory.senders}
        asked |= {
            one: found.address for one, found in directory.senders.items() if isinstance(found, Recipient)
        }
        senders = senders_of(rule.properties)
        mains = {one: main for one, main in asked.items() if main in senders and main != one}
        if mains != rule.main_addresses:
            ledger.rules.note_main_addresses(rule.key, mains)


def _sentence(outcome: ChangeOutcome) -> str:
    """One line of progress. A councillor's choice is named by nothing at all."""
    change = outcome.change
    what = "a councillor's choice" if change.chosen_by_holder else f"'{change.name}'"
    done = _MARKS[change.action] if outcome.result is Result.APPLIED else outcome.result.value
    return f"{done.capitalize()}: {what}"
