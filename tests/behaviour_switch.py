"""A tenant that answers otherwise where nobody knows what Microsoft 365 does (`tenant.behaviour` of a seed).

`make test BEHAVIOUR="name=value name=value"` gives every tenant that a test plants these answers, and the
program the settings that belong to them (tools/behaviour_rows.toml), as `doctor --probe` would have found
them out. What a test's own seed states goes before both.

A test about one answer is marked `@pytest.mark.behaviour(name="value", reason="...")`. Its tenant has that
answer, and under another one it is skipped for that reason. Where further answers are asked for at the same
time (`python tools/behaviour_table.py --together`), it is run under those, and counted as one that kept its
own. Answers may stand in one text as well.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from m365_restrict.sandbox.seed import Behaviour

VARIABLE = "TENANT_BEHAVIOUR"
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


def contradicted(item: pytest.Item, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that a test is about, where another one is asked for."""
    return {name: value for name, value in of_markers(item).items() if asked.get(name, value) != value}


def skip_what_is_about_another(items: Iterable[pytest.Item], asked: Mapping[str, Any]) -> int:
    """Mark tests that are about another answer than all those asked for.

    How many are run all the same under what else is asked for, with their own answers kept.
    """
    kept = 0
    for item in items:
        own = contradicted(item, asked)
        if own and asked.keys() <= own.keys():
            reasons = "; ".join(marker.kwargs.get("reason", "") for marker in item.iter_markers("behaviour"))
            about = ", ".join(f"{name}={value}" for name, value in own.items())
            item.add_marker(pytest.mark.skip(reason=f"about {about}: {reasons}"))
        kept += bool(own) and not asked.keys() <= own.keys()
    return kept


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
