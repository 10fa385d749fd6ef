"""Steps 8 to 10 where nothing holds a write grant: the plan becomes a script, later runs prove it was run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from m365_restrict import __version__
from m365_restrict.errors import ConfigurationError
from m365_restrict.findings.left_to_hand import waiting_keys
from m365_restrict.plan.change import Applied, Change, RuleKind
from m365_restrict.plan.places import left_out_before
from m365_restrict.plan.renamed import Renamed
from m365_restrict.policy.judgement import Judgement
from m365_restrict.register.read_choice import ChoiceReading
from m365_restrict.report.documents import ScriptLine
from m365_restrict.rules.compilation import Desired
from m365_restrict.script.layout import ApprovedCase, Heading, Script, body_of, write_script
from m365_restrict.script.reach import cases_within_reach, choices_within_reach
from m365_restrict.script.steps import why_not, write_steps
from m365_restrict.script.waiting import CODE
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.options import ScriptOptions
from m365_restrict.steps.recording import record_run, take_over
from m365_restrict.steps.run_context import HandOver, Run
from m365_restrict.writes.write_outcome import ChangeOutcome, Result, failed

_NO_INBOX_RULES = (
    "waiting for hand: an inbox rule is not written by script; its mailbox's owner changes it in Outlook "
    "(docs/enforce-with.md)"
)


def reachable_choices(
    run: Run, reading: ChoiceReading, judgement: Judgement, applied: Sequence[Applied]
) -> ChoiceReading:
    """The choices that can be carried out in the way that the settings name."""
    if run.options.script is None:
        return reading
    return choices_within_reach(reading, judgement.live_measures, applied)


def reachable_rules(run: Run, desired: Desired, applied: Sequence[Applied]) -> Desired:
    """The rules that can be written in the way that the settings name."""
    return desired if run.options.script is None else cases_within_reach(desired, applied)


def note_run_by_hand(run: Run, planned: Planned, names: Renamed) -> None:
    """Remember rules that somebody has brought to what was planned, and forget those that are gone.

    What was read is the proof, so runs that only read record it too. Does nothing but for scripts.
    """
    if run.options.script is None:
        return
    run.ledger.rules.rename(names.rules)
    for applied in planned.plan.difference.takeovers:
        take_over(run, applied)
    for key in planned.plan.difference.forgotten:
        run.ledger.rules.forget(key)


def hand_over(run: Run, found: Found, planned: Planned, means: HandOver) -> Found:
    """Write the script for the permitted changes, and remember since when each of them waits.

    Raises ConfigurationError where the file cannot be written.
    """
    permitted = planned.proof.permitted(planned.plan)
    reasons = {id(change): why_not(change) for change in permitted}
    held = [change for change in permitted if not reasons[id(change)]]
    script = _saved(run, found, planned, held, means) if held else None
    outcomes = tuple(_outcome(change, reasons[id(change)], script) for change in permitted)
    run.ledger.findings.restart(CODE.value, waiting_keys(run, held), at=run.now)
    record_run(run, planned)
    return replace(found.after(outcomes), script=script)


def _outcome(change: Change, reason: str, script: ScriptLine | None) -> ChangeOutcome:
    if change.kind is RuleKind.INBOX_RULE:
        return ChangeOutcome(change, Result.WAITING, _NO_INBOX_RULES)
    if reason or script is None:
        return failed(change, f"Not in the script: {reason}.")
    return ChangeOutcome(change, Result.WAITING, f"waiting for hand: {script.file}")


def _saved(run: Run, found: Found, planned: Planned, held: Sequence[Change], means: HandOver) -> ScriptLine:
    path = means.file or _folder(run.options.script) / f"m365-restrict-{planned.plan.plan_id}.ps1"
    script = _script(planned, held, _heading(run, found, planned, held, means, path))
    try:
        # A script that says the same is left as it is, so that what was signed off stays what it was.
        if body_of(_read(path)) != body_of(script.text):
            means.save(path, script.text)
    except OSError as error:
        raise ConfigurationError(
            f"The script could not be written to {path}: {error}",
            advice="Name another file with --script, or another folder in M365_RESTRICT_SCRIPT__FOLDER.",
        ) from error
    run.progress(f"Script written: {path}")
    return ScriptLine(file=str(path), sha256=script.body_sha256, changes=len(held))


def _folder(options: ScriptOptions | None) -> Path:
    return options.folder if options else Path()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _script(planned: Planned, held: Sequence[Change], heading: Heading) -> Script:
    plan = planned.plan
    return write_script(
        heading,
        write_steps(held, left_out_before(held, plan.allowed, plan.difference.line)),
        line=[entry.guid for entry in plan.difference.line],
    )


def _heading(
    run: Run, found: Found, planned: Planned, held: Sequence[Change], means: HandOver, path: Path
) -> Heading:
    references = list(dict.fromkeys(change.case_reference for change in held if change.case_reference))
    cases = {one.reference: one for one in _approved_cases(found)}
    return Heading(
        file_name=path.name,
        plan_id=planned.plan.plan_id,
        run_id=run.run_id,
        instance_id=run.options.instance_id,
        register_version=found.register.version,
        tool_version=__version__,
        written_at=run.now,
        approval=means.approval,
        cases=tuple(cases[reference] for reference in references if reference in cases),
        opened=tuple(reference for reference in references if reference not in cases),
        left_out=tuple(_left_out(planned, held)),
    )


def _approved_cases(found: Found) -> Iterator[ApprovedCase]:
    for one in found.judgement.in_force:
        yield ApprovedCase(
            reference=one.case.reference,
            item_id=one.case.item_id,
            version=one.evidence.version,
            approver=one.evidence.saver_object_id,
            decided_on=one.decided_on,
        )


def _left_out(planned: Planned, held: Sequence[Change]) -> Iterable[str]:
    """What an administrator must not take for done; of councillors' choices their number alone."""
    inside = {id(change) for change in held}
    out = [change for change in planned.plan.changes if id(change) not in inside]
    for change in out:
        if not change.chosen_by_holder:
            why = f"held back by the guard {change.held_by}" if change.held_by else why_not(change)
            yield f"{change.action.value} {change.name}: {why or 'its proof failed'}"
    chosen = sum(change.chosen_by_holder for change in out)
    if chosen:
        yield f"{chosen} of councillors' own choices"
