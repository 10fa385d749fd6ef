"""Users and groups (graph.md 2)."""

from collections.abc import Mapping
from typing import Any

from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.filters import read_filter
from m365_restrict.sandbox.graph.paging import page

_DIRECTORY_PAGE = 100
_DEFAULT_USER = "id,userPrincipalName,displayName,mail"


def find_user(call: GraphCall) -> dict[str, Any]:
    """The account that `{user}` names by object id or sign-in name; contacts are not accounts."""
    name = call.params["user"].lower()
    found = call.tenant.directory.find(name)
    if found is None or not _is_account(found) or name not in (found["id"], principal_name(call, found)):
        found = _guest_named(call, name)
    if found is None:
        raise GraphFailure(
            404, "Request_ResourceNotFound",
            f"Resource '{call.params['user']}' does not exist or one of its queried reference-property "
            "objects are not present.", target=name,
        )  # fmt: skip
    return found


def get_user(call: GraphCall) -> GraphAnswer:
    """GET /users/{user}."""
    return GraphAnswer(_selected(call, find_user(call)), target=call.params["user"])


def list_users(call: GraphCall) -> GraphAnswer:
    """GET /users with `$filter`."""
    accounts = [user for _, user in call.tenant.store.all("users") if _is_account(user)]
    expression = call.query.get("$filter")
    if expression:
        test = read_filter(expression)
        accounts = [user for user in accounts if test(_user(call, user))]
    return GraphAnswer(page(call, accounts, lambda user: _selected(call, user), size=_DIRECTORY_PAGE))


def list_groups(call: GraphCall) -> GraphAnswer:
    """GET /groups with `$filter`."""
    groups = [_group(group) for _, group in call.tenant.store.all("groups") if _in_graph(group)]
    expression = call.query.get("$filter")
    if expression:
        test = read_filter(expression)
        groups = [group for group in groups if test(group)]
    return GraphAnswer(page(call, groups, lambda group: select(group, call.query), size=_DIRECTORY_PAGE))


def get_group(call: GraphCall) -> GraphAnswer:
    """GET /groups/{group}."""
    return GraphAnswer(select(_group(_find_group(call)), call.query), target=call.params["group"])


def list_domains(call: GraphCall) -> GraphAnswer:
    """GET /domains: in the sandbox the verified domains are those that Exchange accepts mail for."""
    known = [
        {"id": name, "isVerified": True, "supportedServices": ["Email"]}
        for name in call.tenant.document["accepted_domains"]
    ]
    return GraphAnswer(page(call, known, lambda domain: select(domain, call.query), size=_DIRECTORY_PAGE))


def members(call: GraphCall) -> GraphAnswer:
    """GET /groups/{group}/members: the direct ones."""
    return _member_page(call, _members(call, _find_group(call)))


def transitive_members(call: GraphCall) -> GraphAnswer:
    """GET /groups/{group}/transitiveMembers: users, contacts and inner groups, flat."""
    return _member_page(call, list(_all_members(call).values()))


def transitive_users(call: GraphCall) -> GraphAnswer:
    """GET .../transitiveMembers/microsoft.graph.user: an advanced query with header and `$count`."""
    eventual = call.headers.get("consistencylevel", "").lower() == "eventual"
    if not eventual or call.query.get("$count", "").lower() != "true":
        raise GraphFailure(
            400, "Request_UnsupportedQuery",
            "The specified query requires the ConsistencyLevel header set to eventual and $count=true.",
        )  # fmt: skip
    users = [
        entry for entry in _all_members(call).values() if entry["@odata.type"] == "#microsoft.graph.user"
    ]
    return _member_page(call, users)


def principal_name(call: GraphCall, user: Mapping[str, Any]) -> str:
    """The userPrincipalName: a guest's is built from the outside address and the tenant's first domain."""
    if user["mailbox"] != "guest":
        return str(user["upn"])
    return f"{user['upn'].replace('@', '_')}#ext#@{call.tenant.document['initial_domain']}"


def _guest_named(call: GraphCall, name: str) -> dict[str, Any] | None:
    if "#ext#@" not in name:
        return None
    local = name.partition("#ext#@")[0]
    found = call.tenant.directory.find("@".join(local.rsplit("_", 1)))
    return found if found is not None and found["mailbox"] == "guest" else None


def _selected(call: GraphCall, user: Mapping[str, Any]) -> dict[str, Any]:
    # Without $select Graph returns only the basic profile.
    return select(_user(call, user), {"$select": call.query.get("$select") or _DEFAULT_USER})


def _user(call: GraphCall, user: Mapping[str, Any]) -> dict[str, Any]:
    mail = user["mail"]
    licensed = user["mailbox"] == "user"
    proxies = [f"SMTP:{mail}", *(f"smtp:{alias}" for alias in user["aliases"])] if mail else []
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": user["id"],
        "userPrincipalName": principal_name(call, user),
        "displayName": user["display_name"],
        "mail": mail,
        "mailNickname": user["upn"].partition("@")[0],
        "proxyAddresses": proxies,
        "otherMails": [user["upn"]] if user["mailbox"] == "guest" else [],
        "accountEnabled": user["enabled"],
        "userType": "Guest" if user["mailbox"] == "guest" else "Member",
        "onPremisesSyncEnabled": True if user["mailbox"] == "on_premises" else None,
        "assignedPlans": [{"service": "exchange", "capabilityStatus": "Enabled"}] if licensed else [],
    }


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.group",
        "id": group["id"],
        "displayName": group["display_name"],
        "mail": group["address"],
        "mailNickname": group["address"].partition("@")[0],
        "mailEnabled": True,
        "securityEnabled": group["kind"] == "security",
        "groupTypes": ["Unified"] if group["kind"] == "m365" else [],
        "proxyAddresses": [f"SMTP:{group['address']}"],
    }


def _contact(user: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.orgContact",
        "id": object_id_for(f"contact:{user['upn']}"),
        "displayName": user["display_name"],
        "mail": user["mail"],
    }


def _is_account(user: Mapping[str, Any]) -> bool:
    return bool(user["mailbox"] != "contact")


def _in_graph(group: Mapping[str, Any]) -> bool:
    # A dynamic distribution group lives in Exchange alone.
    return bool(group["kind"] != "dynamic")


def _find_group(call: GraphCall) -> dict[str, Any]:
    found = call.tenant.store.get("groups", call.params["group"].lower())
    if found is None or not _in_graph(found):
        raise GraphFailure(
            404, "Request_ResourceNotFound", f"Resource '{call.params['group']}' does not exist.",
            target=call.params["group"],
        )  # fmt: skip
    return found


def _members(call: GraphCall, group: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown = []
    for member in group["members"]:
        inner = call.tenant.directory.find_group(member)
        if inner is not None:
            if _in_graph(inner):
                shown.append(_group(inner))
            continue
        user = call.tenant.directory.find(member)
        if user is not None:
            shown.append(_user(call, user) if _is_account(user) else _contact(user))
    return shown


def _all_members(call: GraphCall) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    waiting = [_find_group(call)]
    while waiting:
        for entry in _members(call, waiting.pop()):
            if entry["id"] in found:
                continue
            found[entry["id"]] = entry
            inner = call.tenant.store.get("groups", entry["id"])
            if inner is not None:
                waiting.append(inner)
    return found


def _member_page(call: GraphCall, entries: list[dict[str, Any]]) -> GraphAnswer:
    shown = page(call, entries, lambda entry: select(entry, call.query), size=_DIRECTORY_PAGE)
    return GraphAnswer(shown, target=call.params["group"])
