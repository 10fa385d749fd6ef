"""Block lists through the wire: what administrators have set up is found, and a refusal is Unknown."""

import asyncio

import pytest

from m365_restrict.tenant.block_lists import BlockLists, BlockSource
from m365_restrict.tenant.session import open_readers
from settings.load import load_settings
from settings.tenant_options import tenant_options

PEOPLE = [
    {"upn": "admin@ash.example", "display_name": "E Admin"},
    {"upn": "planning@ash.example", "mailbox": "shared"},
    {"upn": "surveyor@ash.example"},
]
SETTINGS = {"POLICY__APPROVERS": "admin@ash.example", "POLICY__COUNCILLORS_GROUP": "councillors@ash.example"}


@pytest.fixture
def tenant(sandbox):
    sandbox.seed(
        {
            "tenant": {"accepted_domains": ["ash.example"]},
            "users": PEOPLE,
            "lists": {"Restricted contacts": {"items": []}},
            "settings": SETTINGS,
        }
    )

    def cmdlet(name: str, **parameters: object) -> None:
        body = {"by": "admin@ash.example", "cmdlet": name, "parameters": parameters}
        answer = sandbox.control("POST", "cmdlet", body)
        assert answer.is_success, answer.text

    sandbox.cmdlet_by_admin = cmdlet
    return sandbox


def read(tenant) -> BlockLists:
    async def _read() -> BlockLists:
        async with open_readers(tenant_options(load_settings(tenant.env, None))) as readers:
            return await readers.block_lists.read()

    return asyncio.run(_read())


def test_nothing_is_blocked_in_a_new_tenant(tenant):
    assert read(tenant) == BlockLists()


def test_all_three_places_are_read(tenant):
    tenant.cmdlet_by_admin(
        "New-TenantAllowBlockListItems",
        ListType="Sender",
        Block=True,
        Entries=["A@mail.example"],
        NoExpiration=True,
    )
    tenant.cmdlet_by_admin(
        "New-TenantAllowBlockListItems", ListType="Sender", Allow=True, Entries=["friend@mail.example"]
    )
    tenant.cmdlet_by_admin(
        "Set-HostedContentFilterPolicy", Identity="Default", BlockedSenders=["b@mail.example"],
        BlockedSenderDomains=["spam.example"],
    )  # fmt: skip
    tenant.cmdlet_by_admin(
        "Set-MailboxJunkEmailConfiguration", Identity="planning@ash.example",
        BlockedSendersAndDomains=["c@mail.example"],
    )  # fmt: skip
    tenant.cmdlet_by_admin(
        "Set-MailboxJunkEmailConfiguration", Identity="surveyor@ash.example",
        BlockedSendersAndDomains=["private@mail.example"],
    )  # fmt: skip
    assert [(one.value, one.place) for one in read(tenant).entries] == [
        ("a@mail.example", "the Tenant Allow/Block List"),
        ("b@mail.example", "the anti-spam policy “Default”"),
        ("spam.example", "the anti-spam policy “Default”"),
        ("c@mail.example", "the blocked senders of the shared mailbox planning@ash.example"),
    ]


@pytest.mark.parametrize(
    ("cmdlet", "scope"),
    [
        ("Get-TenantAllowBlockListItems", "the tenant's block list"),
        ("Get-HostedContentFilterPolicy", "the anti-spam policies"),
        (
            "Get-MailboxJunkEmailConfiguration",
            "the blocked senders of the shared mailbox planning@ash.example",
        ),
    ],
)
def test_what_may_not_be_read_is_unknown(tenant, cmdlet, scope):
    tenant.control(
        "POST", "faults", [{"match": {"cmdlet": cmdlet}, "do": "status", "status": 403, "times": 1}]
    )
    assert [one.scope for one in read(tenant).unknown] == [scope]


def test_an_entry_that_is_removed_is_gone(tenant):
    tenant.cmdlet_by_admin(
        "New-TenantAllowBlockListItems", ListType="Sender", Block=True, Entries=["a@mail.example"]
    )
    tenant.cmdlet_by_admin("Remove-TenantAllowBlockListItems", ListType="Sender", Entries=["A@mail.example"])
    assert read(tenant).entries == ()


def test_what_the_service_tells_of_an_entry_is_kept(tenant):
    tenant.control("POST", "clock", {"now": "2026-11-23T09:00:00Z"})
    tenant.cmdlet_by_admin(
        "New-TenantAllowBlockListItems", ListType="Sender", Block=True, Entries=["a@mail.example"]
    )
    tenant.cmdlet_by_admin("New-HostedContentFilterPolicy", Name="Strict", BlockedSenders=["b@mail.example"])
    tenant.cmdlet_by_admin(
        "Set-MailboxJunkEmailConfiguration", Identity="planning@ash.example",
        BlockedSendersAndDomains=["c@mail.example"],
    )  # fmt: skip
    listed, policy, mailbox = read(tenant).entries
    assert (f"{listed.changed_at:%F}", f"{listed.ends_at:%F}") == ("2026-11-23", "2026-12-23")
    assert (policy.place, f"{policy.changed_at:%F}", policy.ends_at) == (
        "the anti-spam policy “Strict”",
        "2026-11-23",
        None,
    )
    assert (mailbox.source, mailbox.changed_at) == (BlockSource.MAILBOX, None)


def test_mailboxes_beside_the_shared_ones_are_read_if_named_and_left_alone_if_forbidden(tenant):
    for mailbox in ("planning@ash.example", "surveyor@ash.example"):
        tenant.cmdlet_by_admin(
            "Set-MailboxJunkEmailConfiguration", Identity=mailbox, BlockedSendersAndDomains=[f"x.{mailbox}"]
        )

    async def _read(**which):
        async with open_readers(tenant_options(load_settings(tenant.env, None))) as readers:
            return await readers.block_lists.read(**which)

    both = asyncio.run(_read(further=["Surveyor@ash.example"]))
    assert [one.value for one in both.entries] == ["x.planning@ash.example", "x.surveyor@ash.example"]
    named = asyncio.run(_read(further=["surveyor@ash.example"], never=["surveyor@ash.example"]))
    assert [one.value for one in named.entries] == ["x.planning@ash.example"]
