"""What compiling takes and gives: options, the directory's answers, rules, and what stands in the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from zoneinfo import ZoneInfo

from m365_restrict.outcome import Unknown
from m365_restrict.register.choice import RefusedChoice
from m365_restrict.register.recipient import Recipient, RecipientKind, Resolved, Unresolved
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.inbox_rule import InboxRule
from m365_restrict.rules.patterns import PatternAnchors, plain_sender
from m365_restrict.rules.transport_rule import RuleMode, SenderLocation, SenderMatch, TransportRule


class Carrier(Enum):
    """Which layer carries the measures. "Junk in named mailboxes" is an inbox rule in either."""

    TRANSPORT_RULES = "transport rules"
    INBOX_RULES = "inbox rules"


@dataclass(frozen=True, kw_only=True)
class CompileOptions:
    """How rules are written. `rule_size_budget` is in estimated characters, under the service's 8192.

    `max_mailboxes` and `mailbox_budget`, in estimated bytes, bound what inbox rules carry: a mailbox has
    256 KB for all its rules, and its owner's count too (graph.md 1.4).
    """

    instance_id: str
    mode: RuleMode
    zone: ZoneInfo
    sender_match: SenderMatch = SenderMatch.FROM
    sender_location: SenderLocation = SenderLocation.HEADER
    pattern_anchors: PatternAnchors = PatternAnchors.CARET
    default_route_text: str = "the contact route given in our letter to you"
    category_name: str = "Set aside"
    rule_size_budget: int = 6144
    max_senders: int = 150
    carrier: Carrier = Carrier.TRANSPORT_RULES
    max_mailboxes: int = 25
    mailbox_budget: int = 128 * 1024


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What the directory said. `recipients` is keyed by the address that was asked, lower case.

    `councillor_members` are the primary addresses of the group's members, nested ones included.
    `senders` holds the case addresses that the directory knows or could not be asked about; an address
    that is no key is nobody's. `standing_senders` tells of an address that could not be asked about
    what the rules in force may hold in its place. `group_members` are the primary addresses in exempt
    groups, which were read where inbox rules need them: only a transport rule can name a group.
    """

    recipients: Mapping[str, Resolved]
    councillors_group: Resolved
    councillor_members: frozenset[str] | Unknown
    protected: tuple[Resolved, ...] = ()
    senders: Mapping[str, Resolved] = field(default_factory=dict)
    standing_senders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group_members: Mapping[str, frozenset[str] | Unknown] = field(default_factory=dict)

    def main_addresses(self, sender: str) -> tuple[str, ...]:
        """What a rule holds for a sender: its main address, which Exchange compares (exchange.md 2.3).

        Of a sender that could not be asked about, all that it may be: nothing opens for want of an answer.
        """
        entry = self.senders.get(sender)
        if isinstance(entry, Recipient):
            return (entry.address,)
        return (*self.standing_senders.get(sender, ()), sender)

    @property
    def same_senders(self) -> Mapping[str, str]:
        """By every name of a sender that the directory knows, one name for them all."""
        found: dict[str, str] = {}
        for asked in self.senders:
            names = {asked, *self.main_addresses(asked)}
            labels = {found.get(name, name) for name in names}
            merged = names | {name for name, label in found.items() if label in labels}
            found |= dict.fromkeys(merged, min(labels))
        return found

    def is_unread_sender(self, address: str) -> bool:
        """Whether the directory could not be asked about this sender."""
        entry = self.senders.get(address)
        return isinstance(entry, Unresolved) and not entry.absent

    def resolve(self, address: str) -> Resolved:
        """The answer for one address; an address that nobody asked about counts as unread."""
        key = address.strip().lower()
        return self.recipients.get(key) or Unresolved(key, "the directory was not asked", absent=False)

    def with_recipients(self, more: Mapping[str, Resolved]) -> "Directory":
        """The same, knowing further answers."""
        return replace(self, recipients={**more, **self.recipients})

    def is_councillor(self, address: str) -> bool:
        """Whether this primary address is known to be a councillor's."""
        return not isinstance(self.councillor_members, Unknown) and address in self.councillor_members

    @property
    def protected_recipients(self) -> tuple[Recipient, ...]:
        """Those protected mailboxes that were found; the guards judge the others."""
        return tuple(
            entry
            for entry in self.protected
            if isinstance(entry, Recipient) and entry.kind is not RecipientKind.NO_MAILBOX
        )


class Blocks(Enum):
    """What a problem stops."""

    CASE = "case"
    CHOICE = "choice"
    NOTHING = "nothing"


@dataclass(frozen=True)
class CompileProblem:
    """Something wrong with a case, or worth knowing of it. It never stops the run."""

    case_reference: str
    code: RuleCode
    message: str
    blocks: Blocks


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Rules of both kinds."""

    transport: tuple[TransportRule, ...] = ()
    inbox: tuple[InboxRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Desired:
    """All rules that the register asks for.

    `withheld` are the best rules that can be written for cases with a problem: nothing is
    created or tightened from them, but what they open is opened (design.md 2). `stated` are those of
    `stated_cases`, which have no live decision: their rules go, and where a guard keeps one in place it
    is opened as far as these say. `same_senders` tells which names mean the same sender: a rule in Exchange
    holds the main address of a guest or contact, one in a mailbox the address that the case names.
    """

    transport: tuple[TransportRule, ...] = ()
    inbox: tuple[InboxRule, ...] = ()
    withheld: Rules = field(default_factory=Rules)
    stated: Rules = field(default_factory=Rules)
    stated_cases: frozenset[str] = frozenset()
    problems: tuple[CompileProblem, ...] = ()
    choice_refusals: tuple[RefusedChoice, ...] = ()
    same_senders: Mapping[str, str] = field(default_factory=dict)

    def sender_behind(self, named: str) -> str:
        """One name for a sender, whether a rule names it by a pattern, an address or its main address."""
        plain = plain_sender(named).lower()
        return self.same_senders.get(plain, plain)

    @property
    def blocked_cases(self) -> frozenset[str]:
        """References of the cases that a problem stops."""
        return frozenset(problem.case_reference for problem in self._blocking)

    @property
    def emptied_cases(self) -> frozenset[str]:
        """References of the cases whose only problem is that nobody is left whose mail they may touch."""
        others = {one.case_reference for one in self._blocking if one.code is not RuleCode.SCOPE_EMPTY}
        return self.blocked_cases - others

    @property
    def _blocking(self) -> tuple[CompileProblem, ...]:
        return tuple(problem for problem in self.problems if problem.blocks is Blocks.CASE)
