"""A stored transport rule, read once so that it can be put to many messages.

The input is the object that Get-TransportRule returns: unset parameters are null,
empty or absent (exchange.md 1.6).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from m365_restrict.mailflow import stored_values as read
from m365_restrict.mailflow.directory import MailDirectory
from m365_restrict.mailflow.patterns import as_whole_text, pattern_list
from m365_restrict.mailflow.predicates import MESSAGE_TESTS, RECIPIENT_TESTS, Predicate, SenderLocation
from m365_restrict.mailflow.remembered import RememberedDirectory

_EXCEPTION = "ExceptIf"
_HEADER_OF = {
    "HeaderContainsWords": "HeaderContainsMessageHeader",
    "HeaderMatchesPatterns": "HeaderMatchesMessageHeader",
}
_MAX_REDIRECT_TARGETS = 10
_DEFAULT_REJECT_TEXT = "Delivery not authorized, message refused"
_DEFAULT_REJECT_CODE = "5.7.1"


@dataclass(frozen=True, kw_only=True)
class RuleActions:
    """What a rule does to mail flow; actions that only mark a message are left out.

    `reject` is the whole text of the non-delivery report, "" for none. `hold` covers
    quarantine and moderation. `scl` is None where no spam level is set.
    """

    redirect: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    reject: str = ""
    hold: bool = False
    drop: bool = False
    stop: bool = False
    scl: int | None = None


@dataclass(frozen=True)
class Tests:
    """Conditions or exceptions, split by what they are asked of (exchange.md 2.4)."""

    message: tuple[Predicate, ...] = ()
    recipient: tuple[Predicate, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredRule:
    """One rule that may act: enabled, enforced, valid and within the service's limits.

    It equals itself alone, so that rules are told apart by what they are and not by what they say.
    `problem` says why its window in time cannot be told, "" when it can.
    """

    name: str
    priority: int
    conditions: Tests
    exceptions: Tests
    actions: RuleActions
    location: SenderLocation
    original_address: bool
    starts: datetime | None
    ends: datetime | None
    problem: str

    def in_window(self, now: datetime) -> bool:
        """Whether the rule acts at `now`: from its activation, until just before its expiry."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order in which transport puts them to a message.

    `by_sender` holds the places of rules whose condition names exact senders, plainly or as patterns,
    `others` those of all the rest: most messages come from somebody whom no rule names.
    """

    rules: tuple[StoredRule, ...]
    by_sender: Mapping[str, Sequence[int]]
    others: tuple[int, ...]
    directory: RememberedDirectory

    def candidates(self, addresses: Iterable[str]) -> Iterator[StoredRule]:
        """The rules that may act on a message with these senders, in order."""
        places: set[int] = set()
        for address in addresses:
            places.update(self.by_sender.get(address, ()), self.by_sender.get(as_whole_text(address), ()))
        in_order = merge(self.others, sorted(places)) if places else self.others
        return (self.rules[place] for place in in_order)


def read_rules(stored: Sequence[Mapping[str, object]], directory: MailDirectory) -> RuleSet:
    """Read stored rules into priority order; keep the result to put them to many messages.

    Names in them are resolved in `directory` once, so read again when that may have changed.

    Left out are rules that do nothing: disabled, not in Enforce mode, marked invalid by the
    service, or with more than 10 redirect targets, which Exchange silently skips (exchange.md 3).
    """
    rules = [_read_rule(rule, place) for place, rule in enumerate(stored) if _may_act(rule)]
    rules.sort(key=lambda rule: rule.priority)
    remembered = directory if isinstance(directory, RememberedDirectory) else RememberedDirectory(directory)
    by_sender: dict[str, list[int]] = {}
    others: list[int] = []
    for place, rule in enumerate(rules):
        senders = _named_senders(rule, remembered)
        if senders is None:
            others.append(place)
        for sender in senders or ():
            by_sender.setdefault(sender, []).append(place)
    return RuleSet(tuple(rules), by_sender, tuple(others), remembered)


def _named_senders(rule: StoredRule, directory: RememberedDirectory) -> frozenset[str] | None:
    """The only senders on whose mail the rule can act; None where it may be anybody's."""
    for predicate in rule.conditions.message:
        if predicate.name == "From":
            return directory.primaries(predicate.values)
        if predicate.name == "FromAddressMatchesPatterns":
            texts = pattern_list(predicate.values).texts
            if texts is not None:
                return texts
    return None


