"""Records of list items come in a shape that is inferred: what cannot be matched is left out."""

import asyncio
from datetime import UTC, datetime

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.tenant.audit_log import AuditLogReader, QueryState

LIST = "AB12CD34-0000-0000-0000-000000000001"
WEB = "https://council.sharepoint.example/sites/restrict/Lists/Restricted contacts"


def record(**data):
    plain = {"ListId": LIST.lower(), "ListItemId": 7, "UserId": "Director@ash.example", "UserType": 0}
    return {"createdDateTime": "2026-11-23T09:00:00Z", "userType": "regular", "auditData": {**plain, **data}}


def ask(tenant, work, *script):
    async def _ask():
        tenant.script = list(script)
        async with tenant.graph() as (reader, _):
            return await work(AuditLogReader(reader))

    return asyncio.run(_ask())


def read(tenant, answer, *records):
    return ask(tenant, lambda log: log.records("q", list_id=f"{{{LIST}}}"), answer({"value": list(records)}))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({}, ("7", "director@ash.example", False)),
        ({"ListId": f"{{{LIST}}}"}, ("7", "director@ash.example", False)),
        ({"ListItemId": None, "ObjectId": f"{WEB}/7_.000"}, ("7", "director@ash.example", False)),
        ({"ListItemId": "", "ObjectId": f"{WEB}/DispForm.aspx?ID=7"}, ("7", "director@ash.example", False)),
        ({"UserType": 5}, ("7", "director@ash.example", True)),
        ({"UserId": "app@sharepoint"}, ("7", "app@sharepoint", True)),
        ({"UserId": "SHAREPOINT\\system"}, ("7", "sharepoint\\system", True)),
        ({"ListId": "another"}, None),
        ({"ListId": None}, None),
        ({"ListItemId": None}, None),
        ({"UserId": ""}, None),
    ],
)
def test_which_item_and_who(tenant, answer, data, found):
    records = read(tenant, answer, record(**data))
    assert [(one.item_id, one.actor, one.by_application) for one in records] == ([found] if found else [])


@pytest.mark.parametrize("broken", [{}, {"auditData": "text"}, {**record(), "createdDateTime": "soon"}])
def test_a_record_that_cannot_be_read_is_left_out(tenant, answer, broken):
    assert len(read(tenant, answer, broken, record())) == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("notStarted", QueryState.WAITING),
        ("running", QueryState.WAITING),
        ("somethingNew", QueryState.WAITING),
        ("succeeded", QueryState.READY),
        ("failed", QueryState.FAILED),
        ("cancelled", QueryState.FAILED),
    ],
)
def test_how_far_a_query_has_come(tenant, answer, status, state):
    assert ask(tenant, lambda log: log.state("q"), answer({"id": "q", "status": status})) is state


def test_a_refusal_names_the_permission(tenant, answer):
    now = datetime(2026, 11, 23, tzinfo=UTC)
    refused = ask(tenant, lambda log: log.ask(since=now, until=now), answer({"error": {}}, status=403))
    assert isinstance(refused, Unknown)
    assert "AuditLogsQuery-SharePoint.Read.All" in refused.reason


def test_a_token_that_cannot_be_read_holds_no_permission(tenant, answer):
    assert ask(tenant, lambda log: log.is_permitted(), answer({})) is False
