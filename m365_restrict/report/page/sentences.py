"""Sentences of the tool in the language of the page; English that stands in another one is marked as such."""

import re
from collections.abc import Mapping
from datetime import date

from markupsafe import Markup, escape

from m365_restrict.codes import CatalogueCode
from m365_restrict.errors import ErrorCode
from m365_restrict.plan.codes import FindingCode, GuardCode
from m365_restrict.policy.codes import CheckCode, WarningCode
from m365_restrict.register.codes import ApprovalCode, RegisterCode
from m365_restrict.report.letters.kinds import Tongue
from m365_restrict.report.page.words import Words, inert
from m365_restrict.report.said import Month, Said, SaidValue
from m365_restrict.rules.codes import RuleCode

TOLD_OF: tuple[type[CatalogueCode], ...] = (
    FindingCode,
    GuardCode,
    CheckCode,
    WarningCode,
    RegisterCode,
    ApprovalCode,
    RuleCode,
    ErrorCode,
)
"""The codes that a report may bear: those of findings, of guards, and of the error that ended a run."""

_CODES: Mapping[str, CatalogueCode] = {code.value: code for codes in TOLD_OF for code in codes}
_TYPED = re.compile(r"`([^`<>]+)`")
_CASE = re.compile(r"Case .+")


def sentence(words: Words, text: str) -> Markup:
    """A text of the tool: in the page's language where it is known there, else marked as English.

    What stands between backticks is typed at a command line and set so.
    """
    return _typed(_sentence(words, text))


def _typed(told: Markup) -> Markup:
    return Markup(_TYPED.sub(r"<code>\1</code>", str(told)))  # noqa: S704 - escaped already


def _sentence(words: Words, text: str) -> Markup:
    if words.tongue is Tongue.ENGLISH or not text:
        return escape(inert(text))
    if isinstance(text, Said) and words.has(text.key):
        return _filled(words, text)
    if words.has(text):
        return escape(inert(words.find(text)))
    return _under_its_heading(words, text)


def _under_its_heading(words: Words, text: str) -> Markup:
    """English, but for what is known before a colon, such as a kind of thing before names."""
    heading, colon, rest = text.partition(": ")
    if not colon or not words.has(heading):
        return _english(text)
    return Markup("{}: {}").format(inert(words.find(heading)), _english(rest))


def message(words: Words, text: str, code: str) -> Markup:
    """What a code has to say: where only its meaning is known in the language, that and then the English."""
    known = _CODES.get(code)
    if known is None or not _is_foreign(words, text) or not words.has(known.meaning):
        return sentence(words, text)
    return _joined(words, known.meaning, _beyond(text, known))


def advice(words: Words, text: str, code: str) -> Markup:
    """What to do about a code: its own advice in the language, and after it one that was worded anew."""
    known = _CODES.get(code)
    if known is None or not _is_foreign(words, text) or not words.has(known.advice):
        return sentence(words, text)
    return _joined(words, known.advice, text)


def _is_foreign(words: Words, text: str) -> bool:
    """Whether the page would have to say it in English although that is not its language."""
    if words.tongue is Tongue.ENGLISH or not text:
        return False
    return not words.has(text.key if isinstance(text, Said) else text)


def _beyond(text: str, code: CatalogueCode) -> str:
    """What an English message says beyond the meaning and the advice of its code, and beyond the case."""
    rest = text.removesuffix(code.advice) if text.endswith(f". {code.advice}") else text
    before, found, after = rest.partition(code.meaning)
    if found and (not before or before.endswith(": ")):
        rest = f"{before}{after}"
    rest = " ".join(rest.split()).removesuffix(":")
    return "" if _CASE.fullmatch(rest) and found and not after.strip() else rest


def _joined(words: Words, key: str, english: str) -> Markup:
    told = escape(inert(words.find(key)))
    return _typed(Markup(" ").join((told, _english(english))) if english else told)


def _filled(words: Words, said: Said) -> Markup:
    wording = escape(words.find(said.key))
    return wording % {name: _value(words, value) for name, value in said.values} if said.values else wording


def _value(words: Words, value: SaidValue) -> Markup:
    match value:
        case Said():
            return sentence(words, value)
        case str():
            return escape(inert(value))
        case Month():
            return escape(words.month(value.day))
        case date():
            return escape(words.day(value))
        case tuple():
            return Markup(", ").join(_value(words, one) for one in value)
        case int():
            return escape(words.number(value))


def _english(text: str) -> Markup:
    return Markup('<span lang="{}">{}</span>').format(Tongue.ENGLISH.tag, inert(text))
