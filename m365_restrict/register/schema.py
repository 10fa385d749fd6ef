"""What a column and a list are, before any of them is named."""

from dataclasses import dataclass
from enum import Enum


class ColumnKind(Enum):
    """How a column's raw value becomes a `register.item.FieldValue`."""

    TEXT = "one line of text -> str"
    LINES = "several lines of plain text -> str"
    CHOICE = "one of a few values -> str, also when the value is not one of them"
    CHOICES = "some of a few values -> tuple of str, also when a value is not one of them"
    DATE = "a calendar day -> date"
    PERSON = "one person -> Person"
    PERSONS = "some people -> tuple of Person"
    YES_NO = "a truth value -> bool"


@dataclass(frozen=True)
class Column:
    """One column. `display_name`, `section` and `help` are what the form shows.

    A `personal` column says who the person is: only letters and exports ask for it, item by item. In a
    column of `addresses` a line may be `Name <a@b>`; of that, a list read keeps the address alone.
    """

    name: str
    kind: ColumnKind
    display_name: str
    help: str
    section: str = ""
    choices: tuple[str, ...] = ()
    own_values: bool = False
    hidden: bool = False
    tool_written: bool = False
    personal: bool = False
    addresses: bool = False


@dataclass(frozen=True)
class ListSchema:
    """A list: its usual title, its columns in form order, and those a run cannot do without."""

    title: str
    columns: tuple[Column, ...]
    essential: frozenset[str]

    def column(self, name: str) -> Column:
        """The column with that internal name; KeyError where the list has none."""
        return {column.name: column for column in self.columns}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Internal names in form order."""
        return tuple(column.name for column in self.columns)

    @property
    def personal(self) -> frozenset[str]:
        """Internal names of the columns that no list read may ask for."""
        return frozenset(column.name for column in self.columns if column.personal)
