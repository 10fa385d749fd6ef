"""The council's own expectations of mail, as they are written in TOML files (docs/rule-tests.md)."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum

from m365_restrict.errors import ConfigurationError
from m365_restrict.register.address import BadAddress, read_address

_TABLE = re.compile(r"[ \t]*\[\[[ \t]*test[ \t]*\]\]")
_KEYS = ("name", "from", "case", "to", "expect", "mailbox", "on", "state")
_LONGEST_NAME = 120


class Expected(StrEnum):
    """What is to become of the mail of a test."""

    DELIVERED = "delivered"
    REDIRECTED = "redirected"
    REFUSED = "refused"
    JUNK = "junk"
    COPY = "copy"

    @property
    def needs_mailbox(self) -> bool:
        """Whether the test must name a mailbox beside the recipient."""
        return self in {Expected.REDIRECTED, Expected.COPY}


class RuleTestState(StrEnum):
    """Which rules a test is put to: those that a plan would leave, or those in the tenant now."""

    PLANNED = "planned"
    NOW = "now"


@dataclass(frozen=True, kw_only=True)
class RuleTest:
    """One expectation. `sender` is an address, or "" where `case_reference` names whose mail it is.

    `mailbox` is where the mail, or the copy, must arrive; "" where none is asked for. `on` is the day or
    the moment whose mail it is (a moment without a zone is local), None for the moment of the run.
    `file` and `line` say where it is written; `line` is 0 where that cannot be told.
    """

    name: str
    recipient: str
    expected: Expected
    sender: str = ""
    case_reference: str = ""
    mailbox: str = ""
    on: date | datetime | None = None
    state: RuleTestState = RuleTestState.PLANNED
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where it is written, for people."""
        return _place(self.file, self.line)


@dataclass(frozen=True)
class RuleTestFiles:
    """The tests that every plan is put to. `problem` says why the files cannot be used, "" where they can."""

    tests: tuple[RuleTest, ...] = ()
    problem: str = ""


def read_rule_tests(files: Sequence[tuple[str, str]]) -> tuple[RuleTest, ...]:
    """Read files given as (name, text). ConfigurationError names every mistake with its file and line.

    A file without a test is a mistake, and so are two tests of one name.
    """
    found: list[RuleTest] = []
    problems: list[str] = []
    for file, text in files:
        tests, wrong = _read_file(file, text)
        found += tests
        problems += wrong
    problems += _repeated(found)
    if problems:
        raise ConfigurationError(
            " ".join(problems), advice="Correct the file of rule tests; docs/rule-tests.md shows every key."
        )
    return tuple(found)


def _read_file(file: str, text: str) -> tuple[list[RuleTest], list[str]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [], [f"{file} is not valid TOML: {error}."]
    problems = [f"{file}: {_unknown(key, ('test',))}" for key in data if key != "test"]
    tables = data.get("test", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return [], [*problems, f"{file}: a test begins with a line [[test]], in double brackets."]
    if not tables:
        return [], [*problems, f"{file} holds no test: a test begins with a line [[test]]."]
    lines = _lines_of_tables(text, len(tables))
    found: list[RuleTest] = []
    for table, line in zip(tables, lines, strict=True):
        wrong = list(_mistakes(table))
        problems += [f"{_place(file, line)}: {one}" for one in wrong]
        if not wrong:
            found.append(_test(table, file, line))
    return found, problems


def _lines_of_tables(text: str, count: int) -> list[int]:
    """The line of each `[[test]]`; zeros where the tests are not written so."""
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if _TABLE.match(line)]
    return lines if len(lines) == count else [0] * count


def _place(file: str, line: int) -> str:
    return f"{file} line {line}" if line else file


def _unknown(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key, known, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else f" There is: {', '.join(known)}."
    return f"'{key}' is not a key of rule tests.{hint}"


def _mistakes(table: Mapping[str, object]) -> Iterator[str]:
    yield from (_unknown(key, _KEYS) for key in table if key not in _KEYS)
    for key in ("name", "to", "expect"):
        if key not in table:
            yield f"'{key}' is missing."
    if ("from" in table) == ("case" in table):
        yield "give either 'from' (an address) or 'case' (a case reference)."
    for key in ("name", "case"):
        if key in table and not _is_text(table[key]):
            yield f"'{key}' must be a text that is not empty."
    yield from _name_mistakes(table.get("name"))
    for key in ("from", "to", "mailbox"):
        if key in table and _address(table[key]) is None:
            yield f"'{key}' must be one e-mail address."
    yield from _expectation_mistakes(table)
    state = table.get("state", RuleTestState.PLANNED.value)
    if state not in set(RuleTestState):
        yield f"'state' must be one of {', '.join(RuleTestState)}."
    if "on" in table and not isinstance(table["on"], date):
        yield "'on' must be a day such as 2027-03-29, without quotation marks, or a day with a time."


def _name_mistakes(name: object) -> Iterator[str]:
    if not isinstance(name, str):
        return
    if "@" in name:
        yield "'name' must not hold an address: names stand in reports; use the case reference."
    if len(name) > _LONGEST_NAME:
        yield f"'name' may have {_LONGEST_NAME} characters."


def _expectation_mistakes(table: Mapping[str, object]) -> Iterator[str]:
    if "expect" not in table:
        return
    if table["expect"] not in set(Expected):
        yield f"'expect' must be one of {', '.join(Expected)}."
        return
    expected = Expected(str(table["expect"]))
    if expected.needs_mailbox and "mailbox" not in table:
        yield f"'mailbox' is missing: where must the mail be {expected.value}?".replace(
            "be copy", "be copied"
        )
    if not expected.needs_mailbox and "mailbox" in table:
        yield f"'mailbox' means nothing beside expect = \"{expected.value}\"."


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _address(value: object) -> str | None:
    read = read_address(value) if isinstance(value, str) else None
    return None if read is None or isinstance(read, BadAddress) else read


def _test(table: Mapping[str, object], file: str, line: int) -> RuleTest:
    """A table without mistakes as a value."""
    on = table.get("on")
    return RuleTest(
        name=str(table["name"]).strip(),
        sender=_address(table.get("from")) or "",
        case_reference=str(table.get("case", "")).strip(),
        recipient=_address(table["to"]) or "",
        expected=Expected(str(table["expect"])),
        mailbox=_address(table.get("mailbox")) or "",
        on=on if isinstance(on, date) else None,
        state=RuleTestState(str(table.get("state", RuleTestState.PLANNED.value))),
        file=file,
        line=line,
    )


def _repeated(tests: Sequence[RuleTest]) -> Iterator[str]:
    first: dict[str, RuleTest] = {}
    for test in tests:
        before = first.setdefault(test.name.casefold(), test)
        if before is not test:
            yield f"{test.place}: the name '{test.name}' is already that of a test at {before.place}."
