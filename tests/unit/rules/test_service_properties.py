"""A canary: every property that Exchange has shown is compared, or left out for a written reason."""

import json
from pathlib import Path

import pytest

from m365_restrict.rules.service_properties import (
    ACTIONS,
    DEFAULTS,
    DESCRIPTIVE,
    KINDS,
    MARKS,
    OUT_OF_REACH,
    SETTABLE,
    ValueKind,
)
from m365_restrict.sandbox.exchange.catalogue import Kind, Part, properties

NAMES = json.loads((Path(__file__).parents[2] / "data" / "exchange_names.json").read_text())
RECORDED = frozenset(NAMES["Get-TransportRule"])
PARAMETERS = frozenset(NAMES["Set-TransportRule"])
# Parameters that Get-TransportRule does not show, and switches of the cmdlet itself.
NOT_SHOWN = frozenset({"Confirm", "Identity", "WhatIf", "NotifySender"})

SAME = {
    ValueKind.ADDRESSES: {Kind.SENDERS, Kind.PEOPLE, Kind.GROUPS, Kind.ANYONE, Kind.COPIES, Kind.MODERATORS},
    ValueKind.ADDRESS: {Kind.RECIPIENT},
    ValueKind.TEXTS: {Kind.WORDS, Kind.PATTERNS, Kind.STRINGS, Kind.ENUMERATIONS},
    ValueKind.TEXT: {Kind.STRING, Kind.SIZE, Kind.STATUS_CODE},
    ValueKind.COMMENTS: {Kind.STRING},
    ValueKind.ENUMERATION: {Kind.ENUMERATION, Kind.STRING},
    ValueKind.NUMBER_TEXT: {Kind.SCL},
    ValueKind.FLAG: {Kind.BOOLEAN},
    ValueKind.INSTANT: {Kind.INSTANT},
}


def test_every_recorded_property_has_its_place() -> None:
    assert RECORDED - KINDS.keys() - DESCRIPTIVE - MARKS - OUT_OF_REACH == set()


def test_no_property_has_two_places() -> None:
    places = (KINDS.keys(), DESCRIPTIVE, MARKS, OUT_OF_REACH)
    assert sum(map(len, places)) == len(frozenset().union(*places))


def test_nothing_is_modelled_that_was_never_recorded() -> None:
    assert KINDS.keys() | DESCRIPTIVE | MARKS | OUT_OF_REACH == RECORDED


def test_what_is_called_settable_is_a_parameter_of_set() -> None:
    assert SETTABLE <= PARAMETERS


def test_every_parameter_that_is_shown_is_compared_or_said() -> None:
    left = PARAMETERS - SETTABLE - MARKS - OUT_OF_REACH - NOT_SHOWN
    assert left == {"Priority"}


def test_actions_are_those_that_the_sandbox_knows() -> None:
    known = {name for name, entry in properties().items() if entry.part is Part.ACTION and entry.read}
    assert known - MARKS - OUT_OF_REACH == ACTIONS


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_property_is_read_as_the_kind_it_is(name: str) -> None:
    domains = {"SenderDomainIs", "RecipientDomainIs", "ExceptIfSenderDomainIs", "ExceptIfRecipientDomainIs"}
    expected = SAME[KINDS[name]] | ({Kind.WORDS} if name in domains else set())
    assert properties()[name].kind in expected


@pytest.mark.parametrize("name", sorted(DEFAULTS.keys() - {"RejectMessageEnhancedStatusCode"}))
def test_defaults_are_those_of_a_rule_on_which_nothing_is_set(name: str) -> None:
    assert properties()[name].default == DEFAULTS[name]
