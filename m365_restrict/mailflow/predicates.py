"""The conditions of transport rules, one function each (exchange.md 2.3, 2.4).

Every predicate of Exchange is named here: those that a header-only model cannot
evaluate answer UNDECIDED with the reason, so that none is ever silently taken as absent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from m365_restrict.mailflow.behaviour import TransportBehaviour
from m365_restrict.mailflow.message import Message
from m365_restrict.mailflow.patterns import (
    PatternNotUnderstood,
    contains_any_word,
    matches_pattern,
    pattern_list,
)
from m365_restrict.mailflow.remembered import RememberedDirectory
from m365_restrict.mailflow.stored_values import size_in_bytes
from m365_restrict.mailflow.verdict import MATCH, NO_MATCH, ConditionResult, Verdict, holds, undecided


class SenderLocation(StrEnum):
    """Where a rule looks for the sender; Header is the From field alone (exchange.md 2.3)."""

    HEADER = "Header"
    ENVELOPE = "Envelope"
    HEADER_OR_ENVELOPE = "HeaderOrEnvelope"


class Addressee(NamedTuple):
    """An envelope recipient: as it was asked for, and the primary address it stands for."""

    asked: str
    primary: str


@dataclass(frozen=True)
class Scene:
    """What a rule is put to: one message, all its recipients, and whose organisation it is."""

    message: Message
    recipients: tuple[Addressee, ...]
    directory: RememberedDirectory
    behaviour: TransportBehaviour


@dataclass(frozen=True)
class Predicate:
    """One populated condition or exception of a stored rule. `header` is set for header tests alone."""

    name: str
    values: tuple[str, ...]
    header: str = ""


class Asked(NamedTuple):
    """A predicate put to a scene by a rule with its sender and address settings. Made for every question."""

    scene: Scene
    predicate: Predicate
    location: SenderLocation = SenderLocation.HEADER
    original_address: bool = False


_SCOPES = {"inorganization": True, "notinorganization": False}
"""Whether each scope is the inside of the organisation."""

Test: TypeAlias = Callable[[Asked], ConditionResult]
RecipientTest: TypeAlias = Callable[[Asked, Sequence[Addressee]], list[ConditionResult]]


def senders(asked: Asked) -> tuple[str, ...]:
    """The sender addresses that the rule's SenderAddressLocation makes visible."""
    message = asked.scene.message
    envelope = (message.envelope_from,) if message.envelope_from else ()
    if asked.location is SenderLocation.HEADER:
        return message.from_addresses
    if asked.location is SenderLocation.ENVELOPE:
        return envelope
    return (*message.from_addresses, *envelope)


def _is_among(asked: Asked, addresses: Iterable[str]) -> bool:
    """Exact comparison with the primary addresses of the rule's recipients; proxies do not count."""
    return not asked.scene.directory.primaries(asked.predicate.values).isdisjoint(addresses)


def _is_member(asked: Asked, addresses: Iterable[str]) -> bool:
    """Membership of any of the rule's groups; a group that no longer exists has no members."""
    directory = asked.scene.directory
    groups = [directory.members(value) for value in asked.predicate.values]
    return any(directory.primary(address) in group for address in addresses for group in groups)


def _contains(asked: Asked, targets: Iterable[str]) -> ConditionResult:
    return holds(any(contains_any_word(target, asked.predicate.values) for target in targets))


def _matches(asked: Asked, targets: Iterable[str]) -> ConditionResult:
    """Any pattern in any target; one that cannot be read leaves it open unless another matches."""
    caret, open_reason, searched = asked.scene.behaviour.caret_anchors, "", tuple(targets)
    patterns = pattern_list(asked.predicate.values)
    if any(patterns.names(target, caret_anchors=caret) for target in searched):
        return MATCH
    for pattern in patterns.others:
        try:
            if any(matches_pattern(target, pattern, caret_anchors=caret) for target in searched):
                return MATCH
        except PatternNotUnderstood as error:
            open_reason = str(error)
    return undecided(open_reason) if open_reason else NO_MATCH


def _in_domain(asked: Asked, addresses: Iterable[str]) -> ConditionResult:
    wanted, above = _domains(asked.predicate.values)
    deep = asked.scene.behaviour.subdomains
    for address in addresses:
        domain = address.rpartition("@")[2]
        if domain in wanted or (deep and domain.endswith(above)):
            return MATCH
    return NO_MATCH


