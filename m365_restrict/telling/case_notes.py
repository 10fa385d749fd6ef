"""What the register shows of each case: its state in the mail system and what to do (contracts.md 1, Life).

The words change only when something has changed: every write makes a version of the item, and version
limits prune the approving one. So no times, no run ids and no numbers of days stand here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from m365_restrict.plan.change import Change
from m365_restrict.policy.judgement import AcceptedCase, CaseWarning, OpenedCase, Refusal
from m365_restrict.register.case import CaseState
from m365_restrict.rules.compilation import Blocks
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.transport_rule import RuleMode
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.run_context import Run
from m365_restrict.writes.write_outcome import Result

_LONGEST_NOTE = 8000
_MORE = "There is more; put these right first."
_WAIVED = "ICT has accepted a difference in the mail system until {until}."
_OPENED = (
    "ICT has opened this case at once, and mail is no longer restricted. If that is right, lift, suspend or "
    "amend the case here. If not, ask ICT to end the opening."
)


class CaseStanding(StrEnum):
    """EnforcementStatus. The values are what officers read in the list."""

    IN_FORCE = "In force"
    WATCHED = "Tried out: logged, nothing is changed yet"
    NO_MAIL_EFFECT = "In force, without effect on mail"
    SCHEDULED = "Approved, not yet in force"
    DRAFT = "Draft"
    NOT_IN_FORCE = "Not in force"
    HELD = "Not in step: held back"
    FAILED = "Not in step: a change failed"
    WAIVED = "Not in step: accepted as it is"
    OPENED = "Opened by hand: not restricted"
    UNKNOWN = "Unknown: the mail system could not be read"
    ENDED = "Ended"
    STILL_THERE = "Ended, but a rule is still there"


_NOT_NOW: Mapping[CaseState, tuple[CaseStanding, list[str]]] = {
    CaseState.SCHEDULED: (CaseStanding.SCHEDULED, []),
    CaseState.OPENED_BY_HAND: (CaseStanding.OPENED, [_OPENED]),
}


@dataclass(frozen=True, kw_only=True)
class CaseNote:
    """The two columns of one item that the tool alone writes. `note` has one sentence or more a line."""

    case_ref: str
    status: str
    note: str = ""


def case_notes(
    run: Run, found: Found, *, extra: Mapping[str, Sequence[str]] | None = None
) -> Mapping[str, CaseNote]:
    """The note of every item by its id. `extra` adds lines to items, such as links to drafted letters."""
    added = extra or {}
    notes = _Notes(run, found)
    return {
        item_id: CaseNote(case_ref=ref, status=standing.value, note=_text([*lines, *added.get(item_id, ())]))
        for item_id, ref, standing, lines in notes.all()
    }


_Entry = tuple[str, str, CaseStanding, Sequence[str]]


class _Notes:
    """The notes of one run."""

    def __init__(self, run: Run, found: Found) -> None:
        self._run = run
        self._found = found
        self._results = {id(outcome.change): outcome for outcome in found.outcomes}
        self._advice: dict[str, list[CaseWarning]] = {}
        for warning in found.judgement.warnings:
            self._advice.setdefault(warning.item_id, []).append(warning)

    def all(self) -> Iterator[_Entry]:
        judgement = self._found.judgement
        for accepted in judgement.accepted:
            yield self._accepted(accepted)
        for draft in judgement.drafts:
            yield draft.item_id, draft.case_ref, CaseStanding.DRAFT, _messages(draft.missing)
        refusals: dict[str, list[Refusal]] = {}
        for refusal in judgement.refused:
            refusals.setdefault(refusal.item_id, []).append(refusal)
        for item_id, found in refusals.items():
            yield item_id, found[0].case_ref, CaseStanding.NOT_IN_FORCE, _messages(found)
        for opened in judgement.ended_by_register:
            yield self._opened(opened)

    def _accepted(self, accepted: AcceptedCase) -> _Entry:
        case = accepted.case
        standing, lines = self._standing(accepted)
        advice = [one.message for one in self._advice.get(case.item_id, ())]
        return case.item_id, case.reference, standing, [*lines, *_dates(accepted), *advice]

    def _standing(self, accepted: AcceptedCase) -> tuple[CaseStanding, list[str]]:
        case, planned = accepted.case, self._found.planned
        if accepted.state in _NOT_NOW:
            return _NOT_NOW[accepted.state]
        if not case.protected.measure.acts_on_mail:
            return CaseStanding.NO_MAIL_EFFECT, []
        if planned is None:
            return CaseStanding.UNKNOWN, []
        if case.reference in planned.desired.blocked_cases:
            return CaseStanding.NOT_IN_FORCE, list(_problems(case.reference, planned))
        if planned.is_unread(case.reference):
            return CaseStanding.UNKNOWN, []
        standing, lines = self._of_changes(case.reference, planned)
        in_step = standing is CaseStanding.IN_FORCE
        if in_step and self._run.options.compile.mode is not RuleMode.ENFORCE:
            standing = CaseStanding.WATCHED
        return standing, lines

    def _of_changes(self, reference: str, planned: Planned) -> tuple[CaseStanding, list[str]]:
        changes = [one for one in planned.plan.changes if one.case_reference == reference]
        changes = [one for one in changes if not one.chosen_by_holder]
        failed = [reason for one in changes if (reason := self._failure(one)) is not None]
        if failed:
            return CaseStanding.FAILED, list(dict.fromkeys(failed))
        if any(self._result(one) is not Result.APPLIED for one in changes):
            return CaseStanding.HELD, ["The next run of the tool tries again; ask ICT if it stays like this."]
        waived = [one.waived for one in planned.plan.difference.waived if one.case_reference == reference]
        lines = [_WAIVED.format(until=long_day(one.until)) for one in waived if one]
        if lines:
            return CaseStanding.WAIVED, list(dict.fromkeys(lines))
        return CaseStanding.IN_FORCE, []

    def _opened(self, opened: OpenedCase) -> _Entry:
        planned = self._found.planned
        leftover = planned is not None and any(
            one.case_reference == opened.case_ref
            and not one.chosen_by_holder
            and self._result(one) is not Result.APPLIED
            for one in planned.plan.changes
        )
        lines = [one.message for one in self._advice.get(opened.item_id, ())]
        standing = CaseStanding.STILL_THERE if leftover else CaseStanding.ENDED
        return opened.item_id, opened.case_ref, standing, lines

    def _result(self, change: Change) -> Result | None:
        outcome = self._results.get(id(change))
        return outcome.result if outcome else None

    def _failure(self, change: Change) -> str | None:
        outcome = self._results.get(id(change))
        return outcome.reason if outcome and outcome.result is Result.FAILED else None


def _problems(reference: str, planned: Planned) -> Iterator[str]:
    for problem in planned.desired.problems:
        if problem.blocks is Blocks.CASE and problem.case_reference == reference:
            yield problem.message


def _dates(accepted: AcceptedCase) -> Iterator[str]:
    """What counts, where it is not what the columns say: extended by a review, or opened by an edit."""
    ends_on = accepted.case.protected.ends_on
    if ends_on:
        yield f"Ends at the end of {long_day(ends_on)}."


def _messages(found: Iterable[Refusal]) -> list[str]:
    return list(dict.fromkeys(one.message for one in found))


def _text(lines: Iterable[str]) -> str:
    """The lines as one text that fits the column."""
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > _LONGEST_NOTE:
            return "\n".join([*kept, _MORE])
        kept.append(line)
    return "\n".join(kept)
