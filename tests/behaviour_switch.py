"""A tenant that answers otherwise where nobody knows what Microsoft 365 does (`tenant.behaviour` of a seed).

`make test BEHAVIOUR="name=value name=value"` gives every tenant that a test plants these answers, and the
program the settings that belong to them (tools/behaviour_rows.toml), as `doctor --probe` would have found
them out. What a test's own seed states goes before both.

A test about one answer is marked `@pytest.mark.behaviour(name="value", reason="...")`. Its tenant has that
answer, and under another one it is skipped for that reason. Answers may stand in one text as well.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from m365_restrict.sandbox.seed import Behaviour

VARIABLE = "M365_RESTRICT_TEST_BEHAVIOUR"
ROWS = Path(__file__).parents[1] / "tools" / "behaviour_rows.toml"


def read(text: str) -> dict[str, Any]:
    """`name=value` pairs, a value as it stands or as JSON. pydantic's error for what is no answer."""
    return {name: _value(name, value) for name, _, value in (one.partition("=") for one in text.split())}


def table() -> dict[str, Any]:
    """tools/behaviour_rows.toml."""
    return tomllib.loads(ROWS.read_text(encoding="utf-8"))


def rows() -> list[dict[str, Any]]:
    """The answers other than the usual ones, each with its settings and the sets of tests it may touch."""
    listed: list[dict[str, Any]] = table()["answer"]
    return listed


def of_markers(item: pytest.Item) -> dict[str, Any]:
    """The answers that a test is about."""
    stated: dict[str, Any] = {}
    for marker in item.iter_markers("behaviour"):
        stated |= read(" ".join(marker.args))
        stated |= {name: _plain(name, value) for name, value in marker.kwargs.items() if name != "reason"}
    return stated


def skip_what_is_about_another(items: Iterable[pytest.Item], asked: Mapping[str, Any]) -> None:
    """Mark tests that are about another answer than the one asked for."""
    for item in items:
        for name, value in of_markers(item).items():
            if name in asked and asked[name] != value:
                reasons = [marker.kwargs.get("reason", "") for marker in item.iter_markers("behaviour")]
                item.add_marker(pytest.mark.skip(reason=f"about {name}={value}: {'; '.join(reasons)}"))


def answered(document: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """A seed with these answers and their settings, except where it states its own."""
    if not answers:
        return dict(document)
    tenant = document.get("tenant", {})
    behaviour = {**answers, **tenant.get("behaviour", {})}
    settings: dict[str, str] = {}
    for row in rows():
        if all(behaviour.get(name) == value for name, value in read(row["is"]).items()):
            settings |= row.get("settings", {})
    return {
        **document,
        "tenant": {**tenant, "behaviour": behaviour},
        "settings": {**settings, **document.get("settings", {})},
    }


def _value(name: str, text: str) -> Any:
    try:
        return _plain(name, text)
    except ValidationError:
        return _plain(name, json.loads(text))


def _plain(name: str, value: Any) -> Any:
    """The value as a seed has it; an error for a name or value that there is not."""
    return Behaviour(**{name: value}).model_dump(mode="json")[name]
