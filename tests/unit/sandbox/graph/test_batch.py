import httpx
import pytest

from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

DIRECTOR = "/users/director@ashbourne.example"
NOBODY = "/users/nobody@ashbourne.example"
RULES = "/users/cllr.b@ashbourne.example/mailFolders/inbox/messageRules"
RULE = {"displayName": "One", "sequence": 3, "actions": {"stopProcessingRules": True}}


def get(number, url=DIRECTOR, **more):
    return {"id": number, "method": "GET", "url": url, **more}


def post(council, *requests, role="reader"):
    return council.graph("POST", "$batch", role=role, json={"requests": list(requests)})


def statuses(answer):
    return {inner["id"]: inner["status"] for inner in answer.json()["responses"]}


def test_each_request_is_answered_for_itself(council):
    answer = post(council, get("a"), get("b", NOBODY))
    assert (answer.status_code, statuses(answer)) == (200, {"a": 200, "b": 404})
    bodies = {inner["id"]: inner["body"] for inner in answer.json()["responses"]}
    assert bodies["a"]["displayName"] == "The Director"
    assert bodies["b"]["error"]["code"] == "Request_ResourceNotFound"


def test_the_answers_come_in_another_order_than_the_requests(council):
    assert list(statuses(post(council, get("a"), get("b"), get("c")))) == ["c", "b", "a"]


def test_a_write_needs_its_content_type(council):
    write = {"id": "1", "method": "POST", "url": RULES, "body": RULE}
    assert post(council, write, role="writer").status_code == 400
    write["headers"] = {"Content-Type": "application/json"}
    assert statuses(post(council, write, role="writer")) == {"1": 201}


def test_what_depends_on_a_failure_is_not_carried_out(council):
    write = {
        "id": "2", "method": "POST", "url": RULES, "body": RULE, "dependsOn": ["1"],
        "headers": {"Content-Type": "application/json"},
    }  # fmt: skip
    assert statuses(post(council, get("1", NOBODY), write, role="writer"))["2"] == 424
    names = {rule["displayName"] for rule in council.graph("GET", RULES).json()["value"]}
    assert "One" not in names


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [get(str(number)) for number in range(21)],
        [get("a"), get("A")],
        [get("a", dependsOn=["b"]), get("b")],
        [get("a", "https://graph.microsoft.example/v1.0/users")],
        [{"id": "a", "method": "GET"}],
    ],
    ids=["none", "21", "twice", "later", "absolute", "no url"],
)
def test_a_batch_that_is_wrong_is_refused_whole(council, requests):
    assert post(council, *requests).status_code == 400
    assert council.requests()[0]["path"] == "/v1.0/$batch"


def test_every_inner_request_is_a_line_of_its_batch(council):
    council.requests()
    post(council, get("a"), get("b", NOBODY))
    lines = council.requests()
    assert len({line["batch"] for line in lines if line["path"] != "/v1.0/$batch"} - {None}) == 1
    assert sorted(line["status"] for line in lines) == [200, 200, 404]


def test_permissions_are_checked_inside(council):
    write = {
        "id": "1", "method": "POST", "url": RULES, "body": RULE,
        "headers": {"Content-Type": "application/json"},
    }  # fmt: skip
    assert statuses(post(council, write)) == {"1": 403}


def test_four_run_at_once_and_each_takes_its_time(tmp_path):
    options = SandboxOptions(state=tmp_path, http_port=0, latency_ms=20)
    with RunningSandbox(options) as running:
        application = running.authority.applications["reader"]
        tenant = running.tenant.document["id"]
        token = running.authority.issue(
            application, resource="https://graph.microsoft.com", tenant=tenant, issuer="any"
        )
        url = f"http://127.0.0.1:{running.ports.http}/v1.0/$batch"
        body = {"requests": [get(str(number)) for number in range(12)]}
        httpx.post(url, json=body, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        taken = running.log.take()
    assert (taken["max_in_flight"], len(taken["requests"])) == (4, 13)
