"""What the product never calls, called by hand: delta, `$batch`, snapshots, monitors, the directory."""

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, get_args, get_origin

from contract_council import CONTRACT_ROLES, Council
from crash_council import ADMIN, CONTACTS, COUNCILLORS, OFFICER, seed

from m365_restrict.sandbox.seed import Behaviour

Json: TypeAlias = Any

_RULE_TYPE = "microsoft.exchange.transportrule"
_MANAGED = "admin/configurationManagement"
_RULE = {
    "displayName": "Contract check", "sequence": 1, "isEnabled": True,
    "conditions": {"fromAddresses": [{"emailAddress": {"name": "X", "address": "x@post.example"}}],
                   "senderContains": ["adele"]},
    "actions": {"markAsRead": False, "stopProcessingRules": True},
}  # fmt: skip


def every_behaviour(council: Council) -> None:
    """Lists, versions and rules under every other answer to what nobody knows."""
    for name, value in _other_answers():
        document = seed()
        tenant = {**document["tenant"], "applications": CONTRACT_ROLES, "behaviour": {name: value}}
        council.plant({**document, "tenant": tenant})
        _read_and_write(council)


def by_hand(council: Council) -> None:
    """Directory, mailboxes, lists, files and batches, as clients that are not ours ask for them."""
    document = seed()
    users = [
        *document["users"],
        {"upn": "guest@post.example", "mailbox": "guest"},
        {"upn": "press@post.example", "mailbox": "contact"},
        {"upn": "old@ash.example", "mailbox": "on_premises"},
    ]
    groups = [
        *document["groups"],
        {
            "address": "all@ash.example",
            "kind": "m365",
            "members": ["councillors@ash.example", "guest@post.example", "press@post.example"],
        },
    ]
    tenant = {**document["tenant"], "applications": CONTRACT_ROLES}
    council.plant({**document, "tenant": tenant, "users": users, "groups": groups})
    _directory(council)
    _read_and_write(council)
    _folders(council)
    _files(council)
    _batch(council)
    council.graph("GET", "users/nobody@ash.example", status=404)
    council.graph("GET", "users/old@ash.example/mailFolders", status=404)
    council.graph("GET", f"{council.site}/lists/Nothing", status=404)


def administration(council: Council) -> None:
    """Audit-log queries, message traces, snapshots, monitors and drifts."""
    document = seed()
    tenant = {**document["tenant"], "applications": CONTRACT_ROLES, "behaviour": {"audit_delay_minutes": 0}}
    council.plant({**document, "tenant": tenant})
    _mail_to_trace(council)
    _traced(council)
    _audit(council)
    _configuration(council)


def _directory(council: Council) -> None:
    chosen = {"$select": "id,userPrincipalName,mail,proxyAddresses,accountEnabled,userType,assignedPlans"}
    council.graph("GET", "users", query={"$top": "5"})
    council.graph("GET", "users", query=chosen)
    council.graph("GET", f"users/{OFFICER}", query=chosen)
    council.graph("GET", "domains")
    (group, whole) = council.graph("GET", "groups")["value"][:2]
    for one in (group, whole):
        council.graph("GET", f"groups/{one['id']}")
        council.graph("GET", f"groups/{one['id']}/members")
        council.graph("GET", f"groups/{one['id']}/transitiveMembers")
    cast = f"groups/{whole['id']}/transitiveMembers/microsoft.graph.user"
    council.graph("GET", cast, query={"$count": "true"}, headers={"ConsistencyLevel": "eventual"})
    council.graph("GET", f"users/{OFFICER}/mailboxSettings")
    council.graph("GET", f"users/{OFFICER}/mailboxSettings/userPurpose")
    council.graph("GET", f"users/{OFFICER}/settings/exchange")


