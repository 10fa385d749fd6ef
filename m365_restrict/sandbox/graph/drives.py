"""Document libraries: storing and showing files by path (graph.md 7, file upload)."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote

from m365_restrict.sandbox.clock import format_instant
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.paging import page
from m365_restrict.sandbox.graph.sites import find_site
from m365_restrict.sandbox.sites import Site, sites_of

FILES = "files"
_LIBRARY = "Documents"
_NOT_IN_NAMES = frozenset('"*:<>?\\|')


def list_drives(call: GraphCall) -> GraphAnswer:
    """GET /sites/{site}/drives: every site has one library."""
    site = find_site(call)
    return GraphAnswer(page(call, [_drive(site)], lambda drive: select(drive, call.query)), target=site.path)


def get_drive(call: GraphCall) -> GraphAnswer:
    """GET /sites/{site}/drive, or /drives/{drive}."""
    site = _site(call)
    return GraphAnswer(select(_drive(site), call.query), target=site.path)


def put_content(call: GraphCall) -> GraphAnswer:
    """PUT .../root:/{path}:/content: 201 for a new file, 200 for a new version of one that is there."""
    site = _site(call)
    path = _path(call)
    if _NOT_IN_NAMES & set(path):
        raise GraphFailure(400, "invalidRequest", "The provided name cannot contain all of its characters.")
    key = f"{site.id}/{path.lower()}"
    with call.tenant.store.batch():
        before = call.tenant.store.get(FILES, key)
        stored = {
            "site": f"{site.host}/{site.path}",
            "path": path if before is None else before["path"],
            "id": object_id_for(f"file:{key}"),
            "webUrl": f"https://{site.host}/{site.path}/Shared%20Documents/{quote(path)}",
            "contentType": call.headers.get("content-type", "application/octet-stream"),
            "size": len(call.raw),
            "content": b64encode(call.raw).decode(),
            "versions": 1 if before is None else before["versions"] + 1,
            "at": format_instant(call.tenant.clock.now()),
            "by": call.principal.display_name,
        }
        call.tenant.store.put(FILES, key, stored)
    return GraphAnswer(_item(stored), status=201 if before is None else 200, target=site.path)


def get_item(call: GraphCall) -> GraphAnswer:
    """GET .../root:/{path}: what is known of a file."""
    site = _site(call)
    stored = call.tenant.store.get(FILES, f"{site.id}/{_path(call).lower()}")
    if stored is None:
        raise GraphFailure(404, "itemNotFound", "The resource could not be found.", target=site.path)
    return GraphAnswer(select(_item(stored), call.query), target=site.path)


def _path(call: GraphCall) -> str:
    return call.params["path"].strip("/")


def _site(call: GraphCall) -> Site:
    """The site of the library, which `{site}` or `{drive}` names."""
    if "site" in call.params:
        return find_site(call)
    for site in sites_of(call.tenant.document["settings"]):
        if _drive_id(site).lower() == call.params["drive"].lower():
            return site
    raise GraphFailure(404, "itemNotFound", "The drive could not be found.", target=call.params["drive"])


def _drive_id(site: Site) -> str:
    return f"b!{object_id_for('drive:' + site.id)}"


def _drive(site: Site) -> dict[str, Any]:
    return {
        "id": _drive_id(site),
        "name": _LIBRARY,
        "driveType": "documentLibrary",
        "webUrl": f"https://{site.host}/{site.path}/Shared%20Documents",
    }


def _item(stored: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": stored["id"],
        "name": stored["path"].rpartition("/")[2],
        "webUrl": stored["webUrl"],
        "size": stored["size"],
        "file": {"mimeType": stored["contentType"]},
        "createdBy": {"application": {"displayName": stored["by"]}},
        "lastModifiedDateTime": stored["at"],
    }
