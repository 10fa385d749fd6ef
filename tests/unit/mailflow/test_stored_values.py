from datetime import UTC, datetime

import pytest

from m365_restrict.mailflow.stored_values import flag, instant, size_in_bytes, texts, whole_number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ()),
        ("", ()),
        ([], ()),
        (["", None], ()),
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        (False, ()),
        (True, ("True",)),
        (5, ("5",)),
    ],
)
def test_texts(value: object, expected: tuple[str, ...]) -> None:
    assert texts(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("True", True), ("false", False), (None, False), (1, False)]
)
def test_flag(value: object, expected: bool) -> None:
    assert flag(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"), [("6", 6), (-1, -1), (None, None), ("", None), ("high", None)]
)
def test_whole_number(value: object, expected: int | None) -> None:
    assert whole_number(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "2027-03-28T23:00:00Z",
        "2027-03-28T23:00:00.0000000+00:00",
        "2027-03-29T00:00:00+01:00",
        "2027-03-28T23:00:00",
        "/Date(1806274800000)/",
        datetime(2027, 3, 28, 23, tzinfo=UTC),
    ],
)
def test_every_spelling_of_an_instant(value: object) -> None:
    assert instant(value) == datetime(2027, 3, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, ""])
def test_no_instant(value: object) -> None:
    assert instant(value) is None


def test_an_unreadable_instant_is_an_error() -> None:
    with pytest.raises(ValueError, match="soon"):
        instant("soon")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("10 MB (10,485,760 bytes)", 10_485_760),
        ("10MB", 10_485_760),
        ("1.5 KB", 1536),
        ("77", 77),
        ("big", None),
        ("1.2.3", None),
    ],
)
def test_sizes(value: str, expected: int | None) -> None:
    assert size_in_bytes(value) == expected
