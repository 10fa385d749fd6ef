"""What a plan rests on, piece by piece: its id stands for all of it, and what has moved can be named.

Two plans have the same id only where the changes, the lists, the rules in the tenant, the settings that
shape rules and this program are the same (peers.md 2, row 6).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

LISTS = ("Restricted contacts", "Restriction reviews", "Councillor mail choices")
"""The usual titles of the lists, in the order in which the register's version names them."""
_CHOICES_MOVED = "councillors' own choices, or the rules in their mailboxes, are otherwise than they were"


@dataclass(frozen=True, kw_only=True)
class Shaping:
    """What shapes rules beside the lists and the tenant: digests of settings by name, and this program."""

    tool_version: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """A rule as it was seen, or a change as it is planned. `id` and `digest` are digests.

    `name` is for people.
    """

    id: str
    name: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a plan rests on, as far as it may be told. `rules` and `changes` are in their order.

    Nothing here is about councillors' choices or their mailboxes: a digest of so little could be guessed.
    They count in the plan's id alone.
    """

    register_version: str
    tool_version: str
    settings: Mapping[str, str]
    rules: tuple[Piece, ...]
    unread: tuple[str, ...]
    changes: tuple[Piece, ...]


def moved_since(before: Basis, now: Basis) -> tuple[str, ...]:
    """What is no longer as it was, for people. Of two plans with different ids, so it is never empty."""
    return tuple(_moved(before, now)) or (_CHOICES_MOVED,)


def _moved(before: Basis, now: Basis) -> Iterator[str]:
    if before.tool_version != now.tool_version:
        yield f"this program is version {now.tool_version}, and it was {before.tool_version}"
    names = sorted(before.settings.keys() | now.settings.keys())
    for name in names:
        if before.settings.get(name) != now.settings.get(name):
            yield f"the setting {name} was changed"
    if before.register_version != now.register_version:
        yield _lists_moved(before.register_version, now.register_version)
    if before.unread != now.unread:
        yield f"what could not be read was: {_listed(before.unread)}; now it is: {_listed(now.unread)}"
    else:
        yield from _pieces_moved("", before.rules, now.rules)
        if _order(before.rules, now.rules) != _order(now.rules, before.rules):
            yield "the order of the rules in the tenant was changed"
    yield from _pieces_moved("the planned change to ", before.changes, now.changes)
    if _order(before.changes, now.changes) != _order(now.changes, before.changes):
        yield "the changes would be made in another order"


def _lists_moved(before: str, now: str) -> str:
    """The version of the register is those of its lists, joined."""
    old, new = before.split("-"), now.split("-")
    if len(old) == len(new) == len(LISTS):
        titles = [title for title, was, is_now in zip(LISTS, old, new, strict=True) if was != is_now]
        what = f"the list {titles[0]} was" if len(titles) == 1 else f"the lists {' and '.join(titles)} were"
        return f"{what} saved, so the register is version {now}, and it was {before}"
    return f"the register is version {now}, and it was {before}"


def _pieces_moved(kind: str, before: Iterable[Piece], now: Iterable[Piece]) -> Iterator[str]:
    old, new = ({piece.id: piece for piece in pieces} for pieces in (before, now))
    for piece in new.values():
        if piece.id not in old:
            yield f"{kind}{piece.name} is new"
        elif piece.digest != old[piece.id].digest:
            yield f"{kind}{piece.name} is another than it was"
    for piece in old.values():
        if piece.id not in new:
            yield f"{kind}{piece.name} is gone"


def _order(these: Iterable[Piece], others: Iterable[Piece]) -> list[str]:
    known = {piece.id for piece in others}
    return [piece.id for piece in these if piece.id in known]


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts) or "nothing"


def digest(content: object) -> str:
    """16 hex digits over plain JSON values."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
