"""What somebody else's transport rule does, in plain words for people who decide about it (exchange.md 2)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo

from m365_restrict.plan.blocking import REJECTS, SPAM, is_early, is_past, spam_level
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.observed import ObservedTransportRule, Properties, PropertyValue

_MOST = 6
_AUDIENCE = ("SentTo", "SentToMemberOf", "RecipientDomainIs", "AnyOfToHeader", "AnyOfToCcHeader")
_WORDS: Mapping[str, str] = {
    "RedirectMessageTo": "is sent to {} instead, and the people it was written to are not told",
    "DeleteMessage": "is deleted, and nobody is told",
    "Quarantine": "is held in quarantine, where it is gone after 30 days",
    "ModerateMessageByUser": "waits until {} lets it through",
    "ModerateMessageByManager": "waits until the recipient's manager lets it through",
    "BlindCopyTo": "is copied to {} without anybody being told",
    "CopyTo": "is copied to {}",
    "AddToRecipients": "is sent to {} as well",
    "PrependSubject": "gets “{}” before its subject",
    "ApplyHtmlDisclaimerText": "gets a disclaimer",
    "SetHeaderName": "gets the header {}",
    "GenerateIncidentReport": "is reported to {}",
}
_SENDERS = frozenset(
    ["From", "FromAddressContainsWords", "FromAddressMatchesPatterns", "SenderDomainIs", "FromMemberOf"]
)
_HOUSEKEEPING = frozenset(
    [
        "Name",
        "Comments",
        "State",
        "Mode",
        "ActivationDate",
        "ExpiryDate",
        "StopRuleProcessing",
        "SenderAddressLocation",
        "RecipientAddressType",
        "RuleErrorAction",
        "RuleSubType",
        "SetHeaderValue",
        "ApplyHtmlDisclaimerLocation",
        "ApplyHtmlDisclaimerFallbackAction",
        "IncidentReportContent",
        "IsValid",
        "IsRuleConfigurationSupported",
        "UseLegacyRegex",
    ]
)


def effect_of_rule(rule: ObservedTransportRule, *, now: datetime, zone: tzinfo) -> str:
    """One or a few sentences. Whom it meets is told beside them."""
    properties = rule.properties
    parts = [*_idle(rule, now, zone), _deed(properties), *_narrower(properties)]
    if properties.get("StopRuleProcessing") is True:
        parts.append("No later rule is run for it.")
    return " ".join(parts)


def _idle(rule: ObservedTransportRule, now: datetime, zone: tzinfo) -> Iterator[str]:
    expires = rule.properties.get("ExpiryDate")
    if not rule.enabled:
        yield "Switched off: it does nothing now."
    elif rule.properties.get("Mode") != "Enforce":
        yield "It only logs: nothing is done to mail."
    if is_past(rule.properties, now) and isinstance(expires, datetime):
        yield f"Ended on {long_day(expires.astimezone(zone).date())}: it does nothing now."
    if is_early(rule.properties, now):
        yield "It has not begun yet."


def _deed(properties: Properties) -> str:
    deeds = [text.format(_listed(properties[name])) for name, text in _WORDS.items() if properties.get(name)]
    if REJECTS & properties.keys():
        deeds.append("is refused, and the sender gets a notice")
    if "SetSCL" in properties:
        deeds.append(_spam_words(spam_level(properties)))
    return f"Mail to {_audience(properties)} {' and '.join(deeds) or 'is treated apart'}."


def _spam_words(level: int) -> str:
    if level < 0:
        return "passes the spam filter unseen"
    return "is treated as spam" if level >= SPAM else "is rated by the spam filter anew"


def _audience(properties: Properties) -> str:
    named = [_listed(properties[name]) for name in _AUDIENCE if properties.get(name)]
    return " and ".join(named) if named else "anybody in the council"


def _narrower(properties: Properties) -> Iterator[str]:
    exempt = [
        _listed(properties[name])
        for name in ("ExceptIfSentTo", "ExceptIfSentToMemberOf")
        if properties.get(name)
    ]
    if exempt:
        yield f"Except to {', '.join(exempt)}."
    known = {*_WORDS, *_SENDERS, *_HOUSEKEEPING, *_AUDIENCE, *REJECTS, "SetSCL"}
    known |= {"ExceptIfSentTo", "ExceptIfSentToMemberOf"}
    others = sorted(name for name in properties if name not in known)
    if others:
        yield f"It has further settings: {', '.join(others)}."


def _listed(value: PropertyValue) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return _some(value)


def _some(values: Iterable[str]) -> str:
    every = tuple(values)
    more = len(every) - _MOST
    return ", ".join(every[:_MOST]) + (f" and {more} more" if more > 0 else "")
