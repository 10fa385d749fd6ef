"""What a proposed case would have done to the mail of the last weeks: counts, never messages.

The proposed values are compiled to the very rules that an approval would bring, and one simulated
message to each recipient is put through them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage

from m365_restrict.mailflow.delivery import MailFlow, deliver
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.message import Message, read_message
from m365_restrict.notify import texts
from m365_restrict.outcome import Unknown
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.plan.proof import as_enforced
from m365_restrict.register.case import Case, Measure
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.rules.audience import audience_of, primary_of
from m365_restrict.rules.compilation import Blocks, CompileOptions, Desired, Directory
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.properties import transport_properties

_EXPIRY = "ExpiryDate"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Messages by recipient, for every address of the case, over `days` days."""

    days: int
    by_address: Mapping[str, Mapping[str, int]]

    @property
    def recipients(self) -> frozenset[str]:
        """Everybody to whom any of the addresses wrote."""
        return frozenset(recipient for counts in self.by_address.values() for recipient in counts)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """How many messages the rules would have caught, and why the others would have stayed untouched."""

    measure: Measure
    days: int
    addresses: int
    unseen_addresses: int
    mailboxes: int
    caught: int = 0
    exempt: int = 0
    outside: int = 0

    @property
    def messages(self) -> int:
        """All of them."""
        return self.caught + self.exempt + self.outside


def likely_effect(
    case: Case,
    seen: Seen,
    *,
    directory: Directory,
    members: Mapping[str, frozenset[str]],
    options: CompileOptions,
    now: datetime,
) -> Effect | None:
    """The effect, or None where the values are not good enough for any rule.

    `directory` must know the case's mailboxes and the recipients seen, `members` the members of groups
    among the case's mailboxes and the protected ones.
    """
    desired = compile_rules([case], (), directory, options)
    judge = _Judge.of(case, desired, directory, members, now)
    if judge is None:
        return None
    tally = {"caught": 0, "exempt": 0, "outside": 0}
    for address, counts in seen.by_address.items():
        for recipient, count in counts.items():
            tally[judge.verdict(address, recipient)] += count
    return Effect(
        measure=case.protected.measure,
        days=seen.days,
        addresses=len(seen.by_address),
        unseen_addresses=sum(not counts for counts in seen.by_address.values()),
        mailboxes=len({primary_of(recipient, directory) for recipient in seen.recipients}),
        **tally,
    )


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """Tells for one recipient at a time whether the rules of a case catch mail to them."""

    flow: MailFlow
    directory: Directory
    single_contact: str
    junk_mailboxes: frozenset[str]
    exempt: frozenset[str]

    @classmethod
    def of(
        cls,
        case: Case,
        desired: Desired,
        directory: Directory,
        members: Mapping[str, frozenset[str]],
        now: datetime,
    ) -> "_Judge | None":
        """None where the case acts on mail and no rule could be made of it."""
        transport = desired.transport or desired.withheld.transport
        inbox = desired.inbox or desired.withheld.inbox
        if case.protected.measure.acts_on_mail and not transport and not inbox:
            return None
        known = PlannedDirectory(directory, members)
        rules = [{**as_enforced(transport_properties(rule))} for rule in transport]
        for rule in rules:
            # What counts is what the rule does while it is in force.
            rule.pop(_EXPIRY, None)
        exceptions = audience_of(case, directory).exceptions
        groups = (known.members(group) for group in exceptions.groups)
        needs_contact = case.protected.measure.needs_single_contact
        return cls(
            flow=MailFlow(directory=known, transport_rules=rules, mailboxes=KnownMailboxes(), now=now),
            directory=directory,
            single_contact=primary_of(case.protected.spoc_mailbox, directory) if needs_contact else "",
            junk_mailboxes=frozenset(rule.mailbox for rule in inbox),
            exempt=frozenset(exceptions.mailboxes).union(*groups),
        )

    def verdict(self, sender: str, recipient: str) -> str:
        """`caught`, `exempt` or `outside`. What is written to the single contact itself gets there too."""
        primary = primary_of(recipient, self.directory)
        if primary in self.junk_mailboxes or primary == self.single_contact:
            return "caught"
        copies = deliver(_message(sender, primary), [primary], self.flow)
        if copies and copies[0].rules:
            return "caught"
        return "exempt" if primary in self.exempt else "outside"


