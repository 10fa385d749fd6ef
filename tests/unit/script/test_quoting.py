from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from m365_restrict.script.quoting import comment, literal, quoted, table

HOSTILE = [
    "plain",
    "",
    "o'neil@post.example",
    "‘single’ ‚low‛ “double”",
    "' ; Remove-TransportRule -Identity * ; '",
    "’ ; Remove-TransportRule -Identity * ; ‘",
    "$(Get-Date) $env:PATH `$x `n",
    "two\nlines\r\nand\ttabs",
    "\n",
    "ends in a quote'",
    "'",
    "‛",
    '"@\n"@',
    "'@\n'@",
    "#> <# #requires",
    "\u202eright to left\u2066\u200b",
    "line\u2028separator\u0085next",
    "é ü 漢字 😀 \U000e0041",
    "\x00\x1b[31m",
    "\ud800",
    "@splat @{a=1} ${x}",
]


def read_back(read_powershell, text):
    script = read_powershell(f"$x = {text}\r\n$after = 'still here'\r\n")
    assert script.errors == []
    assert script.commands == set()
    assert script.value("after") == "still here"
    return script.value("x")


@pytest.mark.parametrize("value", [one for one in HOSTILE if one != "\ud800"])
def test_powershell_reads_the_very_same_text(read_powershell, value):
    assert read_back(read_powershell, quoted(value)) == value


@settings(max_examples=200, deadline=None)
@given(
    value=st.text(alphabet=st.one_of(st.sampled_from("'‘’‚‛\"`$()\n\r#@{};"), st.characters()), max_size=40)
)
def test_powershell_reads_any_text_as_it_is(read_powershell, value):
    text = quoted(value)
    text.encode()  # also a lone surrogate is written as a number
    assert read_back(read_powershell, text) == value


@pytest.mark.parametrize("quote", list("'‘’‚‛"))
def test_each_of_the_quotes_that_end_a_string_is_doubled(quote):
    assert quoted(f"a{quote}b") == f"'a{quote}{quote}b'"


@pytest.mark.parametrize("value", HOSTILE)
def test_what_cannot_be_seen_is_written_by_its_number(value):
    assert not [
        character for character in quoted(value) if ord(character) < 32 or character in "\u202e\u2066\u200b"
    ]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_comment_is_one_line_whatever_it_says(read_powershell, value):
    said = comment(value.replace("\ud800", "")).replace("\ud800", "")
    assert len(said.splitlines()) == 1
    assert read_powershell(f"{said}\r\n$x = 1\r\n").value("x") == 1


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "$null"),
        (True, "$true"),
        (False, "$false"),
        (9, "9"),
        ((), "@()"),
        (("a@b.example",), "@('a@b.example')"),
    ],
)
def test_values_are_literals(value, written):
    assert literal(value) == written


def test_a_day_in_summer_is_sent_as_the_same_instant_in_utc(read_powershell):
    midnight = datetime(2027, 3, 29, tzinfo=timezone(timedelta(hours=1)))
    assert "'2027-03-28T23:00:00Z'" in literal(midnight)
    assert read_back(read_powershell, literal(midnight)) == "2027-03-28T23:00:00Z"


def test_a_table_holds_names_that_are_words_of_the_language(read_powershell):
    entries = {
        "From": ("a@b.example", "c@d.example"),
        "if": 1,
        "Expiry": datetime(2027, 1, 1, tzinfo=UTC),
        "No": {},
    }
    del entries["No"]
    assert read_back(read_powershell, table(entries)) == {
        "From": ["a@b.example", "c@d.example"],
        "if": 1,
        "Expiry": "2027-01-01T00:00:00Z",
    }
