"""Guards judge the run: when they fire, everything that does not open is held back (design.md 2.6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change, GuardVerdict, Observed, RuleKind
from m365_restrict.plan.codes import GuardCode
from m365_restrict.register.recipient import RecipientKind, Resolved, Unresolved
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.observed import Properties

_FEWEST_LOST = 2
_WHOLE = 100


@dataclass(frozen=True, kw_only=True)
class GuardSettings:
    """SAFETY__MAX_REMOVALS and SAFETY__MAX_REMOVALS_PERCENT; a loss over either is refused."""

    max_removals: int = 5
    max_removals_percent: int = 30


@dataclass(frozen=True, kw_only=True)
class ServiceLimits:
    """What the service allows (exchange.md 3). `spare_rules` stay free for administrators."""

    rules: int = 300
    spare_rules: int = 5
    pattern_characters: int = 20_480


@dataclass(frozen=True, kw_only=True)
class GuardFacts:
    """What the guards judge.

    `live_before` are the live cases of the last run. `lost` are those of them that vanished from the
    list or lost their approval evidence: never ones that the register opened or that ended.
    `frozen` is the reason of a freeze that stands, or "". `unknown_approvers` are entries of
    POLICY__APPROVERS that the directory does not know, such as an account that was deleted.
    """

    items_read: int
    live_before: frozenset[str]
    lost: frozenset[str]
    directory: Directory
    observed: Observed
    limits: ServiceLimits = ServiceLimits()
    frozen: str = ""
    unknown_approvers: tuple[str, ...] = ()


def judge_guards(
    changes: Sequence[Change], facts: GuardFacts, settings: GuardSettings
) -> tuple[GuardVerdict, ...]:
    """The guards that fire, in the order of their weight. Dry runs are judged alike."""
    return (
        *_source(facts, settings),
        *_freeze(facts),
        *_approvers(facts),
        *_exemptions(facts.directory),
        *_limits(changes, facts),
    )


def _source(facts: GuardFacts, settings: GuardSettings) -> Iterator[GuardVerdict]:
    live, lost = len(facts.live_before), len(facts.lost & facts.live_before)
    if facts.items_read == 0 and live:
        yield GuardVerdict(
            code=GuardCode.SOURCE_EMPTY,
            message=f"The register was read with no items, but {_cases(live)} were live in the last run.",
            override="",
        )
    elif lost >= _FEWEST_LOST and (
        lost > settings.max_removals or lost * _WHOLE > settings.max_removals_percent * live
    ):
        yield GuardVerdict(
            code=GuardCode.SOURCE_SHRUNKEN,
            message=(
                f"{lost} of {_cases(live)} vanished or lost their approval evidence; the limits are "
                f"{settings.max_removals} and {settings.max_removals_percent} %."
            ),
            override="SAFETY__MAX_REMOVALS and SAFETY__MAX_REMOVALS_PERCENT",
        )


def _freeze(facts: GuardFacts) -> Iterator[GuardVerdict]:
    if facts.frozen:
        yield GuardVerdict(
            code=GuardCode.FROZEN,
            message=f"The installation is frozen: {facts.frozen}",
            override="m365-restrict unfreeze",
        )


def _approvers(facts: GuardFacts) -> Iterator[GuardVerdict]:
    if facts.unknown_approvers:
        names = ", ".join(facts.unknown_approvers)
        yield GuardVerdict(
            code=GuardCode.APPROVER_UNKNOWN,
            message=f"POLICY__APPROVERS names {names}, which the directory does not know.",
            override="POLICY__APPROVERS",
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


def _limits(changes: Sequence[Change], facts: GuardFacts) -> Iterator[GuardVerdict]:
    if isinstance(facts.observed.transport, Unknown):
        return
    ours = [change for change in changes if change.kind is RuleKind.TRANSPORT_RULE]
    created = sum(change.action is Action.CREATE for change in ours)
    # Creates come before deletes, so a rule that is about to go still counts.
    rules = len(facts.observed.transport) + created
    most = facts.limits.rules - facts.limits.spare_rules
    if created and rules > most:
        yield GuardVerdict(
            code=GuardCode.TOO_MANY_RULES,
            message=(
                f"There would be {rules} transport rules; Exchange allows {facts.limits.rules}, of which "
                f"{facts.limits.spare_rules} are kept free."
            ),
            override="",
        )
    before = sum(pattern_characters(rule.properties) for rule in facts.observed.transport)
    added = sum(max(0, _pattern_growth(change)) for change in ours)
    if added and before + added > facts.limits.pattern_characters:
        yield GuardVerdict(
            code=GuardCode.TOO_MANY_PATTERNS,
            message=(
                f"All rules together would hold {before + added} characters of words and patterns; "
                f"Exchange allows {facts.limits.pattern_characters}."
            ),
            override="RULES__SENDER_MATCH=from",
        )


def _pattern_growth(change: Change) -> int:
    before = pattern_characters(change.observed.properties) if change.observed else 0
    after = pattern_characters(change.target) if change.target else 0
    return after - before


def pattern_characters(properties: Properties) -> int:
    """Characters that count against the organisation's budget for words and patterns (exchange.md 3)."""
    return sum(
        len(text)
        for name, value in properties.items()
        if name.endswith(("ContainsWords", "MatchesPatterns", "MatchesWords")) and _is_texts(value)
        for text in value
    )


def _is_texts(value: object) -> TypeGuard[tuple[str, ...]]:
    return isinstance(value, tuple)
