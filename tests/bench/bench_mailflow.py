"""Replaying mail through both layers: recipient decisions a second."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench_frame import Order, Result, cpu
from large_council import CHOICES, FOREIGN, NOW, LargeCouncil, large_council

from m365_restrict.mailflow.delivery import MailFlow, deliver
from m365_restrict.mailflow.inbox import prepared
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.message import read_message
from m365_restrict.mailflow.stored_rule import read_rules
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.inbox_rule import AssignCategory, MoveToFolder
from m365_restrict.rules.parameters import message_rule_body
from m365_restrict.rules.properties import inbox_properties, transport_properties
from m365_restrict.rules.stamp import plain_value
from m365_restrict.rules.transport_rule import SenderMatch

CASES, MESSAGES, MOST_RECIPIENTS = 200, 2_000, 20
FEWEST_A_SECOND = 20_000

TITLE = "Replaying mail through both layers"
METHOD = (
    f"{MESSAGES:,} raw messages, of which every third comes from an address of a case, each to 1 to "
    f"{MOST_RECIPIENTS} recipients, through the rules of {CASES} cases, {FOREIGN} rules of others and the "
    f"inbox rules of {CHOICES} choices. Reading the headers is part of it. A decision is one envelope "
    "recipient of one message. CPU seconds of the process, one thread."
)
_LIMIT = "Pure Python on one core: the rules of others that look at every message."


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A day's mail and what it meets."""

    flow: MailFlow
    mail: tuple[tuple[bytes, str, tuple[str, ...]], ...]

    @property
    def decisions(self) -> int:
        """Envelope recipients of all messages."""
        return sum(len(recipients) for _, _, recipients in self.mail)

    def act(self) -> None:
        """Read and deliver every message."""
        for raw, sender, recipients in self.mail:
            deliver(read_message(raw, sender), recipients, self.flow)


def replay(cases: int, messages: int, *, match: SenderMatch) -> Replay:
    """The same mail for the same numbers."""
    council = large_council(cases, match=match)
    rng = random.Random(cases + messages)  # noqa: S311 - the same data every time, nothing secret
    restricted = [one for case in council.cases for one in case.protected.addresses]
    mailboxes = sorted(council.directory.recipients)
    mail = []
    for number in range(messages):
        sender = rng.choice(restricted) if number % 3 == 0 else f"writer.{number}@mail{number % 20}.example"
        to = tuple(rng.sample(mailboxes, rng.randint(1, MOST_RECIPIENTS)))
        mail.append((_raw(number, sender, to), sender, to))
    return Replay(flow=_flow(council), mail=tuple(mail))


def _raw(number: int, sender: str, to: Sequence[str]) -> bytes:
    lines = (
        f"Received: from relay.example by mx.ashbourne.example; message {number}",
        f"From: A Writer <{sender}>",
        f"To: {', '.join(to)}",
        f"Subject: Letter {number} about the bins",
        f"Message-ID: <{number}@mail.example>",
        "Date: Mon, 23 Nov 2026 09:00:00 +0000",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
    )
    return "\r\n".join((*lines, "", "Good morning.", "")).encode()


def _flow(council: LargeCouncil) -> MailFlow:
    desired = compile_rules(council.cases, council.choices, council.directory, council.options)
    ours = [transport_properties(rule) for rule in desired.transport]
    stored = [{name: plain_value(value) for name, value in one.items()} for one in ours]
    directory = PlannedDirectory(council.directory)
    rules: dict[str, list[Mapping[str, object]]] = {}
    folders: dict[str, dict[str, str]] = {}
    for number, rule in enumerate(desired.inbox):
        assert isinstance(rule.action, MoveToFolder | AssignCategory)
        folder = rule.action.folder if isinstance(rule.action, MoveToFolder) else "Inbox"
        folders.setdefault(rule.mailbox, {})[folder] = folder
        body = message_rule_body(inbox_properties(rule), folders={folder: folder}, sequence=number)
        rules.setdefault(rule.mailbox, []).append(prepared(body))
    return MailFlow(
        directory=directory,
        transport_rules=read_rules([*council.foreign, *stored], directory),
        mailboxes=KnownMailboxes(rules=rules, folder_paths=folders),
        now=NOW,
    )


def measure(order: Order) -> Sequence[Result]:
    """Decisions a second, senders named by addresses and by patterns."""
    return [_row(order, match) for match in SenderMatch]


def _row(order: Order, match: SenderMatch) -> Result:
    order.say(f"mail through rules that name senders by {match.value}")
    work = replay(order.of(CASES, 4), order.of(MESSAGES, 20), match=match)
    take: Callable[[], float] = cpu(work.act)
    samples = tuple(work.decisions / take() for _ in range(order.samples))
    return Result(
        name=f"replayed mail, senders by {match.value}",
        unit="decisions a second of CPU",
        samples=samples,
        bound=f"at least {FEWEST_A_SECOND:,}",
        met=median(samples) >= FEWEST_A_SECOND,
        limit=_LIMIT,
    )
