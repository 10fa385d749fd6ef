"""What the applications may do, and how that can change under them."""

import base64
import json

import pytest

DIRECTOR = "users/director@ashbourne.example/mailboxSettings"
COUNCILLOR = "users/cllr.b@ashbourne.example/mailboxSettings"


def grant(council, seed, **applications):
    seed["tenant"]["applications"] = applications
    council.seed(seed)


def test_rights_in_mailboxes_can_end_at_a_scope(council, council_seed):
    grant(council, council_seed, reader={"mailboxes": ["councillors@ashbourne.example"]})
    assert council.graph("GET", COUNCILLOR).status_code == 200
    refused = council.graph("GET", DIRECTOR)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "ErrorAccessDenied")


def test_scoped_rights_are_not_in_the_token(council, council_seed):
    grant(council, council_seed, reader={"mailboxes": ["councillors@ashbourne.example"]})
    payload = council.token("reader").split(".")[1]
    roles = json.loads(base64.urlsafe_b64decode(payload + "=="))["roles"]
    assert "User.Read.All" in roles
    assert not [role for role in roles if role.startswith("Mail")]


def test_a_scope_can_be_asked_of_exchange(council, council_seed):
    grant(council, council_seed, writer={"mailboxes": ["councillors@ashbourne.example"]})
    identity = council.authority.applications["writer"].client_id
    for mailbox, inside in (("cllr.b@ashbourne.example", True), ("director@ashbourne.example", False)):
        parameters = {"Identity": identity, "Resource": mailbox}
        rows = council.cmdlet("Test-ServicePrincipalAuthorization", parameters).json()["value"]
        assert {row["RoleName"]: row["InScope"] for row in rows}["Application Mail.Send"] is inside


@pytest.mark.parametrize(
    ("change", "status"), [({"remove_roles": ["User.Read.All"]}, 403), ({"add_roles": ["X.Y"]}, 200)]
)
def test_roles_can_be_added_and_taken(council, council_seed, change, status):
    grant(council, council_seed, reader=change)
    assert council.graph("GET", "users").status_code == status


def test_a_cmdlet_can_be_taken(council, council_seed):
    grant(council, council_seed, reader={"remove_cmdlets": ["Get-Mailbox"]})
    assert council.cmdlet("Get-Mailbox", {}).status_code == 403


def test_a_new_seed_gives_the_usual_back(council, council_seed):
    grant(council, council_seed, reader={"remove_roles": ["User.Read.All"]})
    grant(council, council_seed)
    assert council.graph("GET", "users").status_code == 200


@pytest.mark.parametrize("on", [True, False])
def test_whether_auditing_is_on_can_be_read(council, council_seed, on):
    council_seed["tenant"]["audit_on"] = on
    council.seed(council_seed)
    (row,) = council.cmdlet("Get-AdminAuditLogConfig", {}).json()["value"]
    assert row["UnifiedAuditLogIngestionEnabled"] is on


def test_a_revoked_token_is_challenged_with_claims(council):
    token = council.token("reader")
    headers = {"Authorization": f"Bearer {token}"}
    assert council.control("POST", "revoke", {"application": "reader"}).status_code == 200
    answer = council.graph("GET", "users", headers=headers)
    challenge = answer.headers["WWW-Authenticate"]
    assert answer.status_code == 401
    assert 'error="insufficient_claims"' in challenge
    claims = json.loads(base64.b64decode(challenge.partition('claims="')[2].rstrip('"')))
    assert claims["access_token"]["nbf"]["essential"] is True
    assert council.graph("GET", "users").status_code == 200


def test_revoking_one_application_leaves_the_others(council):
    headers = {"Authorization": f"Bearer {council.token('setup')}"}
    council.control("POST", "revoke", {"application": "reader"})
    assert council.graph("GET", "users", headers=headers).status_code == 200


def test_only_the_three_applications_can_be_revoked(council):
    assert council.control("POST", "revoke", {"application": "other"}).status_code == 400


def edit(council, **body):
    sent = {"by": "director@ashbourne.example", "fields": {"Status": "Lifted"}, **body}
    assert council.control("POST", "list/Restricted contacts/1", sent).is_success
    site = "sites/localhost:/sites/democracy:/lists/Restricted contacts"
    return council.graph("GET", f"{site}/items/1/versions?$expand=fields").json()["value"]


def test_an_item_can_change_without_a_new_version(council):
    versions = edit(council, new_version=False)
    assert (len(versions), versions[0]["fields"]["Status"]) == (3, "Lifted")
    assert "application" in versions[0]["lastModifiedBy"]


def test_an_item_can_be_made_to_name_another_editor(council, council_seed):
    grant(council, council_seed, reader={"add_roles": ["AuditLogsQuery.Read.All"]})
    versions = edit(council, actor="a.officer@ashbourne.example")
    assert versions[0]["lastModifiedBy"]["user"]["displayName"] == "The Director"
    council.control("POST", "clock", {"now": "2026-11-24T09:00:00Z"})
    filters = {"filterStartDateTime": "2026-11-01T00:00:00Z", "operationFilters": ["ListItemUpdated"]}
    path = "security/auditLog/queries"
    path += "/" + council.graph("POST", path, json=filters).json()["id"]
    for _ in range(2):
        council.graph("GET", path)
    (record,) = council.graph("GET", f"{path}/records").json()["value"]
    assert record["userId"] == "a.officer@ashbourne.example"
