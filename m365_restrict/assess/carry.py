"""From somebody else's transport rule to the fields of a proposed item, or what no item can express. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from m365_restrict.assess.named import address_in_pattern
from m365_restrict.register.address import domain_of, read_address
from m365_restrict.register.case import Measure, Scope, Status
from m365_restrict.register.item import FieldValue
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.observed import ObservedTransportRule, Properties, PropertyValue
from m365_restrict.rules.properties import FROM, PATTERNS

_LOCATION = "SenderAddressLocation"
_REDIRECT, _COPY, _REASON = "RedirectMessageTo", "BlindCopyTo", "RejectMessageReasonText"
_SCOPES = ("SentTo", "SentToMemberOf")
_EXEMPTIONS = ("ExceptIfSentTo", "ExceptIfSentToMemberOf")
_MEASURES: Mapping[str, Measure] = {
    _REDIRECT: Measure.REDIRECT,
    _COPY: Measure.COPY,
    _REASON: Measure.REFUSE,
}
# The run decides these, or the case says them in another way.
_LEFT_TO_US = frozenset({"Name", "Comments", "State", "Mode", "StopRuleProcessing", _LOCATION})
_DATES = frozenset({"ActivationDate", "ExpiryDate"})
_CARRIED = frozenset({FROM, PATTERNS, *_SCOPES, *_EXEMPTIONS, *_MEASURES, *_LEFT_TO_US, *_DATES})


@dataclass(frozen=True)
class NotCarried:
    """A property that stands in the way, what kind of value it has, and why that cannot be carried."""

    property: str
    value_kind: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What the item would say. `notes` are differences that a person must know of and that are allowed."""

    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def carry(
    rule: ObservedTransportRule, *, council_domains: frozenset[str], now: datetime, zone: tzinfo
) -> Carried | tuple[NotCarried, ...]:
    """The fields that the rule tells, as a draft; or everything in it that no case can say."""
    properties = rule.all_properties
    against = (*_against(properties), *_bad_senders(properties, council_domains))
    if against:
        return against
    ends, begins = _days(properties, zone)
    named = _lines(properties, _SCOPES)
    texts: dict[str, FieldValue] = {
        "Addresses": "\n".join(senders_in(properties)),
        "Measure": _measure(properties).value,
        "Scope": (Scope.NAMED if named else Scope.WHOLE_COUNCIL).value,
        "ScopeMailboxes": "\n".join(named),
        "SpocMailbox": "\n".join(_targets(properties)),
        "AllowedRecipients": "\n".join(_lines(properties, _EXEMPTIONS)),
        "Status": Status.DRAFT.value,
    }
    fields = {name: value for name, value in texts.items() if value} | begins | ends
    return Carried(fields=fields, notes=tuple(_notes(rule, fields, now)))


def senders_in(properties: Properties) -> tuple[str, ...]:
    """The addresses that the sender condition names exactly, whichever way it names them."""
    plain = [read_address(text) for text in _values(properties, FROM)]
    exact = [address_in_pattern(text) for text in _values(properties, PATTERNS)]
    return tuple(sorted({one for one in (*plain, *exact) if isinstance(one, str)}))


def _against(properties: Properties) -> Iterator[NotCarried]:
    for name, value in properties.items():
        if name not in _CARRIED:
            yield NotCarried(name, value_kind(name, value), "No case can say this.")
    actions = [name for name in _MEASURES if name in properties]
    if not actions and properties.keys() <= _CARRIED:
        yield NotCarried("Actions", "nothing", "The rule does nothing that is a measure.")
    elif len(actions) > 1:
        yield NotCarried(
            actions[1], value_kind(actions[1], properties[actions[1]]), "A case has one measure."
        )
    if len(_targets(properties)) > 1:
        kind = f"{len(_targets(properties))} mailboxes"
        yield NotCarried(actions[0], kind, "A case has one single contact mailbox.")
    if all(name in properties for name in _SCOPES):
        yield NotCarried(
            _SCOPES[1], "groups", "The rule means members who are named as well; a case means either."
        )
    if _COPY in actions and properties.get("StopRuleProcessing") is True:
        yield NotCarried("StopRuleProcessing", "yes or no", "A copy does not stop later rules.")


