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
from m365_restrict.rules.patterns import PatternAnchors
from m365_restrict.rules.transport_rule import RuleMode, SenderLocation, SenderMatch, TransportRule


@dataclass(frozen=True, kw_only=True)
class CompileOptions:
    """How rules are written. `rule_size_budget` is in estimated characters, under the service's 8192."""

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


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What the directory said. `recipients` is keyed by the address that was asked, lower case.

    `councillor_members` are the primary addresses of the group's members, nested ones included.
    """

    recipients: Mapping[str, Resolved]
    councillors_group: Resolved
    councillor_members: frozenset[str] | Unknown
    protected: tuple[Resolved, ...] = ()

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
    is opened as far as these say.
    """

    transport: tuple[TransportRule, ...] = ()
    inbox: tuple[InboxRule, ...] = ()
    withheld: Rules = field(default_factory=Rules)
    stated: Rules = field(default_factory=Rules)
    stated_cases: frozenset[str] = frozenset()
    problems: tuple[CompileProblem, ...] = ()
    choice_refusals: tuple[RefusedChoice, ...] = ()

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
