"""What happens to mail from one address, copy by copy, and because of which rule and case.

The answer is computed from the rules as the tenant holds them now, both ours and
others'. Councillors' own choices are left out, whoever asks (design.md 6).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from m365_restrict.errors import ExitCode, ServiceError
from m365_restrict.explained_mail import copy_line, message_from, read_sender
from m365_restrict.found import Planned
from m365_restrict.mailflow.delivery import JUNK_EMAIL, MailFlow, deliver
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.outcome import Unknown
from m365_restrict.plan.mail_directory import PlannedDirectory, ordinary_address
from m365_restrict.policy.judgement import AcceptedCase
from m365_restrict.reconcile import reconcile
from m365_restrict.register.recipient import Recipient
from m365_restrict.report.documents import ExplainDocument, RuleLine
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.naming import JUNK_FOLDER, long_day
from m365_restrict.rules.observed import ObservedInboxRule, ObservedTransportRule
from m365_restrict.rules.parameters import message_rule_body
from m365_restrict.rules.properties import names_sender
from m365_restrict.run_context import Run
from m365_restrict.run_document import head_of, unknown_of


async def explain(
    run: Run, address: str, recipients: Sequence[str], finished_at: datetime
) -> ExplainDocument:
    """Explain one sender. Without recipients, one of every kind is taken.

    Raises ConfigurationError for a text that is not one address.
    """
    sender = read_sender(address)
    found = await reconcile(run)
    planned = found.planned
    if planned is None or isinstance(planned.observed.transport, Unknown):
        reason = "the transport rules could not be read"
        raise ServiceError(f"Mail from this address cannot be explained: {reason}.")
    directory, unread = await _mail_directory(run, planned, recipients)
    # A rule or a group that could not be read is not absent: whoever reads the answer must know.
    unknown = tuple(dict.fromkeys((*unknown_of(run, found, planned), *unread)))
    cases = [one for one in found.judgement.in_force if sender in one.case.protected.addresses]
    asked = [one.strip().lower() for one in recipients] or list(_one_of_each(planned, cases))
    flow = MailFlow(
        directory=directory,
        transport_rules=[rule.raw for rule in planned.observed.transport if not _is_choice(rule, planned)],
        mailboxes=_junk_mailboxes(planned),
        now=run.now,
    )
    copies = deliver(message_from(sender, asked), asked, flow)
    rules = tuple(_rules(sender, planned))
    return ExplainDocument(
        head=head_of(
            run,
            found,
            finished_at,
            exit_code=ExitCode.PARTIAL if unknown else ExitCode.IN_STEP,
            unknown=unknown,
        ),
        address=sender,
        case_refs=tuple(one.case.reference for one in cases),
        rules=rules,
        copies=tuple(copy_line(copy) for copy in copies),
        because=tuple(_because(cases, asked, planned)),
    )


def _one_of_each(planned: Planned, cases: Sequence[AcceptedCase]) -> Iterator[str]:
    """One ordinary, councillor, protected, single-contact and allowed recipient, where there is one."""
    directory = planned.directory
    yield ordinary_address(directory)
    members = directory.councillor_members
    if not isinstance(members, Unknown):
        # The first one, whatever they chose: leaving out who chose would tell who did.
        yield from sorted(members)[:1]
    named = [one.address for one in directory.protected_recipients[:1]]
    for one in cases:
        protected = one.case.protected
        wanted = (protected.spoc_mailbox, *protected.allowed_recipients[:1], *protected.scope_mailboxes[:1])
        entries = (directory.resolve(address) for address in wanted if address)
        named += [entry.address for entry in entries if isinstance(entry, Recipient)]
    yield from dict.fromkeys(named)


async def _mail_directory(
    run: Run, planned: Planned, recipients: Sequence[str]
) -> tuple[PlannedDirectory, list[Unknown]]:
    """The directory with the recipients asked about and the members of every group that a rule names.

    Beside it, the groups whose members could not be read: each has one stand-in for a member.
    """
    reader = run.readers.directory
    asked = await reader.resolve(recipients)
    groups = sorted(set(_groups_in(planned)))
    members: dict[str, frozenset[str]] = {}
    unread: list[Unknown] = []
    for group in groups:
        found = await reader.members(group)
        if isinstance(found, Unknown):
            unread.append(found)
        else:
            members[group] = frozenset(member.address for member in found)
    return PlannedDirectory(planned.directory.with_recipients(asked), members), unread


def _groups_in(planned: Planned) -> Iterator[str]:
    rules = planned.observed.transport
    for rule in () if isinstance(rules, Unknown) else rules:
        for name, value in rule.properties.items():
            if "MemberOf" in name and isinstance(value, tuple):
                yield from (address.lower() for address in value)


def _is_choice(rule: ObservedTransportRule, planned: Planned) -> bool:
    keys = {entry.guid: entry.key for entry in planned.plan.difference.line}
    return is_choice_key(keys.get(rule.guid, ""))


def _council_inbox_rules(planned: Planned) -> Iterator[ObservedInboxRule]:
    """Rules of the council's Junk cases; the rules that councillors chose are not among them."""
    wanted = {rule.token for rule in planned.desired.inbox if not rule.chosen_by_holder}
    for rules in planned.observed.inbox.values():
        if not isinstance(rules, Unknown):
            yield from (rule for rule in rules if rule.token in wanted)


