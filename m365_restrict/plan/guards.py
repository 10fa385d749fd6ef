"""Guards judge the run: when they fire, everything that does not open is held back (design.md 2.6)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Change, Difference, GuardVerdict, Observed
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.limits import ServiceLimits, judge_limits
from m365_restrict.plan.moves import Moves
from m365_restrict.plan.overrides import Override, override_for, way_past
from m365_restrict.plan.windows import ChangeWindow, is_open, next_opening
from m365_restrict.register.recipient import RecipientKind, Resolved, Unresolved
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.naming import long_day

_FEWEST_LOST = 2
_WHOLE = 100
_NAMED_CASES = 5
_REMOVALS = "SAFETY__MAX_REMOVALS and SAFETY__MAX_REMOVALS_PERCENT"


@dataclass(frozen=True, kw_only=True)
class GuardSettings:
    """SAFETY__MAX_REMOVALS and SAFETY__MAX_REMOVALS_PERCENT, and SAFETY__CHANGE_WINDOWS in `zone`.

    At least two cases and more than either limit are too many. No windows: changes may be made always.
    """

    max_removals: int = 5
    max_removals_percent: int = 30
    windows: tuple[ChangeWindow, ...] = ()
    zone: tzinfo = UTC

    def too_many(self, count: int, of: int) -> bool:
        """Whether `count` of `of` live cases are more than either limit."""
        over = count > self.max_removals or count * _WHOLE > self.max_removals_percent * of
        return count >= _FEWEST_LOST and over


@dataclass(frozen=True, kw_only=True)
class GuardFacts:
    """What the guards judge.

    `live_before` are the live cases of the last run. `lost` are those of them that vanished from the
    list or lost their approval evidence: never ones that the register opened or that ended.
    `frozen` is the reason of a freeze that stands, or "". `unknown_approvers` are entries of
    POLICY__APPROVERS that the directory does not know, such as an account that was deleted.
    `overrides` are those that stand at `now`.
    """

    items_read: int
    live_before: frozenset[str]
    lost: frozenset[str]
    directory: Directory
    observed: Observed
    now: datetime
    moves: Moves = field(default_factory=Moves)
    limits: ServiceLimits = field(default_factory=ServiceLimits)
    frozen: str = ""
    unknown_approvers: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A difference as the guards leave it, the guards that fire, and those that an override let pass."""

    difference: Difference
    facts: GuardFacts
    verdicts: tuple[GuardVerdict, ...]
    overridden: tuple[GuardVerdict, ...] = ()


def guard(difference: Difference, facts: GuardFacts, settings: GuardSettings) -> Guarded:
    """Judge what a run would do. Where too much would be weakened, that counts as no opening any more."""
    standing, _ = _passed(_moves(facts, settings), facts.overrides)
    if any(verdict.code is GuardCode.TOO_MANY_WEAKENINGS for verdict in standing):
        difference = facts.moves.held_in(difference)
    verdicts, overridden = _passed(judge_guards(difference.changes, facts, settings), facts.overrides)
    return Guarded(difference=difference, facts=facts, verdicts=verdicts, overridden=overridden)


def judge_guards(
    changes: Sequence[Change], facts: GuardFacts, settings: GuardSettings
) -> tuple[GuardVerdict, ...]:
    """The guards that fire, in the order of their weight, overridden ones too. Dry runs are judged alike."""
    return (
        *_source(facts, settings),
        *_freeze(facts),
        *_approvers(facts),
        *_exemptions(facts.directory),
        *_moves(facts, settings),
        *judge_limits(changes, facts.observed, facts.limits),
        *_window(changes, facts, settings),
    )


def _passed(
    fired: Iterable[GuardVerdict], overrides: Sequence[Override]
) -> tuple[tuple[GuardVerdict, ...], tuple[GuardVerdict, ...]]:
    """The verdicts that stand, and those that an override lets pass."""
    standing: list[GuardVerdict] = []
    passed: list[GuardVerdict] = []
    for verdict in fired:
        one = override_for(overrides, verdict.code)
        if one is None:
            standing.append(verdict)
        elif one.lets_pass(verdict.count):
            passed.append(verdict)
        else:
            short = f" The override that stands lets {one.limit} pass and no more."
            standing.append(replace(verdict, message=verdict.message + short))
    return tuple(standing), tuple(passed)


