"""What was found out about this one tenant where nobody can say it of all (exchange.md 8).

`doctor --probe` and the canary ask; the compiler obeys the answers wherever no setting says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from m365_restrict.rules.compilation import CompileOptions
from m365_restrict.rules.patterns import PatternAnchors
from m365_restrict.rules.transport_rule import SenderMatch


class Question(StrEnum):
    """What is asked of a tenant, with the point of exchange.md 8 that it settles."""

    FROM_EXTERNAL = "from-external"
    """Does `From` take an address that is no recipient of the organisation (point 1)?"""
    FROM_READ_BACK = "from-read-back"
    """Does such an address come back as it was sent (point 1)?"""
    EXPIRY_KEPT = "expiry-kept"
    """Does an end that was sent as a UTC instant come back as the same instant (point 2; 10)?"""
    LISTS_CLEAR = "lists-clear"
    """Does an empty list on Set take the exception away (point 3)?"""
    VALUES_CLEAR = "values-clear"
    """Does null on Set take the end away (point 3)?"""
    DUPLICATE_NAME = "duplicate-name"
    """Is a second rule with the same name refused (point 5)?"""
    CARET_STORED = "caret-stored"
    """Is a pattern with ^ and $ stored as it was sent (point 7)?"""
    ABSOLUTE_STORED = "absolute-stored"
    """Is a pattern with \\A and \\Z stored as it was sent (point 7)?"""
    TEXT_AND_CODE = "text-and-code"
    """Are a refusal's text and code both kept (point 13)?"""
    SIZE_TOLD = "size-told"
    """Does the service tell the size of a rule (exchange.md 9)?"""
    CHANGED_BY = "changed-by"
    """Does the rule say which application changed it (point 16)?"""
    PATTERN_ANCHORS = "pattern-anchors"
    """With which anchors did a canary's pattern match, or must the next one be tried (point 7)?"""
    COPIES = "copies"
    """How many copies does a redirect make where the target is a recipient too (point 10)?"""
    REDIRECT_TRACE = "redirect-trace"
    """Where does the message trace show a redirected message, and does an event tell of the rule?"""


YES, NO = "yes", "no"


@dataclass(frozen=True, kw_only=True)
class TenantAnswer:
    """One answer. `value` is "yes", "no" or what was found; `source` is "probe" or "canary"."""

    question: Question
    value: str
    source: str
    at: datetime


@dataclass(frozen=True)
class TenantProfile:
    """The latest answer to each question. Empty before anything was asked."""

    answers: Mapping[Question, TenantAnswer] = field(default_factory=dict)

    def value(self, question: Question) -> str:
        """The answer, or "" where nobody has asked."""
        found = self.answers.get(question)
        return "" if found is None else found.value

    @property
    def sender_match(self) -> SenderMatch | None:
        """How rules should name senders here; None where nobody has asked.

        `From` only where it takes outside addresses and gives them back as they were sent, because every
        rule is compared with what came back before it is enabled.
        """
        takes = self.value(Question.FROM_EXTERNAL)
        if not takes:
            return None
        good = takes == YES and self.value(Question.FROM_READ_BACK) != NO
        return SenderMatch.FROM if good else SenderMatch.PATTERNS

    @property
    def pattern_anchors(self) -> PatternAnchors | None:
        """How patterns should be anchored here; None where neither probe nor canary could tell.

        What a canary has shown counts before what is merely stored.
        """
        shown = self.value(Question.PATTERN_ANCHORS)
        if shown:
            return PatternAnchors(shown)
        caret, absolute = self.value(Question.CARET_STORED), self.value(Question.ABSOLUTE_STORED)
        if caret == NO and absolute == YES:
            return PatternAnchors.ABSOLUTE
        return PatternAnchors.CARET if caret == YES and absolute == NO else None

    def shape(self, options: CompileOptions, *, set_by_hand: frozenset[str]) -> CompileOptions:
        """The same options as this tenant needs them. `set_by_hand` are fields that a setting names."""
        match, anchors = self.sender_match, self.pattern_anchors
        if match is not None and "sender_match" not in set_by_hand:
            options = replace(options, sender_match=match)
        if anchors is not None and "pattern_anchors" not in set_by_hand:
            options = replace(options, pattern_anchors=anchors)
        return options


def canary_form(options: CompileOptions) -> str:
    """What a canary proves: how senders are named and looked for. Another form needs another canary."""
    anchors = f"/{options.pattern_anchors}" if options.sender_match is SenderMatch.PATTERNS else ""
    return f"{options.sender_match}{anchors}/{options.sender_location}"
