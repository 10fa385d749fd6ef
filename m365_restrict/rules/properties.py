"""Our rules in the normal form in which desired, observed and last applied are compared.

The form holds every property that is not at its default, under the service's own name:
addresses lower case, lists sorted and unique, dates as UTC instants, State and Mode always.
"""

from m365_restrict.rules.inbox_rule import AssignCategory, InboxRule, MoveToFolder, SendOn
from m365_restrict.rules.observed import Properties, PropertyValue
from m365_restrict.rules.patterns import PatternAnchors, exact_pattern
from m365_restrict.rules.text import normal_comments, straight
from m365_restrict.rules.transport_rule import (
    BlindCopyTo,
    RedirectTo,
    Reject,
    RuleMode,
    SenderLocation,
    SenderMatch,
    TransportRule,
)

FROM = "From"
PATTERNS = "FromAddressMatchesPatterns"
SENDER_CONDITIONS = (FROM, PATTERNS)
INBOX_SENDERS = "conditions.fromAddresses"
INBOX_FOLDER = "actions.moveToFolder"
INBOX_REDIRECT = "actions.redirectTo"
_INBOX_STOP = "actions.stopProcessingRules"

_MODES = {RuleMode.AUDIT: "Audit", RuleMode.ENFORCE: "Enforce"}
_SENDER_CONDITION = {SenderMatch.FROM: FROM, SenderMatch.PATTERNS: PATTERNS}
_LOCATIONS = {SenderLocation.HEADER: "Header", SenderLocation.HEADER_OR_ENVELOPE: "HeaderOrEnvelope"}


def sorted_values(values: tuple[str, ...]) -> tuple[str, ...]:
    """Order and repetition mean nothing in the service's lists (exchange.md 7.1 row 4)."""
    return tuple(sorted(set(values)))


def transport_properties(rule: TransportRule) -> Properties:
    """The normal form that a transport rule of ours has once it is applied and enabled."""
    lists = {
        _SENDER_CONDITION[rule.sender_match]: rule.senders,
        "SentTo": rule.sent_to,
        "SentToMemberOf": rule.sent_to_member_of,
        "ExceptIfSentTo": rule.except_sent_to,
        "ExceptIfSentToMemberOf": rule.except_sent_to_member_of,
    }
    properties: dict[str, PropertyValue] = {
        "Name": straight(rule.name),
        "State": "Enabled",
        "Mode": _MODES[rule.mode],
        "ExpiryDate": rule.expires_at,
        **{name: sorted_values(values) for name, values in lists.items() if values},
        **_action_properties(rule),
    }
    if rule.comments:
        properties["Comments"] = normal_comments(rule.comments)
    if rule.stops_later_rules:
        properties["StopRuleProcessing"] = True
    if rule.sender_location is not SenderLocation.HEADER:
        properties["SenderAddressLocation"] = _LOCATIONS[rule.sender_location]
    return properties


def _action_properties(rule: TransportRule) -> dict[str, PropertyValue]:
    match rule.action:
        case RedirectTo(mailbox):
            return {"RedirectMessageTo": (mailbox,)}
        case BlindCopyTo(mailbox):
            return {"BlindCopyTo": (mailbox,)}
        case Reject(text):
            return {"RejectMessageReasonText": text}


def inbox_properties(rule: InboxRule) -> Properties:
    """The normal form of an inbox rule; the folder stands under its name, not its id."""
    properties: dict[str, PropertyValue] = {
        "displayName": rule.display_name,
        "isEnabled": rule.enabled,
        INBOX_SENDERS: sorted_values(rule.senders),
    }
    match rule.action:
        case MoveToFolder(folder):
            properties[INBOX_FOLDER] = folder
            properties[_INBOX_STOP] = True
        case AssignCategory(category):
            properties["actions.assignCategories"] = (category,)
        case SendOn(mailbox, folder):
            properties[INBOX_REDIRECT] = (mailbox,)
            if folder:
                properties |= {INBOX_FOLDER: folder, _INBOX_STOP: True}
    return properties


def senders_of(properties: Properties) -> tuple[str, ...]:
    """What a rule's sender condition holds; empty where the rule has none and so matches all mail."""
    for name in (*SENDER_CONDITIONS, INBOX_SENDERS):
        value = properties.get(name)
        if isinstance(value, tuple) and value:
            return value
    return ()


def names_sender(properties: Properties, address: str) -> bool:
    """Whether the rule's sender condition names exactly this address, plainly or as an exact pattern."""
    patterns = {exact_pattern(address, anchors) for anchors in PatternAnchors}
    return not patterns.union({address}).isdisjoint(senders_of(properties))


def enabled_in(properties: Properties) -> bool:
    """Whether the normal form says that the rule is switched on."""
    return properties.get("State", "Enabled") == "Enabled" and properties.get("isEnabled", True) is True
