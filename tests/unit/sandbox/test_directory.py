import pytest

A = "a.officer@ashbourne.example"


@pytest.fixture
def directory(council):
    return council.tenant.directory


@pytest.mark.parametrize("name", [A, "A.OFFICER@ashbourne.example", "a.o@ashbourne.example", "a officer"])
def test_a_user_is_found_by_every_name(directory, name):
    assert directory.find(name)["upn"] == A


def test_an_alias_has_a_primary_address(directory):
    assert directory.primary("A.O@ashbourne.example") == A


def test_an_unknown_address_is_its_own_primary(directory):
    assert directory.primary("Nobody@Out.example") == "nobody@out.example"


def test_members_are_transitive(directory):
    assert directory.members("councillors@ashbourne.example") == {
        "cllr.b@ashbourne.example", "director@ashbourne.example", "contact@partner.example",
    }  # fmt: skip


def test_a_group_that_does_not_exist_has_no_members(directory):
    assert directory.members("gone@ashbourne.example") == frozenset()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (A, True),
        ("spoc@ashbourne.example", True),
        ("old@ashbourne.example", False),
        ("clerk@ashbourne.example", False),
        ("guest@partner.example", False),
        ("councillors@ashbourne.example", False),
    ],
)
def test_who_has_a_mailbox_here(directory, address, expected):
    assert directory.has_mailbox(address) is expected


def test_a_display_name_of_two_is_ambiguous(sandbox):
    users = [{"upn": f"{n}@council.example", "display_name": "Same"} for n in "ab"]
    sandbox.seed({"users": users})
    assert sandbox.tenant.directory.ambiguous("same")
    assert sandbox.tenant.directory.find("same") is None


def test_a_seed_is_seen_at_once(council, directory):
    assert directory.is_accepted_domain("ashbourne.example")
    council.seed({"tenant": {"accepted_domains": ["other.example"]}})
    assert not directory.is_accepted_domain("ashbourne.example")
    assert directory.find(A) is None
