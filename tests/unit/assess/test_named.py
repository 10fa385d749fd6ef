import pytest

from m365_restrict.assess.block import Direction, Named, NamedKind
from m365_restrict.assess.named import address_in_pattern, named_in_list, names_in_rule

OURS = frozenset({"ash.example"})
A, D, T = NamedKind.ADDRESS, NamedKind.DOMAIN, NamedKind.TEXT


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"From": ("pat@post.example",)}, [("pat@post.example", A)]),
        ({"From": ("pat@ash.example",)}, []),
        (
            {"FromAddressContainsWords": ("pat@post.example", "smith")},
            [("pat@post.example", A), ("smith", T)],
        ),
        (
            {"FromAddressContainsWords": ("post.example", "@more.example")},
            [("post.example", D), ("more.example", D)],
        ),
        ({"FromAddressMatchesPatterns": (r"^pat\.p@post\.example$",)}, [("pat.p@post.example", A)]),
        ({"FromAddressMatchesPatterns": (r"\Apat@post\.example\Z",)}, [("pat@post.example", A)]),
        (
            {"FromAddressMatchesPatterns": (r"^(pat@post\.example|sam@post\.example)$",)},
            [("pat@post.example", A), ("sam@post.example", A)],
        ),
        ({"FromAddressMatchesPatterns": (r"@post\.example$",)}, [("post.example", D)]),
        ({"FromAddressMatchesPatterns": (r"^pat.*@",)}, [(r"^pat.*@", T)]),
        ({"SenderDomainIs": ("post.example", "ash.example")}, [("post.example", D)]),
        (
            {"HeaderContainsMessageHeader": "Reply-To", "HeaderContainsWords": ("pat@post.example",)},
            [("pat@post.example", A)],
        ),
        ({"HeaderContainsMessageHeader": "X-Spam", "HeaderContainsWords": ("yes",)}, []),
        ({"ExceptIfFrom": ("pat@post.example",)}, []),
        ({"RedirectMessageTo": ("pat@post.example",), "RejectMessageReasonText": "ask pat@post.example"}, []),
    ],
)
def test_whom_the_sender_conditions_name(properties, named):
    found = names_in_rule(properties, OURS)
    assert [(one.value, one.kind) for one in found] == named
    assert all(one.direction is Direction.FROM for one in found)


@pytest.mark.parametrize(
    ("properties", "direction"),
    [
        ({"SentTo": ("pat@post.example",)}, Direction.TO),
        ({"RecipientAddressMatchesPatterns": (r"^pat@post\.example$",)}, Direction.TO),
        ({"AnyOfToCcHeader": ("pat@post.example",)}, Direction.TO),
        ({"SubjectOrBodyContainsWords": ("pat@post.example",)}, Direction.ABOUT),
    ],
)
def test_other_conditions_name_whole_addresses_alone(properties, direction):
    assert names_in_rule(properties, OURS) == (Named("pat@post.example", A, direction),)


def test_a_condition_that_is_no_address_names_nobody():
    assert names_in_rule({"SubjectContainsWords": ("tender",), "SentTo": ("a@ash.example",)}, OURS) == ()


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ("Pat@post.example", Named("pat@post.example", A)),
        ("@post.example", Named("post.example", D)),
        ("*.post.example", Named("post.example", D)),
        ("staff@ash.example", None),
        ("ash.example", None),
    ],
)
def test_an_entry_of_a_list(entry, named):
    assert named_in_list(entry, OURS) == named


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        (r"^pat\.p@post\.example$", "pat.p@post.example"),
        (r"\Apat@post\.example\Z", "pat@post.example"),
        (r"^pat\@post\.example$", "pat@post.example"),
        (r"pat@post\.example", None),
        (r"^pat@post\.example", None),
        (r"^pat@post.example$", None),
        (r"^p.t@post\.example$", None),
        (r"^(pat|sam)@post\.example$", None),
        (r"^\w+@post\.example$", None),
        (r"^pat@post\.example$|^sam@post\.example$", None),
    ],
)
def test_a_pattern_is_one_address_only_if_it_can_match_no_other(pattern, address):
    assert address_in_pattern(pattern) == address
