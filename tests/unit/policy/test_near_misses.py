import pytest

from m365_restrict.policy.known_senders import KnownSenders
from m365_restrict.policy.near_misses import Listed, near_misses

KNOWN = KnownSenders(dot_blind=frozenset({"gmail.com"}), same_provider={"googlemail.com": "gmail.com"})


def found(one, other, councillors=()):
    cases = [Listed("1", "RC-1", (one,)), Listed("2", "RC-2", (other,))]
    return set(near_misses(cases, councillors=councillors, known=KNOWN))


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("jon.smith@post.example", "john.smith@post.example", True),
        ("a@post.example", "a@post.exmaple", True),
        ("a.person@gmail.com", "aperson+x@googlemail.com", True),
        ("a@post.example", "a@post.example", False),
        ("ann@post.example", "bob@post.example", False),
    ],
)
def test_addresses_of_two_cases_that_are_almost_the_same_are_said_of_both(one, other, near):
    assert found(one, other) == ({"1", "2"} if near else set())


def test_two_addresses_of_one_case_may_be_alike():
    cases = [Listed("1", "RC-1", ("jon@post.example", "john@post.example"))]
    assert near_misses(cases, councillors=(), known=KNOWN) == {}


@pytest.mark.requirement("F11")
def test_an_address_like_a_councillors_is_said_without_naming_either():
    cases = [Listed("1", "RC-1", ("cllr.hom@post.example",))]
    (advice,) = near_misses(cases, councillors=("cllr.home@post.example",), known=KNOWN)["1"]
    assert advice.code == "address-near-miss"
    assert "councillor" in advice.message
    assert "@" not in advice.message
