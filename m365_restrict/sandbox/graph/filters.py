"""The part of `$filter` that the sandbox understands: equality, `startswith` and `any`, joined by and/or."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from m365_restrict.sandbox.graph.answer import GraphFailure
from m365_restrict.sandbox.store import Json

_STRING = r"'((?:[^']|'')*)'"
_EQUALS = re.compile(rf"([\w/]+)\s+(eq|ne)\s+(?:{_STRING}|(true|false|null|\d+))", re.IGNORECASE)
_STARTS = re.compile(rf"startswith\(\s*([\w/]+)\s*,\s*{_STRING}\s*\)", re.IGNORECASE)
_ANY = re.compile(rf"([\w/]+)/any\(\s*(\w+)\s*:\s*\2\s+eq\s+{_STRING}\s*\)", re.IGNORECASE)
_JOIN = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)

Test = Callable[[Mapping[str, Any]], bool]


def read_filter(expression: str) -> Test:
    """The test that an expression makes; a failure for one that is not understood."""
    alternatives: list[list[Test]] = [[]]
    position, end = 0, len(expression.rstrip())
    while True:
        test, position = _term(expression, position)
        alternatives[-1].append(test)
        if position >= end:
            break
        joint = _JOIN.match(expression, position)
        if joint is None:
            raise _not_understood(expression)
        if joint[1].lower() == "or":
            alternatives.append([])
        position = joint.end()
    return lambda document: any(all(test(document) for test in tests) for tests in alternatives)


def _term(expression: str, position: int) -> tuple[Test, int]:
    position += len(expression[position:]) - len(expression[position:].lstrip())
    if found := _ANY.match(expression, position):
        return _any(found[1], _text(found[3])), found.end()
    if found := _STARTS.match(expression, position):
        return _starts(found[1], _text(found[2])), found.end()
    if found := _EQUALS.match(expression, position):
        literal = found[4].lower() if found[3] is None else _text(found[3])
        return _equals(found[1], literal, negate=found[2].lower() == "ne"), found.end()
    raise _not_understood(expression)


def _equals(path: str, wanted: str, *, negate: bool) -> Test:
    return lambda document: (_as_text(_value(document, path)) == wanted) is not negate


def _starts(path: str, prefix: str) -> Test:
    return lambda document: _as_text(_value(document, path)).startswith(prefix)


def _any(path: str, wanted: str) -> Test:
    return lambda document: any(_as_text(entry) == wanted for entry in _value(document, path) or [])


def _value(document: Mapping[str, Any], path: str) -> Json:
    value: Json = document
    for part in path.split("/"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _as_text(value: Json) -> str:
    if value is None:
        return "null"
    return str(value).lower()


def _text(literal: str) -> str:
    return literal.replace("''", "'").lower()


def _not_understood(expression: str) -> GraphFailure:
    text = f"Unsupported or invalid query filter clause: {expression}"
    return GraphFailure(400, "Request_UnsupportedQuery", text)
