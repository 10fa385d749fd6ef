"""What the planned rules of ours would do to mail, simulated before anything is written (design.md 2.7).

Of every case that rests on transport rules: nobody who is exempt is captured, and
everybody else in its scope is. Only rules of ours are put to the test here; what other
people's rules make of the outcome is for findings.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from m365_restrict.mailflow.delivery import Copy, MailFlow, deliver
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.message import Message, read_message
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change, Observed, Plan, RuleKind
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.mail_directory import PlannedDirectory, ordinary_address
from m365_restrict.register.case import Case, Measure, Scope
from m365_restrict.register.recipient import Recipient
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.stamp import plain_value


@dataclass(frozen=True)
class ProofFailure:
    """One expectation that the planned state does not meet."""

    case_reference: str
    message: str
    code: GuardCode = GuardCode.PROOF_FAILED


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How many expectations were met, and which were not."""

    passed: int = 0
    failures: tuple[ProofFailure, ...] = ()

    def permitted(self, plan: Plan) -> tuple[Change, ...]:
        """The plan's changes; of those of cases whose proof failed, the part that opens."""
        parts = (self._permitted_part(change) for change in plan.allowed)
        return tuple(part for part in parts if part is not None)

    def _permitted_part(self, change: Change) -> Change | None:
        failed = {failure.case_reference for failure in self.failures}
        return change if change.opens or change.case_reference not in failed else change.opening


@dataclass(frozen=True, kw_only=True)
class ProofGround:
    """What a plan is proven against. `opted_in` are councillors who chose the same as the council.

    `moved` are cases whose newer values this run leaves to the next apply: of them it is proven only
    that nobody is captured who must not be.
    """

    cases: Sequence[Case]
    observed: Observed
    directory: Directory
    opted_in: frozenset[str]
    now: datetime
    moved: frozenset[str] = frozenset()


def prove(plan: Plan, ground: ProofGround) -> Proof:
    """Send one simulated message per case to one recipient of every class."""
    observed, directory = ground.observed, ground.directory
    if isinstance(observed.transport, Unknown):
        return Proof()
    flow = MailFlow(
        directory=PlannedDirectory(directory),
        transport_rules=[as_enforced(rule) for rule in planned_rules(plan, observed)],
        mailboxes=KnownMailboxes(),
        now=ground.now,
    )
    planned = {change.case_reference for change in plan.changes if not change.held_by}
    results = [
        failure
        for case in ground.cases
        if case.protected.addresses and rests_on_transport(case) and case.reference in planned
        for failure in _judge(case, ground, flow)
    ]
    failures = tuple(result for result in results if result is not None)
    return Proof(passed=len(results) - len(failures), failures=failures)


def planned_rules(plan: Plan, observed: Observed) -> list[Properties]:
    """Our transport rules as they will stand once the plan is applied."""
    if isinstance(observed.transport, Unknown):
        return []
    by_guid = {rule.guid: rule.properties for rule in observed.transport}
    rules = {entry.key: by_guid[entry.guid] for entry in plan.difference.line if entry.key}
    for change in plan.allowed:
        if change.kind is not RuleKind.TRANSPORT_RULE:
            continue
        if change.action is Action.DELETE or change.target is None:
            rules.pop(change.key, None)
        else:
            rules[change.key] = change.target
    orders = plan.difference.orders
    last = (len(orders), "", 0)
    return [rules[key] for key in sorted(rules, key=lambda key: (orders.get(key, last), key))]


def as_enforced(properties: Properties) -> Mapping[str, object]:
    """A normal form in the service's spelling, as if it acted: audit mode is proven like enforcement."""
    return {name: plain_value(value) for name, value in properties.items()} | {"Mode": "Enforce"}


def rests_on_transport(case: Case) -> bool:
    """Whether transport rules carry the case's measure."""
    measure = case.protected.measure
    return measure.acts_on_mail and measure is not Measure.JUNK


def _judge(case: Case, ground: ProofGround, flow: MailFlow) -> Iterator[ProofFailure | None]:
    has_moved = case.reference in ground.moved
    exempt = dict.fromkeys(_exempt(case, ground))
    covered = () if has_moved else dict.fromkeys(covered_by(case, ground.directory))
    recipients = [*exempt, *(one for one in covered if one not in exempt)]
    # Of a case that has moved, the rules may name any of the addresses.
    for sender in case.protected.addresses if has_moved else case.protected.addresses[:1]:
        copies = deliver(simulated(case, sender, recipients), recipients, flow)
        for recipient, copy in zip(recipients, copies, strict=False):
            yield _judge_copy(case, copy, exempt=recipient in exempt)


def _judge_copy(case: Case, copy: Copy, *, exempt: bool) -> ProofFailure | None:
    acted = bool(copy.rules)
    if acted != exempt:
        return None
    what = "would be caught although it is exempt" if acted else "would not be caught"
    return ProofFailure(
        case.reference, f"A simulated message of case {case.reference} to {copy.recipient} {what}."
    )


def _exempt(case: Case, ground: ProofGround) -> Iterator[str]:
    """One of each class that is never captured: single contact, allowed, protected, a plain councillor."""
    protected, directory = case.protected, ground.directory
    contact = "" if case.reference in ground.moved else protected.spoc_mailbox
    entries = [directory.resolve(one) for one in (contact, *protected.allowed_recipients) if one]
    for entry in (*entries, *directory.protected):
        if isinstance(entry, Recipient):
            yield PlannedDirectory.stand_in(entry)
    members = directory.councillor_members
    if not isinstance(members, Unknown):
        yield from sorted(members - ground.opted_in)[:1]


def covered_by(case: Case, directory: Directory) -> Iterable[str]:
    """One recipient for each part of the case's scope: stand-ins for groups and for the whole council."""
    if case.protected.scope is Scope.WHOLE_COUNCIL:
        return [ordinary_address(directory)]
    entries = (directory.resolve(one) for one in case.protected.scope_mailboxes)
    named = [entry for entry in entries if isinstance(entry, Recipient)]
    return [
        PlannedDirectory.stand_in(entry)
        for entry in named
        if not directory.is_councillor(entry.address) and entry not in directory.protected_recipients
    ]


def simulated(case: Case, sender: str, recipients: Sequence[str]) -> Message:
    """A message of the case with nothing in it."""
    email = EmailMessage()
    email["From"] = sender
    email["To"] = ", ".join(recipients)
    email["Message-ID"] = f"<proof-{case.item_id}@proof.example>"
    email.set_content("")
    return read_message(email.as_bytes(), sender)
