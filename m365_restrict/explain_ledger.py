"""`explain --from-ledger`: what was last applied to mail from one address. Asks nobody; signs in nowhere.

The ledger knows our own rules alone, as they were last read back: no rule of anyone else's,
nothing that has changed since, and no group's members.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from m365_restrict.errors import ExitCode
from m365_restrict.explained_mail import copy_line, message_from, read_sender
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.mailflow.delivery import MailFlow, deliver
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.plan.proof import as_enforced
from m365_restrict.report.documents import ExplainDocument, Head, RuleLine
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.properties import enabled_in, names_sender

_TARGETS = ("RedirectMessageTo", "BlindCopyTo")
_NAMED = (*_TARGETS, "ExceptIfSentTo", "SentTo")
_ORDINARY = "any.other.mailbox"


def explain_from_ledger(
    ledger: Ledger, address: str, recipients: Sequence[str], *, run_id: str, now: datetime
) -> ExplainDocument:
    """Explain one sender by the rules last applied. Raises ConfigurationError for a bad address."""
    sender = read_sender(address)
    rules = [one for one in ledger.rules.all() if not one.chosen_by_holder]
    naming = [one for one in rules if names_sender(one.properties, sender)]
    transport = [one for one in naming if one.kind is RuleKind.TRANSPORT_RULE]
    asked = [one.strip().lower() for one in recipients] or list(dict.fromkeys(_usual(transport)))
    flow = MailFlow(
        directory=_LedgerDirectory(rules),
        transport_rules=[
            {**as_enforced(one.properties), "Mode": one.properties["Mode"]} for one in transport
        ],
        mailboxes=KnownMailboxes(),
        now=now,
    )
    references = dict.fromkeys(one.case_reference for one in naming)
    return ExplainDocument(
        head=Head(run_id=run_id, started_at=now, finished_at=now, exit_code=ExitCode.IN_STEP),
        address=sender,
        case_refs=tuple(references),
        rules=tuple(_line(one) for one in naming),
        copies=tuple(copy_line(copy) for copy in deliver(message_from(sender, asked), asked, flow)),
        because=tuple(_because(ledger, tuple(references))),
    )


def _values(rule: Applied, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        value = rule.properties.get(name)
        if isinstance(value, tuple):
            yield from value


def _usual(rules: Sequence[Applied]) -> Iterator[str]:
    """Any other mailbox, the mailbox that gets the mail, one exempt mailbox and one named one."""
    for rule in rules:
        targets = list(_values(rule, _TARGETS))
        exempt = [one for one in _values(rule, ("ExceptIfSentTo",)) if one not in targets]
        named = list(_values(rule, ("SentTo",)))
        domain = next(iter([*targets, *exempt, *named]), "").rpartition("@")[2]
        yield from ([f"{_ORDINARY}@{domain}"] if domain else [])
        yield from (*targets[:1], *exempt[:1], *named[:1])


def _line(rule: Applied) -> RuleLine:
    return RuleLine(
        name=rule.name,
        kind=rule.kind.value,
        case_ref=rule.case_reference or None,
        mailbox=rule.mailbox,
        enabled=enabled_in(rule.properties),
        mode=str(rule.properties.get("Mode", "")).lower(),
    )


def _because(ledger: Ledger, references: tuple[str, ...]) -> Iterator[str]:
    for case in ledger.register.live():
        if case.case_reference in references:
            yield f"Case {case.case_reference}: {case.measure}, until {long_day(case.ends_on)}."
    if not references:
        yield "No rule that was last applied names this address."
    yield "This is what was last applied: the tenant was not asked, and other people's rules are not known."
    yield "Councillors' own choices are never shown here."


class _LedgerDirectory:
    """Knows the mailboxes that our rules name, and no groups."""

    def __init__(self, rules: Sequence[Applied]) -> None:
        named = {address for rule in rules for address in _values(rule, _NAMED)}
        self._domains = {address.rpartition("@")[2] for address in named}

    def primary(self, address: str) -> str:
        """The address itself."""
        return address

    def members(self, group: str) -> frozenset[str]:  # noqa: ARG002 (the ledger knows no groups)
        """Nobody."""
        return frozenset()

    def is_group(self, address: str) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def has_mailbox(self, address: str) -> bool:
        """Every address of the council."""
        return self.is_accepted_domain(address.rpartition("@")[2])

    def is_accepted_domain(self, domain: str) -> bool:
        """The domains of the mailboxes that rules name."""
        return domain in self._domains
