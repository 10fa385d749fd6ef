import asyncio

import pytest

from m365_restrict.register.recipient import Recipient, RecipientKind, Unresolved
from m365_restrict.tenant.senders import SenderReader

CONTACT = {
    "RecipientTypeDetails": "MailContact",
    "PrimarySmtpAddress": "pat@home.example",
    "EmailAddresses": ["SMTP:Pat@home.example", "smtp:pat.old@home.example"],
    "Guid": "g1",
}
OTHER = {"RecipientTypeDetails": "UserMailbox", "PrimarySmtpAddress": "o@ash.example", "EmailAddresses": []}


def find(tenant, *addresses):
    async def _find():
        async with tenant.exchange(deadline=0.01) as (reader, _):
            return await SenderReader(reader).find(addresses)

    return asyncio.run(_find())


def asked(tenant):
    return [one.body["CmdletInput"]["Parameters"] for one in tenant.received]


def test_an_entry_is_found_by_any_of_its_addresses(tenant, answer):
    tenant.script = [answer({"value": [CONTACT]})]
    found = find(tenant, "Pat.Old@home.example", "stranger@post.example")
    entry = found["pat.old@home.example"]
    assert isinstance(entry, Recipient)
    assert (entry.address, entry.kind) == ("pat@home.example", RecipientKind.CONTACT)
    assert list(found) == ["pat.old@home.example"]


def test_twenty_addresses_are_asked_about_at_once(tenant, answer):
    tenant.script = [answer({"value": []})]
    assert find(tenant, *(f"{number}@post.example" for number in range(41))) == {}
    assert sorted(one["Filter"].count(" -or ") for one in asked(tenant)) == [0, 19, 19]


def test_a_quote_in_an_address_is_escaped(tenant, answer):
    tenant.script = [answer({"value": []})]
    find(tenant, "o'neil@post.example")
    assert asked(tenant) == [{"Filter": "EmailAddresses -eq 'smtp:o''neil@post.example'"}]


def test_nobody_to_ask_about_asks_nothing(tenant, answer):
    tenant.script = [answer({"value": []})]
    assert find(tenant) == {}
    assert asked(tenant) == []


def test_a_filter_that_is_ignored_finds_nobody_by_chance(tenant, answer):
    tenant.script = [answer({"value": [OTHER]})]
    assert find(tenant, "stranger@post.example") == {}


@pytest.mark.parametrize("status", [403, 500])
def test_a_failed_question_is_unread_and_never_unknown_to_the_directory(tenant, answer, status):
    tenant.script = [answer({}, status)]
    entry = find(tenant, "pat@home.example")["pat@home.example"]
    assert isinstance(entry, Unresolved)
    assert not entry.absent


@pytest.mark.parametrize(
    "refused",
    [
        {"body": {}, "status": 400},
        {"body": {"value": [OTHER], "@adminapi.warnings": ["There are more results available than shown."]}},
    ],
)
def test_where_a_filter_does_not_work_each_is_asked_about(tenant, answer, refused):
    tenant.script = [answer(**refused), answer({"value": [CONTACT]})]
    found = find(tenant, "pat.old@home.example")
    assert [list(one) for one in asked(tenant)] == [["Filter"], ["Identity"]]
    assert found["pat.old@home.example"].kind is RecipientKind.CONTACT


def test_asked_one_by_one_somebody_else_is_nobody(tenant, answer):
    tenant.script = [answer({}, 400), answer({}, 404)]
    assert find(tenant, "stranger@post.example") == {}


def test_two_entries_with_one_address_are_unread(tenant, answer):
    tenant.script = [answer({"value": [CONTACT, {**CONTACT, "Guid": "g2"}]})]
    assert isinstance(find(tenant, "pat@home.example")["pat@home.example"], Unresolved)
