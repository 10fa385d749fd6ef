"""Sending what is due: once for each recipient and state, and to people of the council alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from m365_restrict.errors import LedgerError, RestrictError
from m365_restrict.ledger.told import ToldKey, ToldMails, ToldRecord
from m365_restrict.notify.mail import Mail
from m365_restrict.notify.notice import Notice, NoticeOutcome
from m365_restrict.notify.notice_mails import notice_mail
from m365_restrict.register.address import domain_of, normalise

_NO_SENDER = (
    "No mail was sent, because M365_RESTRICT_NOTIFY__SENDER is not set. Set it to a mailbox of the council."
)
_NOT_OURS = "No mail was sent, because the recipient's address is not in a domain of the council."
_STOPPED = "The run was asked to stop before everybody had it; the next run goes on."
_NOBODY = "No mail was sent, because nobody with an address is known for it."


class ToldKind(StrEnum):
    """What a mail is about."""

    PROPOSAL = "proposal"
    MISSING = "missing"
    CHOICE = "choice"
    NOTICE = "notice"


class ToldOutcome(StrEnum):
    """What became of a mail. Whatever was not sent is due again in the next run."""

    SENT = "sent"
    FAILED = "failed"
    NOT_SENT = "not_sent"


@dataclass(frozen=True, kw_only=True)
class Told:
    """One mail that was due. `about` is a case reference or `choice 12`, never a person."""

    kind: ToldKind
    about: str
    outcome: ToldOutcome
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class DueMail:
    """One mail to one person. `subject` and `state` are as in `ToldRecord`; `about` as in `Told`.

    A mail that is the last about its subject says `forget`: nothing of it is kept once it is out.
    """

    kind: ToldKind
    subject: str
    about: str
    recipient: str
    state: str
    mail: Mail
    forget: bool = False

    @property
    def key(self) -> ToldKey:
        """The key of its record."""
        return (self.kind.value, self.subject, self.recipient)


def is_news(told: Mapping[ToldKey, ToldRecord], key: ToldKey, state: str) -> bool:
    """Whether the recipient has not been told that state yet."""
    record = told.get(key)
    return record is None or record.sent_state != state


def refusal_of(recipient: str, *, from_mailbox: str, domains: frozenset[str]) -> str:
    """Why no mail may go to a recipient from that mailbox; "" where one may. `domains` are the council's."""
    if not recipient:
        return _NOBODY
    if not from_mailbox:
        return _NO_SENDER
    return "" if domain_of(recipient) in domains else _NOT_OURS


class Sender(Protocol):
    """Whatever sends a mail: `tenant.mail.MailSender`."""

    async def send(self, from_mailbox: str, *, to: str, subject: str, text: str, html: str = "") -> None:
        """Send one mail."""
        ...


@dataclass(frozen=True, kw_only=True)
class Post:
    """Sends mails from one mailbox to addresses in the council's `domains`, and keeps what was sent.

    Once `stopping` says that the run is to stop, what was not sent yet is left to the next run.
    """

    sender: Sender
    from_mailbox: str
    domains: frozenset[str]
    memory: ToldMails
    run_id: str
    now: datetime
    stopping: Callable[[], bool] = lambda: False

    async def send(self, due: DueMail) -> Told:
        """Send one mail and keep what became of it. Only a ledger that fails raises (LedgerError)."""
        refused = self._refusal(due.recipient)
        if refused:
            return _told(due, ToldOutcome.NOT_SENT, refused)
        before = self.memory.all(due.kind.value).get(due.key)
        try:
            await self.sender.send(
                self.from_mailbox,
                to=due.recipient,
                subject=due.mail.subject,
                text=due.mail.text,
                html=due.mail.html,
            )
        except LedgerError:
            raise
        except RestrictError as error:
            self._keep_failure(due, before, error.message)
            return _told(due, ToldOutcome.FAILED, error.message)
        self._keep_success(due)
        return _told(due, ToldOutcome.SENT)

    async def send_all(self, due: Iterable[DueMail]) -> tuple[Told, ...]:
        """One after the other: a mailbox may send 30 messages a minute (graph.md 5)."""
        return tuple([await self.send(one) for one in due if not self.stopping()])

    def _refusal(self, recipient: str) -> str:
        return refusal_of(recipient, from_mailbox=self.from_mailbox, domains=self.domains)

    def _keep_success(self, due: DueMail) -> None:
        if due.forget:
            self.memory.forget(due.key)
            return
        kind, subject, recipient = due.key
        record = ToldRecord(
            kind=kind, subject=subject, recipient=recipient, state=due.state, sent_state=due.state
        )
        self.memory.record(record, run_id=self.run_id, at=self.now)

    def _keep_failure(self, due: DueMail, before: ToldRecord | None, reason: str) -> None:
        kind, subject, recipient = due.key
        record = ToldRecord(
            kind=kind,
            subject=subject,
            recipient=recipient,
            state=due.state,
            sent_state=before.sent_state if before else "",
            attempts=before.attempts + 1 if before else 1,
            reason=reason,
        )
        self.memory.record(record, run_id=self.run_id, at=self.now)


class NoticePost:
    """`notify.notice.Notices` by mail: every notice to each of its recipients once."""

    def __init__(self, post: Post, link: Callable[[str], str]) -> None:
        """`link` gives the page of a case by its reference, or the list's page for ""."""
        self._post = post
        self._link = link

    async def send(self, notices: Sequence[Notice]) -> Sequence[NoticeOutcome]:
        """An outcome for every notice; one counts as sent once all its recipients have it."""
        return [await self._one(notice) for notice in notices]

    async def _one(self, notice: Notice) -> NoticeOutcome:
        recipients = [normalise(address) for address in notice.recipients] or [""]
        had = self._had(notice)
        due = [
            _due(notice, recipient, self._link(notice.case_ref))
            for recipient in dict.fromkeys(recipients)
            if recipient not in had
        ]
        told = await self._post.send_all(due)
        reasons = [one.reason for one in told if one.outcome is not ToldOutcome.SENT]
        if len(told) < len(due):
            reasons.append(_STOPPED)
        return NoticeOutcome(notice, sent=not reasons, reason=" ".join(dict.fromkeys(reasons)))

    def _had(self, notice: Notice) -> frozenset[str]:
        """Recipients who got this very notice before another one's mail failed."""
        known: Mapping[ToldKey, ToldRecord] = self._post.memory.all(ToldKind.NOTICE.value)
        return frozenset(
            record.recipient
            for record in known.values()
            if record.subject == notice.key and record.sent_state
        )


def _due(notice: Notice, recipient: str, link: str) -> DueMail:
    return DueMail(
        kind=ToldKind.NOTICE,
        subject=notice.key,
        about=notice.case_ref or notice.kind.value,
        recipient=recipient,
        state=notice.subject_key or notice.kind.value,
        mail=notice_mail(notice, link=link),
    )


def _told(due: DueMail, outcome: ToldOutcome, reason: str = "") -> Told:
    return Told(kind=due.kind, about=due.about, outcome=outcome, reason=reason)
