"""Documents as JSON: all keys always present, lists never null (contracts.md 3)."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Protocol

from m365_restrict import __version__
from m365_restrict.report.documents import Head

_REACHED = ("summary", "counts")
"""What some documents reckon from their fields and tell with them."""


class NamesSchema(Protocol):
    """A verb that says which JSON Schema its document follows."""

    @property
    def schema(self) -> str:
        """The id of the JSON Schema."""


class AnyDocument(Protocol):
    """What every document has beside its own fields; it must be a dataclass."""

    @property
    def head(self) -> Head:
        """What every document begins with."""

    @property
    def verb(self) -> NamesSchema:
        """The verb that it is the document of."""


def to_json(document: AnyDocument) -> str:
    """The document as JSON with sorted keys, ending in a newline: equal documents give equal text."""
    return json.dumps(to_mapping(document), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def to_mapping(document: AnyDocument) -> dict[str, Any]:
    """The document as plain JSON values."""
    body = _plain(document)
    head = body.pop("head")
    body.pop("verb")
    for name in _REACHED:
        value = getattr(document, name, None)
        if value is not None:
            body[name] = _plain(value)
    return {
        "schema": document.verb.schema,
        "tool_version": __version__,
        "status": document.head.exit_code.status,
        **head,
        **body,
    }


def value_json(value: object) -> str:
    """Any value of ours as JSON text with sorted keys."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, sort_keys=True)


def plain_value(value: object) -> Any:  # noqa: ANN401 - a JSON value is of no one type
    """Any value of ours as JSON values."""
    return _plain(value)


def instant(moment: datetime) -> str:
    """An instant as ISO 8601 in UTC to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(value: object) -> Any:  # noqa: ANN401 - a JSON value is of no one type
    match value:
        case Enum():
            return value.value
        case date():
            return instant(value) if isinstance(value, datetime) else value.isoformat()
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case tuple() | list():
            return [_plain(one) for one in value]
        case _ if is_dataclass(value):
            return {one.name.rstrip("_"): _plain(getattr(value, one.name)) for one in fields(value)}
        case _:
            return value
