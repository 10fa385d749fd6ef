import pytest

D = "ashbourne.example"


@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        (f"officer@{D}", "UserMailbox"), (f"spoc@{D}", "SharedMailbox"), (f"old@{D}", "MailUser"),
        ("contact@elsewhere.example", "MailContact"), ("guest@elsewhere.example", "GuestMailUser"),
        (f"distribution@{D}", "MailUniversalDistributionGroup"),
        (f"security@{D}", "MailUniversalSecurityGroup"),
        (f"dynamic@{D}", "DynamicDistributionGroup"), (f"m365@{D}", "GroupMailbox"),
    ],
)  # fmt: skip
def test_kinds_of_recipient(tenant, identity, kind) -> None:
    (found,) = tenant.run("Get-Recipient", Identity=identity)
    assert (found["PrimarySmtpAddress"], found["RecipientTypeDetails"]) == (identity, kind)


def test_a_recipient_is_found_by_alias_and_shows_its_addresses(tenant) -> None:
    (found,) = tenant.run("Get-Recipient", Identity=f"alias.officer@{D}")
    assert found["EmailAddresses"] == [f"SMTP:officer@{D}", f"smtp:alias.officer@{D}"]
    assert found["ExternalDirectoryObjectId"]


@pytest.mark.parametrize("identity", [f"nobody@{D}", f"ghost@{D}"])
@pytest.mark.parametrize("cmdlet", ["Get-Recipient", "Get-Mailbox"])
def test_who_is_no_recipient_is_not_found(tenant, refused, cmdlet, identity) -> None:
    with pytest.raises(refused) as error:
        tenant.run(cmdlet, Identity=identity)
    assert error.value.status == 404


@pytest.mark.parametrize("identity", [f"old@{D}", f"distribution@{D}", "contact@elsewhere.example"])
def test_get_mailbox_knows_cloud_mailboxes_alone(tenant, refused, identity) -> None:
    with pytest.raises(refused) as error:
        tenant.run("Get-Mailbox", Identity=identity)
    assert error.value.status == 404


def test_an_ambiguous_name_is_refused(tenant, refused) -> None:
    with pytest.raises(refused, match="multiple recipients"):
        tenant.run("Get-Recipient", Identity="Same Name")


def test_a_mailbox_shows_whether_it_takes_outside_mail(tenant) -> None:
    """exchange.md 10."""
    tenant.edit_user("spoc", accepts_external=False)
    (found,) = tenant.run("Get-Mailbox", Identity=f"spoc@{D}")
    assert found["RequireSenderAuthenticationEnabled"] is True
    assert found["AccountDisabled"] is True
    assert found["ForwardingSmtpAddress"] is found["ForwardingAddress"] is None
    assert found["AcceptMessagesOnlyFrom"] == []


@pytest.mark.parametrize(
    ("onward", "inside", "outside"),
    [(f"officer@{D}", "A Officer", None), ("x@out.example", None, "smtp:x@out.example")],
)
def test_a_mailbox_shows_its_forwarding(tenant, onward, inside, outside) -> None:
    tenant.edit_user("spoc", forwarding=onward)
    (found,) = tenant.run("Get-Mailbox", Identity=f"spoc@{D}")
    assert (found["ForwardingAddress"], found["ForwardingSmtpAddress"]) == (inside, outside)
    assert found["DeliverToMailboxAndForward"] is True


def test_lists_without_identity(tenant) -> None:
    assert len(tenant.run("Get-Recipient")) == 8 + 4
    shared = tenant.run("Get-Mailbox", RecipientTypeDetails="SharedMailbox")
    assert [row["PrimarySmtpAddress"] for row in shared] == [f"spoc@{D}"]


def test_accepted_domains(tenant) -> None:
    rows = tenant.run("Get-AcceptedDomain")
    assert [(row["DomainName"], row["DomainType"], row["Default"]) for row in rows] == [
        (D, "Authoritative", True),
        ("ashbourne.onmicrosoft.example", "Authoritative", False),
    ]


def test_limits_as_the_tenant_reports_them(tenant) -> None:
    """exchange.md 9."""
    (row,) = tenant.run("Get-TransportConfig")
    assert row["TransportRuleConfig"] == [
        "TransportRuleMinProductVersion:14.0.0.0",
        "TransportRuleRegexValidationTimeout:00:00:00.3000000",
        "TransportRuleAttachmentTextScanLimit:1 MB (1,048,576 bytes)",
        "TransportRuleSizeLimit:8 KB (8,192 bytes)",
        "TransportRuleCollectionRegexCharsLimit:20 KB (20,480 bytes)",
        "TransportRuleLimit:300",
        "TransportRuleCollectionAddedRecipientsLimit:100",
    ]
    assert row["TransportRuleLimit"] == 300


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (["ALIAS.officer@" + D], {f"officer@{D}"}),
        ([f"officer@{D}", "guest@elsewhere.example"], {f"officer@{D}", "guest@elsewhere.example"}),
        ([f"m365@{D}", f"nobody@{D}"], {f"m365@{D}"}),
        ([f"o''neil@{D}"], set()),
    ],
)
def test_recipients_are_filtered_by_any_address(tenant, terms, found) -> None:
    asked = " -or ".join(f"EmailAddresses -eq 'smtp:{term}'" for term in terms)
    assert {one["PrimarySmtpAddress"] for one in tenant.run("Get-Recipient", Filter=asked)} == found


def test_a_filter_that_is_not_understood_is_refused(tenant, refused) -> None:
    with pytest.raises(refused):
        tenant.run("Get-Recipient", Filter="Name -like 'x*'")
