"""Requests and answers through the models of Microsoft's own client library, there and back.

A member that no model knows, a value that does not come back as it was, and an enumeration's unknown word
(which the models drop without a sound, graph.md 9) are violations.
"""

import dataclasses
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

from contract_recording import Exchanged
from kiota_abstractions.serialization import Parsable
from kiota_serialization_json.json_parse_node import JsonParseNode
from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter

from m365_restrict.sandbox.graph.answer import GraphFailure
from m365_restrict.sandbox.graph.routing import find_route

Json: TypeAlias = Any
Model: TypeAlias = Any

_FIRST_REFUSAL = 400
_ERROR = "o_data_errors.o_data_error:ODataError"
_SEND = "msgraph.generated.users.item.send_mail.send_mail_post_request_body:SendMailPostRequestBody"

NOTHING, ENTITY = "", "="
"""A request or answer without a body; a request with the model of its answer."""

_RULES, _LISTS = "users/{user}/mailfolders/{folder}/messagerules", "sites/{site}/lists"
_ITEMS, _COLUMNS = f"{_LISTS}/{{list}}/items", f"{_LISTS}/{{list}}/columns"
_MANAGED, _QUERIES = "admin/configurationmanagement", "security/auditlog/queries"
_RULE, _ITEM, _COLUMN = "message_rule:MessageRule", "list_item:ListItem", "column_definition:ColumnDefinition"
_FOLDER, _MONITOR = "mail_folder:MailFolder", "configuration_monitor:ConfigurationMonitor"
_JOB = "configuration_snapshot_job:ConfigurationSnapshotJob"