def _source(facts: GuardFacts, settings: GuardSettings) -> Iterator[GuardVerdict]:
    live, lost = len(facts.live_before), len(facts.lost & facts.live_before)
    if facts.items_read == 0 and live:
        yield GuardVerdict(
            code=GuardCode.SOURCE_EMPTY,
            message=f"The register was read with no items, but {_cases(live)} were live in the last run.",
            override="",
        )
    elif settings.too_many(lost, live):
        yield _counting(
            GuardCode.SOURCE_SHRUNKEN,
            lost,
            f"{lost} of {_cases(live)} vanished or lost their approval evidence",
            settings,
        )


def _moves(facts: GuardFacts, settings: GuardSettings) -> Iterator[GuardVerdict]:
    moves = facts.moves
    live = len(moves.standing)
    for code, cases, what in (
        (GuardCode.TOO_MANY_REROUTINGS, moves.rerouted, "would send mail to another mailbox than before"),
        (
            GuardCode.TOO_MANY_WEAKENINGS,
            moves.weakened,
            "would let mail through without a decision: a setting, a group or the directory has changed",
        ),
    ):
        if settings.too_many(len(cases), live):
            text = f"{len(cases)} of {_cases(live)} with rules ({_listed(cases)}) {what}"
            yield _counting(code, len(cases), text, settings)


def _counting(code: GuardCode, count: int, text: str, settings: GuardSettings) -> GuardVerdict:
    limits = f"the limits are {settings.max_removals} and {settings.max_removals_percent} %."
    return GuardVerdict(
        code=code, message=f"{text}; {limits}", override=way_past(code, _REMOVALS, count), count=count
    )


def _listed(cases: frozenset[str]) -> str:
    first = sorted(cases)[:_NAMED_CASES]
    more = len(cases) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def _freeze(facts: GuardFacts) -> Iterator[GuardVerdict]:
    if facts.frozen:
        yield GuardVerdict(
            code=GuardCode.FROZEN,
            message=f"The installation is frozen: {facts.frozen}",
            override="m365-restrict unfreeze",
        )


def _window(changes: Sequence[Change], facts: GuardFacts, settings: GuardSettings) -> Iterator[GuardVerdict]:
    """Only where something waits for the window: a run that changes nothing may be made at any hour."""
    waiting = any(not change.opens for change in changes)
    if not waiting or is_open(settings.windows, facts.now, settings.zone):
        return
    opens = next_opening(settings.windows, facts.now, settings.zone)
    local = opens.astimezone(settings.zone) if opens else None
    when = f"on {local:%A} {long_day(local.date())} at {local:%H:%M}" if local else "never"
    code = GuardCode.OUTSIDE_CHANGE_WINDOW
    yield GuardVerdict(
        code=code,
        message=f"No change window is open; the next one opens {when}.",
        override=way_past(code, "SAFETY__CHANGE_WINDOWS"),
    )


def _approvers(facts: GuardFacts) -> Iterator[GuardVerdict]:
    if facts.unknown_approvers:
        names = ", ".join(facts.unknown_approvers)
        code = GuardCode.APPROVER_UNKNOWN
        yield GuardVerdict(
            code=code,
            message=f"POLICY__APPROVERS names {names}, which the directory does not know.",
            override=way_past(code, "POLICY__APPROVERS"),
        )


def _cases(count: int) -> str:
    return "1 live case" if count == 1 else f"{count} live cases"


def _exemptions(directory: Directory) -> Iterator[GuardVerdict]:
    for entry in directory.protected:
        why = _unfit(entry, RecipientKind.NO_MAILBOX)
        if why:
            yield GuardVerdict(
                code=GuardCode.PROTECTED_UNRESOLVED,
                message=f"The protected mailbox {entry.asked} cannot be exempted: {why}.",
                override="POLICY__PROTECTED_MAILBOXES",
            )
    group, members = directory.councillors_group, directory.councillor_members
    why = _unfit(group, *(kind for kind in RecipientKind if kind is not RecipientKind.GROUP))
    if not why and isinstance(members, Unknown):
        why = f"its members could not be read ({members.reason})"
    if why:
        yield GuardVerdict(
            code=GuardCode.COUNCILLORS_UNREADABLE,
            message=f"The councillors' group {group.asked} cannot be exempted: {why}.",
            override="POLICY__COUNCILLORS_GROUP",
        )


def _unfit(entry: Resolved, *wrong_kinds: RecipientKind) -> str:
    """Why an exempt recipient cannot be named in a rule, or ""."""
    if isinstance(entry, Unresolved):
        return entry.reason
    return f"it is a {entry.kind.value}" if entry.kind in wrong_kinds else ""
