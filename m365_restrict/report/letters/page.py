"""A letter as one HTML page that meets WCAG 2.2 AA: one h1, a language on every part, no script."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from jinja2 import DictLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from m365_restrict.report.letters.blocks import Part
from m365_restrict.report.letters.render import template_error
from m365_restrict.report.letters.templates_folder import LetterTemplates

_URL = re.compile(r"https://[^\s<>\"']*[^\s<>\"'.,;:!?)]")
_PAGE = "letter.html"


@dataclass(frozen=True)
class Piece:
    """A stretch of text; `url` is "" where it is no link."""

    text: str
    url: str = ""


def pieces(text: str) -> Iterator[Piece]:
    """The text in stretches, its https addresses as links."""
    end = 0
    for found in _URL.finditer(text):
        if found.start() > end:
            yield Piece(text[end : found.start()])
        yield Piece(found.group(), found.group())
        end = found.end()
    if end < len(text):
        yield Piece(text[end:])


def to_page(parts: Sequence[Part], templates: LetterTemplates, *, reference: str) -> str:
    """The whole page. ConfigurationError where the page template cannot be used."""
    style = templates.texts["letter.css"]
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(templates.texts),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pieces"] = pieces
    environment.filters["block_kind"] = lambda block: type(block).__name__
    try:
        return environment.get_template(_PAGE).render(
            parts=parts,
            reference=reference,
            style=Markup(style),  # noqa: S704 - a file of ours or the council's, not a value
            style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        )
    except TemplateError as error:
        raise template_error(_PAGE, error) from error