MODELS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("GET", "users"): (NOTHING, "[]user:User"),
    ("GET", "users/{user}"): (NOTHING, "user:User"),
    ("GET", "domains"): (NOTHING, "[]domain:Domain"),
    ("GET", "groups"): (NOTHING, "[]group:Group"),
    ("GET", "groups/{group}"): (NOTHING, "group:Group"),
    ("GET", "groups/{group}/members"): (NOTHING, "[]directory_object:DirectoryObject"),
    ("GET", "groups/{group}/transitivemembers"): (NOTHING, "[]directory_object:DirectoryObject"),
    ("GET", "groups/{group}/transitivemembers/microsoft.graph.user"): (NOTHING, "[]user:User"),
    ("GET", "users/{user}/mailboxsettings"): (NOTHING, "mailbox_settings:MailboxSettings"),
    ("GET", "users/{user}/settings/exchange"): (NOTHING, "exchange_settings:ExchangeSettings"),
    ("POST", "admin/exchange/mailboxes/{mailbox}/folders"): (ENTITY, "mailbox_folder:MailboxFolder"),
    ("GET", "users/{user}/mailfolders"): (NOTHING, f"[]{_FOLDER}"),
    ("POST", "users/{user}/mailfolders"): (ENTITY, _FOLDER),
    ("GET", "users/{user}/mailfolders/{folder}"): (NOTHING, _FOLDER),
    ("DELETE", "users/{user}/mailfolders/{folder}"): (NOTHING, NOTHING),
    ("GET", "users/{user}/mailfolders/{folder}/childfolders"): (NOTHING, f"[]{_FOLDER}"),
    ("GET", _RULES): (NOTHING, f"[]{_RULE}"),
    ("POST", _RULES): (ENTITY, _RULE),
    ("GET", _RULES + "/{rule}"): (NOTHING, _RULE),
    ("PATCH", _RULES + "/{rule}"): (ENTITY, _RULE),
    ("DELETE", _RULES + "/{rule}"): (NOTHING, NOTHING),
    ("GET", "sites/{site}"): (NOTHING, "site:Site"),
    ("GET", _LISTS): (NOTHING, "[]list_:List_"),
    ("POST", _LISTS): (ENTITY, "list_:List_"),
    ("GET", _LISTS + "/{list}"): (NOTHING, "list_:List_"),
    ("GET", _COLUMNS): (NOTHING, f"[]{_COLUMN}"),
    ("POST", _COLUMNS): (ENTITY, _COLUMN),
    ("PATCH", _COLUMNS + "/{column}"): (ENTITY, _COLUMN),
    ("GET", _ITEMS): (NOTHING, f"[]{_ITEM}"),
    ("POST", _ITEMS): (ENTITY, _ITEM),
    ("GET", _ITEMS + "/delta"): (NOTHING, f"[]{_ITEM}"),
    ("GET", _ITEMS + "/{item}"): (NOTHING, _ITEM),
    ("DELETE", _ITEMS + "/{item}"): (NOTHING, NOTHING),
    ("GET", _ITEMS + "/{item}/fields"): (NOTHING, "field_value_set:FieldValueSet"),
    ("PATCH", _ITEMS + "/{item}/fields"): (ENTITY, "field_value_set:FieldValueSet"),
    ("GET", _ITEMS + "/{item}/versions"): (NOTHING, "[]list_item_version:ListItemVersion"),
    ("GET", "sites/{site}/drives"): (NOTHING, "[]drive:Drive"),
    ("GET", "sites/{site}/drive"): (NOTHING, "drive:Drive"),
    ("GET", "drives/{drive}"): (NOTHING, "drive:Drive"),
    ("GET", "sites/{site}/drive/root:/{path}"): (NOTHING, "drive_item:DriveItem"),
    ("GET", "drives/{drive}/root:/{path}"): (NOTHING, "drive_item:DriveItem"),
    ("PUT", "sites/{site}/drive/root:/{path}/content"): (NOTHING, "drive_item:DriveItem"),
    ("PUT", "drives/{drive}/root:/{path}/content"): (NOTHING, "drive_item:DriveItem"),
    ("POST", "users/{user}/sendmail"): (_SEND, NOTHING),
    ("GET", f"{_MANAGED}/configurationsnapshotjobs"): (NOTHING, f"[]{_JOB}"),
    ("GET", f"{_MANAGED}/configurationsnapshotjobs/{{job}}"): (NOTHING, _JOB),
    ("DELETE", f"{_MANAGED}/configurationsnapshotjobs/{{job}}"): (NOTHING, NOTHING),
    ("GET", f"{_MANAGED}/configurationsnapshots/{{snapshot}}"): (
        NOTHING, "configuration_baseline:ConfigurationBaseline",
    ),
    ("POST", f"{_MANAGED}/configurationmonitors"): (ENTITY, _MONITOR),
    ("GET", f"{_MANAGED}/configurationmonitors"): (NOTHING, f"[]{_MONITOR}"),
    ("GET", f"{_MANAGED}/configurationmonitors/{{monitor}}"): (NOTHING, _MONITOR),
    ("PATCH", f"{_MANAGED}/configurationmonitors/{{monitor}}"): (ENTITY, _MONITOR),
    ("DELETE", f"{_MANAGED}/configurationmonitors/{{monitor}}"): (NOTHING, NOTHING),
    ("GET", f"{_MANAGED}/configurationmonitoringresults"): (
        NOTHING, "[]configuration_monitoring_result:ConfigurationMonitoringResult",
    ),
    ("GET", f"{_MANAGED}/configurationdrifts"): (NOTHING, "[]configuration_drift:ConfigurationDrift"),
    ("GET", _QUERIES): (NOTHING, "[]security.audit_log_query:AuditLogQuery"),
    ("POST", _QUERIES): (ENTITY, "security.audit_log_query:AuditLogQuery"),
    ("GET", _QUERIES + "/{query}"): (NOTHING, "security.audit_log_query:AuditLogQuery"),
    ("GET", _QUERIES + "/{query}/records"): (NOTHING, "[]security.audit_log_record:AuditLogRecord"),
    ("GET", "admin/exchange/tracing/messagetraces"): (
        NOTHING, "[]exchange_message_trace:ExchangeMessageTrace",
    ),
    ("GET", "admin/exchange/tracing/messagetraces/{trace}/getdetailsbyrecipient/{recipient}"): (
        NOTHING, "[]exchange_message_trace_detail:ExchangeMessageTraceDetail",
    ),
    ("GET", "users/{user}/mailfolders/{folder}/messages"): (NOTHING, "[]message:Message"),
    ("PATCH", "users/{user}/mailfolders/{folder}/messages/{message}"): (ENTITY, "message:Message"),
}  # fmt: skip
"""The models of an address's request and answer; `[]` before a collection of them."""

WITHOUT_MODEL: Mapping[tuple[str, str], str] = {
    ("GET", "users/{user}/mailboxsettings/userpurpose"): "a single value, no model (graph.md 2)",
    ("POST", f"{_MANAGED}/configurationsnapshots/createsnapshot"): (
        "the library has no builder for it (graph.md 6.2)"
    ),
}
"""Addresses whose bodies no model describes, with the reason."""

OPEN: Mapping[str, str] = {
    "FieldValueSet": "an open type: every column is an additional member (graph.md 3.5, 9)",
    "AuditData": "an open type: what a record holds differs by its kind (exchange.md 6)",
    "OpenComplexDictionaryType": "an open type: properties of a resource (graph.md 6.2)",
}
"""Models whose additional members are their purpose."""

