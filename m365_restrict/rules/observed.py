"""Rules as the tenant reports them, reduced to what can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

PropertyValue: TypeAlias = str | int | bool | datetime | tuple[str, ...]
Properties: TypeAlias = Mapping[str, PropertyValue]


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """Names that stand in a list of recipients, and the addresses that they mean, all of them together."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]


Spellings: TypeAlias = Mapping[str, Spelling]
"""By the name of the property."""


@dataclass(frozen=True, kw_only=True)
class ObservedTransportRule:
    """One rule of Get-TransportRule. `properties` holds every non-default property, normalised.

    `out_of_reach` are those that are set and that this program does not know or cannot clear; `marks` are
    traces of the admin center that decide nothing about mail. `raw` is the stored object as it came, for
    the delivery model and the service's own measures.
    """

    guid: str
    name: str
    priority: int
    enabled: bool
    comments: str
    properties: Properties
    changed_by: str
    changed_at: datetime | None
    raw: Mapping[str, object]
    out_of_reach: Properties = field(default_factory=dict)
    marks: Properties = field(default_factory=dict)

    @property
    def all_properties(self) -> Properties:
        """Everything that decides about mail, known or not."""
        return {**self.properties, **self.out_of_reach}


@dataclass(frozen=True, kw_only=True)
class ObservedInboxRule:
    """One inbox rule with our token. The mailbox owner's own rules are never kept (design.md 6).

    `stopped_above`: a rule of the owner's keeps ours from ever running. `spellings` tell by which names
    Graph shows recipients whose addresses stand in `properties`; `shown` are the properties with those names,
    by which one reading is told from another.
    """

    mailbox: str
    rule_id: str
    display_name: str
    token: str
    enabled: bool
    read_only: bool
    has_error: bool
    properties: Properties
    stopped_above: bool = False
    spellings: Spellings = field(default_factory=dict)
    shown: Properties = field(default_factory=dict, compare=False)
