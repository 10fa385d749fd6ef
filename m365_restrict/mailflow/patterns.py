"""Words and patterns of transport rules, as far as Exchange and Python read them alike."""

import re
from functools import lru_cache

from m365_restrict.mailflow.letter_case import lowered, set_apart

_DIFFERS = re.compile(r"\(\?|\\[pPGkK]|[*+?}]\+|\{,|-\[")
_ESCAPED = re.compile(r"\\.|\[[^\]]*\]")
_LONGEST_TEXT = 2048


class PatternNotUnderstood(ValueError):
    """A pattern uses what .NET and Python read differently, or neither reads (testing.md)."""


@lru_cache(maxsize=4096)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(set_apart(word))}(?![^\W_])", re.IGNORECASE)


def contains_word(text: str, word: str) -> bool:
    """Whether `word` stands in `text` between spaces, punctuation or the ends (exchange.md 2.3).

    Case does not matter and `*` is a literal. That `.`, `-`, `_` and `@` delimit is inferred there.
    """
    return lowered(word) in lowered(text) and _word(word).search(set_apart(text)) is not None


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
