import httpx
import pytest

from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

LIST = "sites/localhost:/sites/democracy:/lists/Restricted contacts/items"


def inject(sandbox, *faults):
    answer = sandbox.control("POST", "faults", list(faults))
    assert answer.status_code == 200


def test_a_status_fault_hits_as_often_as_asked(council):
    inject(council, {"do": "status", "status": 429, "retry_after": 7, "times": 2})
    answers = [council.graph("GET", "users") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"path_regex": "/users$"}, True),
        ({"path_regex": r"top=5"}, True),
        ({"path_regex": "/groups"}, False),
        ({"cmdlet": "Get-TransportRule"}, False),
    ],
)
def test_a_fault_hits_what_it_matches(council, match, hit):
    inject(council, {"match": match, "do": "status", "status": 500})
    answer = council.graph("GET", "users", params={"$top": "5"})
    assert (answer.status_code == 500) is hit


def test_a_fault_can_match_a_cmdlet(council):
    inject(council, {"match": {"cmdlet": "get-transportrule"}, "do": "status", "status": 503})
    assert council.cmdlet("Get-AcceptedDomain", {}).status_code == 200
    assert council.cmdlet("Get-TransportRule", {}).status_code == 503


def test_an_empty_page_has_a_link_and_the_data_continue(council):
    inject(council, {"match": {"path_regex": "items"}, "do": "empty_page"})
    first = council.graph("GET", LIST, params={"$top": "1"}).json()
    assert first["value"] == []
    ids, link = [], first["@odata.nextLink"]
    while link:
        page = council.graph("GET", link).json()
        ids += [item["id"] for item in page["value"]]
        link = page.get("@odata.nextLink")
    assert ids == ["1", "2"]


def test_two_empty_pages_in_a_row_have_different_links(council):
    inject(council, {"match": {"path_regex": "items"}, "do": "empty_page", "times": 2})
    first = council.graph("GET", LIST).json()["@odata.nextLink"]
    second = council.graph("GET", first).json()["@odata.nextLink"]
    assert first != second
    assert len(council.graph("GET", second).json()["value"]) == 2


def test_an_empty_page_waits_for_a_page(council):
    inject(council, {"do": "empty_page"})
    assert council.graph("GET", "users/director@ashbourne.example").json()["displayName"] == "The Director"
    assert council.graph("GET", LIST).json()["value"] == []


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "explode"},
        {"do": "status", "match": {"path_regex": "("}},
        {"do": "status", "status": 200},
        {"status": 500},
        {"do": "status", "colour": 1},
    ],
)
def test_a_fault_that_cannot_be_injected_is_400(council, fault):
    assert council.control("POST", "faults", [fault]).status_code == 400
    assert council.graph("GET", "users").status_code == 200


def test_faults_can_be_cleared(council):
    inject(council, {"do": "status", "status": 500, "times": 9})
    council.control("DELETE", "faults")
    assert council.graph("GET", "users").status_code == 200


def test_control_calls_meet_no_fault(council):
    inject(council, {"do": "status", "status": 500})
    assert council.control("GET", "clock").status_code == 200


def test_a_request_whose_answer_is_lost_was_carried_out(council):
    holder = {"displayName": "One", "sequence": 1, "actions": {"stopProcessingRules": True}}
    rules = "users/cllr.b@ashbourne.example/mailFolders/inbox/messageRules"
    inject(council, {"match": {"method": "POST"}, "do": "reset_after_commit"})
    with pytest.raises(httpx.TransportError):
        council.graph("POST", rules, role="writer", json=holder)
    assert "One" in {rule["displayName"] for rule in council.graph("GET", rules).json()["value"]}


def test_a_connection_that_breaks_before_carries_nothing_out(council):
    inject(council, {"match": {"cmdlet": "New-TransportRule"}, "do": "reset_before"})
    parameters = {"Name": "One", "From": ["x@post.example"], "DeleteMessage": True}
    with pytest.raises(httpx.TransportError):
        council.cmdlet("New-TransportRule", parameters, role="writer")
    assert council.cmdlet("Get-TransportRule", {}).json()["value"] == []


