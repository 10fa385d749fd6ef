"""Small numbers are withheld so that nobody can work them out, not even who knows the rule."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m365_restrict.report.suppression import SMALLEST_SHOWN, suppressed


def told(*counts: int) -> tuple[tuple[int | None, ...], int | None]:
    """What is published of some counts."""
    names = [str(number) for number in range(len(counts))]
    found = suppressed(dict(zip(names, counts, strict=True)))
    return tuple(found.counts[name] for name in names), found.total


@pytest.mark.parametrize("cells", [1, 2, 3, 4])
def test_whoever_knows_the_rule_learns_no_withheld_number(cells: int) -> None:
    """Every table is published; of each publication, all tables that it may stand for are gathered."""
    behind: dict[tuple[tuple[int | None, ...], int | None], list[tuple[int, ...]]] = defaultdict(list)
    for table in product(range(9), repeat=cells):
        behind[told(*table)].append(table)
    for (shown, _), tables in behind.items():
        for cell, count in enumerate(shown):
            if count is None:
                assert len({table[cell] for table in tables}) > 1, (shown, tables)


@pytest.mark.parametrize(
    ("counts", "shown", "total"),
    [
        ((7, 12, 0), (7, 12, 0), 19),
        ((7, 3, 0), (7, None, 0), None),
        ((9, 2, 3), (9, None, None), 14),
        ((9, 1, 1), (9, None, None), None),
        ((9, 4, 4), (9, None, None), None),
        ((0, 0), (0, 0), 0),
        ((4,), (None,), None),
        ((5,), (5,), 5),
    ],
)
def test_what_is_told(counts: tuple[int, ...], shown: tuple[int | None, ...], total: int | None) -> None:
    assert told(*counts) == (shown, total)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8))
def test_no_small_number_is_told_and_no_other_is_withheld(counts: list[int]) -> None:
    shown, total = told(*counts)
    for count, one in zip(counts, shown, strict=True):
        assert one == (None if 0 < count < SMALLEST_SHOWN else count)
    assert total in {None, sum(counts)}


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8))
def test_a_total_beside_withheld_numbers_leaves_each_of_them_open(counts: list[int]) -> None:
    shown, total = told(*counts)
    hidden = shown.count(None)
    if total is not None and hidden:
        left = total - sum(one for one in shown if one is not None)
        assert hidden > 1
        assert hidden < left < hidden * (SMALLEST_SHOWN - 1)
