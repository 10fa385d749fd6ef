"""The inbox layer: what the rules of one mailbox make of a message that reached its Inbox.

The input is messageRule objects as Graph returns them; null, [] and false count as absent
(graph.md 1.6).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from m365_restrict.mailflow.behaviour import Undecided
from m365_restrict.mailflow.directory import MailDirectory
from m365_restrict.mailflow.message import Message, MessageType
from m365_restrict.mailflow.stored_values import flag, text, texts, whole_number
from m365_restrict.mailflow.verdict import (
    ConditionResult,
    all_hold,
    any_holds,
    holds,
    settled,
    undecided,
)

INBOX = "Inbox"
DELETED_ITEMS = "Deleted Items"
_MAX_REDIRECTS = 1
_KILOBYTE = 1024


@dataclass(frozen=True)
class InboxFolders:
    """The English path behind each folder id of one mailbox."""

    paths: Mapping[str, str] = field(default_factory=dict)

    def path_of(self, folder: str) -> str | None:
        """The path, or None for a folder that does not exist."""
        return self.paths.get(folder)


@dataclass(frozen=True, kw_only=True)
class InboxScene:
    """A message in the Inbox of `mailbox` (a primary address)."""

    message: Message
    mailbox: str
    directory: MailDirectory


@dataclass(frozen=True)
class Onward:
    """A message that a rule sends on: to whom, and which rule."""

    address: str
    rule: str


@dataclass(frozen=True, kw_only=True)
class InboxOutcome:
    """Where the message ends. `folder` is a path, None when it was deleted for good.

    `copied_to` are folders that hold a further copy. `redirects` keep the original sender,
    `forwards` are new messages from the mailbox. `rules` are display names, in order.
    """

    folder: str | None = INBOX
    copied_to: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    redirects: tuple[Onward, ...] = ()
    forwards: tuple[Onward, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def deleted(self) -> bool:
        """Whether a rule deleted the message."""
        return self.folder is None or self.folder == DELETED_ITEMS


InboxTest: TypeAlias = Callable[[InboxScene, object], ConditionResult]


def run_inbox_rules(
    scene: InboxScene,
    rules: Sequence[Mapping[str, object]],
    folders: InboxFolders,
    policy: Undecided = Undecided.NOT_MATCHED,
) -> InboxOutcome:
    """Put a mailbox's enabled rules to a message, by sequence, until one stops them.

    The first rule that moves or deletes the message decides its folder. A rule whose folder
    does not exist does nothing (graph.md 1.3, inferred). A second redirect of one message is
    dropped silently (exchange.md 3).
    """
    outcome = InboxOutcome()
    for rule in sorted(rules, key=_sequence):
        actions = _mapping(rule.get("actions"))
        if not _is_active(rule) or not actions or _lacks_folder(actions, folders):
            continue
        conditions = _conditions(scene, rule)
        exceptions = any_holds(_answers(scene, _mapping(rule.get("exceptions"))))
        if not settled(conditions, exceptions, policy):
            continue
        outcome = _acted(outcome, text(rule.get("displayName")), actions, folders, scene.message)
        if flag(actions.get("stopProcessingRules")):
            break
    return outcome


def senders_in(rule: Mapping[str, object]) -> frozenset[str]:
    """The exact senders for whom a rule looks, in its conditions or exceptions; lower case."""
    parts = (_mapping(rule.get(part)) for part in ("conditions", "exceptions"))
    return frozenset(address for part in parts for address in _recipients(part.get("fromAddresses")))


def prepared(rule: Mapping[str, object]) -> Mapping[str, object]:
    """The same rule with its senders read once, for one that is put to many messages."""
    conditions = _mapping(rule.get("conditions"))
    senders = frozenset(_recipients(conditions.get("fromAddresses")))
    return {**rule, "conditions": {**conditions, "fromAddresses": senders}} if senders else rule


def _sequence(rule: Mapping[str, object]) -> int:
    return whole_number(rule.get("sequence")) or 0


def _is_active(rule: Mapping[str, object]) -> bool:
    return rule.get("isEnabled") is not False and not flag(rule.get("hasError"))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict | Mapping) else {}


def _lacks_folder(actions: Mapping[str, object], folders: InboxFolders) -> bool:
    named = [text(actions.get(name)) for name in ("moveToFolder", "copyToFolder")]
    return any(folder and folders.path_of(folder) is None for folder in named)


def _conditions(scene: InboxScene, rule: Mapping[str, object]) -> ConditionResult:
    """Whether the conditions hold; none at all match every message.

    A read-only rule comes without the conditions that Graph cannot express (graph.md 1.3).
    """
    stated = _mapping(rule.get("conditions"))
    if not stated and flag(rule.get("isReadOnly")):
        return undecided("the conditions of this read-only rule cannot be seen")
    return all_hold(_answers(scene, stated))


def _acted(
    before: InboxOutcome,
    name: str,
    actions: Mapping[str, object],
    folders: InboxFolders,
    message: Message,
) -> InboxOutcome:
    copied = folders.path_of(text(actions.get("copyToFolder")))
    sent_on = [
        Onward(address, name)
        for action in ("forwardTo", "forwardAsAttachmentTo")
        for address in _recipients(actions.get(action))
    ]
    redirects = [Onward(address, name) for address in _recipients(actions.get("redirectTo"))]
    if message.inbox_redirects >= _MAX_REDIRECTS:
        redirects = []
    return replace(
        before,
        folder=_folder_after(before.folder, actions, folders),
        copied_to=(*before.copied_to, *([copied] if copied else [])),
        categories=tuple(dict.fromkeys((*before.categories, *texts(actions.get("assignCategories"))))),
        redirects=(*before.redirects, *redirects),
        forwards=(*before.forwards, *sent_on),
        rules=(*before.rules, name),
    )


def _folder_after(current: str | None, actions: Mapping[str, object], folders: InboxFolders) -> str | None:
    if current != INBOX:
        return current
    if flag(actions.get("permanentDelete")):
        return None
    if flag(actions.get("delete")):
        return DELETED_ITEMS
    return folders.path_of(text(actions.get("moveToFolder"))) or current


def _recipients(value: object) -> Collection[str]:
    """Addresses of a recipient collection, lower case; one page of the documentation shows a single one."""
    if isinstance(value, frozenset):
        return value
    entries: Iterable[object] = value if isinstance(value, list | tuple) else [value]
    found = (text(_mapping(_mapping(entry).get("emailAddress")).get("address")) for entry in entries)
    return tuple(address.lower() for address in found if address)


def _answers(scene: InboxScene, predicates: Mapping[str, object]) -> Iterator[ConditionResult]:
    for name, value in predicates.items():
        if value is None or value is False or value in ([], "", {}) or "@" in name:
            continue
        test = _TESTS.get(name)
        yield undecided(f"{name} cannot be evaluated here") if test is None else test(scene, value)


def _found_in(targets: Iterable[str], value: object) -> ConditionResult:
    """Plain substrings, whatever the case: the service upper-cases what it was given (graph.md 1.6)."""
    lowered = [target.lower() for target in targets]
    return holds(any(part.lower() in target for part in texts(value) for target in lowered))


def _visible(scene: InboxScene) -> tuple[str, ...]:
    return (*scene.message.to, *scene.message.cc)


def _is_me(scene: InboxScene, addresses: Iterable[str]) -> bool:
    return any(scene.directory.primary(address) == scene.mailbox for address in addresses)


def _header_lines(scene: InboxScene) -> Iterator[str]:
    for name, values in scene.message.headers.fields.items():
        yield from (f"{name}: {value}" for value in values)


def _within(scene: InboxScene, value: object) -> ConditionResult:
    bounds = _mapping(value)
    least, most = whole_number(bounds.get("minimumSize")), whole_number(bounds.get("maximumSize"))
    size = scene.message.size / _KILOBYTE
    return holds((least is None or least <= size) and (most is None or size <= most))


def _is_type(kind: MessageType) -> InboxTest:
    return lambda scene, _value: holds(kind in scene.message.types)


def _subject_or_text(scene: InboxScene, value: object) -> ConditionResult:
    found = _found_in([scene.message.subject], value)
    return any_holds((found, undecided("bodyOrSubjectContains would need the text of the message")))


_TESTS: Mapping[str, InboxTest] = {
    "fromAddresses": lambda s, v: holds(not frozenset(_recipients(v)).isdisjoint(s.message.from_addresses)),
    "senderContains": lambda s, v: _found_in(s.message.headers.all("from"), v),
    "subjectContains": lambda s, v: _found_in([s.message.subject], v),
    "bodyOrSubjectContains": _subject_or_text,
    "headerContains": lambda s, v: _found_in(_header_lines(s), v),
    "recipientContains": lambda s, v: _found_in(_visible(s), v),
    "sentToAddresses": lambda s, v: holds(bool(set(_recipients(v)) & set(_visible(s)))),
    "sentToMe": lambda s, _v: holds(_is_me(s, s.message.to)),
    "sentCcMe": lambda s, _v: holds(_is_me(s, s.message.cc)),
    "sentToOrCcMe": lambda s, _v: holds(_is_me(s, _visible(s))),
    "sentOnlyToMe": lambda s, _v: holds(len(_visible(s)) == 1 and _is_me(s, s.message.to)),
    "notSentToMe": lambda s, _v: holds(not _is_me(s, s.message.to)),
    "importance": lambda s, v: holds(s.message.importance.value.lower() == text(v).lower()),
    "withinSizeRange": _within,
    "isAutomaticForward": _is_type(MessageType.AUTO_FORWARD),
    "isAutomaticReply": _is_type(MessageType.OUT_OF_OFFICE),
    "isEncrypted": _is_type(MessageType.ENCRYPTED),
    "isPermissionControlled": _is_type(MessageType.PERMISSION_CONTROLLED),
    "isReadReceipt": _is_type(MessageType.READ_RECEIPT),
    "isSigned": _is_type(MessageType.SIGNED),
    "isVoicemail": _is_type(MessageType.VOICEMAIL),
}
