import pytest

from m365_restrict.sandbox.exchange.patterns import checked_pattern
from m365_restrict.sandbox.exchange.refusals import CmdletRefused


@pytest.mark.parametrize(
    "pattern",
    [
        r"^bob@x\.example$", r"\Abob@x\.example\Z", r"bob\+tag@x\.example", r"[+*]+@x", r"\*+", r"(a|b)?c",
        r"(?:a|b)", "(?i)abc", r"\.domain\.com$", r"a\\1", ".*@x", "p" * 128,
    ],
)  # fmt: skip
def test_supported_patterns(pattern) -> None:
    """exchange.md 2.3."""
    assert checked_pattern("FromAddressMatchesPatterns", pattern) == pattern


@pytest.mark.parametrize(
    "pattern",
    [r"(?=a)", r"(?<!a)b", r"(?P<n>a)", r"(?<n>a)", r"(a)\1", r"\p{L}", "a++", "(", "[a", "*a", r"\q"],
)
def test_unsupported_patterns(pattern) -> None:
    with pytest.raises(CmdletRefused, match=r"supported|valid"):
        checked_pattern("FromAddressMatchesPatterns", pattern)


def test_a_long_pattern_is_refused_with_the_recorded_words() -> None:
    """exchange.md 1.7."""
    with pytest.raises(CmdletRefused, match="exceeds the maximum length of 128 characters"):
        checked_pattern("FromAddressMatchesPatterns", "p" * 129)
