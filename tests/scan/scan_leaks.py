"""Whose names and addresses a test has planted, and where the program may write them.

The table `ALLOWED` is the whole of what is allowed. Each line of it names the paragraph that allows it;
whatever stands in a place without a line there is a leak.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_LEAST_LETTERS = 5
"""Shorter names stand in ordinary words."""


CONTACTS, CHOICES = "Restricted contacts", "Councillor mail choices"


class Whose(Enum):
    """What kind of person a name or an address belongs to."""

    PERSON = "the name or the particulars of a restricted person"
    SENDER = "the address of a restricted person or of their advocate"
    CHOSEN = "the address that a councillor chose"
    STAFF = "the name of an officer or councillor"


@dataclass(frozen=True)
class Leak:
    """A planted word in a place that has no line for it."""

    place: str
    whose: Whose
    word: str

    def __str__(self) -> str:
        return f"{self.place}: {self.whose.value}, {self.word!r}"


# What tests without a tenant call restricted people.
_DOMAINS = ("@post.example", "@mail.example")
_NAMES = {"p person": Whose.PERSON, "pat person": Whose.PERSON}


@dataclass
class Planted:
    """The words that a test has planted so far. Some are planted in all tests."""

    addresses: dict[str, Whose] = field(default_factory=dict)
    names: dict[str, Whose] = field(default_factory=lambda: dict(_NAMES))

    def plant(self, seed: Mapping[str, Any]) -> None:
        """Take in a seed, as the sandbox is given it."""
        lists = seed.get("lists") or {}
        # A sender who is in both lists is known from the register.
        for title in (CONTACTS, CHOICES):
            for fields in _fields(lists.get(title)):
                self.item(title, fields)
        for user in seed.get("users") or ():
            name = str(user.get("display_name") or "")
            # Teams have names too, which are words like any others.
            if user.get("mailbox", "user") == "user" and " " in name:
                self._names(Whose.STAFF, [name])

    def item(self, title: str, fields: Mapping[str, Any]) -> None:
        """Take in the fields of an item of that list."""
        if title == CHOICES:
            self._addresses(Whose.CHOSEN, [fields.get("Title")])
        if title != CONTACTS:
            return
        self._names(Whose.PERSON, [fields.get("PersonName")])
        # A house and a telephone have numbers; a town is nobody's.
        particulars = str(fields.get("ContactDetails") or "").splitlines()
        self._names(Whose.PERSON, [line for line in particulars if any(map(str.isdigit, line))])
        self._addresses(Whose.SENDER, [fields.get("Addresses"), fields.get("AdvocateAddresses")])

    def found_in(self, text: str) -> Iterator[tuple[Whose, str]]:
        """The planted words that stand in a text."""
        if "@" in text:
            for address in {one.strip(".'").lower() for one in _ADDRESS.findall(text)}:
                whose = self.addresses.get(address)
                if whose is not None or address.endswith(_DOMAINS):
                    yield whose or Whose.SENDER, address
        lowered = text.lower()
        for name, whose in self.names.items():
            # Within other words it is nobody's name: "E Admin" in "Exchange Administrative Group".
            if name in lowered and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", lowered):
                yield whose, name

    def _addresses(self, whose: Whose, texts: Iterable[object]) -> None:
        for text in texts:
            for address in _ADDRESS.findall(str(text or "")):
                # A sender who is in the register as well is known from there.
                if self.addresses.get(address.lower()) is not Whose.SENDER:
                    self.addresses[address.lower()] = whose

    def _names(self, whose: Whose, texts: Iterable[object]) -> None:
        for text in texts:
            name = str(text or "").strip().lower()
            if len(name) >= _LEAST_LETTERS and "@" not in name:
                self.names.setdefault(name, whose)


def _fields(made: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    for item in (made or {}).get("items") or ():
        yield from (version.get("fields") or {} for version in item.get("versions") or ())


@dataclass(frozen=True)
class Allowed:
    """A place, in which `*` stands for anything, whose words may stand in it, and what says so."""

    place: str
    whose: frozenset[Whose]
    paragraph: str


def _line(place: str, paragraph: str, *whose: Whose) -> Allowed:
    return Allowed(place, frozenset(whose), paragraph)


_FIELDS = "contracts.md 3: `fields` holds what was observed and what is desired"
_LAST_APPLIED = (
    "design.md 2.5: the last applied form, with its sender condition, is one side of every difference"
)
_WAIVED = "design.md 3: the ledger holds waivers, each of one difference and no other"
_WHO = "design.md 7: each finding says who, from the rule or the audit log"
_LETTER = "contracts.md 1, Restricted contacts: PersonName is a column for letters; NoticeDocId is the letter"
_EXPORT = "contracts.md 1, Restriction reviews: Export for the person"
_BLOCKS = "design.md 1: `assess` shows what blocks exist today, and who made them"

ALLOWED = (
    _line(
        "ledger approval_evidence.values_json",
        "contracts.md 1, Protected fields: evidence is pinned",
        Whose.SENDER,
    ),
    _line("ledger applied_rules.properties", _LAST_APPLIED, Whose.SENDER, Whose.CHOSEN),
    _line("ledger written_changes.form_*", _LAST_APPLIED, Whose.SENDER, Whose.CHOSEN),
    _line("ledger waivers.observed", _WAIVED, Whose.SENDER),
    _line("ledger waivers.desired", _WAIVED, Whose.SENDER),
    _line(
        "ledger evidence_bodies.content",
        "docs/evidence.md, What is kept: addresses in the register and in rules, and who changed a rule",
        Whose.SENDER,
        Whose.CHOSEN,
        Whose.STAFF,
    ),
    _line(
        "ledger item_history_contents.content",
        "docs/evidence.md, When a case is deleted: the ledger remembers the histories of unchanged items",
        Whose.SENDER,
        Whose.CHOSEN,
        Whose.STAFF,
    ),
    _line("* document: changes.fields.*", _FIELDS, Whose.SENDER),
    _line("* document: findings.fields.*", _FIELDS, Whose.SENDER),
    _line("* document: waivers.fields.*", _FIELDS, Whose.SENDER),
    _line("drift document: findings.changed_by", _WHO, Whose.STAFF),
    _line("drift document: findings.action", _WHO, Whose.STAFF),
    _line("report document: findings.changed_by", _WHO, Whose.STAFF),
    _line("report document: findings.actors.name", _WHO, Whose.STAFF),
    _line("report page", _WHO, Whose.STAFF),
    _line("report as text", f"{_FIELDS}, in any output; {_WHO}", Whose.SENDER, Whose.STAFF),
    _line(".csv file", _BLOCKS, Whose.SENDER, Whose.STAFF),
    _line(
        "script", "design.md 4: the script is what would be written, sender conditions included", Whose.SENDER
    ),
    _line("letter", _LETTER, Whose.PERSON, Whose.SENDER, Whose.STAFF),
    _line("person page", _EXPORT, Whose.PERSON, Whose.SENDER, Whose.STAFF),
    _line("person-export document: *", _EXPORT, Whose.PERSON, Whose.SENDER, Whose.STAFF),
    _line(
        "explain document: address", "contracts.md 3: `explain` answers about the address it is given", *Whose
    ),
)


@cache
def allowed_in(place: str) -> frozenset[Whose]:
    """Whose words may stand in that place."""
    lines = [line.whose for line in ALLOWED if fnmatchcase(place, line.place)]
    return frozenset().union(*lines)


def leaks_in(place: str, text: str, planted: Planted) -> Iterator[Leak]:
    """What of a text must not stand in that place."""
    for whose, word in planted.found_in(text):
        if whose not in allowed_in(place):
            yield Leak(place, whose, word)
