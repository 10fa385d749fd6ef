"""What a plan would do to mail, simulated before anything is written (design.md 2.7).

Of every live case, each address and one recipient of every class: the planned state must do what
the decision says, and on the way there, whatever has reached Exchange and what has not, whoever is
restricted before and after stays restricted and whoever is exempt stays exempt. A failure that was
there before and that rules of others cause is a finding; one that the plan brings stops its case. So does a
rule that would send mail outside the organisation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from m365_restrict.mailflow.remembered import RememberedDirectory
from m365_restrict.outcome import Unknown
from m365_restrict.plan.alike import Alike
from m365_restrict.plan.change import Change, Observed, Plan
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.invariants import (
    Claim,
    Ending,
    Witness,
    choosers,
    covered_by,
    holds,
    rests_on_transport,
    witnesses,
)
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.plan.outward import sends_outside
from m365_restrict.plan.prefixes import ChangedRule, as_enforced, line_of, mixtures
from m365_restrict.plan.proof_inbox import inbox_names, planned_inboxes
from m365_restrict.plan.simulation import Post, Setting
from m365_restrict.register.case import Case
from m365_restrict.rules.audience import primary_of
from m365_restrict.rules.case_rules import sender_addresses
from m365_restrict.rules.compilation import Carrier, Desired, Directory
from m365_restrict.rules.mailbox_rules import in_mailboxes

__all__ = [
    "Proof",
    "ProofFailure",
    "ProofGround",
    "as_enforced",
    "covered_by",
    "prove",
    "rests_on_transport",
]


@dataclass(frozen=True)
class ProofFailure:
    """One expectation that the plan does not meet. `held` are further cases whose changes bring it about."""

    case_reference: str
    message: str
    code: GuardCode = GuardCode.PROOF_FAILED
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How many expectations were met, and which were not."""

    passed: int = 0
    failures: tuple[ProofFailure, ...] = ()

    def permitted(self, plan: Plan) -> tuple[Change, ...]:
        """The plan's changes; of those of cases whose proof failed, the part that opens."""
        failed = {failure.case_reference for failure in self.failures}
        failed |= {reference for failure in self.failures for reference in failure.held}
        parts = (
            change if change.opens or change.case_reference not in failed else change.opening
            for change in plan.allowed
        )
        return tuple(part for part in parts if part is not None)


@dataclass(frozen=True, kw_only=True)
class ProofGround:
    """What a plan is proven against.

    `moved` are cases whose newer values this run leaves to the next apply: of them it is proven only
    that nobody is captured who must not be. `lagging` is false where a write is taken to act at once.
    `carrier` is the layer that carries the measures. `domains` are the organisation's own.
    """

    cases: Sequence[Case]
    observed: Observed
    directory: Directory
    desired: Desired
    now: datetime
    moved: frozenset[str] = frozenset()
    lagging: bool = True
    carrier: Carrier = Carrier.TRANSPORT_RULES
    domains: frozenset[str] = frozenset()


def prove(plan: Plan, ground: ProofGround) -> Proof:
    """Simulate mail from every address of every live case to one recipient of every class."""
    outward = tuple(_outward(plan, ground))
    if isinstance(ground.observed.transport, Unknown):
        return Proof(failures=outward)
    prover = _Prover(plan, ground)
    passed, failures = 0, dict[ProofFailure, None]()
    for case in ground.cases:
        for result, times in prover.judge(case):
            if result is None:
                passed += times
            else:
                failures[result] = None
    return Proof(passed=passed, failures=(*outward, *failures))


def _outward(plan: Plan, ground: ProofGround) -> Iterator[ProofFailure]:
    """Of each change that would send mail outside the organisation. What only opens keeps what it finds."""
    for change in plan.allowed:
        if change.opens or change.target is None or not change.case_reference:
            continue
        names = sends_outside(change.target, ground.directory, ground.domains)
        if names:
            yield ProofFailure(
                change.case_reference,
                f"By {', '.join(names)} a rule of case {change.case_reference} would send mail outside the "
                "organisation.",
            )


