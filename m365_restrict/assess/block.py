"""A block that names somebody outside the council, as it is shown to governance."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from m365_restrict.assess.codes import BlockCode


class Source(StrEnum):
    """Where a block stands (exchange.md 5 and 10)."""

    TRANSPORT_RULE = "transport_rule"
    TENANT_LIST = "tenant_block_list"
    SPAM_POLICY = "anti_spam_policy"
    MAILBOX = "mailbox_block_list"


class NamedKind(StrEnum):
    """What kind of value names somebody."""

    ADDRESS = "address"
    DOMAIN = "domain"
    TEXT = "text"


class Direction(StrEnum):
    """Whether mail from the outsider is met, mail to them, or mail in which they are named."""

    FROM = "from"
    TO = "to"
    ABOUT = "about"


class Explained(StrEnum):
    """Whether live cases name what the block names. Unknown where the register could not be read."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Named:
    """One value that names an outsider: a whole address, a domain, or a part of an address."""

    value: str
    kind: NamedKind
    direction: Direction = Direction.FROM


@dataclass(frozen=True, kw_only=True)
class NamedByCases:
    """The same with the live cases that name the address, and the items that are not in force yet."""

    value: str
    kind: NamedKind
    direction: Direction
    case_refs: tuple[str, ...] = ()
    pending_refs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Block:
    """One transport rule, or one entry of a list.

    `place` is for people. `rule` and `guid` are "" for entries of lists. `made_by` and `changed_by` are
    display names as the service tells them, "" where it does not. `ends_at` is None for a block without end.
    """

    source: Source
    place: str
    rule: str = ""
    guid: str = ""
    names: tuple[NamedByCases, ...]
    effect: str
    acts: bool
    ends_at: datetime | None = None
    made_by: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None
    explained: Explained
    code: BlockCode
