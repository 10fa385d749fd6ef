"""A SharePoint list as it was read: items, their versions, and who saved each.

Field values are already neutral: text, truth values, calendar days, people, or
tuples of these. An empty field is absent from the mapping.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TypeAlias


class SaverKind(Enum):
    """What kind of identity saved a version (graph.md 3.4)."""

    USER = "user"
    APPLICATION = "application"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Identity:
    """Who created or saved an item. `address` is the account's sign-in name or e-mail, lower case, or ""."""

    kind: SaverKind
    object_id: str = ""
    address: str = ""
    display_name: str = ""


@dataclass(frozen=True)
class Person:
    """A value of a person column. `address` is lower case, and "" when the site does not know it."""

    lookup_id: str
    address: str = ""
    display_name: str = ""


FieldValue: TypeAlias = str | bool | float | date | Person | tuple[str, ...] | tuple[Person, ...]
Fields: TypeAlias = Mapping[str, FieldValue]


@dataclass(frozen=True)
class ItemVersion:
    """One saved state of an item. `number` is SharePoint's version id, such as "3.0"."""

    number: str
    saved_at: datetime
    saver: Identity
    fields: Fields


@dataclass(frozen=True)
class ListItem:
    """An item with its versions, oldest first; the last version is the current state.

    `created_at` is UTC, or None where it was not read; `versions` may begin after it.
    """

    item_id: str
    etag: str
    created_by: Identity
    fields: Fields
    versions: tuple[ItemVersion, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True)
class ListSnapshot:
    """A list read whole. A list that could not be read whole is never a snapshot: it is an error.

    `version` changes when any item changes. `items` leaves out the proving row.
    """

    title: str
    items: tuple[ListItem, ...]
    version: str
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
