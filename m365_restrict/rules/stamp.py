"""The stamp at the end of a transport rule's comments: whose it is and what was applied (design.md 5)."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from m365_restrict.rules.observed import Properties, PropertyValue

LONGEST_COMMENTS = 1024
_MARK = "[m365-restrict "
_STAMP = re.compile(
    r"\[m365-restrict instance=(?P<instance>[^\s\]]+) case=(?P<case>[^\s\]]+)"
    r" key=(?P<key>[^\s\]]+) digest=(?P<digest>[0-9a-f]{16})\]\s*\Z"
)
# What a stamp cannot speak about: itself.
_OUTSIDE_DIGEST = frozenset({"Comments"})


@dataclass(frozen=True)
class Stamp:
    """A readable stamp."""

    instance_id: str
    case_reference: str
    key: str
    digest: str


@dataclass(frozen=True)
class Damaged:
    """Comments that hold the beginning of a stamp and no readable stamp at their end."""

    comments: str


def plain_value(value: PropertyValue) -> str | int | bool | list[str]:
    """The JSON form of a property: instants as ISO 8601 Z, tuples as lists."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, tuple):
        return list(value)
    return value


def digest_of(properties: Properties) -> str:
    """16 hex digits over every property but the comments."""
    plain: Mapping[str, object] = {
        name: plain_value(value) for name, value in properties.items() if name not in _OUTSIDE_DIGEST
    }
    text = json.dumps(plain, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stamp_text(stamp: Stamp) -> str:
    """The stamp as it stands in the comments; odd characters are percent-encoded."""
    instance, case, key = (
        quote(part, safe="/-._~()") for part in (stamp.instance_id, stamp.case_reference, stamp.key)
    )
    return f"{_MARK}instance={instance} case={case} key={key} digest={stamp.digest}]"


def parse_stamp(comments: str) -> Stamp | Damaged | None:
    """The stamp that ends the comments; `Damaged` if one begins and cannot be read; None if there is none."""
    found = _STAMP.search(comments)
    if found:
        return Stamp(
            instance_id=unquote(found["instance"]),
            case_reference=unquote(found["case"]),
            key=unquote(found["key"]),
            digest=found["digest"],
        )
    return Damaged(comments) if _MARK.strip() in comments else None


def with_digest(comments: str, properties: Properties) -> str:
    """The same comments with the digest of `properties`; unchanged where there is no readable stamp."""
    stamp = parse_stamp(comments)
    if not isinstance(stamp, Stamp):
        return comments
    head = comments[: comments.rindex(_MARK)]
    return head + stamp_text(Stamp(stamp.instance_id, stamp.case_reference, stamp.key, digest_of(properties)))
