"""GET /admin/exchange/tracing/messageTraces (graph.md 6.1)."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from m365_restrict.sandbox.clock import parse_instant
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.paging import page
from m365_restrict.sandbox.message_trace import shown_line

_PAGE = 1000
_LARGEST_PAGE = 5000
_REACH = timedelta(days=90)
_LONGEST = timedelta(days=10)
_WITHOUT_DATES = timedelta(hours=48)
_TERM = re.compile(r"(\w+)\s+(eq|ge|le)\s+(?:'((?:[^']|'')*)'|([0-9TZ:.+-]+))", re.IGNORECASE)
_FILTERABLE = frozenset({"id", "messageid", "senderaddress", "recipientaddress", "fromip", "toip", "status"})
_RECEIVED = "receiveddatetime"


def list_traces(call: GraphCall) -> GraphAnswer:
    """The lines that the filter names, oldest first; 403 where the tenant did not grant it."""
    _refuse_without_grant(call)
    top = call.query.get("$top", str(_PAGE))
    if not top.isdigit() or not 1 <= int(top) <= _LARGEST_PAGE:
        raise _refused(f"$top must be from 1 to {_LARGEST_PAGE}.")
    terms, start, end = _read_filter(call)
    found = [
        line
        for line in call.tenant.delivery.trace_lines.all()
        if start <= parse_instant(line["receivedDateTime"]) <= end
        and all(_text(line, name) == wanted for name, wanted in terms.items())
    ]
    return GraphAnswer(page(call, found, lambda line: select(shown_line(line), call.query), size=_PAGE))


def details(call: GraphCall) -> GraphAnswer:
    """GET .../messageTraces/{id}/getDetailsByRecipient(recipientAddress='a@b'): the events of one copy."""
    _refuse_without_grant(call)
    found = call.tenant.delivery.trace_lines.events(call.params["trace"], call.params["recipient"])
    if found is None:
        raise GraphFailure(404, "NotFound", "The message trace was not found.")
    return GraphAnswer(page(call, found, lambda event: select(event, call.query), size=_PAGE))


def _refuse_without_grant(call: GraphCall) -> None:
    if not call.tenant.document["behaviour"].get("message_trace", True):
        raise GraphFailure(403, "Forbidden", "The application does not have the required role.")


def _read_filter(call: GraphCall) -> tuple[dict[str, str], datetime, datetime]:
    """Terms by property: of two on one property the last counts, and `or` is taken for `and`."""
    terms: dict[str, str] = {}
    bounds: dict[str, datetime] = {}
    for name, operator, text, instant in _TERM.findall(call.query.get("$filter", "")):
        if name.lower() == _RECEIVED and operator.lower() in {"ge", "le"}:
            bounds[operator.lower()] = _instant(instant)
        elif name.lower() in _FILTERABLE and operator.lower() == "eq":
            terms[name.lower()] = text.replace("''", "'").lower()
        else:
            raise _refused(f"The property {name} cannot be filtered so.")
    return terms, *_window(call.tenant.clock.now(), bounds)


def _window(now: datetime, bounds: dict[str, datetime]) -> tuple[datetime, datetime]:
    if not bounds:
        return now - _WITHOUT_DATES, now
    if len(bounds) == 1:
        raise _refused("Both a start and an end of receivedDateTime are needed.")
    start, end = bounds["ge"], bounds["le"]
    if end > now:
        raise _refused("The end of receivedDateTime is in the future.")
    if start < now - _REACH:
        raise _refused("The start of receivedDateTime is more than 90 days ago.")
    if not timedelta() <= end - start <= _LONGEST:
        raise _refused("The interval of receivedDateTime must be 10 days or less.")
    return start, end


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise _refused(f"{text!r} is not an instant.") from error


def _text(line: Mapping[str, Any], name: str) -> str:
    return next((str(value).lower() for key, value in line.items() if key.lower() == name), "")


def _refused(message: str) -> GraphFailure:
    return GraphFailure(400, "BadRequest", message)
