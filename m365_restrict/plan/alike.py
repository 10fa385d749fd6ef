"""Classes of senders and recipients whom no rule tells apart: one of each is simulated for all.

A case with fifty addresses is one message, or a few where rules of others look at senders, and it is put to
one recipient of each kind. What a simulation says of one is so of every other of its class, but that what is
delivered ends in their own mailbox.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from m365_restrict.mailflow.behaviour import TransportBehaviour
from m365_restrict.mailflow.inbox import senders_in
from m365_restrict.mailflow.predicates import Addressee, Scene
from m365_restrict.mailflow.stored_rule import StoredRule
from m365_restrict.mailflow.telling_apart import Telling, seen_of_recipients, seen_of_sender, telling
from m365_restrict.plan.simulation import Post, Setting, post_from

_BEHAVIOUR = TransportBehaviour()


@dataclass(frozen=True)
class PostOfAClass:
    """Mail of one class of senders. `senders` is how many they are; `stands_for` is by recipient."""

    post: Post
    senders: int
    stands_for: Mapping[str, str]

    @property
    def recipients(self) -> list[str]:
        """One recipient of each class."""
        return list(dict.fromkeys(self.stands_for.values()))


class _Tellings(dict[StoredRule, Telling]):
    """What of each rule may tell senders or recipients apart, found out once."""

    def __missing__(self, rule: StoredRule) -> Telling:
        found = self[rule] = telling(rule)
        return found


class Alike:
    """Tells the classes that one setting makes."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._places: dict[str, tuple[bool, ...] | None] = {}
        self._telling = _Tellings()

    def posts(self, senders: Iterable[str], recipients: Sequence[str]) -> Iterator[PostOfAClass]:
        """One post for each class of senders, in the order of the first of each."""
        found: dict[object, Post] = {}
        count: Counter[object] = Counter()
        for sender in senders:
            post = post_from(self._setting, sender, recipients)
            acting, seen = self._seen_of(sender, post)
            count[seen] += 1
            if seen not in found:
                found[seen] = replace(post, foreign=acting)
        known: dict[object, list[tuple[str | bool, ...]]] = {}
        for seen, post in found.items():
            yield PostOfAClass(post, count[seen], self._stands_for(post, recipients, known))

    def _seen_of(self, sender: str, post: Post) -> tuple[tuple[StoredRule, ...], object]:
        """The rules of others that may act, and all that anything in the setting sees of the sender."""
        scene = self._scene(post)
        acting: list[StoredRule] = []
        told: list[object] = [self._named_in_mailboxes.get(sender)]
        for rule in post.foreign:
            tests = self._telling[rule]
            seen = seen_of_sender(tests, scene) if tests.looks_at_senders else ()
            if seen is None:
                continue
            acting.append(rule)
            if tests.looks_at_senders:
                told += rule, seen
        for rule in _rules_of_ours(post):
            told += rule, seen_of_sender(self._telling[rule], scene)
        return tuple(acting), tuple(told)

    def _scene(self, post: Post) -> Scene:
        return Scene(post.message, (), self._setting.directory, _BEHAVIOUR)

    @cached_property
    def _named_in_mailboxes(self) -> Mapping[str, frozenset[int]]:
        """By address, the inbox rules that name it as a sender, by their number."""
        found: dict[str, set[int]] = {}
        for number, rule in enumerate(chain.from_iterable(self._setting.inbox.rules.values())):
            for sender in senders_in(rule):
                found.setdefault(sender, set()).add(number)
        return {sender: frozenset(numbers) for sender, numbers in found.items()}

    def _stands_for(
        self,
        post: Post,
        recipients: Sequence[str],
        known: dict[object, list[tuple[str | bool, ...]]],
    ) -> Mapping[str, str]:
        """By recipient, the first of its class: itself where anything depends on which mailbox it is.

        `known` keeps what rules see of these recipients.
        """
        rules, directory = (*post.foreign, *_rules_of_ours(post)), self._setting.directory
        looking = tuple(one for one in map(self._telling.__getitem__, rules) if one.recipients)
        key = tuple(one.rule for one in looking)
        if key not in known:
            addressees = [Addressee(one, directory.primary(one)) for one in recipients]
            known[key] = seen_of_recipients(looking, self._scene(post), addressees)
        targets = {
            directory.primary(target)
            for rule in rules
            for target in (*rule.actions.redirect, *rule.actions.add)
        }
        first: dict[object, str] = {}
        found: dict[str, str] = {}
        for one, seen in zip(recipients, known[key], strict=True):
            place = None if one in targets else self._place(one)
            found[one] = one if place is None else first.setdefault((place, seen), one)
        return found

    def _place(self, address: str) -> tuple[bool, ...] | None:
        """What delivery asks of an address; None where no other can stand for it."""
        if address not in self._places:
            self._places[address] = self._place_of(address)
        return self._places[address]

    def _place_of(self, address: str) -> tuple[bool, ...] | None:
        directory, inbox = self._setting.directory, self._setting.inbox
        own = directory.primary(address) != address or directory.is_group(address)
        if own or inbox.inbox_rules(address) or inbox.forwarding(address):
            return None
        return (
            directory.has_mailbox(address),
            directory.is_accepted_domain(address.rpartition("@")[2]),
            inbox.accepts_outsiders(address),
            inbox.is_elsewhere(address),
        )


def _rules_of_ours(post: Post) -> Iterator[StoredRule]:
    """Ours that may act on this mail, in each of their forms."""
    changing = (form for rule in post.changed for form in rule.forms)
    return (form.rule for form in (*post.staying, *changing) if form is not None)
