"""List items, their fields and versions (graph.md 3.2 to 3.9)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from m365_restrict.sandbox.clock import format_instant, parse_instant
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.filters import Test, read_filter
from m365_restrict.sandbox.graph.paging import page
from m365_restrict.sandbox.graph.sites import (
    PEOPLE_LIST,
    find_list,
    find_site,
    names_people_list,
    people_list_id,
)
from m365_restrict.sandbox.list_fields import BadField, read_graph_fields, show_fields
from m365_restrict.sandbox.lists import etag

MANAGES = frozenset({"Sites.Manage.All", "Sites.FullControl.All"})

_EXPANDED = re.compile(r"fields(?:\(\s*\$select\s*=\s*([^)]*)\))?", re.IGNORECASE)
_UNINDEXED = "HonorNonIndexedQueriesWarningMayFailRandomly"


def list_items(call: GraphCall) -> GraphAnswer:
    """GET .../items: fields only with `$expand=fields`, whole or selected."""
    if names_people_list(call):
        return _list_people(call)
    document = find_list(call)
    ids = visible_ids(call, document)
    if expression := call.query.get("$filter"):
        test = _filter(call, expression)
        ids = [item_id for item_id in ids if test(_by_name(call, document, item_id))]
    size = call.tenant.behaviour.list_page_size
    body = page(
        call,
        ids,
        lambda item_id: show_item(call, document, stored_item(call, document, item_id)),
        size=size,
    )
    return GraphAnswer(body, target=document["title"])


def get_item(call: GraphCall) -> GraphAnswer:
    """GET .../items/{item}."""
    if names_people_list(call):
        return _get_person(call)
    document = find_list(call)
    return GraphAnswer(show_item(call, document, _find(call, document)), target=_target(call, document))


def get_fields(call: GraphCall) -> GraphAnswer:
    """GET .../items/{item}/fields."""
    document = find_list(call)
    item = _find(call, document)
    shown = {"@odata.etag": etag(item), **_shown_fields(call, document, item, item["versions"][-1])}
    return GraphAnswer(_chosen(shown, call.query.get("$select")), target=_target(call, document))


def list_versions(call: GraphCall) -> GraphAnswer:
    """GET .../items/{item}/versions: newest first."""
    document = find_list(call)
    item = _find(call, document)
    if call.tenant.lists.tells_pending_versions():
        item = call.tenant.lists.item(document, item["id"]) or item
    newest_first = list(reversed(item["versions"]))
    body = page(call, newest_first, lambda version: _version(call, document, item, version))
    return GraphAnswer(body, target=_target(call, document))


def update_fields(call: GraphCall) -> GraphAnswer:
    """PATCH .../items/{item}/fields: only named fields change; 412 when If-Match is no longer true."""
    document = find_list(call)
    with call.tenant.store.batch():
        item = _find(call, document)
        _check_precondition(call, item)
        call.tenant.lists.edit(document, item["id"], _saver(call), _written(call, document, call.fields))
    return get_fields(call)


def create_item(call: GraphCall) -> GraphAnswer:
    """POST .../items."""
    document = find_list(call)
    fields = call.fields.get("fields") or {}
    item_id = call.tenant.lists.add(document, _saver(call), _written(call, document, fields))
    body = show_item(call, document, stored_item(call, document, item_id), always_expand=True)
    return GraphAnswer(body, status=201, target=f"{document['title']}/{item_id}")


def delete_item(call: GraphCall) -> GraphAnswer:
    """DELETE .../items/{item}."""
    document = find_list(call)
    item = _find(call, document)
    _check_precondition(call, item)
    call.tenant.lists.delete(document, item["id"])
    return GraphAnswer(None, status=204, target=_target(call, document))


def visible_ids(call: GraphCall, document: Mapping[str, Any]) -> list[str]:
    """The items that the caller is shown (graph.md 3.8, 11)."""
    lists = call.tenant.lists
    ids = lists.item_ids(document)
    unrestricted = document["read_security"] == "all" and not document["content_approval"]
    if unrestricted or call.principal.roles & MANAGES:
        return ids
    return [
        item_id for item_id in ids
        if lists.is_visible(document, stored_item(call, document, item_id), call.principal.client_id)
    ]  # fmt: skip


def _find(call: GraphCall, document: Mapping[str, Any]) -> dict[str, Any]:
    lists = call.tenant.lists
    item = lists.item(document, call.params["item"])
    manages = bool(call.principal.roles & MANAGES)
    if item is None or not (manages or lists.is_visible(document, item, call.principal.client_id)):
        raise GraphFailure(
            404, "itemNotFound", "The specified item was not found", target=_target(call, document)
        )
    return item if manages else lists.as_seen(document, item)


def stored_item(call: GraphCall, document: Mapping[str, Any], item_id: str) -> dict[str, Any]:
    """One item, or 404."""
    item = call.tenant.lists.item(document, item_id)
    if item is None:
        raise GraphFailure(404, "itemNotFound", "The specified item was not found")
    return item if call.principal.roles & MANAGES else call.tenant.lists.as_seen(document, item)


def _filter(call: GraphCall, expression: str) -> Test:
    if "fields/" in expression and _UNINDEXED.lower() not in call.headers.get("prefer", "").lower():
        name = expression.partition("fields/")[2].split(" ")[0]
        raise GraphFailure(
            400, "invalidRequest",
            f"Field '{name}' cannot be referenced in filter or orderby as it is not indexed. Provide the "
            f"'Prefer: {_UNINDEXED}' header to allow this, but be warned that such queries may fail.",
        )  # fmt: skip
    return read_filter(expression)


def _by_name(call: GraphCall, document: Mapping[str, Any], item_id: str) -> dict[str, Any]:
    item = stored_item(call, document, item_id)
    return {"id": item_id, "fields": _shown_fields(call, document, item, item["versions"][-1])}


def show_item(
    call: GraphCall, document: Mapping[str, Any], item: Mapping[str, Any], *, always_expand: bool = False
) -> dict[str, Any]:
    """An item as Graph shows it, with its fields where the query expands them."""
    last = item["versions"][-1]
    site = find_site(call)
    folder = f"https://{site.host}/{site.path}/Lists/{document['title'].replace(' ', '%20')}"
    shown = {
        "@odata.etag": etag(item),
        "createdDateTime": item["created_at"],
        "eTag": etag(item),
        "id": item["id"],
        "lastModifiedDateTime": last["at"],
        "webUrl": f"{folder}/{item['id']}_.000",
        "createdBy": _identity(call, item["created_by"]),
        "lastModifiedBy": _identity(call, last["by"]),
        "parentReference": {"siteId": site.id},
        "contentType": {"id": "0x0100", "name": "Item"},
    }
    found = _EXPANDED.search(call.query.get("$expand", ""))
    if found or always_expand:
        fields = {"@odata.etag": etag(item), **_shown_fields(call, document, item, last)}
        shown["fields@odata.context"] = f"{call.url}/{item['id']}/fields/$entity"
        shown["fields"] = _chosen(fields, found[1] if found else None)
    asked = call.query.get("$select")
    return select(shown, {"$select": f"{asked},fields"}) if asked else shown


def _version(
    call: GraphCall, document: Mapping[str, Any], item: Mapping[str, Any], version: Mapping[str, Any]
) -> dict[str, Any]:
    shown = {
        "id": version["number"],
        "lastModifiedDateTime": _version_time(call, version["at"]),
        "lastModifiedBy": _identity(call, version["by"]),
        "publication": {"level": "published", "versionId": version["number"]},
    }
    found = _EXPANDED.search(call.query.get("$expand", ""))
    if found:
        shown["fields"] = _chosen(_shown_fields(call, document, item, version), found[1])
    return shown


def _version_time(call: GraphCall, at: str) -> str:
    """Versions were once converted to UTC twice; whether that was put right is unknown (graph.md 3.7)."""
    if call.tenant.behaviour.version_times == "right":
        return at
    instant = parse_instant(at)
    return format_instant(instant - (instant.astimezone(call.tenant.zone).utcoffset() or timedelta()))


def _shown_fields(
    call: GraphCall, document: Mapping[str, Any], item: Mapping[str, Any], version: Mapping[str, Any]
) -> dict[str, Any]:
    lists = call.tenant.lists
    columns = lists.columns(document)
    shown = show_fields(version["fields"], columns, lists.people, call.tenant.zone)
    if call.tenant.behaviour.moderation_status == "shown" and document["content_approval"]:
        # Whether Graph shows it is unknown (graph.md 3.8); 2 is pending.
        shown["_ModerationStatus"] = version["fields"].get("_ModerationStatus", 2)
    return {
        **shown,
        "id": item["id"],
        "ContentType": "Item",
        "Modified": version["at"],
        "Created": item["created_at"],
        **_lookup("Author", item["created_by"], call),
        **_lookup("Editor", version["by"], call),
        "_UIVersionString": version["number"],
        "Attachments": False,
        "LinkTitle": version["fields"].get("Title", ""),
    }


def _lookup(name: str, identity: Mapping[str, Any], call: GraphCall) -> dict[str, str]:
    # Applications save as the site's own "SharePoint App" entry.
    known = call.tenant.lists.people.lookup_id(identity["upn"]) if identity["kind"] == "user" else None
    return {f"{name}LookupId": str(known or 1073741822)}


def _chosen(fields: Mapping[str, Any], selection: str | None) -> dict[str, Any]:
    """The selected fields; without a selection a single person shows only as `XLookupId` (graph.md 3.4)."""
    if selection is None:
        return {key: value for key, value in fields.items() if f"{key}LookupId" not in fields}
    wanted = {name.strip() for name in selection.split(",")}
    return {key: value for key, value in fields.items() if key in wanted or key == "@odata.etag"}


def _identity(call: GraphCall, identity: Mapping[str, Any]) -> dict[str, Any]:
    if identity["kind"] != "user":
        application = {"application": {"id": identity["id"], "displayName": identity["name"]}}
        if call.tenant.behaviour.application_saves_as == "application":
            return application
        # The exact shape for what an application saved is unknown (graph.md 3.4).
        return {**application, "user": {"displayName": "SharePoint App"}}
    account = call.tenant.directory.find(identity["upn"])
    if account is None:
        return {"user": {"email": identity["upn"], "displayName": identity["upn"]}}
    email = account["mail"] or account["upn"]
    # Whoever has the address now, the id is that of the account that saved.
    own_id = identity.get("id", account["id"])
    return {"user": {"email": email, "id": own_id, "displayName": account["display_name"]}}


def _saver(call: GraphCall) -> dict[str, Any]:
    return {"kind": "application", "id": call.principal.client_id, "name": call.principal.display_name}


def _written(call: GraphCall, document: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    lists = call.tenant.lists
    try:
        return read_graph_fields(body, lists.columns(document), lists.people, call.tenant.zone)
    except BadField as error:
        raise GraphFailure(400, "invalidRequest", str(error), target=document["title"]) from error


def _check_precondition(call: GraphCall, item: Mapping[str, Any]) -> None:
    wanted = call.headers.get("if-match")
    if wanted is not None and wanted not in ("*", etag(item)):
        raise GraphFailure(412, "resourceModified", "The resource has changed since the caller last read it")


def _target(call: GraphCall, document: Mapping[str, Any]) -> str:
    return f"{document['title']}/{call.params.get('item', '')}"


def _list_people(call: GraphCall) -> GraphAnswer:
    ids = call.tenant.lists.people.everyone()
    if expression := call.query.get("$filter"):
        test = _filter(call, expression)
        ids = [lookup for lookup in ids if test({"id": str(lookup), "fields": _person_fields(call, lookup)})]
    return GraphAnswer(page(call, ids, lambda lookup: _person(call, lookup)), target=PEOPLE_LIST)


def _get_person(call: GraphCall) -> GraphAnswer:
    item = call.params["item"]
    if not item.isdigit() or call.tenant.lists.people.upn(int(item)) is None:
        raise GraphFailure(404, "itemNotFound", "The specified item was not found", target=PEOPLE_LIST)
    return GraphAnswer(_person(call, int(item)), target=f"{PEOPLE_LIST}/{item}")


def _person(call: GraphCall, lookup: int) -> dict[str, Any]:
    tag = f'"{object_id_for(f"{people_list_id(find_site(call))}:{lookup}")},1"'
    shown: dict[str, Any] = {"@odata.etag": tag, "eTag": tag, "id": str(lookup)}
    found = _EXPANDED.search(call.query.get("$expand", ""))
    if found:
        shown["fields"] = _chosen({"@odata.etag": tag, **_person_fields(call, lookup)}, found[1])
    return shown


def _person_fields(call: GraphCall, lookup: int) -> dict[str, Any]:
    upn = call.tenant.lists.people.upn(lookup) or ""
    account = call.tenant.directory.find(upn) or {"display_name": upn, "mail": None}
    return {
        "id": str(lookup),
        "ContentType": "Person",
        "Title": account["display_name"],
        "Name": f"i:0#.f|membership|{upn}",
        "EMail": account["mail"] or "",
        "UserName": upn,
    }
