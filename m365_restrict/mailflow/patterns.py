"""Words and patterns of transport rules, as far as Exchange and Python read them alike."""

import re
from functools import lru_cache
from typing import NamedTuple

from m365_restrict.mailflow.letter_case import lowered, set_apart

_DIFFERS = re.compile(r"\(\?|\\[pPGkK]|[*+?}]\+|\{,|-\[")
_ESCAPED = re.compile(r"\\.|\[[^\]]*\]")
_LITERAL = re.compile(
    r"(?P<start>\^|\\A)(?P<text>(?:[^\\.^$*+?{}\[\]|()]|\\[^A-Za-z0-9\s])+)(?P<end>\$|\\[Zz])"
)
_UNESCAPED = re.compile(r"\\(.)")
_LONGEST_TEXT = 2048


class PatternNotUnderstood(ValueError):
    """A pattern uses what .NET and Python read differently, or neither reads (testing.md)."""


@lru_cache(maxsize=4096)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(set_apart(word))}(?![^\W_])", re.IGNORECASE)


def contains_any_word(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of `words` stands in `text` between spaces, punctuation or the ends (exchange.md 2.3).

    Case does not matter and `*` is a literal. That `.`, `-`, `_` and `@` delimit is inferred there.
    """
    plain = lowered(text)
    return any(
        part in plain and _word(word).search(set_apart(text)) is not None
        for word, part in zip(words, _lowered(words), strict=True)
    )


@lru_cache(maxsize=4096)
def _lowered(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(lowered, words))


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    if _DIFFERS.search(pattern):
        raise PatternNotUnderstood(f"the pattern {pattern!r} is not in the subset that can be evaluated")
    try:
        return re.compile(set_apart(pattern).replace(r"\z", r"\Z"), re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternNotUnderstood(f"the pattern {pattern!r} cannot be read: {error}") from error


def matches_pattern(text: str, pattern: str, *, caret_anchors: bool) -> bool:
    """Whether a pattern is found anywhere in the text, whatever the case (exchange.md 2.3).

    `caret_anchors` says whether `^` and `$` anchor, on which the sources disagree; where
    they do not, a pattern that uses them matches nothing. Raises PatternNotUnderstood.
    """
    compiled = _pattern(pattern)
    if not caret_anchors and uses_caret_anchors(pattern):
        return False
    return compiled.search(set_apart(text[:_LONGEST_TEXT])) is not None


@lru_cache(maxsize=4096)
def uses_caret_anchors(pattern: str) -> bool:
    """Whether `^` or `$` stands in the pattern as an anchor, neither escaped nor in a class."""
    bare = _ESCAPED.sub("", pattern)
    return "^" in bare or "$" in bare


class PatternList(NamedTuple):
    """A rule's patterns, those that match one whole text alone set apart: a set answers for them.

    `caret` and `absolute` are those texts in lower case, by how they are tied to both ends.
    """

    caret: frozenset[str]
    absolute: frozenset[str]
    others: tuple[str, ...]

    def names(self, text: str, *, caret_anchors: bool) -> bool:
        """Whether one of the whole texts is this one, as `matches_pattern` would find."""
        plain = text[:_LONGEST_TEXT]
        if not plain.isascii():
            return False
        plain = plain.lower()
        return plain in self.absolute or (caret_anchors and plain.removesuffix("\n") in self.caret)

    @property
    def texts(self) -> frozenset[str] | None:
        """Every text in which one of the patterns can be found; None where that is no closed list."""
        return None if self.others else self.caret | self.absolute


@lru_cache(maxsize=4096)
def pattern_list(patterns: tuple[str, ...]) -> PatternList:
    """The patterns of one rule."""
    whole = {pattern: _whole_text(pattern) for pattern in patterns}
    found = [(pattern, text) for pattern, text in whole.items() if text]
    return PatternList(
        caret=frozenset(text for pattern, text in found if pattern[0] == "^"),
        absolute=frozenset(text for pattern, text in found if pattern[0] != "^"),
        others=tuple(pattern for pattern in patterns if not whole[pattern]),
    )


def _whole_text(pattern: str) -> str:
    """The one text that a pattern matches, in lower case; "" where it matches others, or may."""
    found = None if _DIFFERS.search(pattern) or not pattern.isascii() else _LITERAL.fullmatch(pattern)
    if found is None or (found["start"] == "^") is not (found["end"] == "$"):
        return ""
    text = _UNESCAPED.sub(r"\1", found["text"]).lower()
    return "" if len(text) > _LONGEST_TEXT or "\n" in text else text


def as_whole_text(text: str) -> str:
    """A text as `PatternList.texts` would hold it."""
    return text[:_LONGEST_TEXT].lower().removesuffix("\n")
