"""Values kept by their own SHA-256, in pieces: what is the same in two runs is kept once.

A value is JSON text. Every part of more than `LIMIT` characters is a body of its own, to which its place
refers; a long list is cut where its own elements say so, so that one changed row changes one piece.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, insert, select, update

from m365_restrict.ledger.schema import evidence_bodies

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

LIMIT = 1024
"""Characters of JSON up to which a part stays with what holds it."""
PRESENT = 0
"""`removed_by` of a body that is there; else it is the number of the chain's entry that removed it."""

_SHORT = LIMIT // 8
"""Characters of a text that, escaped and quoted, is certainly within the limit."""
_CUT = 16
_LONGEST = 64
_AT_ONCE = 500
_BODY, _PARTS = "$body", "$parts"
# In JSON text a quotation mark within a string is escaped, so this is never part of somebody's words.
_REFERENCE = re.compile(r'"\$body":"([0-9a-f]{64})"')

# Made once: evidence is hundreds of thousands of values.
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring


class BodyLost(Exception):
    """A body is not there, or not as it was kept. `removed_by` is the entry that removed it, 0 for none."""

    def __init__(self, digest: str, *, removed_by: int = PRESENT) -> None:
        """For the body with that hash."""
        super().__init__(digest)
        self.digest = digest
        self.removed_by = removed_by


def digest_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: object) -> str:
    """JSON with sorted keys and without blanks: equal values have equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def references(text: str) -> Iterator[str]:
    """The hashes of the bodies to which a body refers."""
    return (found[1] for found in _REFERENCE.finditer(text))


class Pieces:
    """Cuts values into bodies. `texts` are those that were made, by their hashes."""

    def __init__(self) -> None:
        """Nothing has been cut."""
        self.texts: dict[str, str] = {}
        self._seen: dict[str, str] = {}

    def keep(self, value: Json) -> str:
        """The hash under which a value can be had again; the order of its keys is kept."""
        return self._body(self._text(value))

    def _body(self, text: str) -> str:
        digest = digest_of(text)
        self.texts[digest] = text
        return digest

    def _fitting(self, text: str) -> str:
        return text if len(text) <= LIMIT else f'{{"{_BODY}":"{self._body(text)}"}}'

    def _text(self, value: Json) -> str:
        match value:
            case dict():
                return f"{{{','.join([f'{_quoted(key)}:{self._part(one)}' for key, one in value.items()])}}}"
            case list():
                return self._list([self._element(one) for one in value])
            case _:
                return _scalar(value)

    def _part(self, value: Json) -> str:
        if type(value) is str and len(value) <= _SHORT:
            return _quoted(value)
        return self._fitting(self._text(value) if isinstance(value, dict | list) else _scalar(value))

    def _element(self, value: Json) -> str:
        """What stands for an element. A run reads the same rules and items again and again."""
        if not isinstance(value, dict | list) or len(value) == 1:
            return self._part(value)  # What only wraps another one is not looked through twice.
        whole = _compact(value)
        if len(whole) <= LIMIT:  # Then no part of it is longer.
            return whole
        if whole not in self._seen:
            self._seen[whole] = self._fitting(self._text(value))
        return self._seen[whole]

    def _list(self, texts: list[str]) -> str:
        whole = _bracketed(texts)
        groups = _groups(texts) if len(whole) > LIMIT else []
        if len(groups) < 2:  # noqa: PLR2004 - one piece is no cut
            return whole
        parts = [self._reference(_bracketed(group)) for group in groups]
        while len(parts) > _LONGEST:
            parts = [self._reference(_with_parts(group)) for group in _groups(parts)]
        return _with_parts(parts)

    def _reference(self, text: str) -> str:
        return f'{{"{_BODY}":"{self._body(text)}"}}'


def _scalar(value: object) -> str:
    if type(value) is str:
        return _quoted(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    return _compact(value)


def _bracketed(texts: Sequence[str]) -> str:
    return f"[{','.join(texts)}]"


def _with_parts(references_: Sequence[str]) -> str:
    return f'{{"{_PARTS}":{_bracketed(references_)}}}'


def _groups(texts: Sequence[str]) -> list[list[str]]:
    """The elements in groups. Each ends with an element whose own text says so, so cuts stay in place."""
    groups: list[list[str]] = [[]]
    for text in texts:
        groups[-1].append(text)
        if zlib.crc32(text.encode()) % _CUT == 0 or len(groups[-1]) == _LONGEST:
            groups.append([])
    return [group for group in groups if group]


def in_batches(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as one statement may name."""
    return (digests[start : start + _AT_ONCE] for start in range(0, len(digests), _AT_ONCE))


def store(connection: Connection, texts: Mapping[str, str]) -> None:
    """Write the bodies that are not there, also those that were removed and have come back."""
    table = evidence_bodies
    known: dict[str, int] = {}
    for some in in_batches(list(texts)):
        found = connection.execute(select(table.c.hash, table.c.removed_by).where(table.c.hash.in_(some)))
        known |= {row.hash: row.removed_by for row in found}
    new = [_row(digest, text) for digest, text in texts.items() if digest not in known]
    if new:
        connection.execute(insert(table), new)
    for digest, removed_by in known.items():
        if removed_by != PRESENT:
            row = _row(digest, texts[digest])
            connection.execute(update(table).where(table.c.hash == digest).values(row))


def _row(digest: str, text: str) -> dict[str, object]:
    content = zlib.compress(text.encode())
    seal = hashlib.sha256(content).hexdigest()
    return {"hash": digest, "content": content, "seal": seal, "removed_by": PRESENT}


def remove(connection: Connection, digests: Iterable[str], *, by: int) -> None:
    """Take the content of bodies away; their hashes stay, with the number of the entry that says why."""
    table = evidence_bodies
    gone = {"content": None, "seal": "", "removed_by": by}
    for some in in_batches(sorted(digests)):
        connection.execute(update(table).where(table.c.hash.in_(some)).values(gone))


def text_of(connection: Connection, digest: str) -> str:
    """One body as it was kept. Raises `BodyLost` where it is not there or not the same."""
    table = evidence_bodies
    row = connection.execute(select(table).where(table.c.hash == digest)).mappings().first()
    if row is None:
        raise BodyLost(digest)
    return opened(digest, row["content"], row["seal"], row["removed_by"])


def opened(digest: str, content: object, seal: str, removed_by: int) -> str:
    """The text in one row, proven to be what its hash says. Raises `BodyLost`."""
    if removed_by != PRESENT:
        raise BodyLost(digest, removed_by=removed_by)
    if not isinstance(content, bytes) or hashlib.sha256(content).hexdigest() != seal:
        raise BodyLost(digest)
    try:
        text = zlib.decompress(content).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise BodyLost(digest) from error
    if digest_of(text) != digest:
        raise BodyLost(digest)
    return text


def load(connection: Connection, digest: str) -> Json:
    """The whole value that `Pieces.keep` was given. Raises `BodyLost`."""
    return _whole(connection, json.loads(text_of(connection, digest)))


def _whole(connection: Connection, value: Json) -> Json:
    match value:
        case {"$body": str(digest)}:
            return load(connection, digest)
        case {"$parts": list(parts)}:
            return _joined(_whole(connection, part) for part in parts)
        case dict():
            return {key: _whole(connection, one) for key, one in value.items()}
        case list():
            return [_whole(connection, one) for one in value]
        case _:
            return value


def _joined(parts: Iterable[Json]) -> Json:
    return [one for part in parts if isinstance(part, list) for one in part]
