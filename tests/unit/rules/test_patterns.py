import re

import pytest

from m365_restrict.rules.patterns import PatternAnchors, exact_pattern


@pytest.mark.parametrize("anchors", PatternAnchors)
@pytest.mark.parametrize("address", ["b.s@x.example", "a+b@x.example", "o'neil_{1}|$^#?*=~@x-y.example"])
def test_a_pattern_matches_its_address(address: str, anchors: PatternAnchors) -> None:
    assert re.search(exact_pattern(address, anchors), address)


@pytest.mark.parametrize("anchors", PatternAnchors)
@pytest.mark.parametrize(
    "neighbour", ["jim.bob@x.example", "bob@x.example.evil.example", "bobb@x.example", "bob@xaexample"]
)
def test_a_pattern_matches_no_neighbour(neighbour: str, anchors: PatternAnchors) -> None:
    assert not re.search(exact_pattern("bob@x.example", anchors), neighbour)


def test_the_anchors_are_a_setting() -> None:
    assert exact_pattern("a@x.example", PatternAnchors.CARET) == r"^a@x\.example$"
    assert exact_pattern("a@x.example", PatternAnchors.ABSOLUTE) == r"\Aa@x\.example\Z"
