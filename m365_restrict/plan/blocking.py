"""What makes somebody's transport rule a block: that it acts, names senders, and keeps their mail away.

One place for the drift report, for `assess` and for what may be waived, so that they never differ.
"""

from collections.abc import Mapping
from datetime import datetime

from m365_restrict.rules.observed import ObservedTransportRule, Properties

REJECTS = frozenset(
    {
        "RejectMessageReasonText",
        "RejectMessageEnhancedStatusCode",
        "SmtpRejectMessageRejectText",
        "SmtpRejectMessageRejectStatusCode",
        "Disconnect",
    }
)
"""Actions that turn mail away at the door (exchange.md 2.5)."""

KEEPS_AWAY = REJECTS | {
    "RedirectMessageTo",
    "DeleteMessage",
    "Quarantine",
    "ModerateMessageByUser",
    "ModerateMessageByManager",
}
"""Actions after which the people who were written to do not get the message."""

SPAM = 5
"""From this level on a message is spam (exchange.md 2.5)."""

# Conditions on the sender; every value of these names somebody (exchange.md 2.3).
_SENDERS = frozenset(["From", "FromAddressContainsWords", "FromAddressMatchesPatterns", "SenderDomainIs"])
_HEADER_SENDERS = frozenset({"from", "sender", "reply-to", "return-path"})
_HEADERS: Mapping[str, str] = {
    "HeaderContainsWords": "HeaderContainsMessageHeader",
    "HeaderMatchesPatterns": "HeaderMatchesMessageHeader",
}


def acts(rule: ObservedTransportRule, now: datetime) -> bool:
    """Whether Exchange does anything to mail because of the rule now."""
    enforced = rule.enabled and rule.properties.get("Mode") == "Enforce"
    return enforced and not is_past(rule.properties, now) and not is_early(rule.properties, now)


def is_past(properties: Properties, now: datetime) -> bool:
    """Whether the rule's end is over."""
    expires = properties.get("ExpiryDate")
    return isinstance(expires, datetime) and expires <= now


def is_early(properties: Properties, now: datetime) -> bool:
    """Whether the rule has not begun."""
    begins = properties.get("ActivationDate")
    return isinstance(begins, datetime) and begins > now


def keeps_away(properties: Properties) -> bool:
    """Whether the people who were written to do not get the message, or find it in Junk Email."""
    return not KEEPS_AWAY.isdisjoint(properties) or treats_as_spam(properties)


def treats_as_spam(properties: Properties) -> bool:
    """Whether the mail goes to Junk Email or to quarantine as spam (exchange.md 3)."""
    return spam_level(properties) >= SPAM


def spam_level(properties: Properties) -> int:
    """The level that the rule sets; 0 where it sets none."""
    text = str(properties.get("SetSCL", ""))
    return int(text) if text.removeprefix("-").isdecimal() else 0


def names_senders(condition: str, properties: Properties) -> bool:
    """Whether the values of one condition of a rule name who wrote the message, in a header or plainly."""
    header = properties.get(_HEADERS.get(condition, ""))
    return condition in _SENDERS or (isinstance(header, str) and header.lower() in _HEADER_SENDERS)
