"""The whole object that Get-TransportRule shows, worked out from what is set (exchange.md 1.6, 2.5, 9)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from m365_restrict.sandbox.exchange.catalogue import Kind, Part, Property, is_set, properties

_NAMESPACE = "Microsoft.Exchange.MessagingPolicies.Rules.Tasks."
_DEFAULT_REJECT_CODE = "5.7.1"
_DEFAULT_REJECT_TEXT = "Delivery not authorized, message refused"
_REJECT_TEXT = "RejectMessageReasonText"
_REJECT_CODE = "RejectMessageEnhancedStatusCode"

# How the service measures a rule is unknown (exchange.md 9). This measure gives the 382 characters of the
# one recorded rule, lets about 300 addresses of 25 characters into one rule (exchange.md 3), and leaves the
# name and the comments out.
_EMPTY_RULE = 231
_EACH_PART = 60
_EACH_VALUE = 2

# Only FromScopePredicate and PrependSubjectAction are recorded; the other class names follow their manner.
_CLASS_NAMES = {
    "RedirectMessageTo": "RedirectMessage",
    "AddToRecipients": "AddToRecipient",
    _REJECT_TEXT: "RejectMessage",
    _REJECT_CODE: "RejectMessage",
    "SetHeaderName": "SetHeader",
    "SetHeaderValue": "SetHeader",
    "ApplyHtmlDisclaimerText": "ApplyDisclaimer",
    "ApplyHtmlDisclaimerLocation": "ApplyDisclaimer",
    "ApplyHtmlDisclaimerFallbackAction": "ApplyDisclaimer",
}
_SUFFIXES = re.compile(r"(MessageHeader|Words|Patterns)$")
_SCOPES = {"InOrganization": "Inside the organization", "NotInOrganization": "Outside the organization"}


def parts_set(rule: Mapping[str, Any], part: Part) -> list[Property]:
    """The conditions, exceptions or actions that exist on a rule."""
    return [e for e in properties().values() if e.part is part and e.read and is_set(rule[e.name])]


def complete_rejection(rule: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Fill the missing half of a rejection: text alone reads back with code 5.7.1 (exchange.md 7.1 row 13).

    Clearing one half without giving the other clears both. Giving both keeps both: ODP and ODE disagree
    (exchange.md 2.5).
    """
    for half, other in ((_REJECT_TEXT, _REJECT_CODE), (_REJECT_CODE, _REJECT_TEXT)):
        if half in given and given[half] is None and not given.get(other):
            rule[half] = rule[other] = None
    if rule[_REJECT_TEXT] and not rule[_REJECT_CODE]:
        rule[_REJECT_CODE] = _DEFAULT_REJECT_CODE
    if rule[_REJECT_CODE] and not rule[_REJECT_TEXT]:
        rule[_REJECT_TEXT] = _DEFAULT_REJECT_TEXT


def derive(rule: dict[str, Any], *, domains_count: bool = True) -> None:
    """Recompute everything about a rule that follows from its other properties."""
    conditions, exceptions, actions = (
        parts_set(rule, part) for part in (Part.CONDITION, Part.EXCEPTION, Part.ACTION)
    )
    rule["Conditions"] = _classes(conditions, "Predicate")
    rule["Exceptions"] = _classes(exceptions, "Predicate")
    rule["Actions"] = _classes(actions, "Action")
    rule["Description"] = _description(rule, conditions, exceptions, actions)
    rule["Size"] = _EMPTY_RULE + sum(
        _EACH_PART + sum(len(value) + _EACH_VALUE for value in _values(rule[entry.name]))
        for entry in (*conditions, *exceptions, *actions)
    )
    rule["RegexSize"] = matching_characters(rule, domains_count=domains_count)
    rule["Identity"] = rule["Name"]


def matching_characters(rule: Mapping[str, Any], *, domains_count: bool = True) -> int:
    """The characters of all words and patterns, the share of the tenant-wide budget (exchange.md 3).

    Whether SenderDomainIs counts is unknown; it is counted unless said otherwise.
    """
    counted = (
        entry.name
        for entry in properties().values()
        if entry.kind in {Kind.WORDS, Kind.PATTERNS} and (domains_count or "DomainIs" not in entry.name)
    )
    return sum(len(text) for name in counted for text in rule[name] or ())


def _classes(entries: Iterable[Property], suffix: str) -> list[str] | None:
    names = (entry.name.removeprefix("ExceptIf") for entry in entries)
    stems = (_CLASS_NAMES.get(name) or _SUFFIXES.sub("", name) for name in names)
    return list(dict.fromkeys(f"{_NAMESPACE}{stem}{suffix}" for stem in stems)) or None


def _values(value: object) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else [str(value)]


def _description(
    rule: Mapping[str, Any], conditions: list[Property], exceptions: list[Property], actions: list[Property]
) -> str:
    lines: list[str] = []
    for heading, entries in (
        ("If the message:", conditions),
        ("Take the following actions:", actions),
        ("Except if the message:", exceptions),
    ):
        if entries:
            lines += [heading, *("\t" + _sentence(entry, rule[entry.name]) for entry in entries)]
    return "".join(line + "\r\n" for line in lines)


def _sentence(entry: Property, value: object) -> str:
    shown = [_SCOPES.get(text, text) for text in _values(value)]
    phrase = entry.phrase or f"{entry.name.removeprefix('ExceptIf')} {{}}"
    return phrase.replace("{}", " or ".join(f"'{text}'" for text in shown))