def test_a_refused_request_is_no_commit(council):
    inject(council, {"do": "reset_after_commit"})
    assert council.graph("GET", "users/nobody@post.example").status_code == 404
    with pytest.raises(httpx.TransportError):
        council.graph("GET", "users")


RULES = "users/cllr.b@ashbourne.example/mailFolders/inbox/messageRules"
MINE = {
    "displayName": "One",
    "sequence": 1,
    "conditions": {"fromAddresses": [{"emailAddress": {"address": "x@post.example"}}]},
    "actions": {"stopProcessingRules": True},
}
RULE = {"Name": "One", "From": ["x@post.example"], "DeleteMessage": True}


def names(answer):
    return [rule["Name"] for rule in answer.json()["value"]]


def test_a_truncated_answer_breaks_off_and_was_carried_out(council):
    inject(council, {"match": {"cmdlet": "New-TransportRule"}, "do": "truncate"})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        council.cmdlet("New-TransportRule", RULE, role="writer")
    assert names(council.cmdlet("Get-TransportRule", {})) == ["One"]


def test_a_truncation_waits_for_an_answer_with_a_body(council):
    inject(council, {"do": "truncate"})
    assert council.graph("GET", "users/nobody@post.example").status_code == 404
    with pytest.raises(httpx.RemoteProtocolError):
        council.graph("GET", "users")


def test_a_late_answer_is_late_after_the_request_was_carried_out(council):
    inject(council, {"match": {"cmdlet": "New-TransportRule"}, "do": "delay", "ms": 5000})
    token = council.token("writer", resource="https://outlook.office365.com")
    url = f"{council.plain_base}/adminapi/beta/{council.tenant.document['id']}/InvokeCommand"
    body = {"CmdletInput": {"CmdletName": "New-TransportRule", "Parameters": RULE}}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json=body, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=1.5)
    assert names(council.cmdlet("Get-TransportRule", {})) == ["One"]


def test_a_stale_read_of_rules_shows_what_was_before_the_last_write(council):
    inject(council, {"match": {"cmdlet": "Get-TransportRule"}, "do": "stale_read"})
    council.cmdlet("New-TransportRule", RULE, role="writer")
    assert names(council.cmdlet("Get-TransportRule", {})) == []
    assert names(council.cmdlet("Get-TransportRule", {})) == ["One"]


def test_a_stale_read_in_graph_shows_what_was_before_the_last_write(council):
    made = council.graph("POST", RULES, role="writer", json=MINE).json()
    inject(council, {"match": {"path_regex": "messageRules"}, "do": "stale_read"})
    assert council.graph("GET", f"{RULES}/{made['id']}").status_code == 404
    assert council.graph("GET", f"{RULES}/{made['id']}").status_code == 200


def test_a_stale_read_waits_for_something_to_be_stale(council):
    inject(council, {"match": {"path_regex": "/items/1$"}, "do": "stale_read"})
    item = "Restricted contacts/1"
    before = council.graph("GET", f"{LIST}/1").json()["eTag"]
    council.control("POST", f"list/{item}", {"by": "director@ashbourne.example", "fields": {"Status": "X"}})
    assert council.graph("GET", f"{LIST}/1").json()["eTag"] == before
    assert council.graph("GET", f"{LIST}/1").json()["eTag"] != before


def test_a_stale_read_looks_past_writes_that_do_not_concern_it(council):
    council.graph("POST", RULES, role="writer", json=MINE)
    council.cmdlet("New-TransportRule", RULE, role="writer")
    inject(council, {"match": {"method": "GET"}, "do": "stale_read"})
    assert "One" not in {rule["displayName"] for rule in council.graph("GET", RULES).json()["value"]}


