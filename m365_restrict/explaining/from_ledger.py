"""`explain --from-ledger`: what was last applied to mail from one address. Asks nobody; signs in nowhere.

The ledger knows our own rules alone, as they were last read back: no rule of anyone else's,
nothing that has changed since, and no group's members.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from m365_restrict.errors import ExitCode
from m365_restrict.explaining.mail import Question, copy_line
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.mailflow.delivery import MailFlow, deliver
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.plan.proof import as_enforced
from m365_restrict.plan.proof_inbox import acts_on_mail, simulated_mailboxes
from m365_restrict.register.address import normalise
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.register.values import as_lines, values_from_json
from m365_restrict.report.documents import ExplainDocument, Head, RuleLine
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.properties import INBOX_REDIRECT, enabled_in, names_sender

_TARGETS = ("RedirectMessageTo", "BlindCopyTo", INBOX_REDIRECT)
_NAMED = (*_TARGETS, "ExceptIfSentTo", "SentTo")
_ORDINARY = "any.other.mailbox"


def explain_from_ledger(
    ledger: Ledger, question: Question, *, protected: Sequence[str], run_id: str, now: datetime
) -> ExplainDocument:
    """Explain one sender by the rules last applied. `protected` are the mailboxes that the settings protect.

    Without recipients it takes any other mailbox and, of each kind that the ledger can tell, one: single
    contact, protected, allowed, councillor, named mailbox.
    """
    rules = [one for one in ledger.rules.all() if not one.chosen_by_holder]
    naming = [one for one in rules if any(names_sender(one.properties, each) for each in question.senders)]
    transport = [one for one in naming if one.kind is RuleKind.TRANSPORT_RULE]
    approvals = _approvals(ledger)
    asked = list(question.recipients or dict.fromkeys(_usual(naming, approvals, protected)))
    flow = MailFlow(
        directory=_LedgerDirectory(rules),
        transport_rules=[
            {**as_enforced(one.properties), "Mode": one.properties["Mode"]} for one in transport
        ],
        mailboxes=simulated_mailboxes((one.mailbox, one.properties) for one in naming if _is_inbox(one)),
        now=now,
    )
    references = tuple(dict.fromkeys(one.case_reference for one in naming))
    return ExplainDocument(
        head=Head(run_id=run_id, started_at=now, finished_at=now, exit_code=ExitCode.IN_STEP),
        address=question.sender,
        case_refs=references,
        rules=tuple(_line(one) for one in naming),
        copies=tuple(copy_line(copy) for copy in deliver(question.message_to(asked), asked, flow)),
        because=tuple(_because(ledger, references, approvals)),
    )


def _approvals(ledger: Ledger) -> Mapping[str, ApprovalEvidence]:
    """The approval of each live case by its reference: the last version that an approver saved."""
    last: dict[str, ApprovalEvidence] = {}
    for one in sorted(ledger.register.evidence().values(), key=lambda one: one.saved_at):
        if one.verdict is EvidenceVerdict.ELIGIBLE:
            last[one.item_id] = one
    live = ledger.register.live()
    return {case.case_reference: last[case.item_id] for case in live if case.item_id in last}


def _is_inbox(rule: Applied) -> bool:
    return rule.kind is RuleKind.INBOX_RULE and acts_on_mail(rule.properties)


def _values(rule: Applied, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        value = rule.properties.get(name)
        if isinstance(value, tuple):
            yield from value


def _usual(
    rules: Iterable[Applied], approvals: Mapping[str, ApprovalEvidence], protected: Sequence[str]
) -> Iterator[str]:
    """One of each kind. Who is exempt without being a target, protected or allowed is a councillor."""
    for rule in rules:
        targets = list(_values(rule, _TARGETS))
        exempt = [one for one in _values(rule, ("ExceptIfSentTo",)) if one not in targets]
        named = [*_values(rule, ("SentTo",)), *filter(None, [rule.mailbox])]
        domain = next(iter([*targets, *exempt, *named]), "").rpartition("@")[2]
        kept = [one for one in map(normalise, protected) if one in exempt]
        allowed = [one for one in _approved(approvals.get(rule.case_reference)) if one in exempt]
        others = [one for one in exempt if one not in {*kept, *allowed}]
        yield from ([f"{_ORDINARY}@{domain}"] if domain else [])
        yield from (*targets[:1], *kept[:1], *allowed[:1], *others[:1], *named[:1])


def _approved(approval: ApprovalEvidence | None) -> tuple[str, ...]:
    """The recipients that stay open in a case as it was approved: the allowed ones and the single contact."""
    if approval is None:
        return ()
    values = values_from_json(approval.values_json)
    columns = ("AllowedRecipients", "SpocMailbox")
    return tuple(line for name in columns for line in as_lines(values.get(name, "")))


def _line(rule: Applied) -> RuleLine:
    return RuleLine(
        name=rule.name,
        kind=rule.kind.value,
        case_ref=rule.case_reference or None,
        mailbox=rule.mailbox,
        enabled=enabled_in(rule.properties),
        mode=str(rule.properties.get("Mode", "")).lower(),
    )


def _because(
    ledger: Ledger, references: tuple[str, ...], approvals: Mapping[str, ApprovalEvidence]
) -> Iterator[str]:
    for case in ledger.register.live():
        if case.case_reference in references:
            approval = approvals.get(case.case_reference)
            by = (
                f", approved by {approval.saver_address} on {long_day(approval.saved_at.date())}"
                if approval
                else ""
            )
            yield f"Case {case.case_reference}: {case.measure}{by}, until {long_day(case.ends_on)}."
    if not references:
        yield "No rule that was last applied names this address."
    yield "This is what was last applied: the tenant was not asked, and other people's rules are not known."
    yield "Councillors' own choices are never shown here."


class _LedgerDirectory:
    """Knows the mailboxes that our rules name, and no groups."""

    def __init__(self, rules: Sequence[Applied]) -> None:
        named = {address for rule in rules for address in (*_values(rule, _NAMED), rule.mailbox) if address}
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
