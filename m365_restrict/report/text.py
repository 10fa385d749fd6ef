"""Plain lines for people: data made harmless for a terminal, counts in words, values readable."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from m365_restrict.rules.observed import PropertyValue

_MOST_VALUES = 6
_LEAST_ROOM = 20

# Control characters could move the cursor or colour the screen; direction marks could reorder what is read.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")

Style: TypeAlias = str


@dataclass(frozen=True)
class Line:
    """One line of output. `style` is a rich style and says nothing that the words do not say."""

    text: str
    style: Style = ""
    indent: int = 0


def clean(text: str) -> str:
    """The text on one line, without characters that a terminal would obey."""
    return _UNSAFE.sub(" ", text).strip()


def plain(lines: Iterable[Line]) -> str:
    """The lines as text without any style, each ended by a newline."""
    return "".join(f"{'  ' * line.indent}{clean(line.text)}\n" for line in lines)


def folded(line: Line, width: int, *, most: int | None = None) -> Iterator[Line]:
    """The line in pieces that fit into `width` columns, the later ones set in; at most `most`, then cut."""
    room = max(width - 2 * line.indent - 2, _LEAST_ROOM)
    pieces = textwrap.wrap(
        clean(line.text),
        room,
        max_lines=most,
        placeholder=" …",
        break_on_hyphens=False,
    )
    for number, piece in enumerate(pieces or [""]):
        yield replace(line, text=piece, indent=line.indent + (number > 0))


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun, such as `no changes`, `1 change`, `2 changes`."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number or 'no'} {noun}"


def sentence(parts: list[str]) -> str:
    """Parts joined by semicolons into one sentence that begins with a capital and ends in a full stop."""
    joined = "; ".join(part for part in parts if part)
    return f"{joined[:1].upper()}{joined[1:]}."


def shown(value: PropertyValue | None) -> str:
    """A property value in words; of a long list the first few and how many more."""
    match value:
        case None | ():
            return "not set"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M %Z}"
        case tuple():
            head = ", ".join(clean(one) for one in value[:_MOST_VALUES])
            more = len(value) - _MOST_VALUES
            return f"{head} and {more} more" if more > 0 else head
        case _:
            return clean(str(value)) or "empty"
