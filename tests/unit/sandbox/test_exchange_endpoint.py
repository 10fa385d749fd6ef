import json

import httpx
import pytest

RULE = {"Name": "One", "From": ["x@post.example"], "DeleteMessage": True}


def call(council, path, body=None, *, role="writer", **headers):
    token = council.token(role, resource="https://outlook.office365.com")
    url = path if path.startswith("http") else f"{council.plain_base}/adminapi/{path}"
    method = "GET" if body is None else "POST"
    sent = {"Authorization": f"Bearer {token}", **headers}
    return httpx.request(method, url, json=body, headers=sent, trust_env=False, timeout=30)


def batch(council, *commands, role="writer"):
    requests = [
        {
            "id": str(number),
            "method": "POST",
            "url": "InvokeCommand",
            "body": {"CmdletInput": {"CmdletName": name, "Parameters": parameters}},
        }
        for number, (name, parameters) in enumerate(commands)
    ]
    tenant = council.tenant.document["id"]
    answer = call(council, f"beta/{tenant}/$batch", {"requests": requests}, role=role)
    assert answer.status_code == 200
    return {inner["id"]: inner for inner in answer.json()["responses"]}


def invoke(council, name, prefer="", anchor="APP:any", url=None):
    body = {"CmdletInput": {"CmdletName": name, "Parameters": {}}}
    tenant = council.tenant.document["id"]
    headers = {"Prefer": prefer, **({"X-AnchorMailbox": anchor} if anchor else {})}
    return call(council, url or f"beta/{tenant}/InvokeCommand", body, **headers)


def test_a_batch_answers_each_command(council):
    answers = batch(council, ("New-TransportRule", RULE), ("Remove-TransportRule", {"Identity": "None"}))
    assert answers["0"]["body"]["value"][0]["Name"] == "One"
    assert answers["1"]["status"] == 404
    assert answers["1"]["body"]["error"]["details"][0]["target"] is None


def test_a_command_without_output_comes_back_empty(council):
    batch(council, ("New-TransportRule", RULE))
    answer = batch(council, ("Disable-TransportRule", {"Identity": "One"}))["0"]
    assert "body" not in answer
    assert council.cmdlet("Get-TransportRule", {}).json()["value"][0]["State"] == "Disabled"


def test_a_command_that_the_caller_lacks_is_403_inside(council):
    assert batch(council, ("New-TransportRule", RULE), role="reader")["0"]["status"] == 403


def test_commands_of_a_batch_are_lines_of_the_log(council):
    council.requests()
    batch(council, ("Get-TransportRule", {}), ("Get-AcceptedDomain", {}))
    lines = [line for line in council.requests() if line["batch"]]
    assert {line["cmdlet"] for line in lines} == {"Get-TransportRule", "Get-AcceptedDomain"}


def test_a_long_answer_comes_in_pages(council):
    for name in ("A", "B", "C"):
        council.cmdlet("New-TransportRule", {**RULE, "Name": name}, role="writer")
    page = invoke(council, "Get-TransportRule", prefer="odata.maxpagesize=2").json()
    assert [rule["Name"] for rule in page["value"]] == ["A", "B"]
    rest = invoke(council, "Get-TransportRule", "odata.maxpagesize=2", url=page["@odata.nextLink"]).json()
    assert ([rule["Name"] for rule in rest["value"]], "@odata.nextLink" in rest) == (["C"], False)


@pytest.mark.parametrize(("needs", "status"), [(True, 400), (False, 200)])
def test_whether_a_page_needs_the_anchor_is_a_switch(council, council_seed, needs, status):
    council_seed["tenant"]["behaviour"] = {"paging_needs_anchor": needs}
    council.seed(council_seed)
    for name in ("A", "B"):
        council.cmdlet("New-TransportRule", {**RULE, "Name": name}, role="writer")
    page = invoke(council, "Get-TransportRule", prefer="odata.maxpagesize=1").json()
    again = invoke(
        council, "Get-TransportRule", "odata.maxpagesize=1", anchor="", url=page["@odata.nextLink"]
    )
    assert again.status_code == status
    assert needs is ("Expired or Invalid pagination request" in again.text)


@pytest.mark.parametrize(("role", "has"), [("reader", False), ("writer", True)])
def test_a_caller_can_ask_which_cmdlets_it_has(council, role, has):
    tenant = council.tenant.document["id"]
    answer = call(council, f"v1.0/{tenant}/EXOModuleFile?Version=3.9.2", role=role, CommandName="*")
    listed = answer.json()["value"][0]["exportedCmdlets"].split(",")
    assert "Get-TransportRule" in listed
    assert ("New-TransportRule" in listed) is has


def test_a_body_that_is_no_command_is_refused(council):
    tenant = council.tenant.document["id"]
    answer = call(council, f"beta/{tenant}/InvokeCommand", {"Cmdlet": "Get-TransportRule"})
    assert answer.status_code == 400
    assert json.loads(answer.content)["error"]["code"] == "BadRequest"
