"""The structure of a letter, from which .docx and HTML are both made, and the markup that it is read from.

A rendered template is lines: `# ` begins the title, `## ` a heading, `- ` an entry of a list, `| ` a line
of an address; any other line is a paragraph. Only the template itself can say so: a value that happens
to begin with such a mark stays text, because values are marked when they are put in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from m365_restrict.report.letters.kinds import Tongue

VALUE_MARK = "\x02"
"""Begins every value in a rendered template. Values themselves hold no control characters."""


@dataclass(frozen=True)
class Title:
    """What the letter is about."""

    text: str


@dataclass(frozen=True)
class Heading:
    """Begins a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Lines:
    """Lines that belong together, such as an address."""

    items: tuple[str, ...]


Block: TypeAlias = Title | Heading | Paragraph | Bullets | Lines


@dataclass(frozen=True)
class Part:
    """The letter in one language."""

    tongue: Tongue
    blocks: tuple[Block, ...]

    @property
    def title(self) -> str:
        """What the letter is about."""
        return next((block.text for block in self.blocks if isinstance(block, Title)), "")


def read_blocks(rendered: str) -> tuple[Block, ...]:
    """The blocks of a rendered template; lines of a list or an address that follow each other are one."""
    marked = (_split(line) for line in rendered.split("\n"))
    blocks: list[Block] = []
    for mark, group in groupby(marked, key=lambda line: line[0] if line[1] else ""):
        texts = tuple(text for _, text in group if text)
        if mark == "- ":
            blocks.append(Bullets(texts))
        elif mark == "| ":
            blocks.append(Lines(texts))
        else:
            blocks += [_single(mark, text) for text in texts]
    return tuple(blocks)


def _split(line: str) -> tuple[str, str]:
    stripped = line.strip(" \t\r")
    mark = next((one for one in ("## ", "# ", "- ", "| ") if stripped.startswith(one)), "")
    return mark, " ".join(stripped.removeprefix(mark).replace(VALUE_MARK, "").split())


def _single(mark: str, text: str) -> Block:
    if mark == "# ":
        return Title(text)
    return Heading(text) if mark == "## " else Paragraph(text)


def texts_of(blocks: Iterable[Block]) -> tuple[str, ...]:
    """Every text in its order."""
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Bullets | Lines):
            found += block.items
        else:
            found.append(block.text)
    return tuple(found)
