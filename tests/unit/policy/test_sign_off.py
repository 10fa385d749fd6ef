"""Which monthly reports are signed, and which have waited too long."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.policy.profile import Nation
from m365_restrict.policy.sign_off import month_named, sign_off_due, signatures, unsigned_months
from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind

LONDON = ZoneInfo("Europe/London")
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def item(
    saved: str = "2026-11-05T10:00:00+00:00", kind: SaverKind = SaverKind.USER, **fields: Any
) -> ListItem:
    values = {
        "Title": "2026-10",
        "Kind": "Report sign-off",
        "OfficerTitle": "Director",
        "Outcome": "Keep",
        **fields,
    }
    version = ItemVersion("1.0", datetime.fromisoformat(saved).astimezone(UTC), Identity(kind), values)
    return ListItem("1", "", version.saver, values, (version,))


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-10", OCTOBER),
        ("Report 2026-10", OCTOBER),
        ("2026/10", OCTOBER),
        ("October 2026", OCTOBER),
        ("Adroddiad Hydref 2026", OCTOBER),
        ("report of OCTOBER 2026 (2026-10)", OCTOBER),
        ("2026-10 and 2026-11", None),
        ("2026-13", None),
        ("2026-10-31", None),
        ("12026-10", None),
        ("RC-2026-014", None),
        ("", None),
    ],
)
def test_a_title_names_one_month(text: str, month: date | None) -> None:
    assert month_named(text) == month


class TestSignatures:
    def test_an_outcome_signs_on_the_day_of_its_save(self) -> None:
        (signed,) = signatures([item()], LONDON).values()
        assert (signed.month, signed.signed_by, signed.signed_on) == (OCTOBER, "Director", date(2026, 11, 5))

    def test_a_day_signs_without_an_outcome(self) -> None:
        one = item(Outcome="Pending", DecidedOn=date(2026, 11, 4))
        assert signatures([one], LONDON)[OCTOBER].signed_on == date(2026, 11, 4)

    def test_a_day_after_the_save_does_not_count_as_the_day(self) -> None:
        one = item(DecidedOn=date(2027, 1, 1))
        assert signatures([one], LONDON)[OCTOBER].signed_on == date(2026, 11, 5)

    @pytest.mark.parametrize(
        "one",
        [
            item(Outcome="Pending"),
            item(Outcome=""),
            item(Kind="Annual log review"),
            item(Title="RC-2026-014"),
            item(kind=SaverKind.APPLICATION),
            item(kind=SaverKind.UNKNOWN),
            item(saved="2026-10-31T10:00:00+00:00"),
            item(DecidedOn=date(2026, 10, 30)),
        ],
        ids=[
            "pending",
            "no outcome",
            "another kind",
            "no month",
            "application",
            "nobody",
            "early",
            "early day",
        ],
    )
    def test_what_signs_nothing(self, one: ListItem) -> None:
        assert signatures([one], LONDON) == {}

    def test_the_first_of_two_counts(self) -> None:
        second = item(saved="2026-11-09T10:00:00+00:00", OfficerTitle="Deputy")
        assert signatures([second, item()], LONDON)[OCTOBER].signed_by == "Director"


class TestUnsigned:
    @staticmethod
    def months(today: str, made: dict[date, date], signed: Any = None) -> list[tuple[date, date | None]]:
        found = unsigned_months(
            made,
            signed or {},
            today=date.fromisoformat(today),
            working_days=10,
            nation=Nation.ENGLAND,
        )
        return [(one.month, one.made_on) for one in found]

    def test_ten_working_days_count_no_bank_holiday(self) -> None:
        due = sign_off_due(date(2026, 12, 1), working_days=10, nation=Nation.ENGLAND)
        assert due == date(2027, 1, 15)

    @pytest.mark.parametrize(("today", "late"), [("2026-11-13", False), ("2026-11-14", True)])
    def test_a_month_is_late_the_day_after_it_was_due(self, today: str, late: bool) -> None:
        assert bool(self.months(today, {OCTOBER: date(2026, 11, 2)})) is late

    def test_a_month_without_a_report_since_the_first_is_late_as_well(self) -> None:
        made = {OCTOBER: date(2026, 11, 2)}
        assert self.months("2026-12-20", made) == [(OCTOBER, date(2026, 11, 2)), (NOVEMBER, None)]

    def test_before_the_first_report_nothing_is_late(self) -> None:
        assert self.months("2026-12-20", {}) == []

    def test_what_is_signed_is_not_late(self) -> None:
        signed = signatures([item()], LONDON)
        assert self.months("2026-11-30", {OCTOBER: date(2026, 11, 2)}, signed) == []
