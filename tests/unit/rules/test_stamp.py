from datetime import UTC, datetime

import pytest

from m365_restrict.rules.stamp import Damaged, Stamp, digest_of, parse_stamp, stamp_text, with_digest

STAMP = Stamp("ash-1", "RC 2026/14 (b)", "RC 2026/14 (b)/whole/1", "0123456789abcdef")


def test_a_stamp_is_read_back_as_written() -> None:
    assert parse_stamp(f"Case …\n{stamp_text(STAMP)}") == STAMP


def test_no_stamp_is_none() -> None:
    assert parse_stamp("A rule of the m365-restrict pilot") is None


@pytest.mark.parametrize("cut", [10, 40, 80])
def test_a_stamp_that_was_cut_is_damaged(cut: int) -> None:
    assert isinstance(parse_stamp(stamp_text(STAMP)[:-cut]), Damaged)


def test_text_after_the_stamp_damages_it() -> None:
    assert isinstance(parse_stamp(stamp_text(STAMP) + " checked by IT"), Damaged)


def test_blanks_after_the_stamp_do_not() -> None:
    assert parse_stamp(stamp_text(STAMP) + "\n ") == STAMP


def test_the_digest_covers_every_property_but_the_comments() -> None:
    one = {"From": ("a@x.example",), "ExpiryDate": datetime(2027, 3, 8, tzinfo=UTC)}
    assert digest_of(one) == digest_of(one | {"Comments": "anything"})
    assert digest_of(one) != digest_of(one | {"StopRuleProcessing": True})


def test_a_new_digest_leaves_the_words_alone() -> None:
    comments = with_digest(f"Case …\n{stamp_text(STAMP)}", {"Name": "x"})
    assert comments.startswith("Case …\n[m365-restrict ")
    assert parse_stamp(comments) == Stamp(
        STAMP.instance_id, STAMP.case_reference, STAMP.key, digest_of({"Name": "x"})
    )
