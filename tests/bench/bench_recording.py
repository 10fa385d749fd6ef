"""What one run asked of its tenant, in the form that the floor replays."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from bench_tenant import Saw, Seen, Tenant

_GRAPH, _EXCHANGE = "graph", "exchange"
_WORD = re.compile(r"[\w@.:%,'=!$-]{8,}")
_MINE = frozenset("0123456789@")


def recording_of(saw: Saw, tenant: Tenant, ca_file: str) -> dict[str, Any]:
    """The requests of a run with their tokens' sign-ins, each with the requests whose answers it needed."""
    asked = saw.asked
    return {
        "base": tenant.base,
        "ca_file": ca_file,
        "tokens": _sign_ins([one for one in saw.seen if one.url.endswith("/oauth2/v2.0/token")]),
        "requests": [
            {
                "service": _EXCHANGE if one.url.startswith("/adminapi/") else _GRAPH,
                "method": one.method,
                "url": one.url,
                "headers": one.headers,
                "body": one.body,
                "after": after,
            }
            for one, after in zip(asked, _needed(asked), strict=True)
        ],
    }


def _sign_ins(seen: Sequence[Seen]) -> dict[str, Any]:
    found = {}
    for one in seen:
        service = _EXCHANGE if "outlook" in unquote(one.body) else _GRAPH
        found[service] = {"url": one.url, "body": one.body, "headers": one.headers}
    return found


def _needed(asked: Sequence[Seen]) -> Iterator[list[int]]:
    """For each request, the first answers before it that hold what it names: an id, an address, a page."""
    first: dict[str, int | None] = {}
    for number, one in enumerate(asked):
        names = {word for word in _WORD.findall(unquote(one.url) + " " + one.body) if _MINE & set(word)}
        pages = {one.url} if "$skiptoken" in one.url else set()
        found = {_where(name, asked, number, first) for name in names | pages}
        yield sorted(place for place in found if place is not None)


def _where(name: str, asked: Sequence[Seen], number: int, first: dict[str, int | None]) -> int | None:
    if name not in first:
        began = asked[number].began
        earlier = (place for place, one in enumerate(asked[:number]) if one.ended <= began)
        first[name] = next((place for place in earlier if name in asked[place].answer), None)
    return first[name]


def written(recording: dict[str, Any]) -> str:
    """The file that the floor reads."""
    return json.dumps(recording)
