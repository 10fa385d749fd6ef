"""Collections in pages (graph.md 3.2)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from m365_restrict.sandbox.graph.answer import GraphCall, GraphFailure

_LARGEST = 5000
_EMPTY_MARK = "~"

Entry = TypeVar("Entry")


def page(
    call: GraphCall,
    entries: Sequence[Entry],
    render: Callable[[Entry], Mapping[str, Any]],
    *,
    size: int = 200,
) -> dict[str, Any]:
    """One page of a collection with the link to the next; only what is on the page is rendered."""
    size = _page_size(call.query, size)
    start = _start(call.query)
    body: dict[str, Any] = {"@odata.context": f"{call.url.partition('/v1.0')[0]}/v1.0/$metadata"}
    if call.query.get("$count", "").lower() == "true":
        body["@odata.count"] = len(entries)
    if start + size < len(entries):
        body["@odata.nextLink"] = _link(call.url, call.query, str(start + size))
    body["value"] = [render(entry) for entry in entries[start : start + size]]
    return body


def emptied(body: Mapping[str, Any], url: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The page with nothing on it and a link to the same entries: what the fault `empty_page` does."""
    mark = query.get("$skiptoken", "0")
    return {**body, "@odata.nextLink": _link(url, query, mark + _EMPTY_MARK), "value": []}


def _page_size(query: Mapping[str, str], default: int) -> int:
    top = query.get("$top", str(default))
    if not top.isdigit() or int(top) == 0:
        raise GraphFailure(400, "invalidRequest", f"Invalid value '{top}' for $top query option found.")
    return min(int(top), _LARGEST)


def _start(query: Mapping[str, str]) -> int:
    mark = query.get("$skiptoken", "0").rstrip(_EMPTY_MARK)
    if not mark.isdigit():
        raise GraphFailure(400, "invalidRequest", "The skip token is not valid.")
    return int(mark)


def _link(url: str, query: Mapping[str, str], mark: str) -> str:
    return f"{url}?{urlencode({**query, '$skiptoken': mark}, safe='$(),=/')}"