def blocking_problems(case: Case, directory: Directory, options: CompileOptions) -> tuple[str, ...]:
    """What would keep the case's rules from being made, in words that quote nothing of the case."""
    found = compile_rules([case], (), directory, options).problems
    blocking = [problem.code for problem in found if problem.blocks is Blocks.CASE]
    return tuple(dict.fromkeys(f"{code.meaning} {code.advice}" for code in blocking))


def groups_to_read(case: Case, directory: Directory) -> tuple[str, ...]:
    """The groups whose members must be known to tell who is exempt or covered."""
    asked = (*case.protected.scope_mailboxes, *case.protected.allowed_recipients)
    entries = [directory.resolve(address) for address in asked] + [*directory.protected]
    found = [one for one in entries if isinstance(one, Recipient) and one.kind is RecipientKind.GROUP]
    return tuple(sorted({one.address for one in found}))


def effect_sentences(effect: Effect | Unknown | None) -> tuple[str, ...]:
    """What the approver reads of it."""
    if effect is None:
        return (texts.EFFECT_NOT_YET,)
    if isinstance(effect, Unknown):
        return (texts.EFFECT_NOT_GRANTED.format(reason=effect.reason.rstrip(".")),)
    who = _who(effect)
    if not effect.messages:
        return (texts.EFFECT_NONE.format(days=effect.days, who=who),)
    sentences = [_counts(effect, who)]
    if not effect.measure.acts_on_mail:
        sentences.append(texts.EFFECT_NO_MAIL_MEASURE)
    if effect.unseen_addresses:
        sentences.append(
            texts.EFFECT_SOME_UNSEEN.format(unseen=effect.unseen_addresses, addresses=effect.addresses)
        )
    return tuple(sentences)


def _counts(effect: Effect, who: str) -> str:
    if effect.messages == 1:
        template = texts.EFFECT_ONE_MESSAGE
    else:
        template = texts.EFFECT_ONE_MAILBOX if effect.mailboxes == 1 else texts.EFFECT_MESSAGES
    exempt = (
        texts.EFFECT_EXEMPT_AND_ALLOWED if effect.measure is Measure.ALLOWED_ONLY else texts.EFFECT_EXEMPT
    )
    parts = [texts.EFFECT_CAUGHT[effect.measure].format(count=effect.caught)]
    parts += [exempt.format(count=effect.exempt)] if effect.exempt else []
    parts += [texts.EFFECT_OUTSIDE.format(count=effect.outside)] if effect.outside else []
    return template.format(
        days=effect.days,
        who=who,
        messages=effect.messages,
        mailboxes=effect.mailboxes,
        parts=", ".join(parts),
    )


def _who(effect: Effect) -> str:
    if effect.addresses == 1:
        return texts.EFFECT_THIS_ADDRESS
    return texts.EFFECT_THESE_ADDRESSES.format(addresses=effect.addresses)


def _message(sender: str, recipient: str) -> Message:
    email = EmailMessage()
    email["From"], email["To"] = sender, recipient
    email["Message-ID"] = "<effect@effect.example>"
    email.set_content("")
    return read_message(email.as_bytes(), sender)


def with_days(case: Case, *, first: datetime, last: datetime) -> Case:
    """The case with days where it has none yet, so that rules can be made of it."""
    protected = case.protected
    return replace(
        case,
        protected=replace(
            protected,
            effective_from=protected.effective_from or first.date(),
            ends_on=protected.ends_on or last.date(),
        ),
    )