def _may_act(rule: Mapping[str, object]) -> bool:
    state = read.text(rule.get("State")) or "Enabled"
    mode = read.text(rule.get("Mode")) or "Enforce"
    sound = rule.get("IsValid") is not False and rule.get("IsRuleConfigurationSupported") is not False
    targets = read.texts(rule.get("RedirectMessageTo"))
    enabled = state.lower() == "enabled" and mode.lower() == "enforce"
    return enabled and sound and len(targets) <= _MAX_REDIRECT_TARGETS


def _read_rule(rule: Mapping[str, object], place: int) -> StoredRule:
    starts, ends, problem = _window(rule)
    priority = read.whole_number(rule.get("Priority"))
    predicates = list(_predicates(rule))
    return StoredRule(
        name=read.text(rule.get("Name")),
        priority=place if priority is None else priority,
        conditions=_tests([predicate for excepts, predicate in predicates if not excepts]),
        exceptions=_tests([predicate for excepts, predicate in predicates if excepts]),
        actions=_actions(rule),
        location=_location(rule),
        original_address=read.text(rule.get("RecipientAddressType")).lower() == "original",
        starts=starts,
        ends=ends,
        problem=problem,
    )


def _predicates(rule: Mapping[str, object]) -> Iterator[tuple[bool, Predicate]]:
    """Each populated test with whether it is an exception. Type side-cars hold an `@` and are skipped."""
    for parameter, value in rule.items():
        excepts = parameter.startswith(_EXCEPTION)
        name = parameter.removeprefix(_EXCEPTION)
        known = name in MESSAGE_TESTS or name in RECIPIENT_TESTS
        paired = name in _HEADER_OF.values()
        if "@" in parameter or paired or not (known or excepts):
            continue
        values = read.texts(value)
        if values:
            header = _HEADER_OF.get(name, "")
            prefix = _EXCEPTION if excepts else ""
            yield excepts, Predicate(name, values, read.text(rule.get(prefix + header)) if header else "")


def _tests(predicates: Sequence[Predicate]) -> Tests:
    """Split; the cheapest and most telling test, the exact sender, is asked first."""
    whole = [predicate for predicate in predicates if predicate.name not in RECIPIENT_TESTS]
    whole.sort(key=lambda predicate: predicate.name != "From")
    return Tests(tuple(whole), tuple(p for p in predicates if p.name in RECIPIENT_TESTS))


def _window(rule: Mapping[str, object]) -> tuple[datetime | None, datetime | None, str]:
    try:
        return read.instant(rule.get("ActivationDate")), read.instant(rule.get("ExpiryDate")), ""
    except (ValueError, OverflowError):
        return None, None, "its activation or expiry date cannot be read"


def _location(rule: Mapping[str, object]) -> SenderLocation:
    stated = read.text(rule.get("SenderAddressLocation")).lower()
    return next((place for place in SenderLocation if place.value.lower() == stated), SenderLocation.HEADER)


def _actions(rule: Mapping[str, object]) -> RuleActions:
    added = [read.texts(rule.get(name)) for name in ("AddToRecipients", "CopyTo", "BlindCopyTo")]
    moderators = read.texts(rule.get("ModerateMessageByUser"))
    moderated = bool(moderators) or read.flag(rule.get("ModerateMessageByManager"))
    return RuleActions(
        redirect=read.texts(rule.get("RedirectMessageTo")),
        add=tuple(dict.fromkeys(target for targets in added for target in targets)),
        reject=_reject(rule),
        hold=read.flag(rule.get("Quarantine")) or moderated,
        drop=read.flag(rule.get("DeleteMessage")),
        stop=read.flag(rule.get("StopRuleProcessing")),
        scl=read.whole_number(rule.get("SetSCL")),
    )


def _reject(rule: Mapping[str, object]) -> str:
    """The report's text from whichever of code and reason is set (exchange.md 2.5)."""
    reason = read.text(rule.get("RejectMessageReasonText"))
    code = read.text(rule.get("RejectMessageEnhancedStatusCode"))
    if not reason and not code:
        return ""
    return (
        f"550 {code or _DEFAULT_REJECT_CODE} TRANSPORT.RULES.RejectMessage; {reason or _DEFAULT_REJECT_TEXT}"
    )
