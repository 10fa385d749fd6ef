import pytest

COUNCILLOR = "users/cllr.b@ashbourne.example"


@pytest.mark.parametrize(
    ("upn", "purpose"), [("director@ashbourne.example", "user"), ("spoc@ashbourne.example", "shared")]
)
def test_what_a_mailbox_is_for(council, upn, purpose):
    assert council.graph("GET", f"users/{upn}/mailboxSettings/userPurpose").json()["value"] == purpose
    assert council.graph("GET", f"users/{upn}/mailboxSettings").json()["userPurpose"] == purpose


@pytest.mark.parametrize("upn", ["old@ashbourne.example", "clerk@ashbourne.example"])
@pytest.mark.parametrize("path", ["mailboxSettings", "mailFolders", "mailFolders/inbox/messageRules"])
def test_a_mailbox_that_is_not_in_the_cloud_is_404(council, upn, path):
    answer = council.graph("GET", f"users/{upn}/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "MailboxNotEnabledForRESTAPI")


@pytest.mark.parametrize("name", ["junkemail", "JunkEmail"])
def test_a_folder_is_found_by_well_known_name_and_by_id(council, name):
    folder = council.graph(
        "GET", f"{COUNCILLOR}/mailFolders/{name}", params={"$select": "id,displayName"}
    ).json()
    assert folder["displayName"] == "Junk Email"
    by_id = council.graph("GET", f"{COUNCILLOR}/mailFolders/{folder['id']}").json()
    assert by_id["displayName"] == "Junk Email"


def test_a_folder_of_ones_own_has_no_well_known_name(council):
    assert council.graph("GET", f"{COUNCILLOR}/mailFolders/Set aside").status_code == 404
    query = {"$filter": "displayName eq 'Set aside'"}
    assert len(council.graph("GET", f"{COUNCILLOR}/mailFolders", params=query).json()["value"]) == 1


def test_folder_ids_differ_from_mailbox_to_mailbox(council):
    ids = {
        council.graph("GET", f"users/{upn}/mailFolders/junkemail").json()["id"]
        for upn in ("cllr.b@ashbourne.example", "director@ashbourne.example")
    }
    assert len(ids) == 2


def test_folders_come_ten_a_page(council_seed, sandbox):
    council_seed["users"][2]["folders"] = [f"Own {n}" for n in range(5)]
    council_seed["inbox_rules"] = {}
    sandbox.seed(council_seed)
    first = sandbox.graph("GET", f"{COUNCILLOR}/mailFolders").json()
    second = sandbox.graph("GET", first["@odata.nextLink"]).json()
    assert (len(first["value"]), len(second["value"])) == (10, 3)
