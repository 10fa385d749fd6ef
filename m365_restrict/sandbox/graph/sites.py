"""Sites, lists and columns (graph.md 3.1, 3.2)."""

from collections.abc import Mapping
from typing import Any

from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.paging import page
from m365_restrict.sandbox.sites import Site, read_site, site_of_list, sites_of

PEOPLE_LIST = "User Information List"

_BUILT_IN = (
    ("ID", "number", True), ("Created", "dateTime", True), ("Modified", "dateTime", True),
    ("Author", "personOrGroup", True), ("Editor", "personOrGroup", True), ("ContentType", "text", False),
    ("Attachments", "boolean", False), ("_UIVersionString", "text", True),
)  # fmt: skip


def find_site(call: GraphCall) -> Site:
    """The site that `{site}` names by id, host and path, or `root`."""
    name = call.params["site"].lower()
    known = sites_of(call.tenant.document["settings"])
    if name == "root":
        return known[0]
    for site in known:
        if name in (site.id, site.id.split(",")[1]) or (":" in name and read_site(name) == site):
            return site
    raise GraphFailure(404, "itemNotFound", "Requested site could not be found", target=name)


def get_site(call: GraphCall) -> GraphAnswer:
    """GET /sites/{site}."""
    site = find_site(call)
    shown = {
        "id": site.id,
        "name": site.path.rpartition("/")[2],
        "displayName": site.path.rpartition("/")[2].title(),
        "webUrl": f"https://{site.host}/{site.path}",
        "siteCollection": {"hostname": site.host},
    }
    return GraphAnswer(select(shown, call.query), target=site.path)


def find_list(call: GraphCall) -> dict[str, Any]:
    """The list that `{list}` names on `{site}` by id or title."""
    site = find_site(call)
    found = call.tenant.lists.find(call.params["list"])
    if found is None or not _is_on(call, found, site):
        raise GraphFailure(
            404, "itemNotFound", "The specified list was not found", target=call.params["list"]
        )
    return found


def names_people_list(call: GraphCall) -> bool:
    """Whether `{list}` is the site's hidden list of people."""
    return call.params["list"].lower() in (PEOPLE_LIST.lower(), people_list_id(find_site(call)))


def people_list_id(site: Site) -> str:
    """The id of a site's hidden list of people."""
    return object_id_for(f"people:{site.id}")


def list_lists(call: GraphCall) -> GraphAnswer:
    """GET /sites/{site}/lists; hidden lists are left out, as Graph does."""
    site = find_site(call)
    every = [call.tenant.lists.find(title) for title in call.tenant.lists.titles()]
    found = [document for document in every if document is not None and _is_on(call, document, site)]
    body = page(call, found, lambda document: select(_shown(document, site), call.query))
    return GraphAnswer(body, target=site.path)


def get_list(call: GraphCall) -> GraphAnswer:
    """GET /sites/{site}/lists/{list}."""
    site = find_site(call)
    if names_people_list(call):
        document = {"id": people_list_id(site), "title": PEOPLE_LIST, "created": "2020-01-01T00:00:00Z"}
        return GraphAnswer(select(_shown(document, site), call.query), target=PEOPLE_LIST)
    found = find_list(call)
    return GraphAnswer(select(_shown(found, site), call.query), target=found["title"])


def list_columns(call: GraphCall) -> GraphAnswer:
    """GET .../columns: ours and SharePoint's own; hidden ones only where `$select` names `hidden`."""
    found = find_list(call)
    ours = call.tenant.lists.definitions(found).values()
    own = [_built_in(name, facet, read_only=read_only) for name, facet, read_only in _BUILT_IN]
    wants_hidden = "hidden" in call.query.get("$select", "").lower()
    shown = [
        {"id": column_id(found, column["name"]), **column}
        for column in [*ours, *own]
        if wants_hidden or not column["hidden"]
    ]
    return GraphAnswer(page(call, shown, lambda column: select(column, call.query)), target=found["title"])


def column_id(document: Mapping[str, Any], name: str) -> str:
    """The id of a list's column."""
    return object_id_for(f"{document['id']}:{name}")


def show_list(call: GraphCall, document: Mapping[str, Any]) -> dict[str, Any]:
    """A list as Graph shows it."""
    return _shown(document, find_site(call))


def _is_on(call: GraphCall, document: Mapping[str, Any], site: Site) -> bool:
    if "site" in document:
        return bool(document["site"] == site.id)
    return site_of_list(call.tenant.document["settings"], document["title"]) == site


def _shown(document: Mapping[str, Any], site: Site) -> dict[str, Any]:
    title = document["title"]
    return {
        "@odata.etag": f'"{document["id"]},0"',
        "id": document["id"],
        "name": title,
        "displayName": title,
        "description": "",
        "createdDateTime": document["created"],
        "lastModifiedDateTime": document["created"],
        "webUrl": f"https://{site.host}/{site.path}/Lists/{title.replace(' ', '%20')}",
        "list": {"contentTypesEnabled": False, "hidden": title == PEOPLE_LIST, "template": "genericList"},
    }


def _built_in(name: str, facet: str, *, read_only: bool) -> dict[str, Any]:
    return {
        "name": name,
        "displayName": name,
        "columnGroup": "_Hidden",
        "hidden": False,
        "indexed": False,
        "readOnly": read_only,
        "required": False,
        facet: {},
    }
