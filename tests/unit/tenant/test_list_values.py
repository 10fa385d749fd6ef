from datetime import date
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.register.columns import Column, ColumnKind, ListSchema
from m365_restrict.register.item import Person, SaverKind
from m365_restrict.tenant.list_values import lookup_ids, read_fields, read_identity, written_value

_LONDON = ZoneInfo("Europe/London")
_PEOPLE = {"7": Person("7", "a@x.example", "A")}


def _read(kind, raw):
    schema = ListSchema("t", (Column("C", kind, "C", ""),), frozenset())
    return read_fields(raw, schema, {"C": "Theirs"}, people=_PEOPLE, zone=_LONDON).get("C")


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        (ColumnKind.TEXT, {"Theirs": "x"}, "x"),
        (ColumnKind.TEXT, {"Theirs": 3.0}, "3"),
        (ColumnKind.TEXT, {"Theirs": ""}, None),
        (ColumnKind.TEXT, {}, None),
        (ColumnKind.CHOICES, {"Theirs": ["a", "b"]}, ("a", "b")),
        (ColumnKind.CHOICES, {"Theirs": "a"}, ("a",)),
        (ColumnKind.CHOICES, {"Theirs": []}, None),
        (ColumnKind.YES_NO, {"Theirs": False}, False),
        (ColumnKind.YES_NO, {"Theirs": "maybe"}, "maybe"),
        # graph.md 3.6: local midnight as a UTC instant looks a day early in summer.
        (ColumnKind.DATE, {"Theirs": "2026-06-30T23:00:00Z"}, date(2026, 7, 1)),
        (ColumnKind.DATE, {"Theirs": "2026-12-01T00:00:00Z"}, date(2026, 12, 1)),
        (ColumnKind.DATE, {"Theirs": "2026-12-01"}, date(2026, 12, 1)),
        (ColumnKind.DATE, {"Theirs": "next week"}, "next week"),
        # The local day of these lies behind the end of the calendar.
        (ColumnKind.DATE, {"Theirs": "0001-01-01T00:00:00Z"}, "0001-01-01T00:00:00Z"),
        (ColumnKind.DATE, {"Theirs": "9999-12-31T23:00:00-14:00"}, "9999-12-31T23:00:00-14:00"),
        (ColumnKind.TEXT, {"Theirs": "half \ud800 a pair"}, "half ? a pair"),
        (ColumnKind.PERSON, {"TheirsLookupId": "7"}, _PEOPLE["7"]),
        (ColumnKind.PERSON, {"TheirsLookupId": 7.0}, _PEOPLE["7"]),
        (ColumnKind.PERSON, {"TheirsLookupId": "8"}, Person("8")),
        (ColumnKind.PERSONS, {"Theirs": [{"LookupId": 7, "Email": "Old@x.example"}]}, (_PEOPLE["7"],)),
        (
            ColumnKind.PERSONS,
            {"Theirs": [{"LookupId": 9, "LookupValue": "B", "Email": "B@x.example"}]},
            (Person("9", "b@x.example", "B"),),
        ),
        (ColumnKind.PERSONS, {"TheirsLookupId": ["7"]}, (_PEOPLE["7"],)),
    ],
)
def test_value_by_kind(kind, raw, expected):
    assert _read(kind, raw) == expected


def test_lookup_ids_are_those_of_people():
    columns = (Column("P", ColumnKind.PERSON, "P", ""), Column("T", ColumnKind.TEXT, "T", ""))
    schema = ListSchema("t", columns, frozenset())
    assert lookup_ids({"PLookupId": "7", "T": "8"}, schema, {"P": "P", "T": "T"}) == {"7"}


@pytest.mark.parametrize(
    ("raw", "kind", "address"),
    [
        ({"user": {"id": "u", "email": "A@x.example"}}, SaverKind.USER, "a@x.example"),
        ({"application": {"id": "app"}, "user": {"id": "u"}}, SaverKind.APPLICATION, ""),
        ({}, SaverKind.UNKNOWN, ""),
        (None, SaverKind.UNKNOWN, ""),
    ],
)
def test_identity(raw, kind, address):
    found = read_identity(raw)
    assert (found.kind, found.address) == (kind, address)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("x", "x"),
        (None, None),
        (date(2026, 7, 1), "2026-07-01T12:00:00Z"),
        (date(2026, 12, 1), "2026-12-01T12:00:00Z"),
        (("a", "b"), ["a", "b"]),
    ],
)
def test_written_value(value, sent):
    assert written_value(value) == sent