@dataclass(frozen=True)
class _Asked:
    """One case under proof. `here` are the names of its rules.

    `certain`: the planned state must do what the decision says. `touched`: the plan changes its rules.
    """

    case: Case
    contact: str
    here: frozenset[str]
    witnesses: tuple[Witness, ...]
    certain: bool
    touched: bool

    @property
    def recipients(self) -> list[str]:
        return [one.address for one in self.witnesses]


@dataclass(frozen=True)
class _Ill:
    """How a copy ends, or may end while these rules change, where it should not."""

    ending: Ending
    rules: Sequence[ChangedRule]
    between: bool = False


@dataclass(frozen=True)
class _Way:
    """One case's mail of one class of senders, with the endings that are asked for; by recipient."""

    post: Post
    recipients: Sequence[str]

    @cached_property
    def before(self) -> Mapping[str, Ending]:
        """With every rule as it stands."""
        return self.post.before(self.recipients)

    @cached_property
    def after(self) -> Mapping[str, Ending]:
        """With every change made."""
        return self.post.after(self.recipients) if self.post.changed else self.before

    @cached_property
    def alone(self) -> Mapping[str, Ending]:
        """The same without the rules of others."""
        return self.post.after(self.recipients, foreign=False)

    @cached_property
    def acting(self) -> Mapping[str, tuple[ChangedRule, ...]]:
        """The changed rules that act on each copy, where more than one write may."""
        several = sum(len(one.numbers) for one in self.post.changed) > 1
        return self.post.acting(self.recipients) if several else {}


