"""The transport layer: what the organisation's transport rules make of one message.

A message starts as one fork with all its recipients. A rule that matches some of
them splits the fork; each fork is one physical message from then on (exchange.md 2.4).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from m365_restrict.mailflow.behaviour import AfterRedirect, StopReach, TransportBehaviour
from m365_restrict.mailflow.directory import MailDirectory
from m365_restrict.mailflow.evaluation import OpenRule, Reach, reach_of, whole_of
from m365_restrict.mailflow.message import Message
from m365_restrict.mailflow.predicates import Addressee, Scene
from m365_restrict.mailflow.stored_rule import RuleSet, StoredRule, read_rules

LOOP_REPORT = (
    "550 5.7.128 TRANSPORT.RULES.RejectMessage; Transport rules loop count exceeded and message rejected"
)
"""What the sender gets when a message would be redirected a second time (exchange.md 3)."""

_MAX_REDIRECTS = 1


class TransportOutcome(StrEnum):
    """What transport does with the copy of one recipient."""

    DELIVER = "deliver"
    REDIRECT = "redirect"
    REJECT = "reject"
    QUARANTINE = "quarantine"
    DROP = "drop"


class TransportCopy(NamedTuple):
    """One recipient's copy after the rules.

    `recipient` is the envelope recipient as asked, or the target of an added copy. `targets`
    are the primary addresses the copy goes to, none if it goes nowhere. Copies with the same
    `fork` going to the same target are one message there. `ndr` is the report's text or None;
    `added_by` the rule that added this copy. `unsettled` names rules that policy had to settle.
    """

    recipient: str
    outcome: TransportOutcome
    targets: tuple[str, ...]
    rules: tuple[str, ...]
    ndr: str | None
    added_by: str | None
    fork: int
    junk: bool = False
    unsettled: tuple[OpenRule, ...] = ()

    @property
    def target(self) -> str | None:
        """The first address the copy goes to."""
        return next(iter(self.targets), None)


@dataclass(frozen=True, kw_only=True)
class _Added:
    """A copy that a rule added: `rules` are those that had acted on its fork by then."""

    target: str
    by: str
    rules: tuple[str, ...]
    scl: int | None


class _Fork(NamedTuple):
    """One physical message on its way through the rules."""

    recipients: tuple[Addressee, ...]
    outcome: TransportOutcome = TransportOutcome.DELIVER
    targets: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ndr: str | None = None
    scl: int | None = None
    running: bool = True
    redirects: int = 0
    added: frozenset[str] = frozenset()
    unsettled: tuple[OpenRule, ...] = ()

    @property
    def addressed_to(self) -> tuple[Addressee, ...]:
        """Who rules see as its recipients: after a redirect, the targets."""
        return tuple(Addressee(target, target) for target in self.targets) or self.recipients


def run_transport_rules(
    message: Message,
    recipients: Sequence[str],
    rules: RuleSet | Sequence[Mapping[str, object]],
    directory: MailDirectory,
    now: datetime,
    behaviour: TransportBehaviour,
) -> tuple[TransportCopy, ...]:
    """Put stored rules to a message: a copy for each recipient in order, then those that rules added.

    `recipients` are envelope addresses with groups already expanded. `rules` are objects as
    Get-TransportRule returns them, or what `read_rules` made of them. `now` is aware.
    """
    read = rules if isinstance(rules, RuleSet) else read_rules(rules, directory)
    resolved = read.directory
    asked = [Addressee(address.strip().lower(), resolved.primary(address)) for address in recipients]
    distinct = tuple({addressee.primary: addressee for addressee in reversed(asked)}.values())[::-1]
    scene = Scene(message, distinct, resolved, behaviour)
    forks: list[_Fork] = [_Fork(recipients=distinct)] if distinct else []
    added: list[_Added] = []
    for rule in read.candidates((*message.from_addresses, message.envelope_from)):
        if not rule.in_window(now):
            continue
        before, forks = forks, _put(rule, forks, scene, added)
        if forks is not before and not any(fork.running for fork in forks):
            break
    return (*_originals(recipients, asked, forks, behaviour), *_extras(added, len(forks), behaviour))


def _put(rule: StoredRule, forks: list[_Fork], scene: Scene, added: list[_Added]) -> list[_Fork]:
    """One rule put to every fork that rules still see."""
    whole = None
    if scene.behaviour.sees_all_forks:
        whole = whole_of(rule, scene)
        if whole is None:
            return forks
    results: list[_Fork] = []
    acted = False
    for fork in forks:
        if not fork.running:
            results.append(fork)
            continue
        addressed, visible = fork.addressed_to, scene
        if not scene.behaviour.sees_all_forks:
            visible = replace(scene, recipients=addressed)
            whole = whole_of(rule, visible)
        matched, rest = _split(fork, reach_of(rule, visible, whole, addressed), rule)
        if matched is not None:
            acted = True
            results.append(_act(rule, matched, scene, added))
        if rest is not None:
            results.append(rest)
    if acted and rule.actions.stop and scene.behaviour.stop_reach is StopReach.MESSAGE:
        return [fork._replace(running=False) for fork in results]
    return results


def _split(fork: _Fork, reach: Reach, rule: StoredRule) -> tuple[_Fork | None, _Fork | None]:
    """The part of a fork that the rule acts on and the part that it does not."""
    if reach.open_reason:
        fork = fork._replace(unsettled=(*fork.unsettled, OpenRule(rule.name, reach.open_reason)))
    if not reach.addressees:
        return None, fork
    if fork.targets or len(reach.addressees) == len(fork.recipients):
        return fork, None
    reached = {each.primary for each in reach.addressees}
    rest = tuple(each for each in fork.recipients if each.primary not in reached)
    return fork._replace(recipients=reach.addressees), fork._replace(recipients=rest)


def _act(rule: StoredRule, fork: _Fork, scene: Scene, added: list[_Added]) -> _Fork:
    """Carry out a rule's actions on one fork."""
    actions = rule.actions
    scl = fork.scl if actions.scl is None else actions.scl
    fork = fork._replace(rules=(*fork.rules, rule.name), scl=scl)
    fork = _add_copies(rule, fork, scene.directory, added)
    if actions.reject:
        return _ended(fork, TransportOutcome.REJECT, ndr=actions.reject)
    if actions.hold:
        return _ended(fork, TransportOutcome.QUARANTINE)
    if actions.drop:
        return _ended(fork, TransportOutcome.DROP)
    if actions.redirect:
        return _redirected(rule, fork, scene)
    return fork._replace(running=not actions.stop)


