"""Values that a run was answered with, as JSON and back."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.errors import (
    ConfigurationError,
    ErrorCode,
    PermissionMissing,
    PlanRefused,
    ServiceError,
    SourceIncomplete,
)
from m365_restrict.evidence.values import Unreadable, decode, decode_error, encode, encode_error
from m365_restrict.outcome import Unknown
from m365_restrict.plan.codes import FindingCode
from m365_restrict.register.case import Measure, Stage
from m365_restrict.register.item import Identity, ItemVersion, ListItem, ListSnapshot, Person, SaverKind
from m365_restrict.register.recipient import Recipient, RecipientKind, Unresolved
from m365_restrict.tenant.audit_log import QueryState
from m365_restrict.tenant.directory import Expansion, Member

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAVER = Identity(SaverKind.USER, "oid", "director@ash.example")
FIELDS = {
    "EndsOn": date(2027, 3, 7),
    "Title": "2027-03-07",
    "Legal": True,
    "Who": (Person("5", "a@b.example"),),
}
VERSION = ItemVersion("1.0", NOON, SAVER, FIELDS)
VALUES = [
    None,
    True,
    1.0,
    "$class",
    {"$class": "register.item:Person", "$fields": {}},
    {"$date": "2026-11-23"},
    {"z": 1, "a": [1, "two", None]},
    {Stage.ONE: ("a",), Stage.TWO: ()},
    (1, (2,), [3]),
    frozenset({Member("1", "a@b.example"), Member("2", "c@d.example", account_enabled=False)}),
    date(2026, 11, 23),
    NOON,
    datetime(2026, 11, 23, 12, 0, 0, 5),
    time(8, 30),
    timedelta(minutes=90),
    Path("/var/lib/x"),
    ZoneInfo("Europe/London"),
    UTC,
    Measure.REDIRECT,
    FindingCode.APPROVAL_CONTRADICTED,
    QueryState.READY,
    Unknown("a mailbox", "it was not read"),
    Unresolved("a@b.example", "nobody", absent=False),
    Recipient(asked="a", address="a@b.example", kind=RecipientKind.GROUP, object_id="1", moderated=True),
    Expansion(frozenset({Member("1", "a@b.example")}), (Unresolved("b", "nobody"),)),
    ListSnapshot("L", (ListItem("1", "e", SAVER, FIELDS, (VERSION,), NOON),), "v", {"Status": ("Draft",)}),
]


def through_text(value):
    return decode(json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize("value", VALUES, ids=[f"{at}-{type(one).__name__}" for at, one in enumerate(VALUES)])
def test_a_value_comes_back_as_it_was(value):
    back = through_text(value)
    assert (type(back), back) == (type(value), value)


def test_the_order_of_an_answer_is_kept():
    assert list(through_text({"b": 1, "a": 2})) == ["b", "a"]


@pytest.mark.parametrize(
    "named",
    [
        Identity(SaverKind.USER, display_name="A Director"),
        Person("1", display_name="A Director"),
        Recipient(asked="a", address="a", kind=RecipientKind.GROUP, object_id="", display_name="A Director"),
    ],
)
def test_the_names_of_people_are_left_out(named):
    assert "Director" not in json.dumps(encode(named))
    assert through_text(named).display_name == ""


@pytest.mark.parametrize(
    "error",
    [
        ServiceError("m", status=404, service_code="ErrorItemNotFound", advice="a"),
        ServiceError("m"),
        PermissionMissing("m"),
        SourceIncomplete("m"),
        ConfigurationError("m", code=ErrorCode.LIST_NOT_FOUND),
        PlanRefused("m", code=ErrorCode.APPROVAL_NEEDED),
    ],
)
def test_an_error_comes_back_as_it_was(error):
    back = decode_error(json.loads(json.dumps(encode_error(error))))
    assert (type(back), vars(back)) == (type(error), vars(error))


@pytest.mark.parametrize(
    "told",
    [
        {"$class": "os:system", "$fields": {}},
        {"$class": "register.item:Nothing", "$fields": {}},
        {"$class": "register.item:Person", "$fields": {"unknown": 1}},
        {"$class": "ledger.database:Database", "$fields": {"engine": 1, "read_only": True}},
        {"$class": "register.item:date", "$fields": {}},
        {"$enum": "register.item:Person", "$name": "x"},
        {"$enum": "register.item:SaverKind", "$name": "OTHER"},
        {"$date": "no day"},
        {"$zone": "No/Where"},
        {"$map": [[[], 1]]},
    ],
)
def test_evidence_makes_nothing_but_values_of_ours(told):
    with pytest.raises(Unreadable):
        decode(told)


@pytest.mark.parametrize(
    "told", [None, {"class": "SystemExit", "code": None}, {"class": "ServiceError", "code": "x"}]
)
def test_evidence_raises_nothing_but_errors_of_ours(told):
    with pytest.raises(Unreadable):
        decode_error(told)


@pytest.mark.parametrize("value", [object(), b"bytes", Person])
def test_what_is_no_value_of_ours_is_refused(value):
    with pytest.raises(TypeError):
        encode(value)
