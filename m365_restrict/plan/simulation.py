"""Simulated mail from one address of a case, through the rules in any of their forms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from m365_restrict.mailflow.behaviour import TransportBehaviour, Undecided
from m365_restrict.mailflow.delivery import MailFlow, deliver
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.message import Message
from m365_restrict.mailflow.predicates import Scene
from m365_restrict.mailflow.remembered import RememberedDirectory
from m365_restrict.mailflow.stored_rule import StoredRule
from m365_restrict.mailflow.telling_apart import is_certain, never_acts, only_goes_on, only_marks
from m365_restrict.mailflow.transport import run_transport_rules
from m365_restrict.plan.invariants import Ending, endings
from m365_restrict.plan.prefixes import ChangedRule, Form, Line, together

EITHER_WAY = (Undecided.SKIPPED, Undecided.ACTS)


@dataclass(frozen=True)
class Setting:
    """What all simulations of one plan share. `inbox` are the mailboxes with the inbox rules of ours.

    `names_marks`: endings name also those rules of others that leave mail where it goes.
    """

    line: Line
    directory: RememberedDirectory
    inbox: KnownMailboxes
    now: datetime
    names: frozenset[str]
    names_marks: bool = True

    @cached_property
    def idle(self) -> frozenset[StoredRule]:
        """Rules of others that matter to no simulated mail: many look for something that is not in it."""
        scene = Scene(_message("", ()), (), self.directory, TransportBehaviour())
        return frozenset(
            rule
            for rule in self.line.foreign.rules
            if never_acts(rule, scene) or (only_marks(rule) and not self.names_marks)
        )

    @cached_property
    def asking(self) -> frozenset[StoredRule]:
        """Those of which it may be open whether they act, and those that keep mail from them."""
        return frozenset(rule for rule in self.line.foreign.rules if not only_goes_on(rule))


@dataclass(frozen=True)
class Post:
    """Mail from one address, with the rules that may act on it and the way in which open questions fall."""

    setting: Setting
    message: Message
    foreign: tuple[StoredRule, ...]
    staying: tuple[Form, ...]
    changed: tuple[ChangedRule, ...]
    undecided: Undecided = Undecided.NOT_MATCHED

    def send(
        self, forms: Iterable[Form | None], recipients: Sequence[str], *, foreign: bool = True
    ) -> Mapping[str, Ending]:
        """Where the copies end while changed rules have these forms, with or without others' rules."""
        rules = together(self.foreign if foreign else (), (*self.staying, *forms), self.setting.line.foreign)
        flow = MailFlow(
            directory=self.setting.directory,
            transport_rules=rules,
            mailboxes=self.setting.inbox,
            now=self.setting.now,
            behaviour=TransportBehaviour(undecided=self.undecided),
        )
        return endings(recipients, deliver(self.message, recipients, flow), self.setting.names)

    def before(self, recipients: Sequence[str]) -> Mapping[str, Ending]:
        """With every rule as it stands."""
        return self.send([one.before for one in self.changed], recipients)

    def after(self, recipients: Sequence[str], *, foreign: bool = True) -> Mapping[str, Ending]:
        """With every change made."""
        return self.send([one.after for one in self.changed], recipients, foreign=foreign)

    def acting(self, recipients: Sequence[str]) -> Mapping[str, tuple[ChangedRule, ...]]:
        """For each recipient the changed rules of which some form acts on its copy, were it alone."""
        found: dict[str, list[ChangedRule]] = {one: [] for one in recipients}
        for rule in self.changed:
            reached = frozenset[str]().union(*(self._reached(form, recipients) for form in rule.forms))
            for recipient in recipients:
                if recipient in reached:
                    found[recipient].append(rule)
        return {recipient: tuple(rules) for recipient, rules in found.items()}

    def _reached(self, form: Form | None, recipients: Sequence[str]) -> frozenset[str]:
        if form is None:
            return frozenset()
        alone = together((), [form], self.setting.line.foreign)
        copies = run_transport_rules(
            self.message, recipients, alone, self.setting.directory, self.setting.now, TransportBehaviour()
        )
        return frozenset(copy.recipient for copy in copies if copy.rules)

    def ways(self, recipients: Sequence[str]) -> tuple["Post", ...]:
        """The post itself or, where some rule of others cannot be decided, both ways of deciding it."""
        if not self.open_questions(recipients):
            return (self,)
        return tuple(replace(self, undecided=one) for one in EITHER_WAY)

    def open_questions(self, recipients: Sequence[str]) -> frozenset[str]:
        """Names of others' rules of which nobody can tell from headers whether they act on this mail."""
        asking = [rule for rule in self.foreign if rule in self.setting.asking]
        if all(map(is_certain, asking)):
            return frozenset()
        rules = together(asking, (), self.setting.line.foreign)
        behaviour = TransportBehaviour(undecided=Undecided.SKIPPED)
        copies = run_transport_rules(
            self.message, recipients, rules, self.setting.directory, self.setting.now, behaviour
        )
        return frozenset(one.rule for copy in copies for one in copy.unsettled)


def post_from(setting: Setting, sender: str, recipients: Sequence[str]) -> Post:
    """Mail from `sender` with nothing in it."""
    line = setting.line
    return Post(
        setting,
        _message(sender, recipients),
        tuple(one for one in line.foreign.candidates((sender,)) if one not in setting.idle),
        line.staying_for(sender),
        line.changed_for(sender),
    )


def _message(sender: str, recipients: Sequence[str]) -> Message:
    return Message(
        header_from=sender,
        from_addresses=(sender,),
        sender="",
        envelope_from=sender,
        to=tuple(recipients),
        message_id="<proof@proof.example>",
    )
