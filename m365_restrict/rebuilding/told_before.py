"""Which mails count as sent, though the ledger that knew it is lost (docs/ledger.md, Without a ledger).

The tool's own columns in the lists are the evidence: a run writes them before it sends its mails, so where
they say what is so now, people have been told. Where they do not, nobody can have been told.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from m365_restrict.errors import ConfigurationError
from m365_restrict.ledger.told import ToldRecord
from m365_restrict.life.due import tasks_due
from m365_restrict.life.notices import Officers, notices_of, weekly_lists
from m365_restrict.life.reading import Lives, read_lives
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS
from m365_restrict.register.item import ListItem, SaverKind
from m365_restrict.register.values import as_text
from m365_restrict.report.rebuild_document import ToldCounts
from m365_restrict.report.worklist import in_order, task_line
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.about_cases import due_for_approvers, due_for_owners
from m365_restrict.telling.about_choices import due_for_holders
from m365_restrict.telling.case_notes import case_notes
from m365_restrict.telling.choice_notes import choice_notes
from m365_restrict.telling.mail_post import DueMail, ToldKind

CASE_STATUS, CASE_NOTE, CHOICE_STATUS = "EnforcementStatus", "EnforcementNote", "ChoiceStatus"
_CHOSEN = ("Title", "Handling", "FolderName", "EndsOn", "OnBehalfOf", "Delegate")


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Whether the lists have the tool's own columns at all."""

    of_cases: bool
    of_choices: bool


async def note_told(run: Run, found: Found) -> ToldCounts:
    """Remember as told whatever the lists prove to have been told, and every notice due before today.

    Where a list has no columns of the tool, what is due counts as told. Raises as `reconcile` in reading.
    """
    if not run.options.notify.sender:
        return ToldCounts()  # Nobody was ever told anything by mail.
    columns = await _columns(run)
    evidence = _Evidence(run, found, columns)
    due = [
        *await due_for_approvers(run, found, run.readers),
        *due_for_owners(run, found),
        *await due_for_holders(run, found, run.readers),
    ]
    told = [one for one in due if one.recipient and evidence.proves(one)]
    for one in told:
        kind, subject, recipient = one.key
        record = ToldRecord(
            kind=kind, subject=subject, recipient=recipient, state=one.state, sent_state=one.state
        )
        run.ledger.told.record(record, run_id=run.run_id, at=run.now)
    notices = await _note_notices(run)
    still = sum(bool(one.recipient) for one in due) - len(told)
    return ToldCounts(counted_as_told=len(told) + notices, still_due=still)


async def _columns(run: Run) -> _Columns:
    lists, places = run.readers.lists, run.options.lists
    cases = await lists.locate(places.register_site, places.register, RESTRICTED_CONTACTS)
    try:
        choices = await lists.locate(places.choices_site, places.choices, CHOICES)
    except ConfigurationError:
        return _Columns(of_cases=CASE_STATUS in cases.names, of_choices=False)
    return _Columns(of_cases=CASE_STATUS in cases.names, of_choices=CHOICE_STATUS in choices.names)


class _Evidence:
    """Holds what is due against the tool's own columns."""

    def __init__(self, run: Run, found: Found, columns: _Columns) -> None:
        self._columns = columns
        self._cases = {item.item_id: item for item in found.register.cases.items}
        self._choices = {item.item_id: item for item in found.register.choices.items}
        self._case_notes = case_notes(run, found)
        self._choice_notes = choice_notes(run, found)

    def proves(self, due: DueMail) -> bool:
        """Whether a run has seen what the mail tells."""
        if due.kind is ToldKind.CHOICE:
            return self._choice(due.subject)
        return self._case(due.subject)

    def _choice(self, item_id: str) -> bool:
        note = self._choice_notes.get(item_id)
        if note is None or not self._columns.of_choices:
            return True  # A row that only names a delegate has no status to go by.
        item = self._choices[item_id]
        return seen_as_it_is(item) and as_text(item.fields.get(CHOICE_STATUS, "")) == note.status.value

    def _case(self, item_id: str) -> bool:
        if not self._columns.of_cases:
            return True
        item, note = self._cases[item_id], self._case_notes.get(item_id)
        if not item.fields.get(CASE_STATUS):
            return False
        if item.versions and item.versions[-1].saver.kind is SaverKind.APPLICATION:
            return True  # Nobody has saved it since the tool did.
        if note is None or as_text(item.fields[CASE_STATUS]) != note.status:
            return False
        # Lines about letters may stand there besides.
        return set(_lines(note.note)) <= set(_lines(as_text(item.fields.get(CASE_NOTE, ""))))


def seen_as_it_is(item: ListItem) -> bool:
    """Whether a choice's row says the same today as when its status was written."""
    status, written = item.fields.get(CHOICE_STATUS), None
    for version in reversed(item.versions):
        if not status or version.fields.get(CHOICE_STATUS) != status:
            break
        written = version
    return written is not None and all(
        as_text(written.fields.get(name, "")) == as_text(item.fields.get(name, "")) for name in _CHOSEN
    )


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines() if line.strip())


async def _note_notices(run: Run) -> int:
    """Notices about the lives of cases that were due the day before count as sent; today's are due."""
    lives = await read_lives(run)
    yesterday = replace(lives, today=replace(lives.today, day=run.today - timedelta(days=1)))
    keys = dict.fromkeys(_keys(run, yesterday))
    for key in keys:
        run.ledger.notices.record(key, on=yesterday.today.day, run_id=run.run_id)
    return len(keys)


def _keys(run: Run, lives: Lives) -> Iterator[str]:
    officers = Officers(monitoring_officer=run.options.notify.monitoring_officer)
    tasks = tasks_due(lives)
    for task in tasks:
        yield from (one.key for one in notices_of(task, lives.case(task.item_id), officers))
    lines = in_order(task_line(task, lives.owner(task)) for task in tasks)
    yield from (one.key for one in weekly_lists(lines, officers, lives.today.day))
