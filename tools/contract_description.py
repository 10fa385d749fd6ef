"""Holds requests and answers against Microsoft's description of Graph, closed against unknown members.

The description is a file that is not part of this repository (testing.md, official descriptions).
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from contract_recording import Exchanged
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, oas30_format_checker

Json: TypeAlias = Any

_KEY = re.compile(r"\('([^']*)'\)")
_BY_PATH = re.compile(r"^sites/[^/:]+:/[^:]+:?")
_FUNCTION = re.compile(r"\([^/]*\)$")
_CAST = re.compile(r"/microsoft\.graph\.(\w+)$", re.IGNORECASE)
_FIRST_REFUSAL = 400
_LONGEST = 300

FURTHER_OPTIONS: Mapping[str, str] = {
    "$skiptoken": "part of every link to a next page (graph.md 3.2)",
    "token": "part of every link to later changes (graph.md 3.3)",
}
"""Query options that no description lists, because links carry them, with the fact."""


@dataclass(frozen=True)
class Operation:
    """One method of one address of the description."""

    template: str
    method: str
    parameters: Mapping[str, Json]
    request: Json
    answers: Mapping[str, Json]


class Description:
    """The description, ready to be held against what was recorded."""

    def __init__(self, path: Path) -> None:
        """Read the file; an OSError or ValueError where that cannot be done."""
        self._document: Json = _relaxed(json.loads(path.read_text(encoding="utf-8")))
        self._templates = {
            template: _parts(template.strip("/").lower()) for template in self._document["paths"]
        }

    def operation(self, one: Exchanged) -> Operation | None:
        """What describes this request; None where the description does not hold its address."""
        segments = _parts(address(one.path))
        found = [name for name, parts in self._templates.items() if _fits(parts, segments)]
        for template in sorted(found, key=lambda name: name.count("{")):
            item = self._document["paths"][template]
            if one.method.lower() in item:
                return self._read(template, item, one.method.lower())
        return None

    def problems(self, one: Exchanged, operation: Operation) -> Iterator[str]:
        """What the description forbids: the query and body of an accepted request, and every answer."""
        if one.status < _FIRST_REFUSAL:
            yield from self._query(one, operation)
            if operation.request is not None or one.body is not None:
                yield from self._held("request", operation.request, _capitals(operation.request, one.body))
        for code in (str(one.status), f"{one.status // 100}XX", "default"):
            if code in operation.answers:
                yield from self._held("answer", operation.answers[code], one.answer)
                return
        yield f"answer: the status {one.status} is not described"

    def _read(self, template: str, item: Json, method: str) -> Operation:
        given = item[method]
        parameters = [self._resolved(one) for one in given.get("parameters", [])]
        answers = {code: self._resolved(one) for code, one in given["responses"].items()}
        if method == "patch" and "content" not in answers["2XX"]:
            # Described without a body; documented and seen is the whole entity (graph.md 1.1, 3.9).
            answers["2XX"] = self._resolved(item["get"]["responses"]["2XX"])
        return Operation(
            template=template,
            method=method,
            parameters={one["name"]: one["schema"] for one in parameters if one["in"] == "query"},
            request=_content(self._resolved(given.get("requestBody", {}))),
            answers={code: _content(one) for code, one in answers.items()},
        )

    def _resolved(self, given: Json) -> Json:
        if "$ref" not in given:
            return given
        _, _, kind, name = given["$ref"].split("/")
        return self._document["components"][kind][name]

    def _query(self, one: Exchanged, operation: Operation) -> Iterator[str]:
        for name, value in one.query:
            if name in operation.parameters:
                yield from self._held(f"request: {name}", operation.parameters[name], _typed(value))
            elif name not in FURTHER_OPTIONS:
                yield f"request: the query option {name} is not described"

    def _held(self, what: str, schema: Json, value: Json) -> Iterator[str]:
        if schema is None:
            if value is not None:
                yield f"{what}: nothing is described, and something was sent"
            return
        if value is None or isinstance(value, bytes):
            yield f"{what}: something is described, and {'nothing' if value is None else 'no JSON'} was sent"
            return
        writes = what == "request"
        for error in self._validator(json.dumps(schema), writes).iter_errors(value):
            place = "/".join(str(part) for part in error.absolute_path)
            yield f"{what}: {place or 'whole'}: {error.message[:_LONGEST]}"

    @cache  # noqa: B019 (one description a process)
    def _validator(self, schema: str, writes: bool) -> Json:  # noqa: FBT001 (a cache key)
        kind = OAS30WriteValidator if writes else OAS30ReadValidator
        whole = {**json.loads(schema), "components": self._document["components"]}
        return kind(whole, format_checker=oas30_format_checker)


def address(path: str) -> str:
    """A path as the description writes it: sites by id, keys as segments, no double slashes, no cast."""
    plain = _BY_PATH.sub("sites/by-path", _KEY.sub(r"/\1", path.strip("/")))
    return _CAST.sub("", re.sub("/+", "/", plain))


def _parts(path: str) -> list[str]:
    """The segments; a function by its name alone, without its namespace and parameters."""
    return [_FUNCTION.sub("", part).removeprefix("graph.") for part in path.split("/")]


def _capitals(described: Json, body: Json) -> Json:
    """The parameters of an action as described: clients send `message` for `Message` (testing.md)."""
    names = {name.lower(): name for name in (described or {}).get("properties", {})}
    if not isinstance(body, dict) or "$ref" in (described or {}):
        return body
    return {names.get(name.lower(), name): value for name, value in body.items()}


def _fits(parts: list[str], segments: list[str]) -> bool:
    return len(parts) == len(segments) and all(
        part.startswith("{") or part == segment.lower() for part, segment in zip(parts, segments, strict=True)
    )


def _content(described: Json) -> Json:
    content = described.get("content", {})
    return content["application/json"]["schema"] if content else None


def _typed(value: str) -> Json:
    if value.isdigit():
        return int(value)
    return {"true": True, "false": False}.get(value.lower(), value)


def _relaxed(document: Json) -> Json:
    """The same where `nullable` stands beside `allOf`: OpenAPI 3.0 lets it act beside `type` alone."""
    if isinstance(document, list):
        return [_relaxed(one) for one in document]
    if not isinstance(document, dict):
        return document
    relaxed = {name: _relaxed(value) for name, value in document.items()}
    if relaxed.get("nullable") is True and "allOf" in relaxed:
        inner = copy.copy(relaxed)
        del inner["nullable"]
        return {"anyOf": [{"type": "object", "nullable": True, "maxProperties": 0}, inner]}
    return relaxed
