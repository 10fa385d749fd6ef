"""A sample of `make fuzz`: 5,000 messages and list items, always the same, and proof that it can fail."""

import html
import pydoc
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.mailflow.patterns import pattern_list

TOOLS = Path(__file__).parents[2] / "tools"
SEED = 2026


@pytest.fixture(scope="module", autouse=True)
def _tools() -> Iterator[None]:
    sys.path.insert(0, str(TOOLS))
    yield
    sys.path.remove(str(TOOLS))


@pytest.fixture
def fuzz() -> Any:
    import fuzz

    return fuzz


@pytest.mark.parametrize("first", range(0, 5000, 500))
def test_nothing_crashes_and_nothing_is_lost(fuzz: Any, first: int) -> None:
    verdict = fuzz.try_part(SEED, first, 500)
    assert verdict.failures == []
    assert (verdict.messages, verdict.items) == (250, 250)


def test_a_message_and_an_item_are_the_same_for_ever(fuzz: Any) -> None:
    assert fuzz.fuzzed_message(SEED, 7) == fuzz.fuzzed_message(SEED, 7)
    assert repr(fuzz.fuzzed_item(SEED, 7)) == repr(fuzz.fuzzed_item(SEED, 7))
    assert fuzz.fuzzed_message(SEED, 7) != fuzz.fuzzed_message(SEED + 1, 7)


def test_a_crash_is_told_and_counted(fuzz: Any) -> None:
    verdict = fuzz.Verdict()
    verdict.note("message 1", lambda: [1 / 0])
    assert verdict.crashes == 1
    assert "message 1 crashed: ZeroDivisionError" in next(fuzz.lines_of(verdict))


def _dropped(trace: Any) -> Any:
    return lambda *asked: replace(found := trace(*asked), copies=found.copies[1:])


def _first_word(_: Any) -> Any:
    """As the standard library read a line that holds two addresses."""
    return lambda line: line.replace(",", " ").replace("<", " ").replace(">", " ").split()[0].lower()


def _dot_for_any(whole_text: Any) -> Any:
    """As if the dot of a domain had not been escaped, and stood for the letter x."""
    return lambda pattern: re.sub(r"(@[^.]*)\.", r"\1x", whole_text(pattern), count=1)


def _repeating(problem: Any) -> Any:
    return lambda self, code, column, reason: problem(
        self, code, column, f"{reason} It says {self.text(column)}."
    )


def _unescaped(to_page: Any) -> Any:
    return lambda document: html.unescape(to_page(document))


# What is broken on purpose, how, and what must be said of it.
BROKEN = [
    ("fuzz_delivery.trace", _dropped, "the copies are not those of the recipients"),
    ("m365_restrict.mailflow.patterns.set_apart", lambda _: str, "matches"),
    ("m365_restrict.mailflow.patterns._whole_text", _dot_for_any, "acted on the mail of"),
    ("m365_restrict.register.column_reader.read_address", _first_word, "accepted for"),
    ("m365_restrict.register.column_reader.ColumnReader._problem", _repeating, "repeats what the item says"),
    ("m365_restrict.rules.patterns._SPECIAL", lambda _: frozenset(), "matches"),
    ("m365_restrict.report.sheet._FORMULA", lambda _: frozenset(), "a cell begins a formula"),
    ("fuzz_reports.to_page", _unescaped, "an element of its own"),
]


@pytest.fixture
def _forgotten_patterns() -> Iterator[None]:
    """What was read of patterns is remembered, and must not be what something broken made of them."""
    pattern_list.cache_clear()
    yield
    pattern_list.cache_clear()


@pytest.mark.usefixtures("_forgotten_patterns")
@pytest.mark.parametrize(
    ("place", "broken", "told"), BROKEN, ids=[one[0].rpartition(".")[2] for one in BROKEN]
)
def test_what_is_broken_on_purpose_is_seen(
    fuzz: Any, monkeypatch: pytest.MonkeyPatch, place: str, broken: Any, told: str
) -> None:
    module, _, name = place.rpartition(".")
    owner = pydoc.locate(module)
    monkeypatch.setattr(owner, name, broken(getattr(owner, name)))
    verdict = fuzz.try_part(SEED, 1, 600)
    assert any(told in one for one in verdict.failures), verdict.failures[:3]
