"""Sentences that remember their wording are the English that they were, to everybody who takes text."""

import copy
import json
from datetime import date

import pytest

from m365_restrict.report.privacy import without_addresses
from m365_restrict.report.said import Month, Said

DAY = date(2027, 3, 7)


@pytest.mark.parametrize(
    ("said", "english"),
    [
        (Said("Nothing at 100 %."), "Nothing at 100 %."),
        (Said("%(rule)s", rule="50 %(off)s"), "50 %(off)s"),
        (Said("until %(day)s", day=DAY), "until 7 March 2027"),
        (Said("for %(month)s", month=Month(DAY)), "for March 2027"),
        (Said("%(number)s of %(places)s", number=2, places=("a", Said("b"))), "2 of a, b"),
    ],
)
def test_it_is_its_english(said, english):
    assert said == english
    assert {said, english} == {english}
    assert json.loads(json.dumps(said)) == english


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
def test_a_copy_remembers_as_much(again):
    said = Said("until %(day)s", day=DAY)
    assert (again(said), again(said).key, again(said).values) == (said, said.key, said.values)


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(KeyError):
        Said("%(one)s %(other)s", one="1")


@pytest.mark.parametrize(
    "said",
    [
        Said("%(rule)s about %(places)s", rule="a@b.example", places=("x", Said("the box c@d.example"))),
        Said("the blocked senders of e@f.example"),
        Said("%(outer)s", outer=Said("in %(box)s", box="g@h.example")),
    ],
)
def test_addresses_are_left_out_as_they_are_of_text(said):
    told = said.with_texts(without_addresses)
    assert told == without_addresses(str(said))
    assert "@" not in repr((told.key, told.values))