def test_a_refusal_by_nul_bytes_carries_nothing_out(council):
    inject(council, {"do": "nul_403"})
    answer = council.cmdlet("New-TransportRule", RULE, role="writer")
    assert (answer.status_code, set(answer.content)) == (403, {0})
    assert names(council.cmdlet("Get-TransportRule", {})) == []


@pytest.mark.parametrize(("extra", "status"), [({}, 429), ({"status": 503}, 503)])
def test_a_plain_throttle_is_one_sentence(council, extra, status):
    inject(council, {"do": "plain_throttle", "retry_after": 3, **extra})
    answer = council.cmdlet("Get-TransportRule", {})
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "3")
    assert answer.text.startswith("You have reached the maximum number of concurrent requests per tenant")


@pytest.mark.parametrize(("fault", "lost"), [({}, "From"), ({"parameter": "comments"}, "Comments")])
def test_a_dropped_parameter_is_silently_not_set(council, fault, lost):
    inject(council, {"do": "drop_parameter", **fault})
    council.cmdlet("Get-TransportRule", {})
    council.cmdlet("New-TransportRule", {**RULE, "Comments": "Ours"}, role="writer")
    rule = council.cmdlet("Get-TransportRule", {}).json()["value"][0]
    assert {name for name in ("From", "Comments") if rule[name] is None} == {lost}


def test_a_dropped_parameter_of_an_inbox_rule_is_its_senders(council):
    inject(council, {"do": "drop_parameter"})
    council.graph("POST", RULES, role="writer", json=MINE)
    rules = {rule["displayName"]: rule for rule in council.graph("GET", RULES).json()["value"]}
    assert not rules["One"].get("conditions", {}).get("fromAddresses")


def test_an_empty_page_of_a_cmdlet_continues_at_its_link(council):
    council.cmdlet("New-TransportRule", RULE, role="writer")
    inject(council, {"match": {"cmdlet": "Get-TransportRule"}, "do": "empty_page"})
    page = council.cmdlet("Get-TransportRule", {}).json()
    assert page["value"] == []
    headers = {
        "Authorization": f"Bearer {council.token('reader', resource='https://outlook.office365.com')}",
        "X-AnchorMailbox": "APP:any",
    }
    body = {"CmdletInput": {"CmdletName": "Get-TransportRule", "Parameters": {}}}
    again = httpx.post(page["@odata.nextLink"], json=body, headers=headers, trust_env=False)
    assert names(again) == ["One"]


def test_a_fault_inside_a_batch_leaves_the_batch_whole(council):
    match = {"path_regex": "/users/director"}
    inject(council, {"match": match, "do": "batch_inner", "status": 429, "retry_after": 9})
    requests = [
        {"id": "1", "method": "GET", "url": "/users/director@ashbourne.example"},
        {"id": "2", "method": "GET", "url": "/users/cllr.b@ashbourne.example"},
    ]
    answer = council.graph("POST", "$batch", json={"requests": requests})
    inner = {entry["id"]: entry for entry in answer.json()["responses"]}
    assert (answer.status_code, inner["1"]["status"], inner["2"]["status"]) == (200, 429, 200)
    assert inner["1"]["headers"]["Retry-After"] == "9"
    assert inner["1"]["body"]["error"]["code"] == "ApplicationThrottled"


def test_faults_in_a_file_wait_from_the_start(tmp_path):
    path = tmp_path / "faults.json"
    path.write_text('[{"do": "nul_403"}]', encoding="utf-8")
    with RunningSandbox(SandboxOptions(state=tmp_path / "state", http_port=0, faults=path)) as running:
        tenant = running.tenant.document["id"]
        token = running.authority.issue(
            running.authority.applications["reader"],
            resource="https://graph.microsoft.com",
            tenant=tenant,
            issuer="any",
        )
        url = f"http://127.0.0.1:{running.ports.http}/v1.0/users"
        headers = {"Authorization": f"Bearer {token}"}
        statuses = [httpx.get(url, headers=headers, trust_env=False).status_code for _ in range(2)]
    assert statuses == [403, 200]
