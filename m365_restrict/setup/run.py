"""`init`: say what the lists lack, do it if that was approved, and look again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from m365_restrict.errors import (
    ExitCode,
    PermissionMissing,
    RestrictError,
    RunStopped,
    SourceIncomplete,
    first_of,
)
from m365_restrict.outcome import Unknown
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.report.documents import Head, Outcome
from m365_restrict.report.failure import failure_of
from m365_restrict.report.init_document import ConflictLine, InitDocument, SetupAction, SetupLine
from m365_restrict.setup.plan import PlannedList, Step, StepKey, by_hand, steps_for
from m365_restrict.steps.options import ListPlaces
from m365_restrict.tenant.lists import ListReader
from m365_restrict.tenant.setup import FoundList, ListSetup


@dataclass(frozen=True, kw_only=True)
class SetupRun:
    """One run of `init`.

    `approve` is asked once with all that would be done; False leaves the lists as they are.
    `reader` is the reader application's, with which the lists are looked at in the end. `stopping` names the
    signal that asked the run to stop, or is "".
    """

    run_id: str
    now: datetime
    places: ListPlaces
    columns: Mapping[str, str]
    setup: ListSetup
    reader: ListReader
    approve: Callable[[Sequence[Step]], bool]
    stopping: Callable[[], str] = lambda: ""


@dataclass(frozen=True)
class _Told:
    """What came of a step: what was answered, and whether it is so now."""

    error: RestrictError | None
    is_done: bool


@dataclass(frozen=True)
class _Looked:
    steps: tuple[Step, ...]
    conflicts: tuple[ConflictLine, ...]
    found: Mapping[PlannedList, FoundList]


async def set_up(run: SetupRun, clock: Callable[[], datetime]) -> InitDocument:
    """Make or complete the three lists. A second run finds nothing to do.

    Raises ConfigurationError where the site is not there, PermissionMissing where the setup
    application may not look; what fails while steps are done is told in the document.
    """
    places = _places(run.places)
    first = await _look(run, places)
    approved = bool(first.steps) and run.approve(first.steps)
    done = await _do_all(run, first, places) if approved else {}
    lines = tuple(_line(step, done.get(step.key)) for step in first.steps)
    refused = next((one.error for one in done.values() if isinstance(one.error, PermissionMissing)), None)
    # Before the lists are complete, that the reader cannot read them whole says nothing.
    complete = all(line.outcome is Outcome.APPLIED for line in lines) and not first.conflicts
    unread = await _unread(run, places) if complete else ()
    head = Head(
        run_id=run.run_id,
        started_at=run.now,
        finished_at=clock(),
        exit_code=_exit_code(lines, first.conflicts, unread, refused),
        unknown=unread,
        error=failure_of(refused) if refused else None,
    )
    hands = (line for place in places for line in by_hand(place, is_choices=place.schema is CHOICES))
    return InitDocument(
        head=head, approved=approved, steps=lines, conflicts=first.conflicts, by_hand=tuple(hands)
    )


def _places(places: ListPlaces) -> tuple[PlannedList, ...]:
    return (
        PlannedList(site=places.register_site, title=places.register, schema=RESTRICTED_CONTACTS),
        PlannedList(site=places.register_site, title=places.reviews, schema=REVIEWS),
        PlannedList(site=places.choices_site, title=places.choices, schema=CHOICES),
    )


async def _look(run: SetupRun, places: Sequence[PlannedList]) -> _Looked:
    steps: list[Step] = []
    conflicts: list[ConflictLine] = []
    found: dict[PlannedList, FoundList] = {}
    for place in places:
        seen = await run.setup.find(place.site, place.title)
        if seen is not None:
            found[place] = seen
        wanted, in_the_way = steps_for(place, seen, run.columns)
        steps += wanted
        conflicts += in_the_way
    return _Looked(tuple(steps), tuple(conflicts), found)


async def _do_all(run: SetupRun, first: _Looked, places: Sequence[PlannedList]) -> Mapping[StepKey, _Told]:
    """Do every step and tell what came of each.

    Lists come first. Then the lists are looked at again, because a step inside a list needs its ids; and
    once more in the end, because an answer that got lost may have been a success.
    """
    errors: dict[StepKey, RestrictError] = {}
    for step in first.steps:
        if step.action is SetupAction.CREATE_LIST:
            await _try(run, step, None, errors)
    second = await _look(run, places)
    for step in second.steps:
        if step.action is not SetupAction.CREATE_LIST and step.place in second.found:
            await _try(run, step, second.found[step.place], errors)
    still = {step.key for step in (await _look(run, places)).steps}
    return {step.key: _Told(errors.get(step.key), is_done=step.key not in still) for step in first.steps}


async def _try(
    run: SetupRun, step: Step, found: FoundList | None, errors: dict[StepKey, RestrictError]
) -> None:
    if asked := run.stopping():
        errors[step.key] = RunStopped(f"{asked} stopped the run before this step; run `init` again.")
        return
    try:
        await _do(run.setup, step, found)
    except RestrictError as error:
        errors[step.key] = error


async def _do(setup: ListSetup, step: Step, found: FoundList | None) -> None:
    site, title = step.place.site, step.place.title
    if found is None:
        columns = step.body["columns"]
        await setup.create_list(site, title, tuple(columns) if isinstance(columns, list) else ())
        return
    match step.action:
        case SetupAction.CREATE_LIST:
            return
        case SetupAction.ADD_COLUMN:
            await setup.add_column(site, title, found, step.body)
        case SetupAction.CHANGE_COLUMN:
            await setup.change_column(site, title, found.columns[step.column], found, step.body)
        case SetupAction.ADD_PROVING_ROW:
            await setup.add_item(site, title, found, step.body)


def _line(step: Step, told: _Told | None) -> SetupLine:
    planned = SetupLine(
        action=step.action,
        list=step.place.title,
        column=step.column,
        effect=step.effect,
        outcome=Outcome.PLANNED,
    )
    if told is None:
        return planned
    if told.is_done:
        return replace(planned, outcome=Outcome.APPLIED)
    if isinstance(told.error, RunStopped):
        return replace(planned, outcome=Outcome.SKIPPED, reason=told.error.message)
    reason = told.error.message if told.error else "The list is not there, or does not show it yet."
    return replace(planned, outcome=Outcome.FAILED, reason=reason)


async def _unread(run: SetupRun, places: Sequence[PlannedList]) -> tuple[Unknown, ...]:
    """The lists that the reader application cannot read whole: every other verb would stop there."""
    unread = []
    for place in places:
        try:
            await run.reader.read_list(place.site, place.title, place.schema, with_versions=False)
        except RestrictError as error:
            unread.append(Unknown(f"the list '{place.title}'", f"{error.message} {error.advice}"))
    return tuple(unread)


def _exit_code(
    lines: Sequence[SetupLine],
    conflicts: Sequence[ConflictLine],
    unread: Sequence[Unknown],
    refused: PermissionMissing | None,
) -> ExitCode:
    codes = [refused.exit_code] if refused else []
    if any(line.outcome is Outcome.PLANNED for line in lines):
        codes.append(ExitCode.DIFFERENCES)
    if any(line.outcome is Outcome.FAILED for line in lines):
        codes.append(ExitCode.PARTIAL)
    if conflicts:
        codes.append(ExitCode.REFUSED)
    if unread:
        codes.append(SourceIncomplete.exit_code)
    return first_of(*codes)