def _add_copies(rule: StoredRule, fork: _Fork, directory: MailDirectory, added: list[_Added]) -> _Fork:
    """Add each target once: an address stands in the recipients of one message at most once."""
    if not rule.actions.add:
        return fork
    # Those who leave with another fork are no longer recipients of this one.
    addressed = {addressee.primary for addressee in fork.addressed_to}
    known = fork.added
    for address in rule.actions.add:
        target = directory.primary(address)
        if target not in known | addressed:
            added.append(_Added(target=target, by=rule.name, rules=fork.rules, scl=fork.scl))
            known = known | {target}
    return fork._replace(added=known)


def _redirected(rule: StoredRule, fork: _Fork, scene: Scene) -> _Fork:
    """Send a fork elsewhere, once: a second redirect of one message is refused (exchange.md 3)."""
    if scene.message.transport_redirects + fork.redirects >= _MAX_REDIRECTS:
        return _ended(fork, TransportOutcome.REJECT, ndr=LOOP_REPORT)
    goes_on = scene.behaviour.after_redirect is AfterRedirect.CONTINUE and not rule.actions.stop
    primaries = dict.fromkeys(scene.directory.primary(target) for target in rule.actions.redirect)
    return fork._replace(
        outcome=TransportOutcome.REDIRECT,
        targets=tuple(primaries),
        redirects=fork.redirects + 1,
        running=goes_on,
    )


def _ended(fork: _Fork, outcome: TransportOutcome, *, ndr: str | None = None) -> _Fork:
    return fork._replace(outcome=outcome, targets=(), ndr=ndr, running=False)


def _originals(
    recipients: Iterable[str],
    asked: Iterable[Addressee],
    forks: Sequence[_Fork],
    behaviour: TransportBehaviour,
) -> Iterator[TransportCopy]:
    """One copy for each recipient as asked, in order."""
    fork_of = {each.primary: number for number, fork in enumerate(forks) for each in fork.recipients}
    for recipient, addressee in zip(recipients, asked, strict=True):
        number = fork_of[addressee.primary]
        fork = forks[number]
        delivered = fork.outcome is TransportOutcome.DELIVER
        yield TransportCopy(
            recipient=recipient,
            outcome=fork.outcome,
            targets=(addressee.primary,) if delivered else fork.targets,
            rules=fork.rules,
            ndr=fork.ndr,
            added_by=None,
            fork=number,
            junk=_is_junk(fork.scl, behaviour),
            unsettled=fork.unsettled,
        )


def _extras(added: Iterable[_Added], first: int, behaviour: TransportBehaviour) -> Iterator[TransportCopy]:
    """The copies that rules added; each is a message of its own."""
    for number, copy in enumerate(added, start=first):
        yield TransportCopy(
            recipient=copy.target,
            outcome=TransportOutcome.DELIVER,
            targets=(copy.target,),
            rules=copy.rules,
            ndr=None,
            added_by=copy.by,
            fork=number,
            junk=_is_junk(copy.scl, behaviour),
        )


def _is_junk(scl: int | None, behaviour: TransportBehaviour) -> bool:
    return scl is not None and behaviour.junk_from_scl is not None and scl >= behaviour.junk_from_scl
