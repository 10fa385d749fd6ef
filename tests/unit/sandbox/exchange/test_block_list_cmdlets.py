"""Block lists as administrators keep them (exchange.md 1.3, 5.1, 5.2, 10)."""

import pytest

TABLE = {"@odata.type": "#Exchange.GenericHashTable"}


def blocked(tenant, policy="Default"):
    (found,) = tenant.run("Get-HostedContentFilterPolicy", Identity=policy)
    return found["BlockedSenders"]


def test_the_default_policy_is_there_and_blocks_nobody(tenant):
    (policy,) = tenant.run("Get-HostedContentFilterPolicy")
    assert (policy["Name"], policy["IsDefault"], policy["BlockedSenders"]) == ("Default", True, [])


def test_a_further_policy_stands_after_the_default_one(tenant):
    tenant.run("New-HostedContentFilterPolicy", Name="Strict", BlockedSenders=["a@out.example"])
    names = [policy["Name"] for policy in tenant.run("Get-HostedContentFilterPolicy")]
    assert names == ["Default", "Strict"]
    assert (blocked(tenant, "strict"), blocked(tenant)) == (["a@out.example"], [])


@pytest.mark.parametrize(
    ("edit", "left"),
    [
        (["c@out.example"], ["c@out.example"]),
        ([], []),
        (None, []),
        (
            {**TABLE, "Add": ["c@out.example", "A@out.example"]},
            ["a@out.example", "b@out.example", "c@out.example"],
        ),
        ({**TABLE, "Remove": ["A@out.example"]}, ["b@out.example"]),
        (TABLE, []),
    ],
    ids=["whole list", "empty list", "null", "add", "remove", "the tag alone"],
)
def test_a_list_is_replaced_or_edited_by_a_tagged_table(tenant, edit, left):
    policy = {"Identity": "Default"}
    tenant.run("Set-HostedContentFilterPolicy", BlockedSenders=["a@out.example", "b@out.example"], **policy)
    tenant.run("Set-HostedContentFilterPolicy", BlockedSenders=edit, **policy)
    assert blocked(tenant) == left


def test_an_untagged_table_cannot_be_bound(tenant, refused):
    with pytest.raises(refused):
        tenant.run(
            "Set-HostedContentFilterPolicy", Identity="Default", BlockedSenders={"Add": ["a@out.example"]}
        )


@pytest.mark.parametrize("cmdlet", ["Get-HostedContentFilterPolicy", "Set-HostedContentFilterPolicy"])
def test_a_policy_that_is_not_there_is_not_found(tenant, refused, cmdlet):
    with pytest.raises(refused) as error:
        tenant.run(cmdlet, Identity="Nothing")
    assert error.value.status == 404


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ({}, "2026-12-23"),
        ({"NoExpiration": True}, None),
        ({"ExpirationDate": "2027-01-01T00:00:00Z"}, "2027-01-01"),
    ],
)
def test_an_entry_lasts_thirty_days_unless_told_otherwise(tenant, given, ends):
    tenant.at("2026-11-23T09:00:00Z")
    tenant.run(
        "New-TenantAllowBlockListItems", ListType="Sender", Block=True, Entries=["a@out.example"], **given
    )
    (entry,) = tenant.run("Get-TenantAllowBlockListItems", ListType="Sender", Block=True)
    assert (entry["ExpirationDate"] or "")[:10] == (ends or "")
