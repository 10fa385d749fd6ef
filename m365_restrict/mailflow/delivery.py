"""Both layers together: where every copy of one message ends, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from m365_restrict.mailflow.behaviour import TransportBehaviour
from m365_restrict.mailflow.directory import MailDirectory
from m365_restrict.mailflow.inbox import INBOX, InboxOutcome, InboxScene, run_inbox_rules
from m365_restrict.mailflow.mailboxes import Mailboxes
from m365_restrict.mailflow.message import Headers, Message, MessageType
from m365_restrict.mailflow.stored_rule import RuleSet
from m365_restrict.mailflow.transport import TransportCopy, TransportOutcome, run_transport_rules

JUNK_EMAIL = "Junk Email"
FORWARDING = "forwarding"
NOT_FOUND = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"
OUTSIDERS_REFUSED = "550 5.7.134 RESOLVER.RST.SenderNotAuthenticatedForMailbox; authentication required"
_IN_INBOX, _IN_JUNK = InboxOutcome(), InboxOutcome(folder=JUNK_EMAIL)
_MAX_HOPS = 4
"""Mailboxes that forward to each other would never end; Exchange breaks such a chain too."""


class Outcome(StrEnum):
    """What became of one copy (contracts.md 2)."""

    DELIVERED = "delivered"
    REDIRECTED = "redirected"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


_OUTCOMES = {
    TransportOutcome.DELIVER: Outcome.DELIVERED,
    TransportOutcome.REDIRECT: Outcome.REDIRECTED,
    TransportOutcome.REJECT: Outcome.REJECTED,
    TransportOutcome.QUARANTINE: Outcome.QUARANTINED,
    TransportOutcome.DROP: Outcome.DROPPED,
}


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One line of the `/mail` answer (contracts.md 2).

    `mailbox` and `folder` are None where the copy ends in no mailbox of the organisation.
    """

    recipient: str
    outcome: Outcome
    mailbox: str | None = None
    folder: str | None = None
    rules: tuple[str, ...] = ()
    ndr: str | None = None
    added_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoredMessage:
    """One physical message that a mailbox keeps."""

    mailbox: str
    folder: str
    rules: tuple[str, ...]
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """Every copy, one per envelope recipient first, and every message that a mailbox now keeps."""

    copies: tuple[Copy, ...]
    stored: tuple[StoredMessage, ...]


@dataclass(frozen=True, kw_only=True)
class MailFlow:
    """The state of the organisation's mail that a message meets at `now` (aware)."""

    directory: MailDirectory
    transport_rules: RuleSet | Sequence[Mapping[str, object]]
    mailboxes: Mailboxes
    now: datetime
    behaviour: TransportBehaviour = field(default_factory=TransportBehaviour)


def deliver(message: Message, recipients: Sequence[str], flow: MailFlow) -> tuple[Copy, ...]:
    """Where every copy goes: one per envelope recipient in order, then those that were added."""
    return trace(message, recipients, flow).copies


def trace(message: Message, recipients: Sequence[str], flow: MailFlow) -> Trace:
    """Where every copy goes, and which physical messages the mailboxes keep.

    Groups are expanded before the rules run, so rules see members. Two recipients whose
    fork one rule redirects are two copies but one message in the target's mailbox. What a
    mailbox sends on meets the transport rules again, with the original sender unless it
    was forwarded as a new message (exchange.md 4).
    """
    post = _Post(flow)
    post.submit(_Submission(message), recipients)
    return Trace((*post.lines, *post.added), tuple(post.stored))


@dataclass(frozen=True)
class _Submission:
    """A message handed in: by the sender, or by what `added_by` names, after `hops` mailboxes."""

    message: Message
    added_by: str | None = None
    hops: int = 0


class _Item(NamedTuple):
    """A recipient of one submission; `answer` is set where no rule is asked."""

    recipient: str
    added_by: str | None
    answer: Copy | None = None


