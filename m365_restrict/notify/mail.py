"""A mail as a few blocks, shown as plain text and as accessible HTML from one source."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias, assert_never


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list under a heading."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A link with words that say where it leads."""

    words: str
    url: str


Block: TypeAlias = Paragraph | Bullets | Link


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What is said. `language` is a BCP 47 tag for screen readers."""

    subject: str
    blocks: tuple[Block, ...]
    language: str = "en-GB"

    @property
    def text(self) -> str:
        """The mail as plain text."""
        return "\n\n".join(_text(block) for block in self.blocks) + "\n"

    @property
    def html(self) -> str:
        """The mail as a whole HTML page: one heading, no pictures, no colours, nothing loaded."""
        subject = escape(self.subject)
        body = "\n".join(_html(block) for block in self.blocks)
        return (
            f'<!DOCTYPE html>\n<html lang="{escape(self.language)}">\n<head><meta charset="utf-8">'
            f"<title>{subject}</title></head>\n<body>\n<h1>{subject}</h1>\n{body}\n</body>\n</html>\n"
        )


def mail(subject: str, *blocks: Block | str) -> Mail:
    """A mail from blocks; a plain text is a paragraph, and an empty one is left out."""
    kept = [Paragraph(block) if isinstance(block, str) else block for block in blocks if block != ""]
    return Mail(subject=subject, blocks=tuple(kept))


def bullets(heading: str, lines: Sequence[str]) -> Bullets:
    """A list under a heading."""
    return Bullets(heading, tuple(lines))


def _text(block: Block) -> str:
    match block:
        case Paragraph(text):
            return text
        case Bullets(heading, lines):
            return "\n".join([heading, *(f"- {line}" for line in lines)])
        case Link(words, url):
            return f"{words}:\n{url}"
        case _ as never:
            assert_never(never)


def _html(block: Block) -> str:
    match block:
        case Paragraph(text):
            lines = "<br>\n".join(escape(line) for line in text.splitlines())
            return f"<p>{lines}</p>"
        case Bullets(heading, lines):
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            return f"<h2>{escape(heading)}</h2>\n<ul>{items}</ul>"
        case Link(words, url):
            return f'<p><a href="{escape(url)}">{escape(words)}</a></p>'
        case _ as never:
            assert_never(never)
