"""A mail as an Adaptive Card for a Teams channel, from the same blocks (graph.md 7)."""

import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias, assert_never

from m365_restrict.notify.mail import Bullets, Link, Mail, Paragraph

Card: TypeAlias = Mapping[str, object]

_MOST_LINES = 12
"""Lines of one list: a channel is for being told, the report for being read."""


def card_message(mail: Mail) -> Card:
    """What a workflow is posted: one card, with the mail's link as its button."""
    links = [block for block in mail.blocks if isinstance(block, Link)]
    content: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": mail.language,
        "fallbackText": mail.subject,
        "body": [_text(mail.subject, weight="Bolder", size="Medium", style="heading"), *_body(mail)],
    }
    if links:
        content["actions"] = [{"type": "Action.OpenUrl", "title": one.words, "url": one.url} for one in links]
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [card]}


def size_of(card: Card) -> int:
    """Bytes of a card as it is posted."""
    return len(json.dumps(card).encode())


def _body(mail: Mail) -> Iterator[Card]:
    for block in mail.blocks:
        match block:
            case Paragraph(text):
                yield _text(text)
            case Bullets(heading, lines):
                yield _text(heading, weight="Bolder")
                for line in lines[:_MOST_LINES]:
                    yield _text(f"- {line}")
                if len(lines) > _MOST_LINES:
                    yield _text(f"- and {len(lines) - _MOST_LINES} more")
            case Link():
                pass
            case _ as never:
                assert_never(never)


def _text(text: str, **style: str) -> Card:
    return {"type": "TextBlock", "text": text, "wrap": True, **style}