def _bad_senders(properties: Properties, council_domains: frozenset[str]) -> Iterator[NotCarried]:
    if FROM in properties and PATTERNS in properties:
        yield NotCarried(PATTERNS, "patterns", "The rule wants both of From and this; a case means either.")
    elif FROM not in properties and PATTERNS not in properties and properties.keys() <= _CARRIED:
        yield NotCarried(FROM, "nothing", "The rule names no sender by a whole address.")
    for text in _values(properties, FROM):
        if not isinstance(read_address(text), str):
            yield NotCarried(FROM, "a name or id", "A case holds whole e-mail addresses only.")
    for text in _values(properties, PATTERNS):
        if address_in_pattern(text) is None:
            yield NotCarried(PATTERNS, "a pattern", "It is not anchored to exactly one whole address.")
    if any(domain_of(address) in council_domains for address in senders_in(properties)):
        yield NotCarried(
            FROM if FROM in properties else PATTERNS,
            "an address of the council",
            "Nobody inside is restricted.",
        )


def value_kind(name: str, value: PropertyValue) -> str:
    """What kind of value a property has, in words; never the value itself."""
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, datetime):
        return "a day and time"
    if isinstance(value, tuple):
        kinds = {"Words": "words", "Patterns": "patterns", "DomainIs": "domains", "MemberOf": "groups"}
        return next((kind for end, kind in kinds.items() if name.endswith(end)), "a list")
    return "a number" if str(value).lstrip("-").isdigit() else "text"


def _measure(properties: Properties) -> Measure:
    return next(measure for name, measure in _MEASURES.items() if name in properties)


def _targets(properties: Properties) -> tuple[str, ...]:
    return (*_values(properties, _REDIRECT), *_values(properties, _COPY))


def _lines(properties: Properties, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for name in names for value in _values(properties, name))


def _values(properties: Properties, name: str) -> tuple[str, ...]:
    value = properties.get(name)
    return value if isinstance(value, tuple) else ()


def _days(properties: Properties, zone: tzinfo) -> tuple[dict[str, FieldValue], dict[str, FieldValue]]:
    """The last whole day and the first day. A rule that ends within a day ends with the day before."""
    ends, begins = properties.get("ExpiryDate"), properties.get("ActivationDate")
    last = (ends.astimezone(zone) - timedelta(days=1)).date() if isinstance(ends, datetime) else None
    first = begins.astimezone(zone).date() if isinstance(begins, datetime) else None
    return ({"EndsOn": last} if last else {}), ({"EffectiveFrom": first} if first else {})


def _notes(rule: ObservedTransportRule, fields: Mapping[str, FieldValue], now: datetime) -> Iterator[str]:
    properties = rule.properties
    ends = properties.get("ExpiryDate")
    if not isinstance(ends, datetime):
        yield "The rule has no end. A case needs one: fill in Ends on."
    elif ends <= now:
        yield "The rule has ended. A case needs an end that is still to come."
    else:
        yield "The case ends with the last whole day of the rule."
    begins = fields.get("EffectiveFrom")
    if isinstance(begins, date):
        yield f"The case begins at 00:00 on {long_day(begins)}."
    if not rule.enabled or properties.get("Mode") != "Enforce":
        yield "The rule does nothing to mail now: it is switched off or only logs. The case's rule would act."
    if _REASON in properties:
        yield "The sender gets the text of the policy, with the case reference, instead of the rule's own."
    if properties.get("StopRuleProcessing") is not True and _COPY not in properties:
        yield "After the case's rule no later rule is run for the message."
    if "EffectiveFrom" not in fields:
        yield "The rule does not say since when: fill in In force from."