@lru_cache(maxsize=4096)
def _domains(values: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The domains of one rule, and what every subdomain of theirs ends in."""
    wanted = frozenset(value.lower().lstrip("@") for value in values)
    return wanted, tuple(f".{one}" for one in wanted)


def _from_scope(asked: Asked) -> ConditionResult:
    """InOrganization needs a sender of ours that signed in: a forged one is outside (exchange.md 2.3)."""
    scene = asked.scene
    ours = (scene.directory.has_mailbox(a) or _is_ours(scene, a) for a in scene.message.from_addresses)
    return _scope(asked, inside=scene.message.authenticated and any(ours))


def _sent_to(asked: Asked, addressees: Sequence[Addressee]) -> list[ConditionResult]:
    wanted = asked.scene.directory.primaries(asked.predicate.values)
    return [MATCH if each.primary in wanted else NO_MATCH for each in addressees]


def _sent_to_member(asked: Asked, addressees: Sequence[Addressee]) -> list[ConditionResult]:
    directory = asked.scene.directory
    groups = [directory.members(value) for value in asked.predicate.values]
    members = (directory.primary(each.primary) for each in addressees)
    return [holds(any(member in group for group in groups)) for member in members]


def _sent_to_scope(asked: Asked, addressees: Sequence[Addressee]) -> list[ConditionResult]:
    directory = asked.scene.directory
    found = (
        directory.has_mailbox(each.primary) or _is_ours(asked.scene, each.primary) for each in addressees
    )
    return [_scope(asked, inside=inside) for inside in found]


def _scope(asked: Asked, *, inside: bool) -> ConditionResult:
    wanted = _SCOPES.get(asked.predicate.values[0].lower())
    if wanted is None:
        return undecided(f"{asked.predicate.name} {asked.predicate.values[0]} cannot be evaluated here")
    return holds(wanted is inside)


def _is_ours(scene: Scene, address: str) -> bool:
    return scene.directory.is_accepted_domain(address.rpartition("@")[2])


def _of_each(test: Callable[[Asked, Iterable[str]], ConditionResult]) -> RecipientTest:
    """A test of addresses, asked of each recipient's own."""

    def answers(asked: Asked, addressees: Sequence[Addressee]) -> list[ConditionResult]:
        original = asked.original_address
        return [test(asked, (each.asked if original else each.primary,)) for each in addressees]

    return answers


def _addresses_of_all(asked: Asked) -> list[str]:
    return [each.asked if asked.original_address else each.primary for each in asked.scene.recipients]


def _resolved(asked: Asked, addresses: Iterable[str]) -> list[str]:
    return [asked.scene.directory.primary(address) for address in addresses]


def _to_and_cc(asked: Asked) -> tuple[str, ...]:
    return (*asked.scene.message.to, *asked.scene.message.cc)


def _header_values(asked: Asked) -> tuple[str, ...]:
    return asked.scene.message.headers.all(asked.predicate.header)


def _subject(asked: Asked) -> tuple[str, ...]:
    return (asked.scene.message.subject,)


def _or_body(result: ConditionResult, asked: Asked) -> ConditionResult:
    """A subject that matches settles it; else the text would have to be read, which is never done."""
    if result.verdict is Verdict.MATCH:
        return result
    return undecided(f"{asked.predicate.name} would need the text of the message")


def _message_type(asked: Asked) -> ConditionResult:
    wanted = {value.lower() for value in asked.predicate.values}
    if "approvalrequest" in wanted:
        return undecided("approval requests cannot be told from their headers")
    return holds(any(kind.value.lower() in wanted for kind in asked.scene.message.types))


def _size_over(asked: Asked) -> ConditionResult:
    limit = size_in_bytes(asked.predicate.values[0])
    if limit is None:
        return undecided(f"the size {asked.predicate.values[0]!r} cannot be read")
    return holds(asked.scene.message.size >= limit)


def _importance(asked: Asked) -> ConditionResult:
    return holds(asked.scene.message.importance.value.lower() == asked.predicate.values[0].lower())


def _unsupported(asked: Asked) -> ConditionResult:
    return undecided(f"{asked.predicate.name} cannot be evaluated here")


RECIPIENT_TESTS: Mapping[str, RecipientTest] = {
    "SentTo": _sent_to,
    "SentToMemberOf": _sent_to_member,
    "SentToScope": _sent_to_scope,
    "RecipientAddressContainsWords": _of_each(_contains),
    "RecipientAddressMatchesPatterns": _of_each(_matches),
    "RecipientDomainIs": _of_each(_in_domain),
}
"""Asked of each recipient: a match for some forks the message (exchange.md 2.4)."""

MESSAGE_TESTS: Mapping[str, Test] = {
    "From": lambda asked: holds(_is_among(asked, senders(asked))),
    "FromMemberOf": lambda asked: holds(_is_member(asked, senders(asked))),
    "FromAddressContainsWords": lambda asked: _contains(asked, senders(asked)),
    "FromAddressMatchesPatterns": lambda asked: _matches(asked, senders(asked)),
    "SenderDomainIs": lambda asked: _in_domain(asked, senders(asked)),
    "FromScope": _from_scope,
    "AnyOfRecipientAddressContainsWords": lambda asked: _contains(asked, _addresses_of_all(asked)),
    "AnyOfRecipientAddressMatchesPatterns": lambda asked: _matches(asked, _addresses_of_all(asked)),
    "AnyOfToHeader": lambda asked: holds(_is_among(asked, _resolved(asked, asked.scene.message.to))),
    "AnyOfCcHeader": lambda asked: holds(_is_among(asked, _resolved(asked, asked.scene.message.cc))),
    "AnyOfToCcHeader": lambda asked: holds(_is_among(asked, _resolved(asked, _to_and_cc(asked)))),
    "AnyOfToHeaderMemberOf": lambda asked: holds(_is_member(asked, asked.scene.message.to)),
    "AnyOfCcHeaderMemberOf": lambda asked: holds(_is_member(asked, asked.scene.message.cc)),
    "AnyOfToCcHeaderMemberOf": lambda asked: holds(_is_member(asked, _to_and_cc(asked))),
    "SubjectContainsWords": lambda asked: _contains(asked, _subject(asked)),
    "SubjectMatchesPatterns": lambda asked: _matches(asked, _subject(asked)),
    "SubjectOrBodyContainsWords": lambda asked: _or_body(_contains(asked, _subject(asked)), asked),
    "SubjectOrBodyMatchesPatterns": lambda asked: _or_body(_matches(asked, _subject(asked)), asked),
    "HeaderContainsWords": lambda asked: _contains(asked, _header_values(asked)),
    "HeaderMatchesPatterns": lambda asked: _matches(asked, _header_values(asked)),
    "MessageTypeMatches": _message_type,
    "MessageSizeOver": _size_over,
    "WithImportance": _importance,
    **dict.fromkeys(
        (
            *("ADComparisonAttribute", "ADComparisonOperator", "AttachmentContainsWords"),
            *("AttachmentExtensionMatchesWords", "AttachmentHasExecutableContent"),
            *("AttachmentIsPasswordProtected", "AttachmentIsUnsupported", "AttachmentMatchesPatterns"),
            *("AttachmentNameMatchesPatterns", "AttachmentProcessingLimitExceeded"),
            *("AttachmentPropertyContainsWords", "AttachmentSizeOver", "BetweenMemberOf1"),
            *("BetweenMemberOf2", "ContentCharacterSetContainsWords", "ContentMatchesPrompt"),
            *("ContentMatchesPromptVerdict", "HasClassification", "HasNoClassification"),
            *("HasSenderOverride", "ManagerAddresses", "ManagerForEvaluatedUser"),
            *("MessageContainsAllDataClassifications", "MessageContainsDataClassifications"),
            *("RecipientADAttributeContainsWords", "RecipientADAttributeMatchesPatterns"),
            *("RecipientInSenderList", "SCLOver", "SenderADAttributeContainsWords"),
            *("SenderADAttributeMatchesPatterns", "SenderInRecipientList", "SenderIpRanges"),
            "SenderManagementRelationship",
        ),
        _unsupported,
    ),
}
"""Asked once of the whole message; what cannot be evaluated answers UNDECIDED."""

SENDER_TESTS = frozenset(
    [
        "From",
        "FromMemberOf",
        "FromAddressContainsWords",
        "FromAddressMatchesPatterns",
        "SenderDomainIs",
    ]
)
"""Those that look at the sender's addresses. FromScope does so only where the sender has signed in."""

ANY_RECIPIENT_TESTS = frozenset(
    ["AnyOfRecipientAddressContainsWords", "AnyOfRecipientAddressMatchesPatterns"]
)
"""Tests of the message that look for a recipient among all of them, whoever else is there."""

VISIBLE_RECIPIENT_TESTS = frozenset(
    f"AnyOf{headers}Header{members}" for headers in ("To", "Cc", "ToCc") for members in ("", "MemberOf")
)
"""Tests of the recipients that the message itself names."""

_ALWAYS_TELL = VISIBLE_RECIPIENT_TESTS | frozenset(
    [
        "From",
        "FromMemberOf",
        "FromAddressContainsWords",
        "SenderDomainIs",
        "SentTo",
        "SentToMemberOf",
        "RecipientAddressContainsWords",
        "RecipientDomainIs",
        "AnyOfRecipientAddressContainsWords",
        "SubjectContainsWords",
        "HeaderContainsWords",
        "WithImportance",
    ]
)


def always_tells(predicate: Predicate) -> bool:
    """Whether a predicate is never UNDECIDED, whatever the message. False where that is not certain."""
    if predicate.name in {"FromScope", "SentToScope"}:
        return predicate.values[0].lower() in _SCOPES
    return predicate.name in _ALWAYS_TELL
