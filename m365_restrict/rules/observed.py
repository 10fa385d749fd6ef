"""Rules as the tenant reports them, reduced to what can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

PropertyValue: TypeAlias = str | int | bool | datetime | tuple[str, ...]
Properties: TypeAlias = Mapping[str, PropertyValue]


@dataclass(frozen=True, kw_only=True)
class ObservedTransportRule:
    """One rule of Get-TransportRule. `properties` holds every non-default property, normalised.

    `raw` is the stored object as it came, for the delivery model; nothing else reads it.
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


@dataclass(frozen=True, kw_only=True)
class ObservedInboxRule:
    """One inbox rule with our token. The mailbox owner's own rules are never kept (design.md 6)."""

    mailbox: str
    rule_id: str
    display_name: str
    token: str
    enabled: bool
    read_only: bool
    has_error: bool
    properties: Properties
