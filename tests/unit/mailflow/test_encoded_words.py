import pytest

from m365_restrict.mailflow.encoded_words import LONGEST_DECODED, decoded


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?caf=C3=A9?=", "café"),
        ("=?utf-8?b?Y2Fmw6k=?= x", "café x"),
        ("=?no-such?q?a?=", "=?no-such?q?a?="),
    ],
)
def test_what_can_be_read_is_read(value: str, text: str) -> None:
    assert decoded(value) == text


def test_what_stands_far_back_stays_as_it_is() -> None:
    filling = "x" * LONGEST_DECODED
    assert decoded(f"{filling} =?utf-8?q?a?=") == f"{filling} =?utf-8?q?a?="


@pytest.mark.parametrize("piece", ["=?utf-8?q?a", "=?utf-8?b?cGF0?= "])
def test_a_megabyte_takes_no_time_by_its_square(piece: str) -> None:
    assert len(decoded(piece * 80_000)) > 80_000