def _read_and_write(council: Council) -> None:
    """A list's items, versions and changes, and an inbox rule's life."""
    items = f"{council.site}/lists/{CONTACTS}/items"
    council.graph("GET", council.site.rstrip(":"))
    council.graph("GET", f"{council.site}/lists")
    council.graph("GET", f"{council.site}/lists/{CONTACTS}")
    council.graph("GET", f"{council.site}/lists/{CONTACTS}/columns")
    council.graph("GET", f"{council.site}/lists/User Information List/items", query={"$expand": "fields"})
    council.graph("GET", items, query={"$expand": "fields", "$top": "3"})
    council.graph("GET", items, query={"$expand": "fields($select=Title,CaseOwner)"})
    council.graph("GET", f"{items}/1", query={"$expand": "fields"})
    council.graph("GET", f"{items}/1/fields")
    council.graph("GET", f"{items}/1/versions", query={"$expand": "fields"})
    link = council.graph("GET", f"{items}/delta", query={"token": "latest"})["@odata.deltaLink"]
    made = council.graph("POST", items, {"fields": {"Title": "RC-950"}}, status=201)
    council.graph(
        "PATCH", f"{items}/{made['id']}/fields", {"Title": "RC-951", "EndsOn": "2027-03-01T00:00:00Z"}
    )
    council.graph("GET", f"{items}/{made['id']}/versions", query={"$expand": "fields"})
    council.graph("DELETE", f"{items}/{made['id']}", status=204)
    council.graph("GET", link)
    rules = f"users/{COUNCILLORS[0]}/mailFolders/inbox/messageRules"
    inside = {"emailAddress": {"name": "Officer", "address": OFFICER}}
    rule = {**_RULE, "exceptions": {"fromAddresses": [inside]}}
    identifier = council.graph("POST", rules, rule, status=201)["id"]
    council.graph("GET", rules)
    council.graph("GET", f"{rules}/{identifier}")
    council.graph("PATCH", f"{rules}/{identifier}", {"isEnabled": False})
    council.graph("DELETE", f"{rules}/{identifier}", status=204)


def _folders(council: Council) -> None:
    folders = f"users/{OFFICER}/mailFolders"
    council.graph("GET", folders, query={"$top": "50", "$select": "id,displayName"})
    council.graph("GET", f"{folders}/junkemail")
    council.graph("GET", f"{folders}/inbox/childFolders")
    made = council.graph("POST", folders, {"displayName": "Later"}, status=201)
    council.graph("DELETE", f"{folders}/{made['id']}", status=204)
    mailbox = council.graph("GET", f"users/{OFFICER}/settings/exchange")["primaryMailboxId"]
    body = {"displayName": "Aside", "type": "IPF.Note"}
    council.graph("POST", f"admin/exchange/mailboxes/{mailbox}/folders", body, status=201)
    message = {"subject": "A trial", "body": {"contentType": "text", "content": "Hello."},
               "toRecipients": [{"emailAddress": {"address": COUNCILLORS[0]}}]}  # fmt: skip
    council.graph(
        "POST", f"users/{OFFICER}/sendMail", {"message": message, "saveToSentItems": False}, status=202
    )
    columns = f"{council.site}/lists/{CONTACTS}/columns"
    council.graph("POST", columns, {"name": "Extra", "displayName": "Extra", "text": {}}, status=201)
    council.graph("PATCH", f"{columns}/Extra", {"description": "One more."})
    trial = {"displayName": "Trial", "list": {"template": "genericList"}}
    council.graph("POST", f"{council.site}/lists", trial, status=201)


def _files(council: Council) -> None:
    drive = council.graph("GET", f"{council.site}/drives")["value"][0]["id"]
    council.graph("GET", f"{council.site}/drive")
    council.graph("GET", f"drives/{drive}")
    for root in (f"{council.site}/drive/root", f"drives/{drive}/root"):
        named = "a.txt" if root.startswith("sites") else "b.txt"
        council.graph("PUT", f"{root}:/Letters/{named}:/content", b"Hello.", status=201)
        council.graph("GET", f"{root}:/Letters/{named}")


def _batch(council: Council) -> None:
    rules = f"/users/{COUNCILLORS[1]}/mailFolders/inbox/messageRules"
    headers = {"Content-Type": "application/json"}
    requests = [
        {"id": "1", "method": "GET", "url": f"/users/{OFFICER}?$select=id,mail"},
        {"id": "2", "method": "POST", "url": rules, "headers": headers, "body": _RULE},
        {"id": "3", "method": "GET", "url": rules, "dependsOn": ["2"]},
        {"id": "4", "method": "GET", "url": "/users/nobody@ash.example"},
        {"id": "5", "method": "GET", "url": rules, "dependsOn": ["4"]},
    ]
    council.graph("POST", "$batch", {"requests": requests})


