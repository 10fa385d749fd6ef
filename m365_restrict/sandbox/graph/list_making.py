"""Making lists and columns, which needs a managing permission (graph.md 3.1, 3.9)."""

from collections.abc import Mapping
from typing import Any

from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure
from m365_restrict.sandbox.graph.sites import column_id, find_list, find_site, show_list
from m365_restrict.sandbox.list_columns import BadDefinition, column_defaults, read_definition

_BUILT_IN_TYPE = "genericList"


def create_list(call: GraphCall) -> GraphAnswer:
    """POST /sites/{site}/lists: a generic list with its Title and the columns that the body names."""
    site = find_site(call)
    title = call.fields.get("displayName")
    if not isinstance(title, str) or not title.strip():
        raise _refused("The property 'displayName' of the list is missing.")
    template = (call.fields.get("list") or {}).get("template", _BUILT_IN_TYPE)
    if template != _BUILT_IN_TYPE:
        raise _refused(f"The template '{template}' is not supported here.")
    if call.tenant.lists.find(title) is not None:
        text = "A list with this name already exists on the site."
        raise GraphFailure(409, "nameAlreadyExists", text, target=title)
    definitions: dict[str, dict[str, Any]] = {}
    for raw in call.fields.get("columns") or []:
        definition = _checked(raw, known=definitions)
        definitions[definition["name"]] = definition
    made = call.tenant.lists.make(title, site.id, definitions)
    return GraphAnswer(show_list(call, made), status=201, target=title)


def create_column(call: GraphCall) -> GraphAnswer:
    """POST .../columns: one column more."""
    document = find_list(call)
    definition = _checked(call.fields, known=call.tenant.lists.definitions(document))
    call.tenant.lists.define(document, definition["name"], definition)
    return _shown(document, definition, status=201)


def update_column(call: GraphCall) -> GraphAnswer:
    """PATCH .../columns/{column}: only named members change, each whole; the type stays what it is."""
    document = find_list(call)
    every = call.tenant.lists.definitions(document)
    wanted = call.params["column"]
    name = next((one for one in every if wanted.lower() in (one.lower(), column_id(document, one))), None)
    if name is None:
        raise GraphFailure(404, "itemNotFound", "The specified column was not found", target=wanted)
    if "name" in call.fields and call.fields["name"] != name:
        raise _refused("The internal name of a column cannot be changed.")
    changed = {**every[name], **call.fields}
    if _kind_of(changed) is not _kind_of(every[name]):
        raise _refused(f"The type of the column '{name}' cannot be changed.")
    call.tenant.lists.define(document, name, changed)
    return _shown(document, changed, status=200)


def _checked(raw: object, *, known: Mapping[str, object]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _refused("A column is not a JSON object.")
    _kind_of(raw)
    if raw["name"] in (*known, "Title"):
        raise _refused(f'A duplicate field name "{raw["name"]}" was found.')
    return dict(raw)


def _kind_of(raw: Mapping[str, Any]) -> object:
    try:
        return read_definition(raw).kind
    except BadDefinition as error:
        raise _refused(str(error)) from error


def _shown(document: Mapping[str, Any], definition: Mapping[str, Any], *, status: int) -> GraphAnswer:
    body = {"id": column_id(document, definition["name"]), **column_defaults(definition)}
    return GraphAnswer(body, status=status, target=document["title"])


def _refused(text: str) -> GraphFailure:
    return GraphFailure(400, "invalidRequest", text)
