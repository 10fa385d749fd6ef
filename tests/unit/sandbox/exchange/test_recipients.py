import pytest

from m365_restrict.sandbox.directory import object_id_for

D = "ashbourne.example"
PERSON, OUTSIDE, GHOST, GROUP = f"officer@{D}", "x@out.example", f"ghost@{D}", f"distribution@{D}"


@pytest.mark.parametrize(
    "identity", [f"OFFICER@{D}", f"alias.officer@{D}", "A Officer", object_id_for(PERSON), f" {PERSON} "]
)
def test_a_recipient_reads_back_by_primary_address(tenant, identity) -> None:
    """exchange.md 7.1 rows 15 and 16."""
    assert tenant.new(RedirectMessageTo=[identity])["RedirectMessageTo"] == [PERSON]


def test_two_names_of_one_recipient_are_stored_once(tenant) -> None:
    assert tenant.new(From=[PERSON, f"alias.officer@{D}"])["From"] == [PERSON]


def test_a_guest_is_stored_by_the_outside_address(tenant) -> None:
    assert tenant.new(From=["A Guest"])["From"] == ["guest@elsewhere.example"]


def test_a_shared_display_name_is_ambiguous(tenant, refused) -> None:
    """exchange.md 1.7."""
    with pytest.raises(refused) as error:
        tenant.new(SentTo=["Same Name"])
    assert error.value.text == (
        'There are multiple recipients matching the identity "Same Name". Please specify a unique value.'
    )


@pytest.mark.parametrize("address", [OUTSIDE, GHOST, f"nobody@{D}", "o'neil+x@out.example"])
def test_from_takes_addresses_that_no_recipient_has(tenant, address) -> None:
    """exchange.md 2.3: practice."""
    assert tenant.new(From=[address])["From"] == [address]


@pytest.mark.parametrize("name", ["From", "ExceptIfFrom"])
@pytest.mark.parametrize("address", [OUTSIDE, GHOST])
def test_from_refuses_them_in_a_tenant_that_does_not(tenant, refused, name, address) -> None:
    """exchange.md 2.3: Microsoft's pages."""
    tenant.behave(from_external=False)
    tenant.base = {"DeleteMessage": True}
    with pytest.raises(refused, match="find recipient") as error:
        tenant.new(**{name: [address]})
    assert error.value.status == 400


@pytest.mark.parametrize("address", [PERSON, "guest@elsewhere.example", "contact@elsewhere.example"])
def test_from_takes_recipients_in_any_tenant(tenant, address) -> None:
    tenant.behave(from_external=False)
    assert tenant.new(From=[address])["From"] == [address]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("SentTo", OUTSIDE), ("SentToMemberOf", GROUP), ("ExceptIfSentToMemberOf", f"dynamic@{D}"),
        ("SentToMemberOf", f"m365@{D}"), ("From", f"m365@{D}"), ("AnyOfToHeader", GROUP),
        ("RedirectMessageTo", GROUP), ("RedirectMessageTo", OUTSIDE), ("BlindCopyTo", f"m365@{D}"),
        ("CopyTo", f"spoc@{D}"), ("ModerateMessageByUser", PERSON), ("SentTo", f"old@{D}"),
    ],
)  # fmt: skip
def test_recipients_that_a_parameter_takes(tenant, name, address) -> None:
    """exchange.md 2.3 to 2.5."""
    assert tenant.new(**{name: [address]})[name] == [address]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("SentTo", GROUP), ("ExceptIfSentTo", f"m365@{D}"), ("SentToMemberOf", PERSON), ("From", GROUP),
        ("SentToMemberOf", f"gone@{D}"), ("RedirectMessageTo", GHOST), ("RedirectMessageTo", f"nobody@{D}"),
        ("BlindCopyTo", GROUP), ("AddToRecipients", f"dynamic@{D}"), ("ModerateMessageByUser", GROUP),
        ("ModerateMessageByUser", OUTSIDE),
        ("SentTo", "Nobody Known"), ("SentTo", ""), ("From", "a b@out.example"),
    ],
)  # fmt: skip
def test_recipients_that_a_parameter_refuses(tenant, refused, name, address) -> None:
    """exchange.md 2.4, 2.5, 10."""
    with pytest.raises(refused) as error:
        tenant.new(**{name: [address]})
    assert error.value.status == 400
    assert tenant.rules() == []
