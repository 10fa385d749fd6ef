"""What the service allows of transport rules, how much of it is used, and the guards that keep within it.

Rules of others count: the limits are the whole organisation's (exchange.md 3).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change, GuardVerdict, LineEntry, Observed, RuleKind
from m365_restrict.plan.codes import GuardCode
from m365_restrict.rules.observed import ObservedTransportRule, Properties, PropertyValue

# SenderDomainIs and RecipientDomainIs may or may not count; they are counted (exchange.md 2.3).
_MATCHING = ("ContainsWords", "MatchesPatterns", "MatchesWords", "SenderDomainIs", "RecipientDomainIs")
_TARGETS = ("RedirectMessageTo", "BlindCopyTo", "CopyTo", "AddToRecipients")


@dataclass(frozen=True, kw_only=True)
class ServiceLimits:
    """Limits of the organisation (exchange.md 3, 9). What is spare stays free for administrators.

    `rules` counts every rule; sizes are in characters; `targets` is per rule. `reported` is true where
    the tenant itself has told them, false for the documented ones.
    """

    rules: int = 300
    spare_rules: int = 5
    rule_size: int = 8_192
    pattern_characters: int = 20_480
    spare_pattern_characters: int = 1_024
    targets: int = 10
    reported: bool = False

    @property
    def most_rules(self) -> int:
        """How many rules there may be before a creation is held back."""
        return self.rules - self.spare_rules

    @property
    def most_pattern_characters(self) -> int:
        """How many characters of words and patterns there may be before an addition is held back."""
        return self.pattern_characters - self.spare_pattern_characters


@dataclass(frozen=True, kw_only=True)
class Use:
    """How much of one limit is used now, and once the plan is applied."""

    used: int
    planned: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class LargestRule:
    """The largest rule of ours as the service measures it; None where it does not say (exchange.md 9)."""

    used: int | None
    limit: int


@dataclass(frozen=True, kw_only=True)
class Headroom:
    """How much of the organisation's limits is used. `reported`: the tenant itself told the limits."""

    rules: Use
    pattern_characters: Use
    largest_rule: LargestRule
    reported: bool


def headroom(
    changes: Sequence[Change], observed: Observed, line: Sequence[LineEntry], limits: ServiceLimits
) -> Headroom | None:
    """What is used and what `changes` add or free; None where the transport rules could not be read."""
    rules = observed.transport
    if isinstance(rules, Unknown):
        return None
    ours = [change for change in changes if change.kind is RuleKind.TRANSPORT_RULE]
    more = sum((change.action is Action.CREATE) - (change.action is Action.DELETE) for change in ours)
    used = sum(_characters(rule) for rule in rules)
    owned = {entry.guid for entry in line if entry.key}
    sizes = [size for rule in rules if rule.guid in owned for size in _number(rule, "Size")]
    return Headroom(
        rules=Use(used=len(rules), planned=len(rules) + more, limit=limits.rules),
        pattern_characters=Use(
            used=used, planned=used + sum(map(_growth, ours)), limit=limits.pattern_characters
        ),
        largest_rule=LargestRule(used=max(sizes, default=None), limit=limits.rule_size),
        reported=limits.reported,
    )


def judge_limits(
    changes: Sequence[Change], observed: Observed, limits: ServiceLimits
) -> Iterator[GuardVerdict]:
    """The limits that `changes` would come too near to. Only what adds to them is held to account."""
    rules = observed.transport
    if isinstance(rules, Unknown):
        return
    ours = [change for change in changes if change.kind is RuleKind.TRANSPORT_RULE]
    created = sum(change.action is Action.CREATE for change in ours)
    # Creates come before deletes, so a rule that is about to go still counts.
    if created and len(rules) + created > limits.most_rules:
        yield GuardVerdict(
            code=GuardCode.TOO_MANY_RULES,
            message=(
                f"There would be {len(rules) + created} transport rules; Exchange allows {limits.rules}, "
                f"of which {limits.spare_rules} are kept free."
            ),
            override="",
        )
    total = sum(map(_characters, rules)) + sum(max(0, _growth(change)) for change in ours)
    if any(_growth(change) > 0 for change in ours) and total > limits.most_pattern_characters:
        yield GuardVerdict(
            code=GuardCode.TOO_MANY_PATTERNS,
            message=(
                f"All rules together would hold {total} characters of words and patterns; Exchange allows "
                f"{limits.pattern_characters}, of which {limits.spare_pattern_characters} are kept free."
            ),
            override="RULES__SENDER_MATCH=from",
        )
    crowded = sorted({change.name for change in ours if _targets(change) > limits.targets})
    if crowded:
        yield GuardVerdict(
            code=GuardCode.TOO_MANY_TARGETS,
            message=f"{', '.join(crowded)}: more than {limits.targets} mailboxes would get the mail.",
            override="",
        )


def pattern_characters(properties: Properties) -> int:
    """Characters that count against the organisation's budget for words and patterns, exceptions included."""
    return sum(
        len(text)
        for name, value in properties.items()
        if name.endswith(_MATCHING) and _is_texts(value)
        for text in value
    )


def _characters(rule: ObservedTransportRule) -> int:
    """What the service counts where it says so, and never less than what stands in the rule."""
    return max(pattern_characters(rule.properties), *_number(rule, "RegexSize"), 0)


def _number(rule: ObservedTransportRule, name: str) -> tuple[int, ...]:
    value = rule.raw.get(name)
    return (value,) if isinstance(value, int) and not isinstance(value, bool) else ()


def _growth(change: Change) -> int:
    before = pattern_characters(change.observed.properties) if change.observed else 0
    after = pattern_characters(change.target) if change.target else 0
    return after - before


def _targets(change: Change) -> int:
    lists = ((change.target or {}).get(name) for name in _TARGETS)
    return sum(len(value) for value in lists if _is_texts(value))


def _is_texts(value: PropertyValue | None) -> TypeGuard[tuple[str, ...]]:
    return isinstance(value, tuple)
