"""From the normal form to what is sent: cmdlet parameters and messageRule bodies (exchange.md 1.3, 1.4)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from m365_restrict.rules.observed import Properties, PropertyValue
from m365_restrict.rules.properties import (
    INBOX_FOLDER,
    INBOX_REDIRECT,
    INBOX_SENDERS,
    SENDER_CONDITIONS,
    senders_of,
)
from m365_restrict.rules.service_properties import SETTABLE
from m365_restrict.rules.stamp import plain_value

Parameters: TypeAlias = dict[str, object]

# A parameter that is not sent is left alone, so each owned property is cleared by name (exchange.md 1.4).
_OWNED_LISTS = ("SentTo", "SentToMemberOf", "ExceptIfSentTo", "ExceptIfSentToMemberOf")
_OWNED_DEFAULTS: Mapping[str, object] = {
    "Comments": None,
    "ActivationDate": None,
    "ExpiryDate": None,
    "StopRuleProcessing": False,
    "SenderAddressLocation": "Header",
    "RecipientAddressType": "Resolved",
    "RuleErrorAction": "Ignore",
}
# An enumeration with a name for nothing is not cleared by null.
_NOTHING: Mapping[str, object] = {"RuleSubType": "None"}
_HEADERS: Mapping[str, tuple[str, object]] = {
    "HeaderContainsMessageHeader": ("HeaderContainsWords", []),
    "HeaderContainsWords": ("HeaderContainsMessageHeader", None),
    "HeaderMatchesMessageHeader": ("HeaderMatchesPatterns", []),
    "HeaderMatchesPatterns": ("HeaderMatchesMessageHeader", None),
}
# Header name and words are cleared together (exchange.md 7.1 row 21); so are a refusal's text and code.
_PAIRS: Mapping[str, tuple[str, object]] = {
    **_HEADERS,
    **{f"ExceptIf{name}": (f"ExceptIf{other}", empty) for name, (other, empty) in _HEADERS.items()},
    "SetHeaderName": ("SetHeaderValue", None),
    "SetHeaderValue": ("SetHeaderName", None),
    "RejectMessageReasonText": ("RejectMessageEnhancedStatusCode", None),
}


class UnwritableRule(ValueError):
    """A form that must never be sent, or that cannot be put to the service."""


def new_parameters(target: Properties) -> Parameters:
    """Parameters of New-TransportRule: always disabled, enabled only after it was read back (design.md 2.8).

    Raises UnwritableRule where the rule has no sender condition.
    """
    _demand_senders(target)
    return {
        **{name: plain_value(value) for name, value in target.items() if name in SETTABLE},
        "Enabled": False,
    }


def set_parameters(target: Properties, current: Properties) -> Parameters:
    """Parameters of Set-TransportRule that turn `current` into `target`, clears included.

    The sender condition is always there in full. Raises UnwritableRule where the rule has none.
    """
    _demand_senders(target)
    parameters: Parameters = {name: [] for name in _OWNED_LISTS} | dict(_OWNED_DEFAULTS)
    for name, value in current.items():
        if name not in target and name not in parameters:
            parameters[name] = _NOTHING.get(name, _cleared(value))
            pair = _PAIRS.get(name)
            if pair and pair[0] not in target:
                parameters[pair[0]] = pair[1]
    parameters |= {name: plain_value(value) for name, value in target.items()}
    return {name: value for name, value in parameters.items() if name in SETTABLE}


def _cleared(value: PropertyValue) -> object:
    if isinstance(value, tuple):
        return []
    return False if isinstance(value, bool) else None


def _demand_senders(target: Properties) -> None:
    """A rule without a sender condition acts on all mail (exchange.md 1.4)."""
    conditions = [target.get(name) for name in SENDER_CONDITIONS if name in target]
    senders = senders_of(target)
    if len(conditions) != 1 or not senders or not all(sender.strip() for sender in senders):
        raise UnwritableRule("a rule without exactly one filled sender condition must never be written")


def message_rule_body(
    target: Properties,
    *,
    folders: Mapping[str, str],
    sequence: int,
    cleared: Properties = MappingProxyType({}),
) -> Parameters:
    """A whole messageRule: PATCH replaces conditions and actions as wholes (graph.md 1.2).

    `folders` maps folder names to the mailbox's ids. `cleared` are members to be emptied by name, for a
    mailbox that did not replace them. Raises UnwritableRule for a folder without an id, and where the rule
    names no sender.
    """
    if not senders_of(target):
        raise UnwritableRule("an inbox rule without senders must never be written")
    body: Parameters = {
        "displayName": target["displayName"],
        "sequence": sequence,
        "isEnabled": target["isEnabled"],
        "conditions": {},
        "exceptions": {},
        "actions": {},
    }
    sent = {name: _body_value(name, value, folders) for name, value in target.items()}
    emptied: Parameters = {name: [] if isinstance(value, tuple) else None for name, value in cleared.items()}
    for name, value in {**emptied, **sent}.items():
        part, _, member = name.partition(".")
        section = body.get(part)
        if member and isinstance(section, dict):
            section[member] = value
    if not body["exceptions"]:
        body["exceptions"] = None
    return body


def _body_value(name: str, value: PropertyValue, folders: Mapping[str, str]) -> object:
    if name in {INBOX_SENDERS, INBOX_REDIRECT} and isinstance(value, tuple):
        return [{"emailAddress": {"name": address, "address": address}} for address in value]
    if name == INBOX_FOLDER:
        if str(value) not in folders:
            raise UnwritableRule("an inbox rule that moves mail to an unknown folder cannot be written")
        return folders[str(value)]
    return plain_value(value)