def _traced(council: Council) -> None:
    traces = "admin/exchange/tracing/messageTraces"
    line = council.graph("GET", traces, query={"$top": "10"})["value"][0]
    council.graph("GET", f"{traces}/{line['id']}/getDetailsByRecipient(recipientAddress='parks@ash.example')")
    kept = f"users/{COUNCILLORS[0]}/mailFolders/inbox/messages"
    message = council.graph("GET", kept, query={"$select": "id,receivedDateTime", "$top": "1"})["value"][0]
    council.graph("PATCH", f"{kept}/{message['id']}", {"isRead": True})


def _mail_to_trace(council: Council) -> None:
    raw = "From: x@post.example\r\nTo: parks@ash.example\r\nSubject: Question\r\n\r\nHello.\r\n"
    body = {
        "raw": raw,
        "envelope_from": "x@post.example",
        "recipients": ["parks@ash.example", COUNCILLORS[0]],
    }
    council.control("POST", "mail", body)


def _audit(council: Council) -> None:
    rule = {"Name": "One", "From": ["x@post.example"], "DeleteMessage": True}
    council.control("POST", "cmdlet", {"by": ADMIN, "cmdlet": "New-TransportRule", "parameters": rule})
    council.control("POST", f"list/{CONTACTS}/1", {"by": OFFICER, "fields": {"Status": "Lifted"}})
    body = {
        "displayName": "Who",
        "recordTypeFilters": ["exchangeAdmin", "sharePointListOperation"],
        "filterStartDateTime": "2026-11-01T00:00:00Z",
        "filterEndDateTime": "2026-12-01T00:00:00Z",
    }
    queries = "security/auditLog/queries"
    query = f"{queries}/{council.graph('POST', queries, body, status=201)['id']}"
    council.graph("GET", queries)
    council.graph("GET", query)
    council.graph("GET", query)
    council.graph("GET", f"{query}/records")


def _configuration(council: Council) -> None:
    known = {"Prefer": "include-unknown-enum-members"}
    asked = {"displayName": "Rules now", "description": "A trial", "resources": [_RULE_TYPE]}
    job = council.graph("POST", f"{_MANAGED}/configurationSnapshots/createSnapshot", asked)
    path = f"{_MANAGED}/configurationSnapshotJobs"
    chosen = {"$select": "id,status,resourceLocation,errorDetails,resources,completedDateTime"}
    council.graph("GET", path)
    council.graph("GET", f"{path}/{job['id']}", query=chosen, headers=known)
    ended = council.graph("GET", f"{path}/{job['id']}", query=chosen, headers=known)
    council.graph("GET", ended["resourceLocation"])
    council.graph("DELETE", f"{path}/{job['id']}", status=204)
    resource = {
        "displayName": "R",
        "resourceType": _RULE_TYPE,
        "properties": {"Name": "Known spam", "SetSCL": 5},
    }
    body = {"displayName": "Rules", "baseline": {"displayName": "b", "resources": [resource]}}
    monitors = f"{_MANAGED}/configurationMonitors"
    made = council.graph("POST", monitors, body, status=201)
    council.graph("PATCH", f"{monitors}/{made['id']}", {"displayName": "Mail rules"})
    council.graph("GET", monitors)
    council.graph("GET", f"{monitors}/{made['id']}")
    council.control("POST", "clock", {"now": "2026-11-23T13:00:00Z"})
    council.graph("GET", f"{_MANAGED}/configurationDrifts", query={"$filter": f"monitorId eq '{made['id']}'"})
    council.graph("GET", f"{_MANAGED}/configurationMonitoringResults")
    council.graph("DELETE", f"{monitors}/{made['id']}", status=204)


def _other_answers() -> Iterator[tuple[str, Json]]:
    """Every answer that a switch of the sandbox may have beside its usual one, where they can be listed."""
    for name, field in Behaviour.model_fields.items():
        if field.annotation is bool:
            yield name, not field.default
        elif get_origin(field.annotation) is Literal:
            yield from ((name, value) for value in get_args(field.annotation) if value != field.default)
