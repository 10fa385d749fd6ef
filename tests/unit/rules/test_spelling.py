"""Recipients that Graph shows by other names than their addresses (graph.md 1.6)."""

import pytest

from m365_restrict.ledger.values import (
    decode_properties,
    decode_spellings,
    encode_properties,
    encode_spellings,
)
from m365_restrict.rules.observed import Spelling
from m365_restrict.rules.properties import INBOX_REDIRECT, INBOX_SENDERS
from m365_restrict.rules.spelling import learned, with_known_addresses

A, B, OUTSIDE = "a@ash.example", "b@ash.example", "x@post.example"
DN_A, DN_B = "/o=one/cn=a", "/o=one/cn=b"
SENT = {INBOX_SENDERS: (A, B, OUTSIDE), INBOX_REDIRECT: (A,)}
FOUND = {INBOX_SENDERS: (DN_A, DN_B, OUTSIDE), INBOX_REDIRECT: (DN_A,)}


def test_what_was_just_sent_is_what_came_back() -> None:
    assert with_known_addresses(FOUND, learned(SENT, FOUND)) == SENT


@pytest.mark.parametrize("shown", [(DN_A, OUTSIDE), (DN_A, DN_B, "/o=one/cn=c", OUTSIDE), (A, B, OUTSIDE)])
def test_nothing_is_learned_where_names_and_addresses_do_not_go_up(shown: tuple[str, ...]) -> None:
    assert INBOX_SENDERS not in learned(SENT, {**FOUND, INBOX_SENDERS: shown})


@pytest.mark.parametrize("shown", [(DN_A, OUTSIDE), (DN_A, "/o=one/cn=c", OUTSIDE)])
def test_another_name_is_not_taken_for_the_address(shown: tuple[str, ...]) -> None:
    found = {**FOUND, INBOX_SENDERS: shown}
    assert with_known_addresses(found, learned(SENT, FOUND))[INBOX_SENDERS] == shown


def test_addresses_that_somebody_added_stay_visible() -> None:
    found = {INBOX_SENDERS: (DN_A, DN_B, OUTSIDE, "y@post.example")}
    shown = with_known_addresses(found, learned(SENT, FOUND))[INBOX_SENDERS]
    assert shown == (A, B, OUTSIDE, "y@post.example")


def test_the_ledger_keeps_them_beside_the_properties() -> None:
    spellings = {INBOX_REDIRECT: Spelling(names=(DN_A,), addresses=(A,))}
    stored = encode_properties(SENT) | encode_spellings(spellings)
    assert (decode_properties(stored), decode_spellings(stored)) == (SENT, spellings)
