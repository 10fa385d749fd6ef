"""Problems and warnings that belong to no change: of a case's rules, of the policy, of the whole register."""

from collections.abc import Iterator
from dataclasses import replace

from m365_restrict.plan.change import Action, Change
from m365_restrict.plan.writes import needs_folder
from m365_restrict.policy.profile_lint import lint_profile
from m365_restrict.report.documents import CaseLine, CaseStatus, CheckLine
from m365_restrict.rules.compilation import Blocks, Desired
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.writes.mailbox_folders import Folders

_FOLDER_FIRST = "The folder that was chosen is not in the mailbox and is made first."


def with_problems(line: CaseLine, desired: Desired) -> CaseLine:
    """A case whose mailboxes are not as its rules need them is refused as well; the rest are warnings."""
    if line.status is not CaseStatus.ACCEPTED:
        return line
    warned = replace(line, warnings=(*line.warnings, *_checks(line.case_ref, desired, Blocks.NOTHING)))
    problems = tuple(_checks(line.case_ref, desired, Blocks.CASE))
    if not problems:
        return warned
    return replace(warned, status=CaseStatus.REFUSED, state="refused", refusals=(*line.refusals, *problems))


def warning_of(change: Change, desired: Desired, folders: Folders) -> str:
    """What is worth knowing before a rule is written, or ""."""
    if needs_folder(change, folders.missing):
        return _FOLDER_FIRST
    if change.chosen_by_holder or change.action is Action.DELETE:
        return ""
    found = _checks(change.case_reference, desired, Blocks.NOTHING)
    return " ".join(dict.fromkeys(one.message for one in found))


def policy_warnings(run: Run, found: Found) -> Iterator[CheckLine]:
    """What is weak in the profile itself, and warnings about the register as a whole."""
    for weak in lint_profile(run.options.profile, today=run.today):
        yield CheckLine(code=weak.code.value, message=weak.message)
    for warning in found.judgement.warnings:
        if not warning.item_id:
            yield CheckLine(code=warning.code.value, message=warning.message)


def _checks(case_ref: str, desired: Desired, blocks: Blocks) -> Iterator[CheckLine]:
    for one in desired.problems:
        if one.blocks is blocks and one.case_reference == case_ref:
            yield CheckLine(code=one.code.value, message=one.message)
