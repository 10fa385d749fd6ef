"""The council's own expectations, put to simulated mail through both layers (docs/rule-tests.md).

A test is of ordinary mail: without a subject, a text or an attachment, from an outside mailbox
unless its sender is one of the council's own. Where a rule of others has a condition that
cannot be evaluated, mail is sent both ways and the test must hold both ways.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, tzinfo
from email.message import EmailMessage
from typing import assert_never

from m365_restrict.mailflow.behaviour import TransportBehaviour, Undecided
from m365_restrict.mailflow.delivery import JUNK_EMAIL, Copy, MailFlow, Outcome, deliver
from m365_restrict.mailflow.evaluation import OpenRule
from m365_restrict.mailflow.inbox import INBOX
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.message import Message, read_message
from m365_restrict.mailflow.stored_rule import RuleSet, read_rules
from m365_restrict.mailflow.transport import run_transport_rules
from m365_restrict.outcome import Unknown
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.plan.mail_states import PlacedRule, bodies, ours_alone
from m365_restrict.plan.rule_test_file import Expected, RuleTest, RuleTestState
from m365_restrict.plan.rule_test_results import RuleTestResult, RuleTestResults, RuleTestVerdict
from m365_restrict.plan.rule_test_words import what_happened
from m365_restrict.rules.naming import ASIDE_FOLDER, COUNCIL_FOLDERS

_BOTH_WAYS = (Undecided.ACTS, Undecided.SKIPPED)
_NOON = time(12)


@dataclass(frozen=True)
class CaseMail:
    """Whose mail a case reference stands for: its addresses, or why there are none.

    `over` says that by the register itself the case has ended or not begun: a test of it says nothing.
    """

    addresses: tuple[str, ...] = ()
    reason: str = ""
    over: bool = False


@dataclass(frozen=True)
class MailState:
    """One state of both layers."""

    rules: tuple[PlacedRule, ...]
    mailboxes: KnownMailboxes


@dataclass(frozen=True, kw_only=True)
class RuleTestGround:
    """What tests are put to. `planned` counts our rules as acting; `standing` is the tenant as it is.

    `unresolved` says of an address why the directory cannot tell whose it is; such a test fails.
    `zone` is the council's, `now` the moment of the run. `unread` are groups with a stand-in for a member.
    """

    planned: MailState
    standing: MailState
    directory: PlannedDirectory
    cases: Mapping[str, CaseMail]
    unresolved: Mapping[str, str]
    zone: tzinfo
    now: datetime
    unread: tuple[Unknown, ...] = ()


@dataclass(frozen=True)
class _Answer:
    """What one state makes of one test."""

    verdict: RuleTestVerdict
    message: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Bench:
    """One state, read once for all tests."""

    state: MailState
    rules: RuleSet
    ground: RuleTestGround
    ours: frozenset[str]


def run_rule_tests(tests: Sequence[RuleTest], ground: RuleTestGround) -> RuleTestResults:
    """Put every test to the state that it names."""
    planned, standing = _bench(ground.planned, ground), _bench(ground.standing, ground)
    alone = _bench(replace(ground.planned, rules=ours_alone(ground.planned.rules)), ground)
    results: list[RuleTestResult] = []
    for test in tests:
        by_others = False
        if test.state is RuleTestState.NOW:
            answer = _put(test, standing)
        else:
            answer = _put(test, planned)
            if answer.verdict in {RuleTestVerdict.FAILED, RuleTestVerdict.UNDECIDED}:
                failed_before = _put(test, standing).verdict is not RuleTestVerdict.PASSED
                by_others = failed_before and _put(test, alone).verdict is RuleTestVerdict.PASSED
        results.append(
            RuleTestResult(
                test=test,
                verdict=answer.verdict,
                message=answer.message,
                rules=answer.rules,
                by_others=by_others,
            )
        )
    return RuleTestResults(tuple(results), ground.unread)


def _bench(state: MailState, ground: RuleTestGround) -> _Bench:
    inbox = (rule.get("displayName") for stored in state.mailboxes.rules.values() for rule in stored)
    ours = frozenset(str(name) for name in (*(rule.name for rule in state.rules if rule.key), *inbox))
    return _Bench(state, read_rules(bodies(state.rules), ground.directory), ground, ours)


def _put(test: RuleTest, bench: _Bench) -> _Answer:
    """Whether every address of the sender, and every member of the recipient, gets what is expected."""
    ground = bench.ground
    senders = ground.cases[test.case_reference] if test.case_reference else CaseMail((test.sender,))
    if not senders.addresses:
        verdict = RuleTestVerdict.SKIPPED if senders.over else RuleTestVerdict.FAILED
        return _Answer(verdict, senders.reason)
    for key, address in (("to", test.recipient), ("mailbox", test.mailbox)):
        if address in ground.unresolved:
            return _Answer(RuleTestVerdict.FAILED, f"The address at '{key}': {ground.unresolved[address]}.")
    answers = [_send(test, sender, bench) for sender in senders.addresses]
    wrong = [answer for answer in answers if answer.verdict is not RuleTestVerdict.PASSED]
    if not wrong:
        return answers[0]
    worst = next((one for one in wrong if one.verdict is RuleTestVerdict.FAILED), wrong[0])
    if len(answers) == 1:
        return worst
    return replace(worst, message=f"{worst.message} So for {len(wrong)} of its {len(answers)} addresses.")


def _send(test: RuleTest, sender: str, bench: _Bench) -> _Answer:
    """One message, both ways where a condition leaves it open."""
    message = ordinary_message(sender, test.recipient, bench.ground.directory)
    at = _moment(test, bench.ground)
    recipients = _recipients(test, bench)
    opened = _left_open(message, recipients, bench, at)
    ways = [
        _met(test, deliver(message, recipients, _flow(bench, at, way)), recipients, bench)
        for way in (_BOTH_WAYS if opened else _BOTH_WAYS[:1])
    ]
    wrong = [answer for answer in ways if answer.verdict is not RuleTestVerdict.PASSED]
    if len(wrong) == len(ways) or not wrong:
        return ways[0]
    reasons = "; ".join(f"the rule '{one.rule}': {one.reason}" for one in opened)
    return _Answer(
        RuleTestVerdict.UNDECIDED,
        f"It cannot be decided: {reasons}. If it goes the wrong way: {wrong[0].message}",
        wrong[0].rules or tuple(one.rule for one in opened),
    )


def ordinary_message(sender: str, recipient: str, directory: PlannedDirectory) -> Message:
    """A message with nothing in it. A sender with a mailbox of the council is taken to have signed in."""
    email = EmailMessage()
    email["From"] = sender
    email["To"] = recipient
    email["Message-ID"] = "<test@rule-test.example>"
    email.set_content("")
    return read_message(email.as_bytes(), sender, authenticated=directory.has_mailbox(sender))


def _moment(test: RuleTest, ground: RuleTestGround) -> datetime:
    """The moment of the mail: noon of a day, so that neither of its ends matters."""
    match test.on:
        case None:
            return ground.now
        case datetime():
            moment = test.on
        case _:
            moment = datetime.combine(test.on, _NOON)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ground.zone)).astimezone(UTC)


def _recipients(test: RuleTest, bench: _Bench) -> list[str]:
    """Mail to a group is expanded before any rule runs (exchange.md 2.4), so its members are what counts."""
    directory = bench.ground.directory
    if directory.is_group(test.recipient):
        return sorted(directory.members(test.recipient))
    return [test.recipient]


def _flow(bench: _Bench, at: datetime, way: Undecided) -> MailFlow:
    return MailFlow(
        directory=bench.ground.directory,
        transport_rules=bench.rules,
        mailboxes=bench.state.mailboxes,
        now=at,
        behaviour=TransportBehaviour(undecided=way),
    )


def _left_open(
    message: Message, recipients: Sequence[str], bench: _Bench, at: datetime
) -> tuple[OpenRule, ...]:
    """The rules that mail meets, either way, and of which it cannot be told whether they act."""
    found: dict[OpenRule, None] = {}
    for way in _BOTH_WAYS:
        copies = run_transport_rules(
            message,
            recipients,
            bench.rules,
            bench.ground.directory,
            at,
            TransportBehaviour(undecided=way),
        )
        found.update(dict.fromkeys(one for copy in copies for one in copy.unsettled))
    return tuple(found)


def _met(test: RuleTest, copies: Sequence[Copy], recipients: Sequence[str], bench: _Bench) -> _Answer:
    added = copies[len(recipients) :]
    for copy in copies[: len(recipients)]:
        if not _is_met(test, copy, added, bench):
            return _Answer(
                RuleTestVerdict.FAILED,
                what_happened(test, copy, added, bench.ours),
                copy.rules,
            )
    first = copies[0] if copies else None
    if first is None:
        return _Answer(RuleTestVerdict.FAILED, f"The group {test.recipient} has no members.")
    return _Answer(RuleTestVerdict.PASSED, "", first.rules)


def _is_met(test: RuleTest, copy: Copy, added: Sequence[Copy], bench: _Bench) -> bool:
    delivered = copy.outcome is Outcome.DELIVERED
    wanted = bench.ground.directory.primary(test.mailbox)
    match test.expected:
        case Expected.DELIVERED:
            return delivered and copy.folder == INBOX
        case Expected.JUNK:
            return delivered and copy.folder == JUNK_EMAIL
        case Expected.REDIRECTED:
            if delivered and copy.folder == COUNCIL_FOLDERS[ASIDE_FOLDER]:
                # An inbox rule sends the message on and puts the original away.
                return any(_is_copy(one, wanted) for one in added)
            return copy.outcome is Outcome.REDIRECTED and copy.mailbox == wanted
        case Expected.REFUSED:
            return copy.outcome is Outcome.REJECTED and bool(copy.rules)
        case Expected.COPY:
            return delivered and copy.folder == INBOX and any(_is_copy(one, wanted) for one in added)
        case _:
            assert_never(test.expected)


def _is_copy(added: Copy, mailbox: str) -> bool:
    return added.outcome is Outcome.DELIVERED and added.mailbox == mailbox
