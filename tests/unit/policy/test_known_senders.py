import pytest

from m365_restrict.policy.known_senders import KnownSenders, one_edit_apart
from settings.known_senders import known_senders


@pytest.fixture(scope="module")
def known() -> KnownSenders:
    """The list that ships, with what one council added."""
    return known_senders(("solicitors.example", "@paper.example", "forms@post.example"))


@pytest.mark.requirement("M-7", "M-17", "F11")
@pytest.mark.parametrize(
    "address",
    [
        "someone@gov.uk",
        "someone@communities.gov.uk",
        "someone@trust.nhs.uk",
        "someone@lgo.org.uk",
        "a.member@parliament.uk",
        "request-1@whatdotheyknow.com",
        "desk@paper.example",
        "someone@office.solicitors.example",
        "forms@post.example",
    ],
)
def test_public_bodies_representatives_and_the_councils_own_list_must_reach_it(known, address):
    assert known.must_reach(address)


@pytest.mark.parametrize(
    "address",
    ["someone@notgov.uk", "gov.uk@mail.example", "someone@co.uk", "other@post.example", "nobody"],
)
def test_neighbours_of_a_never_restricted_domain_are_not_taken_for_it(known, address):
    assert not known.must_reach(address)


@pytest.mark.parametrize(
    ("domain", "misspelt"),
    [
        ("gmial.com", True),
        ("gmail.co", True),
        ("hotmail.co.uk", False),
        ("homail.co.uk", True),
        ("post.example", False),
        ("ski.com", False),
    ],
)
def test_a_domain_one_letter_from_a_large_provider_looks_misspelt(known, domain, misspelt):
    assert known.looks_misspelt(f"someone@{domain}") is misspelt


@pytest.mark.parametrize(
    ("address", "variants"),
    [
        ("a.person@gmail.com", True),
        ("aperson+news@post.example", True),
        ("a.person@post.example", False),
    ],
)
def test_what_exact_matching_does_not_catch_is_known(known, address, variants):
    assert known.has_variants(address) is variants


def test_spellings_of_one_mailbox_meet_and_others_do_not(known):
    same = {"a.person@gmail.com", "aperson@googlemail.com", "aper.son+x@gmail.com"}
    assert len({known.mailbox_of(address) for address in same}) == 1
    assert known.mailbox_of("a.person@post.example") != known.mailbox_of("aperson@post.example")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("abc", "abc", False),
        ("abc", "abd", True),
        ("abc", "ab", True),
        ("abc", "xabc", True),
        ("abc", "acb", True),
        ("abc", "cab", False),
        ("abc", "axd", False),
        ("abc", "a", False),
        ("", "a", True),
    ],
)
def test_one_edit_is_one_letter_or_one_swap(one, other, apart):
    assert one_edit_apart(one, other) is apart
    assert one_edit_apart(other, one) is apart
