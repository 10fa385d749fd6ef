"""Reads single columns: typed values, and problems that name the column and the mend."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import TypeVar

from m365_restrict.codes import CatalogueCode
from m365_restrict.register.address import BadAddress, read_address
from m365_restrict.register.codes import RegisterCode
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.item import Fields, Person
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.values import ProtectedValues, as_lines, as_text

_Choice = TypeVar("_Choice", bound=StrEnum)


class ColumnReader(ABC):
    """Reads columns of a restricted contact and keeps the problems in the order in which they are met."""

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []

    @abstractmethod
    def text(self, name: str) -> str:
        """The column as text, trimmed; lists one entry a line, days as YYYY-MM-DD."""

    def choice(
        self, name: str, kind: Callable[[str], _Choice], missing: CatalogueCode | None = None
    ) -> _Choice | None:
        """One of a closed set; None where empty (a problem only if `missing` is given) or unknown."""
        text = self.text(name)
        if not text:
            if missing:
                self._problem(missing, name, "is empty. Pick a value.")
            return None
        try:
            return kind(text)
        except ValueError:
            self.unknown(name)
            return None

    def addresses(self, name: str) -> tuple[str, ...]:
        """One address a line: normalised, sorted, once each; a bad line is a problem that counts the line."""
        good: set[str] = set()
        lines = [line for line in self.text(name).splitlines() if line.strip()]
        for number, line in enumerate(lines, start=1):
            read = read_address(line)
            if isinstance(read, BadAddress):
                reason = f"cannot be used: in line {number}, {read.reason}. Correct that line."
                self._problem(RegisterCode.ADDRESS_MALFORMED, name, reason)
            else:
                good.add(read)
        return tuple(sorted(good))

    def address(self, name: str) -> str:
        """One address, or ""; a second line is a problem."""
        read = self.addresses(name)
        if len(self.text(name).splitlines()) > 1:
            self._problem(RegisterCode.ADDRESS_MALFORMED, name, "holds more than one line. Keep one address.")
        return read[0] if read else ""

    def day(self, name: str) -> date | None:
        """A calendar day, or None."""
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._problem(RegisterCode.DATE_UNREADABLE, name, "does not hold a date. Pick the day again.")
            return None

    def unknown(self, name: str) -> None:
        """Note that the column holds a value that it does not offer."""
        offered = ", ".join(RESTRICTED_CONTACTS.column(name).choices)
        self._problem(RegisterCode.VALUE_UNKNOWN, name, f"holds an unknown value. Pick one of: {offered}.")

    def _problem(self, code: CatalogueCode, column: str, reason: str) -> None:
        shown = RESTRICTED_CONTACTS.column(column).display_name
        self.problems.append(FieldProblem(code, column, f"{shown} (column {column}) {reason}"))


class ProtectedColumnReader(ColumnReader):
    """Reads the neutral values of one version."""

    def __init__(self, values: ProtectedValues) -> None:
        super().__init__()
        self._values = values

    def text(self, name: str) -> str:
        """The value as text."""
        return "\n".join(as_lines(self._values.get(name, "")))


class OpenColumnReader(ColumnReader):
    """Reads the fields of the current version."""

    def __init__(self, fields: Fields) -> None:
        super().__init__()
        self._fields = fields

    def text(self, name: str) -> str:
        """The value as text."""
        return as_text(self._fields.get(name, ""))

    def texts(self, name: str) -> tuple[str, ...]:
        """Some values, own ones included, as written."""
        value = self._fields.get(name, ())
        entries = value if isinstance(value, tuple) else (value,)
        return tuple(entry.strip() for entry in entries if isinstance(entry, str) and entry.strip())

    def choices(self, name: str, kind: Callable[[str], _Choice]) -> tuple[_Choice, ...]:
        """Some of a closed set."""
        read: list[_Choice] = []
        for text in self.texts(name):
            try:
                read.append(kind(text))
            except ValueError:
                self.unknown(name)
        return tuple(read)

    def one_of(self, name: str) -> str:
        """One of the column's own choices, or ""."""
        text = self.text(name)
        if text and text not in RESTRICTED_CONTACTS.column(name).choices:
            self.unknown(name)
            return ""
        return text

    def person(self, name: str) -> Person | None:
        """One person, or None."""
        value = self._fields.get(name)
        return value if isinstance(value, Person) else None

    def truth(self, name: str) -> bool:
        """A yes/no column; an empty one is no."""
        return self._fields.get(name) is True
