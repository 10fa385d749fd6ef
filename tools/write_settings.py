"""Write docs/settings.md from the settings' own definitions, so that page and program cannot disagree.

Usage: python tools/write_settings.py [PATH]
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from settings.model import DELIMITER, Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "settings.md"
# The definitions name the fact that they follow; the facts are not part of the repository.
_FACT = re.compile(r" \([a-z]+\.md [0-9., ]+\)")

_INTRODUCTION = """\
# Settings

Every setting is an environment variable, or a `KEY=VALUE` line of the file that `--env-file` names; a
variable of the environment wins over the file. Put `M365_RESTRICT_` before each name below:
`RULES__MODE` is set with `M365_RESTRICT_RULES__MODE=enforce`. Lists are comma-separated, days are
written 2027-05-06, yes and no are `true` and `false`. An empty value counts as not set. A name that is
not a setting stops every run with exit code 5 and the nearest known name; `m365-restrict show-config`
prints what is in force and where each value came from.

This page is written by `make codes` from the program itself. What is read but has no effect yet is in
[limits.md](limits.md).
"""


@dataclass(frozen=True)
class Row:
    """One setting: its name without the prefix, its default in words, and what it means."""

    name: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Section:
    """One table. `about` is what the settings in it have in common."""

    name: str
    about: str
    rows: tuple[Row, ...]


def sections() -> Iterator[Section]:
    """Every section in the model's order; a setting that stands alone is a section of one."""
    for key, field in Settings.model_fields.items():
        kind = field.annotation
        name = _spelt(key, field)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            about = (kind.__doc__ or "").strip().splitlines()[0]
            yield Section(name, about, tuple(_rows(kind, name + DELIMITER)))
        else:
            yield Section(name, "", (_row(Settings, key, field, name),))


def _rows(kind: type[BaseModel], path: str) -> Iterator[Row]:
    for key, field in kind.model_fields.items():
        inner = field.annotation
        name = path + _spelt(key, field)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield Row(f"{name}{DELIMITER}…", "see below", _documented(kind)[key])
            yield from _rows(inner, name + DELIMITER)
        else:
            yield _row(kind, key, field, name)


def _row(
    kind: type[BaseModel],
    key: str,
    field: FieldInfo,
    name: str,
) -> Row:
    text = _documented(kind)[key]
    meaning, said = _without_default(text)
    computed = _default(field)
    shown = f"`{computed}`" if computed not in {"", "required"} else computed or said or "none"
    many = get_origin(field.annotation) is dict
    values = _values(field.annotation)
    if not all(value in meaning for value in values):
        meaning += f" Values: {', '.join(values)}."
    return Row(f"{name}{DELIMITER}<NAME>" if many else name, shown, meaning)


def _values(kind: object) -> tuple[str, ...]:
    """The values of a closed choice as they are written; nothing for any other type."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(f"`{value}`" for value in kind)
    return ()


def _without_default(text: str) -> tuple[str, str]:
    """The text without its closing words on the default, and what they say in prose, if anything."""
    for marker in (" Required.", " Default: ", " Default "):
        before, found, after = text.rpartition(marker)
        if found:
            return before, after.rstrip(".")
    for marker in ("Default ", "Default: "):
        if text.startswith(marker):
            return "", ""
    return text, ""


def _default(field: FieldInfo) -> str:
    """The default as it would be written in a file; "" where it is empty."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    match value:
        case None | () | "":
            return ""
        case bool():
            return str(value).lower()
        case dict() | SecretStr():
            return ""
        case tuple():
            return ",".join(str(entry) for entry in value)
        case _:
            return str(value)


@cache
def _documented(kind: type[BaseModel]) -> Mapping[str, str]:
    """The text under each field of a class, from its source."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    if not isinstance(body, ast.ClassDef):
        raise TypeError(f"{kind.__name__} is not written as a class")
    return {
        field.target.id: " ".join(str(text.value.value).split())
        for field, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def _spelt(key: str, field: FieldInfo) -> str:
    return (field.alias or key).upper()


def page() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION]
    for section in sections():
        lines = [f"## {section.name}", ""]
        if section.about:
            lines += [section.about, ""]
        lines += ["| setting | default | meaning |", "|---|---|---|"]
        lines += [f"| `{row.name}` | {row.default} | {_cell(row.meaning)} |" for row in section.rows]
        parts.append("\n".join([*lines, ""]))
    return "\n".join(parts)


def _cell(text: str) -> str:
    return _FACT.sub("", text).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.write_text(page(), encoding="utf-8")