class _Landing(NamedTuple):
    """What one physical message met at one target. `ndr` is set when the target does not take it."""

    mailbox: str | None = None
    folder: str | None = None
    rules: tuple[str, ...] = ()
    ndr: str | None = None


_NOWHERE = _Landing()


class _Post:
    """Collects the copies of one message while they travel."""

    def __init__(self, flow: MailFlow) -> None:
        self._flow = flow
        self.lines: list[Copy] = []
        self.added: list[Copy] = []
        self.stored: list[StoredMessage] = []
        self._refusals: dict[tuple[bool, str], str | None] = {}

    def submit(self, submission: _Submission, recipients: Sequence[str]) -> None:
        """Expand the recipients, put them to the transport rules and land every copy."""
        flow = self._flow
        items = list(self._items(submission, recipients))
        travelling = [item.recipient for item in items if item.answer is None]
        copies = run_transport_rules(
            submission.message,
            travelling,
            flow.transport_rules,
            flow.directory,
            flow.now,
            flow.behaviour,
        )
        waiting = iter(copies)
        landed: dict[tuple[int, str], _Landing] = {}
        for item in items:
            line = item.answer or self._land(submission, next(waiting), item.added_by, landed)
            (self.lines if item.added_by is None else self.added).append(line)
        self.added.extend(self._land(submission, copy, copy.added_by, landed) for copy in waiting)

    def _items(self, submission: _Submission, recipients: Sequence[str]) -> Iterator[_Item]:
        """The recipients in order, then the members of groups among them who are not named themselves."""
        directory, by = self._flow.directory, submission.added_by
        members: dict[str, str] = {}
        for recipient in recipients:
            if directory.is_group(recipient):
                yield _Item(recipient, by, Copy(recipient=recipient, outcome=Outcome.DELIVERED, added_by=by))
                for member in sorted(directory.members(recipient)):
                    members.setdefault(member, f"group {directory.primary(recipient)}")
            else:
                yield self._item(submission.message, recipient, by)
        named = {directory.primary(recipient) for recipient in recipients} if members else ()
        for member, group in members.items():
            if member not in named:
                yield self._item(submission.message, member, group)

    def _item(self, message: Message, recipient: str, added_by: str | None) -> _Item:
        refused = self._refusal(message, recipient)
        if refused is None:
            return _Item(recipient, added_by)
        answer = Copy(recipient=recipient, outcome=Outcome.REJECTED, ndr=refused, added_by=added_by)
        return _Item(recipient, added_by, answer)

    def _refusal(self, message: Message, address: str) -> str | None:
        """Why an address takes no mail from this sender, whatever the rules say; None if it does."""
        primary = self._flow.directory.primary(address)
        asked = message.authenticated, primary
        if asked not in self._refusals:
            self._refusals[asked] = self._refusal_of(message, primary)
        return self._refusals[asked]

    def _refusal_of(self, message: Message, primary: str) -> str | None:
        directory, mailboxes = self._flow.directory, self._flow.mailboxes
        if directory.has_mailbox(primary):
            welcome = message.authenticated or mailboxes.accepts_outsiders(primary)
            return None if welcome else OUTSIDERS_REFUSED
        ours = directory.is_accepted_domain(primary.rpartition("@")[2])
        known = directory.is_group(primary) or mailboxes.is_elsewhere(primary)
        return NOT_FOUND if ours and not known else None

    def _land(
        self,
        submission: _Submission,
        copy: TransportCopy,
        added_by: str | None,
        landed: dict[tuple[int, str], _Landing],
    ) -> Copy:
        """The line of one copy; further targets of a redirect get lines of their own."""
        answer: Copy | None = None
        for target in self._expanded(copy.targets):
            fresh = (copy.fork, target) not in landed
            if fresh:
                landed[copy.fork, target] = self._arrive(submission, copy, target)
            landing = landed[copy.fork, target]
            if answer is None:
                answer = _line(copy, landing, copy.recipient, added_by)
            elif fresh:
                self.added.append(_line(copy, landing, target, copy.rules[-1]))
        return answer or _line(copy, _NOWHERE, copy.recipient, added_by)

    def _expanded(self, targets: Sequence[str]) -> Iterator[str]:
        directory = self._flow.directory
        for target in targets:
            if directory.is_group(target):
                yield from sorted(directory.members(target))
            else:
                yield target

    def _arrive(self, submission: _Submission, copy: TransportCopy, target: str) -> _Landing:
        """One physical message reaches one address."""
        message, flow = submission.message, self._flow
        refused = self._refusal(message, target)
        if refused is not None:
            return _Landing(ndr=refused)
        if not flow.directory.has_mailbox(target):
            return _Landing()
        rules = () if copy.junk else flow.mailboxes.inbox_rules(target)
        outcome = _IN_JUNK if copy.junk else _IN_INBOX
        if rules:
            outcome = run_inbox_rules(
                InboxScene(message=message, mailbox=target, directory=flow.directory),
                rules,
                flow.mailboxes.folders(target),
                flow.behaviour.undecided,
            )
        self._store(target, copy, outcome)
        self._send_on(submission, copy, target, outcome)
        return _Landing(mailbox=target, folder=outcome.folder, rules=outcome.rules)

    def _store(self, mailbox: str, copy: TransportCopy, outcome: InboxOutcome) -> None:
        rules = (*copy.rules, *outcome.rules)
        for folder in (outcome.folder, *outcome.copied_to):
            if folder is not None:
                self.stored.append(
                    StoredMessage(mailbox=mailbox, folder=folder, rules=rules, categories=outcome.categories)
                )

    def _send_on(
        self, submission: _Submission, copy: TransportCopy, mailbox: str, outcome: InboxOutcome
    ) -> None:
        """What the mailbox's rules and its forwarding setting send to other addresses."""
        forwarding = self._flow.mailboxes.forwarding(mailbox)
        goes_on = outcome.redirects or outcome.forwards or forwarding
        if not goes_on or submission.hops >= _MAX_HOPS:
            return
        before = submission.message
        redirects = before.transport_redirects + (copy.outcome is TransportOutcome.REDIRECT)
        same = replace(before, transport_redirects=redirects)
        again = replace(same, inbox_redirects=before.inbox_redirects + 1)
        onward = [(again, onward.address, onward.rule) for onward in outcome.redirects]
        onward += [(_forwarded(before, mailbox, to.address), to.address, to.rule) for to in outcome.forwards]
        if forwarding:
            onward.append((same, forwarding.lower(), FORWARDING))
        for message, address, by in onward:
            self.submit(_Submission(message, by, submission.hops + 1), [address])


def _line(copy: TransportCopy, landing: _Landing, recipient: str, added_by: str | None) -> Copy:
    """A copy's line, completed with what it met at its target."""
    return Copy(
        recipient=recipient,
        outcome=Outcome.REJECTED if landing.ndr else _OUTCOMES[copy.outcome],
        mailbox=landing.mailbox,
        folder=landing.folder,
        rules=(*copy.rules, *landing.rules),
        ndr=landing.ndr or copy.ndr,
        added_by=added_by,
    )


def _forwarded(message: Message, mailbox: str, address: str) -> Message:
    """The new message that a forwarding rule makes: from the mailbox itself, signed in."""
    fields = {**message.headers.fields, "from": (mailbox,), "to": (address,), "cc": ()}
    return replace(
        message,
        header_from=mailbox,
        from_addresses=(mailbox,),
        sender="",
        envelope_from=mailbox,
        to=(address,),
        cc=(),
        headers=Headers(fields),
        types=message.types | {MessageType.AUTO_FORWARD},
        authenticated=True,
    )


__all__ = ["INBOX", "JUNK_EMAIL", "Copy", "MailFlow", "Outcome", "StoredMessage", "Trace", "deliver", "trace"]
