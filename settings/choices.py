"""Closed choices that only settings know."""

from enum import StrEnum


class EnforceWith(StrEnum):
    """What the decisions are enforced with (design.md 4)."""

    MAIL_FLOW = "mail_flow"
    INBOX_RULES = "inbox_rules"
    SCRIPT = "script"


class RulesPlace(StrEnum):
    """Where our transport rules stand among those of others (design.md 4)."""

    LAST = "last"
    FIRST = "first"
