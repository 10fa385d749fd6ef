"""The JSON that InvokeCommand answers with (exchange.md 1.5 to 1.7)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from m365_restrict.sandbox.exchange.refusals import HTTP_NOT_FOUND, CmdletRefused

HTTP_OK = 200
HTTP_FORBIDDEN = 403
_CONTEXT = "https://outlook.office365.com/adminapi/beta/$metadata#Collection(Exchange.GenericHashTable)"
_TYPES = {
    "ActivationDate": "System.DateTime",
    "ExpiryDate": "System.DateTime",
    "WhenChanged": "System.DateTime",
    "Guid": "System.Guid",
    "ImmutableId": "System.Guid",
}


@dataclass(frozen=True)
class CmdletAnswer:
    """An HTTP answer; `target` names the rule or recipient it was about, for the request log."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    target: str = ""


def objects(found: Iterable[Mapping[str, Any]], *, target: str, warnings: Sequence[str] = ()) -> CmdletAnswer:
    """200 with objects; none at all is the answer of Set-, Enable-, Disable- and Remove- cmdlets."""
    document = {
        "@odata.context": _CONTEXT,
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": list(warnings),
        "value": [_with_types(entry) for entry in found],
    }
    return _json(HTTP_OK, document, target)


def refused(refusal: CmdletRefused, *, target: str) -> CmdletAnswer:
    """An error whose top message says nothing, as live (exchange.md 1.7)."""
    details = f"{refusal.error_id}|{refusal.kind}|{refusal.text}"
    document = {
        "error": {
            "code": "NotFound" if refusal.status == HTTP_NOT_FOUND else "BadRequest",
            "message": "Invalid Operation",
            "details": [{"code": "Client", "target": "", "message": details}],
            "innererror": {
                "message": "Error executing cmdlet",
                "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
                "internalexception": {"message": refusal.text, "type": refusal.kind},
            },
        }
    }
    return _json(refusal.status, document, target)


def forbidden(*, target: str) -> CmdletAnswer:
    """A cmdlet that does not exist for this caller: 403 and a run of NUL bytes (exchange.md 1.7)."""
    return CmdletAnswer(HTTP_FORBIDDEN, bytes(64), {"Content-Type": "application/octet-stream"}, target)


def _json(status: int, document: Mapping[str, Any], target: str) -> CmdletAnswer:
    body = json.dumps(document, ensure_ascii=False).encode(errors="replace")
    return CmdletAnswer(status, body, {"Content-Type": "application/json; charset=utf-8"}, target)


def _with_types(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Put a type side-car before each value that JSON alone does not type (exchange.md 7.1 row 19)."""
    typed: dict[str, Any] = {}
    for name, value in entry.items():
        if isinstance(value, list):
            typed[f"{name}@odata.type"] = "#Collection(String)"
        elif isinstance(value, int) and not isinstance(value, bool):
            typed[f"{name}@data.type"] = "System.Int32"
        elif value is not None and name in _TYPES:
            typed[f"{name}@data.type"] = _TYPES[name]
        typed[name] = value
    return typed
