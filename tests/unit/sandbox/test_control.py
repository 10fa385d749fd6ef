import pytest

OFFICER = "a.officer@ashbourne.example"
COUNCILLOR = "cllr.b@ashbourne.example"
CONTACTS = "list/Restricted contacts"


def test_the_clock_stands_still(council):
    assert council.control("GET", "clock").json() == {"now": "2026-11-23T09:00:00Z"}


def test_the_clock_can_be_set(council):
    council.control("POST", "clock", {"now": "2027-01-02T00:30:00+01:00"})
    assert council.control("GET", "clock").json() == {"now": "2027-01-01T23:30:00Z"}


@pytest.mark.parametrize("now", ["soon", "2027-01-01", None])
def test_a_time_that_cannot_be_read_is_400(council, now):
    assert council.control("POST", "clock", {"now": now}).status_code == 400


def test_an_edit_is_a_new_version_at_sandbox_time(council):
    council.control("POST", f"{CONTACTS}/1", {"by": OFFICER, "fields": {"Status": "Lifted", "EndsOn": ""}})
    document = council.tenant.lists.find("Restricted contacts")
    last = council.tenant.lists.item(document, "1")["versions"][-1]
    assert (last["number"], last["at"], last["by"]["upn"]) == ("4.0", "2026-11-23T09:00:00Z", OFFICER)
    assert last["fields"]["Status"] == "Lifted"
    assert "EndsOn" not in last["fields"]


def test_a_new_item_gets_the_next_id(council):
    answer = council.control("POST", CONTACTS, {"by": OFFICER, "fields": {"Title": "RC-2026-002"}})
    assert (answer.status_code, answer.json()["id"]) == (201, "3")


def test_a_deleted_item_is_gone_and_its_id_is_not_used_again(council):
    assert council.control("DELETE", f"{CONTACTS}/1", params={"by": OFFICER}).status_code == 204
    document = council.tenant.lists.find("Restricted contacts")
    assert council.tenant.lists.item_ids(document) == ["2"]
    made = council.control("POST", CONTACTS, {"by": OFFICER, "fields": {"Title": "new"}})
    assert made.json()["id"] == "3"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "list/Nothing", {"by": OFFICER, "fields": {}}, 404),
        ("POST", f"{CONTACTS}/99", {"by": OFFICER, "fields": {}}, 404),
        ("POST", CONTACTS, {"by": "gone@x.example", "fields": {}}, 400),
        ("POST", CONTACTS, {"by": OFFICER, "fields": {"Colour": "red"}}, 400),
        ("POST", CONTACTS, {"by": OFFICER}, 400),
        ("POST", CONTACTS, [], 400),
        ("DELETE", f"{CONTACTS}/1", None, 400),
    ],
)
def test_a_bad_list_call_says_why(council, method, path, body, status):
    answer = council.control(method, path, body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_an_administrator_runs_cmdlets(council):
    parameters = {"Name": "Disclaimer", "SubjectContainsWords": ["x"], "PrependSubject": "[X] "}
    body = {"by": "director@ashbourne.example", "cmdlet": "New-TransportRule", "parameters": parameters}
    assert council.control("POST", "cmdlet", body).status_code == 200
    rules = council.cmdlet("Get-TransportRule", {}).json()["value"]
    assert [(rule["Name"], rule["CreatedBy"]) for rule in rules] == [("Disclaimer", "The Director")]


def holder(council, method, path, body=None, upn=COUNCILLOR):
    return council.control("POST", f"holder/{upn}", {"method": method, "path": path, "body": body})


@pytest.mark.parametrize(
    "path",
    [
        "/me/mailFolders/inbox/messageRules",
        f"/users/{COUNCILLOR}/mailFolders/inbox/messageRules",
        "/v1.0/me/mailFolders/inbox/messageRules",
        "mailFolders/inbox/messageRules",
    ],
)
def test_a_holder_sees_their_rules(council, path):
    assert [rule["displayName"] for rule in holder(council, "GET", path).json()["value"]] == [
        "Beyond Graph", "Mine",
    ]  # fmt: skip


def test_a_holder_names_folders_as_outlook_shows_them(council):
    rule = {"displayName": "Set", "sequence": 3, "actions": {"moveToFolder": "Set aside"}}
    made = holder(council, "POST", "mailFolders/inbox/messageRules", rule)
    assert made.status_code == 201
    assert made.json()["actions"]["moveToFolder"].startswith("AAMkAD")


def test_a_holder_deletes_their_rule(council):
    rules = holder(council, "GET", "mailFolders/inbox/messageRules").json()["value"]
    mine = next(rule["id"] for rule in rules if rule["displayName"] == "Mine")
    assert holder(council, "DELETE", f"mailFolders/inbox/messageRules/{mine}").status_code == 204
    left = holder(council, "GET", "mailFolders/inbox/messageRules").json()["value"]
    assert [rule["displayName"] for rule in left] == ["Beyond Graph"]


@pytest.mark.parametrize("path", [f"users/{OFFICER}/mailFolders", "/sites/root"])
def test_a_holder_reaches_nothing_but_their_mailbox(council, path):
    answer = holder(council, "GET", path if path.startswith("users") else f"users/../{path}")
    assert answer.status_code in {400, 403}


def test_a_holder_makes_and_deletes_a_folder(council):
    made = holder(council, "POST", "mailFolders", {"displayName": "Later"}).json()
    assert holder(council, "GET", f"mailFolders/{made['id']}").json()["displayName"] == "Later"
    assert holder(council, "DELETE", f"mailFolders/{made['id']}").status_code == 204
    assert holder(council, "GET", f"mailFolders/{made['id']}").status_code == 404


def test_mail_is_delivered_and_can_be_seen(council):
    raw = "From: x@out.example\nTo: cllr.b@ashbourne.example\nSubject: Hello\n\nBody"
    body = {"raw": raw, "envelope_from": "x@out.example", "recipients": [COUNCILLOR]}
    copies = council.control("POST", "mail", body).json()["copies"]
    assert [(copy["outcome"], copy["folder"]) for copy in copies] == [("delivered", "Junk Email")]
    folders = council.control("GET", f"mailboxes/{COUNCILLOR}").json()["folders"]
    junk = next(folder for folder in folders if folder["path"] == "Junk Email")
    assert [message["subject"] for message in junk["messages"]] == ["Hello"]


def test_a_mailbox_that_is_not_here_is_404(council):
    assert council.control("GET", "mailboxes/old@ashbourne.example").status_code == 404


def test_the_request_log_tells_of_graph_and_exchange_alone(council):
    council.control("GET", "clock")
    council.graph("GET", "users/director@ashbourne.example")
    council.cmdlet("Get-AcceptedDomain", {})
    found = council.control("GET", "requests").json()
    rows = [(row["method"], row["cmdlet"], row["status"], row["batch"]) for row in found["requests"]]
    assert rows == [("GET", None, 200, None), ("POST", "Get-AcceptedDomain", 200, None)]
    reader = council.authority.applications["reader"].client_id
    assert {row["app_id"] for row in found["requests"]} == {reader}
    assert found["max_in_flight"] == 1
    assert council.requests() == []


def test_the_request_log_names_what_a_write_touched(council):
    council.cmdlet("Remove-TransportRule", {"Identity": "Foreign"}, role="writer")
    path = "sites/localhost:/sites/democracy:/lists/Restricted contacts/items/1/fields"
    council.graph("PATCH", path, role="writer", json={"EnforcementStatus": "x"})
    assert [row["target"] for row in council.requests()] == ["Foreign", "Restricted contacts/1"]