def _junk_mailboxes(planned: Planned) -> KnownMailboxes:
    rules: dict[str, list[Mapping[str, object]]] = {}
    for rule in _council_inbox_rules(planned):
        body = message_rule_body(rule.properties, folders={JUNK_FOLDER: JUNK_FOLDER}, sequence=1)
        rules.setdefault(rule.mailbox, []).append(body)
    return KnownMailboxes(rules=rules, folder_paths={mailbox: {JUNK_FOLDER: JUNK_EMAIL} for mailbox in rules})


def _rules(sender: str, planned: Planned) -> Iterator[RuleLine]:
    """The council's rules that name the sender."""
    by_guid = {entry.guid: entry.key for entry in planned.plan.difference.line if entry.key}
    references = {rule.key: rule.case_reference for rule in planned.desired.transport}
    transport = planned.observed.transport
    for rule in () if isinstance(transport, Unknown) else transport:
        key = by_guid.get(rule.guid, "")
        if key and not is_choice_key(key) and names_sender(rule.properties, sender):
            yield RuleLine(
                name=rule.name,
                kind="transport_rule",
                case_ref=references.get(key),
                mailbox="",
                enabled=rule.enabled,
                mode=str(rule.properties.get("Mode", "")).lower(),
            )
    cases = {rule.token: rule.case_reference for rule in planned.desired.inbox}
    for inbox_rule in _council_inbox_rules(planned):
        if names_sender(inbox_rule.properties, sender):
            yield RuleLine(
                name=inbox_rule.display_name,
                kind="inbox_rule",
                case_ref=cases.get(inbox_rule.token),
                mailbox=inbox_rule.mailbox,
                enabled=inbox_rule.enabled,
                mode="",
            )


def _because(cases: Sequence[AcceptedCase], recipients: Iterable[str], planned: Planned) -> Iterator[str]:
    for one in cases:
        protected, evidence = one.case.protected, one.evidence
        ends_on = long_day(protected.ends_on) if protected.ends_on else "no day"
        yield (
            f"Case {one.case.reference}: {protected.measure.value}, {protected.scope.value.lower()}, "
            f"approved by {evidence.saver_address} on {long_day(evidence.saved_at.date())}, until {ends_on}."
        )
    if not cases:
        yield "No case in force names this address, so no rule of the register acts on its mail."
    if ordinary_address(planned.directory) in recipients:
        yield f"{ordinary_address(planned.directory)} stands for any mailbox that nothing names."
    yield "Councillors' own choices are never shown here."
