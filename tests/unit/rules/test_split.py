import pytest

from m365_restrict.rules.split import size_of, split_senders

SENDERS = tuple(f"person{number:03}@mail.example" for number in range(50))


def test_no_part_exceeds_the_budget() -> None:
    parts = split_senders(SENDERS, budget=200, most=100)
    assert max(size_of(part) for part in parts) <= 200


def test_nothing_is_lost_or_doubled() -> None:
    parts = split_senders(SENDERS, budget=200, most=3)
    assert tuple(sender for part in parts for sender in part) == SENDERS


def test_the_count_is_bounded_too() -> None:
    assert {len(part) for part in split_senders(SENDERS, budget=100_000, most=25)} == {25}


def test_few_senders_stay_together() -> None:
    assert split_senders(SENDERS[:3], budget=6000, most=100) == (SENDERS[:3],)


def test_a_sender_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        split_senders(SENDERS, budget=5, most=100)