class _Prover:
    """Puts cases to one plan."""

    def __init__(self, plan: Plan, ground: ProofGround) -> None:
        self._ground = ground
        directory = RememberedDirectory(PlannedDirectory(ground.directory))
        line = line_of(plan.difference.line, plan.allowed, ground.observed, directory)
        inbox = planned_inboxes(plan, ground.observed, ground.carrier)
        self._names = {**line.names_by_case}
        if ground.carrier is Carrier.INBOX_RULES:
            self._names |= inbox_names(plan, ground.desired)
        names = frozenset[str]().union(*self._names.values())
        self._alike = Alike(Setting(line, directory, inbox, ground.now, names, names_marks=False))
        self._chosen = choosers(ground.desired)
        self._touched = {one.case_reference for one in plan.allowed}
        # Of a case that a guard holds, that could not be compiled or that is on its way, the planned
        # state is not what the decision says in the end.
        self._uncertain = ground.moved | ground.desired.blocked_cases
        self._uncertain |= {one.case_reference for one in plan.changes if one.held_by}
        self._uncertain |= {one.case_reference for one in plan.difference.settling}
        self._uncertain |= {one.case_reference for one in plan.difference.waived}

    def judge(self, case: Case) -> Iterator[tuple[ProofFailure | None, int]]:
        """None for each expectation that is met, with the number of senders of which it was asked."""
        if not case.protected.addresses or not case.protected.measure.acts_on_mail:
            return
        asked = self._asked(case)
        if not asked.witnesses:
            return
        senders = sender_addresses(case, self._ground.directory)
        for mail in self._alike.posts(senders, asked.recipients):
            for post in mail.post.ways(mail.recipients):
                way = _Way(post, mail.recipients)
                yield from ((one, mail.senders) for one in self._judge_way(asked, way, mail.stands_for))

    def _asked(self, case: Case) -> _Asked:
        directory = self._ground.directory
        found = witnesses(
            case,
            directory,
            self._chosen,
            moved=case.reference in self._ground.moved,
            carrier=self._ground.carrier,
        )
        if in_mailboxes(case.protected.measure, self._ground.carrier):
            found = tuple(one for one in found if self._is_read(one))
        return _Asked(
            case=case,
            contact=primary_of(case.protected.spoc_mailbox, directory),
            here=self._names.get(case.reference, frozenset()),
            witnesses=found,
            certain=case.reference not in self._uncertain,
            touched=case.reference in self._touched,
        )

    def _is_read(self, witness: Witness) -> bool:
        """Whether the mailbox of somebody whom an inbox rule covers was read, so that its rules are known."""
        rules = self._ground.observed.inbox.get(witness.address)
        return witness.claim is not Claim.MEASURE or (rules is not None and not isinstance(rules, Unknown))

    def _judge_way(
        self, asked: _Asked, way: _Way, stands_for: Mapping[str, str]
    ) -> Iterator[ProofFailure | None]:
        """Each witness by the one who stands for them: whoever may expect the same of it is judged once."""
        judged: dict[tuple[str, Claim], _Ill | None] = {}
        for witness in asked.witnesses:
            one = stands_for[witness.address], witness.claim
            if one not in judged:
                judged[one] = self._ill(asked, replace(witness, address=one[0]), way)
            ill = judged[one]
            yield None if ill is None else self._failure(asked, witness, ill)

    def _ill(self, asked: _Asked, witness: Witness, way: _Way) -> _Ill | None:
        if not self._ends_well(asked, witness, way):
            return _Ill(way.after[witness.address], way.post.changed)
        rules = way.acting.get(witness.address, ())
        return self._ill_between(asked, witness, way, rules) if rules else None

    def _ends_well(self, asked: _Asked, witness: Witness, way: _Way) -> bool:
        """Whether the planned state is as decided, or as bad as before through no fault of the plan."""
        if witness.claim is Claim.MEASURE and not asked.certain:
            return True
        address = witness.address
        if self._holds(asked, witness, way.after[address]):
            return True
        if way.before[address].place != way.after[address].place:
            return False
        return not asked.touched or self._holds(asked, witness, way.alone[address])

    def _holds(self, asked: _Asked, witness: Witness, ending: Ending) -> bool:
        return holds(
            asked.case,
            witness,
            ending,
            here=asked.here,
            contact=asked.contact,
            carrier=self._ground.carrier,
        )

    def _ill_between(
        self, asked: _Asked, witness: Witness, way: _Way, rules: Sequence[ChangedRule]
    ) -> _Ill | None:
        """How the copy may end on the way, where it should not."""
        address = witness.address
        ends = way.before[address], way.after[address]
        caught = [not one.ours.isdisjoint(asked.here) for one in ends]
        if witness.claim is Claim.MEASURE:
            # What the register opens never waits (design.md 2), not even for a rule that takes over a part.
            if not all(caught) or any(one.narrows for one in rules):
                return None
        elif any(caught):
            return None
        others = [one.after for one in way.post.changed if one not in rules]
        for forms in mixtures(rules, lagging=self._ground.lagging):
            ending = way.post.send([*others, *forms], [address])[address]
            if ending.ours.isdisjoint(asked.here) is all(caught):
                return _Ill(ending, rules, between=True)
            if all(caught) and ending.place not in {one.place for one in ends}:
                return _Ill(ending, rules, between=True)
        return None

    def _failure(self, asked: _Asked, witness: Witness, ill: _Ill) -> ProofFailure:
        reference = asked.case.reference
        return ProofFailure(
            reference,
            f"Simulated mail of case {reference} to {witness.who} "
            f"{_wrong(witness, ill.ending, between=ill.between)}.",
            held=frozenset(one.case_reference for one in ill.rules) - {reference},
        )


def _wrong(witness: Witness, ending: Ending, *, between: bool) -> str:
    when = ", while the changes take effect one after another" if between else ""
    if witness.claim is not Claim.MEASURE:
        return f"would be caught{when}, although it is exempt"
    caught = f"be {ending.outcome.value}" if ending.ours else "not be caught"
    return f"would {caught}{when}, which is not what the decision says"
