"""Changes of a list since a token (graph.md 3.3).

How long a delta link lives is unknown; here as long as the tenant. A token from elsewhere is 410 Gone.
"""

from collections.abc import Mapping
from typing import Any

from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure
from m365_restrict.sandbox.graph.items import show_item, stored_item, visible_ids
from m365_restrict.sandbox.graph.paging import page
from m365_restrict.sandbox.graph.sites import find_list

_LATEST = "latest"


def delta(call: GraphCall) -> GraphAnswer:
    """GET .../items/delta: everything without a token, else what changed since; deleted items as such.

    Of several changes the first item comes a second time at the end: the same item can appear twice and
    the last one counts (graph.md 3.3).
    """
    document = find_list(call)
    token = call.params.get("token") or call.query.get("token", "")
    latest = call.tenant.lists.latest_change(document)
    since = latest if token == _LATEST else _since(call, token, latest)
    rows = _rows(call, document, since)
    if token and len(rows) > 1:
        rows.append(rows[0])
    body = page(call, rows, lambda row: row)
    if "@odata.nextLink" not in body:
        link = f"{call.url.partition('/delta')[0]}/delta?token={latest}"
        body["@odata.deltaLink"] = link
    return GraphAnswer(body, target=document["title"])


def _rows(call: GraphCall, document: Mapping[str, Any], since: int) -> list[dict[str, Any]]:
    changed: list[tuple[int, dict[str, Any]]] = []
    for item_id in visible_ids(call, document):
        item = stored_item(call, document, item_id)
        if item.get("change", 0) > since:
            changed.append((item.get("change", 0), show_item(call, document, item)))
    if since:
        for item_id, change in call.tenant.lists.deleted(document).items():
            if change > since:
                changed.append((change, {"id": item_id, "deleted": {"state": "deleted"}}))
    return [row for _, row in sorted(changed, key=lambda entry: entry[0])]


def _since(call: GraphCall, token: str, latest: int) -> int:
    if not token:
        return 0
    if token.isdigit() and int(token) <= latest:
        return int(token)
    location = f"{call.url.partition('/delta')[0]}/delta"
    raise GraphFailure(
        410, "resyncChangesApplyDifferences", "The delta token is no longer valid, and the app must resync.",
        headers={"Location": location},
    )  # fmt: skip
