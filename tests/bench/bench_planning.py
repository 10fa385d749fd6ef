"""Compiling, comparing and proving: CPU seconds for 200 cases, and how they grow with the cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from bench_frame import Order, Result, cpu, interleaved
from large_council import (
    ADDRESSES,
    CHOICES,
    COUNCILLORS,
    FOREIGN,
    INSTANCE,
    NOW,
    RECIPIENTS,
    LargeCouncil,
    applied_by,
    large_council,
    observed_by,
)

from m365_restrict.plan.change import Applied, Observed, Plan
from m365_restrict.plan.difference import difference
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.proof import Proof, ProofGround, prove
from m365_restrict.plan.settling import keep_until_settled
from m365_restrict.plan.wanted import DifferenceInput
from m365_restrict.rules.compilation import Desired
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.transport_rule import SenderMatch

CASES = 200
MOST_SECONDS, MOST_GROWTH = 2.0, 2.2
_LIMIT = "Pure Python on one core: a few simulated messages for each class of a case's senders."

TITLE = "Compiling, comparing and proving"
METHOD = (
    "In one process, without any service: what a run does between reading and writing. "
    f"{CASES} cases with {CASES * ADDRESSES:,} addresses and {CASES * RECIPIENTS:,} recipients, "
    f"{COUNCILLORS} councillors with {CHOICES} choices and {FOREIGN} rules of others, of which one cannot be "
    "decided from headers, so that everything is proven both ways. Once with every rule in place, once with "
    "none; each beside twice the cases, in turn. CPU seconds of the process."
)


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a run has read by the time that it compiles."""

    council: LargeCouncil
    observed: Observed
    applied: tuple[Applied, ...]

    def plan(self) -> tuple[Plan, Proof]:
        """Compile, compare and prove, as a run does."""
        council = self.council
        desired = compile_rules(council.cases, council.choices, council.directory, council.options)
        given = self._given(desired)
        found = keep_until_settled(difference(given), given, now=NOW, wait=timedelta(hours=1))
        plan = build_plan(found, guards=(), observed=self.observed, source_version="1", place=Place.LAST)
        ground = ProofGround(
            cases=council.cases,
            observed=self.observed,
            directory=council.directory,
            desired=desired,
            now=NOW,
            domains=frozenset({"ashbourne.example"}),
        )
        return plan, prove(plan, ground)

    def _given(self, desired: Desired) -> DifferenceInput:
        return DifferenceInput(
            desired=desired,
            observed=self.observed,
            applied=self.applied,
            instance_id=INSTANCE,
            live_case_refs=frozenset(case.reference for case in self.council.cases),
            opened_case_refs=frozenset(),
            zone=self.council.options.zone,
        )


def in_step(cases: int, *, match: SenderMatch = SenderMatch.FROM) -> Work:
    """Every rule stands as it is wanted."""
    council = large_council(cases, match=match)
    desired = compile_rules(council.cases, council.choices, council.directory, council.options)
    observed = observed_by(council, desired)
    return Work(council=council, observed=observed, applied=applied_by(desired, observed))


def from_nothing(cases: int, *, match: SenderMatch = SenderMatch.FROM) -> Work:
    """No rule of ours stands yet."""
    council = large_council(cases, match=match)
    return Work(council=council, observed=observed_by(council, None), applied=())


def measure(order: Order) -> Sequence[Result]:
    """A plan that changes nothing and a first plan, each also with twice the cases."""
    cases = order.of(CASES, 4)
    results: list[Result] = []
    for name, work in (("that changes nothing", in_step), ("that makes every rule", from_nothing)):
        for match in SenderMatch:
            order.say(f"a plan {name}, senders by {match.value}")
            one, two = work(cases, match=match), work(2 * cases, match=match)
            taken = interleaved(order.samples, one=cpu(one.plan), two=cpu(two.plan))
            results += _rows(f"a plan {name}, senders by {match.value}", taken["one"], taken["two"])
    return results


def _rows(name: str, one: tuple[float, ...], two: tuple[float, ...]) -> list[Result]:
    once = Result(
        name=name,
        unit="s CPU",
        samples=one,
        bound=f"under {MOST_SECONDS:g} s CPU",
        met=median(one) < MOST_SECONDS,
        limit=_LIMIT,
    )
    twice = Result(
        name=f"{name}: twice the cases",
        unit="s CPU",
        samples=two,
        reference="once the cases",
        reference_samples=one,
        bound=f"at most {MOST_GROWTH:g} times the CPU",
        met=median(two) <= MOST_GROWTH * median(one),
        limit=_LIMIT,
    )
    return [once, twice]
