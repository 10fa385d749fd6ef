import asyncio
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.tenant.contact_mailboxes import NOT_GRANTED, ContactMailboxReader
from m365_restrict.tenant.shared_wait import SharedWait

MAILBOX = "contact@ash.example"


def _state(tenant):
    async def run():
        async with tenant.graph() as (reader, _):
            return await ContactMailboxReader(reader, SharedWait(30)).state(MAILBOX)

    return asyncio.run(run())


def test_the_oldest_of_inbox_and_junk_counts_and_nothing_but_its_instant_is_asked_for(tenant, answer):
    tenant.script = [
        answer({"unreadItemCount": 3}),
        answer({"unreadItemCount": 1}),
        answer({"value": [{"receivedDateTime": "2026-11-20T09:00:00Z"}]}),
        answer({"value": [{"receivedDateTime": "2026-11-02T09:00:00Z"}]}),
    ]
    found = _state(tenant)
    assert (found.unread, found.unread_in_junk) == (3, 1)
    assert found.oldest_unread_at == datetime(2026, 11, 2, 9, tzinfo=UTC)
    queries = [unquote(one.path).replace("+", " ") for one in tenant.received]
    assert all("$select=unreadItemCount" in one for one in queries[:2])
    assert all("$select=receivedDateTime&$top=1" in one for one in queries[2:])


def test_where_nothing_is_unread_no_message_is_asked_for(tenant, answer):
    tenant.script = [answer({"unreadItemCount": 0})]
    assert _state(tenant).oldest_unread_at is None
    assert len(tenant.received) == 2


@pytest.mark.parametrize(
    ("status", "says"), [(403, "was not granted Mail.ReadBasic"), (404, "no mailbox"), (400, "HTTP 400")]
)
def test_a_failure_is_unknown_and_names_no_mailbox(tenant, answer, status, says):
    tenant.script = [answer({"error": {"code": "x", "message": MAILBOX}}, status=status)]
    found = _state(tenant)
    assert isinstance(found, Unknown)
    assert says in found.reason
    assert MAILBOX not in found.reason
    assert (found == NOT_GRANTED) is (status == 403)


def test_an_answer_without_a_number_is_unknown(tenant, answer):
    tenant.script = [answer({"displayName": "Inbox"})]
    assert isinstance(_state(tenant), Unknown)