ADDITIONAL: Mapping[tuple[str, str], str] = {
    ("DriftedProperty", "currentValue"): "any value (graph.md 6.2)",
    ("DriftedProperty", "desiredValue"): "any value (graph.md 6.2)",
    ("Identity", "email"): "Graph sends it, the library has no member for it (graph.md 3.4)",
}
"""Single additional members that are meant, with the fact."""


def problems(one: Exchanged) -> Iterator[str]:
    """What does not go there and back; only answers are read where the request was refused."""
    if one.status >= _FIRST_REFUSAL:
        yield from _there_and_back("answer", _ERROR, one.answer)
        return
    key = address(one)
    if key is None or key in WITHOUT_MODEL:
        return
    request, answer = MODELS[key]
    model = answer.removeprefix("[]") if request == ENTITY else request
    yield from _there_and_back("request", model, _capitals(one.body) if model == _SEND else one.body)
    yield from _there_and_back("answer", answer, one.answer)


def address(one: Exchanged) -> tuple[str, str] | None:
    """The sandbox's route that the request met; None where it has none."""
    try:
        route, _ = find_route(one.method, one.path)
    except GraphFailure:
        return None
    return route.method, "/".join(route.segments)


def _there_and_back(what: str, name: str, body: Json) -> Iterator[str]:
    if body is None or isinstance(body, bytes):
        return
    if name == NOTHING:
        yield f"{what}: no model, and something was sent"
        return
    if name.startswith("[]"):
        yield from _annotations(what, body)
        for entry in body["value"]:
            yield from _there_and_back(what, name.removeprefix("[]"), entry)
        return
    model = JsonParseNode(body).get_object_value(_model(name))
    for place in _unknown(model, ""):
        yield f"{what}: the models know no {place}"
    writer = JsonSerializationWriter()
    writer.write_object_value(None, model)
    back = json.loads(writer.get_serialized_content())
    yield from _differences(what, _plain(body), _plain(back), model)


@cache
def _model(name: str) -> Model:
    """A class of the library by its module and name."""
    module, _, member = name.partition(":")
    whole = module if module.startswith("msgraph.") else f"msgraph.generated.models.{module}"
    return getattr(importlib.import_module(whole), member)


def _annotations(what: str, body: Mapping[str, Json]) -> Iterator[str]:
    for name in body:
        if name != "value" and not name.startswith("@odata."):
            yield f"{what}: a collection has no {name}"


def _unknown(model: Model, place: str) -> Iterator[str]:
    """The additional members of a model and of those in it, as paths."""
    kind = type(model).__name__
    for name in getattr(model, "additional_data", {}):
        if kind in OPEN or (kind, name) in ADDITIONAL or "@odata." in name or name.startswith("@"):
            continue
        yield f"{place}{kind}.{name}"
    for field in dataclasses.fields(model):
        if field.name in {"additional_data", "backing_store"}:
            continue
        value = getattr(model, field.name)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Parsable):
                yield from _unknown(inner, place)


def _differences(what: str, sent: Json, back: Json, model: object, place: str = "") -> Iterator[str]:
    if isinstance(sent, dict) and isinstance(back, dict):
        for name in sorted({*sent, *back}):
            read, inner = getattr(model, _snake(name), None), f"{place}/{name}"
            if name not in sent:
                yield f"{what}: {inner} comes back, and was not sent"
            elif name in back:
                yield from _differences(what, sent[name], back[name], read, inner)
            elif read is None:
                # A member that only the service writes is read and not sent back.
                yield f"{what}: {inner} is lost ({sent[name]!r})"
    elif isinstance(sent, list) and isinstance(back, list) and len(sent) == len(back):
        models = model if isinstance(model, list) else [None] * len(sent)
        for one, other, read in zip(sent, back, models, strict=True):
            yield from _differences(what, one, other, read, f"{place}/-")
    elif sent != back and not _same_word(sent, back, model):
        yield f"{what}: {place} was {sent!r} and comes back as {back!r}"


def _same_word(sent: Json, back: Json, model: object) -> bool:
    """The library writes `ExchangeAdmin` and reads Graph's own `exchangeAdmin` too (exchange.md 6)."""
    return isinstance(model, Enum) and str(sent).lower() == str(back).lower()


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _capitals(body: Json) -> Json:
    """As the library names the parameters of an action; others write them small (testing.md)."""
    return {name[:1].upper() + name[1:]: value for name, value in body.items()}


def _plain(value: Json) -> Json:
    """Without annotations and nulls, and instants in one form."""
    if isinstance(value, Mapping):
        kept = {name: one for name, one in value.items() if "@" not in name and one is not None}
        return {name: _plain(entry) for name, entry in kept.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT\d", value):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=None).isoformat()
        except ValueError:
            return value
    return value
