"""The canary's rules: the same form that cases get, for one address of ICT's and pilot mailboxes alone."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from m365_restrict.doctor.codes import DoctorRefusal
from m365_restrict.errors import RequestRefused
from m365_restrict.outcome import Unknown
from m365_restrict.register.address import domain_of
from m365_restrict.register.recipient import Recipient
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.patterns import exact_pattern
from m365_restrict.rules.properties import transport_properties
from m365_restrict.rules.transport_rule import (
    RedirectTo,
    Reject,
    RuleMode,
    SenderMatch,
    TransportAction,
    TransportRule,
)
from m365_restrict.steps.options import CanaryOptions, RunOptions
from m365_restrict.tenant.session import TenantReaders

_FEWEST, _MOST = 2, 3
_SPARE = timedelta(hours=2)
"""Time for the operator to send the first message, beside the time that rules take to settle."""
REFUSAL = "This is a trial of the council's mail rules."


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Who plays what. `refuses` is "" where there are two mailboxes alone."""

    sender: str
    captured: str
    contact: str
    refuses: str = ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whom the operator writes to."""
        return tuple(one for one in (self.captured, self.contact, self.refuses) if one)

    @property
    def digest(self) -> str:
        """Tells whether the settings are still those that a canary began with; it holds no address."""
        return hashlib.sha256("\n".join((self.sender, *self.recipients)).encode()).hexdigest()[:16]


def parts_of(canary: CanaryOptions) -> Parts:
    """The parts, as the settings give them; RequestRefused where they cannot be given."""
    boxes = tuple(dict.fromkeys(canary.mailboxes))
    if not canary.address or not _FEWEST <= len(boxes) <= _MOST:
        raise _refused(
            "CANARY__ADDRESS and two or three CANARY__MAILBOXES are needed."
            if not canary.address or len(boxes) < _FEWEST
            else f"CANARY__MAILBOXES names {len(boxes)} mailboxes; two or three have a part."
        )
    return Parts(
        sender=canary.address,
        captured=boxes[0],
        contact=boxes[1],
        refuses=boxes[2] if len(boxes) == _MOST else "",
    )


async def require_pilots(readers: TenantReaders, options: RunOptions, parts: Parts) -> None:
    """RequestRefused where the address is the council's own, or a mailbox must not be tried on."""
    domains = await readers.directory.accepted_domains()
    if isinstance(domains, Unknown):
        raise _refused(f"The council's domains are unknown: {domains.reason}")
    if domain_of(parts.sender) in domains:
        raise _refused("CANARY__ADDRESS is the council's own: rules about colleagues are never written.")
    councillors = await readers.directory.members(options.people.councillors_group)
    if isinstance(councillors, Unknown):
        raise _refused(f"Who is a councillor is unknown: {councillors.reason}")
    protected = await readers.directory.expand(options.people.protected_mailboxes)
    if isinstance(protected, Unknown):
        raise _refused(f"What is protected is unknown: {protected.reason}")
    never = {one.address for one in (*councillors, *protected.members)}
    never |= set(options.people.protected_mailboxes)
    found = await readers.directory.resolve_targets(parts.recipients)
    for address, resolved in found.items():
        if not isinstance(resolved, Recipient) or not resolved.kind.is_mailbox:
            raise _refused(f"{address} in CANARY__MAILBOXES is no mailbox in the cloud that could be found.")
        if resolved.address in never or address in never:
            raise _refused(f"{address} in CANARY__MAILBOXES is a councillor's or a protected mailbox.")
        if resolved.address != address:
            raise _refused(f"{address} is an alias: name {resolved.address} in CANARY__MAILBOXES.")
        if resolved.forwards or not resolved.accepts_outside_senders:
            raise _refused(f"{address} in CANARY__MAILBOXES forwards mail or takes none from outside.")


def canary_end(now: datetime, settle: timedelta) -> datetime:
    """When the rules end by themselves: late enough for a first message, to the whole minute."""
    return now.replace(second=0, microsecond=0) + 2 * settle + _SPARE


def rule_names(token: str) -> frozenset[str]:
    """The names of the rules of one canary."""
    return frozenset({_sent_on(token), _refusal(token)})


def canary_rules(
    parts: Parts, options: RunOptions, *, token: str, expires_at: datetime
) -> Iterator[Properties]:
    """The rules to make: one that sends on to an exempt mailbox, and one that refuses."""
    both = (parts.captured, parts.contact)
    yield _rule(parts, options, _sent_on(token), RedirectTo(parts.contact), both, expires_at)
    if parts.refuses:
        yield _rule(parts, options, _refusal(token), Reject(REFUSAL), (parts.refuses,), expires_at)


def _sent_on(token: str) -> str:
    return f"m365-restrict canary {token}"


def _refusal(token: str) -> str:
    return f"{_sent_on(token)} refusal"


def _rule(
    parts: Parts,
    options: RunOptions,
    name: str,
    action: TransportAction,
    sent_to: tuple[str, ...],
    expires_at: datetime,
) -> Properties:
    shape = options.compile
    by_pattern = shape.sender_match is SenderMatch.PATTERNS
    sender = exact_pattern(parts.sender, shape.pattern_anchors) if by_pattern else parts.sender
    rule = TransportRule(
        key=name,
        case_reference="",
        name=name,
        comments=(
            f"A trial by ICT with an address of its own and pilot mailboxes (instance {shape.instance_id}). "
            f"It ends by itself on {expires_at:%Y-%m-%d} at {expires_at:%H:%M} UTC."
        ),
        senders=(sender,),
        sender_match=shape.sender_match,
        sender_location=shape.sender_location,
        sent_to=sent_to,
        except_sent_to=(parts.contact,) if isinstance(action, RedirectTo) else (),
        action=action,
        stops_later_rules=True,
        mode=RuleMode.ENFORCE,
        expires_at=expires_at,
        order=(0, name, 0),
    )
    return transport_properties(rule)


def _refused(message: str) -> RequestRefused:
    return RequestRefused(message, code=DoctorRefusal.CANARY_NOT_SET)
