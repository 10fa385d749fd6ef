"""What happens to mail from one address, copy by copy, and because of which rule and case.

The answer is computed from the rules as the tenant holds them now, both ours and
others'. Councillors' own choices are left out, whoever asks (design.md 6).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from m365_restrict.errors import ExitCode, ServiceError
from m365_restrict.explaining.headers import header_remarks
from m365_restrict.explaining.mail import Question, copy_line
from m365_restrict.explaining.strangers import StrangerGround, stranger_remarks
from m365_restrict.mailflow.delivery import Copy, MailFlow, deliver
from m365_restrict.mailflow.message import Message
from m365_restrict.mailflow.transport import run_transport_rules
from m365_restrict.outcome import Unknown
from m365_restrict.plan.mail_directory import ordinary_address
from m365_restrict.plan.mail_states import bodies, council_inbox_rules, standing_mailboxes, standing_rules
from m365_restrict.policy.judgement import AcceptedCase
from m365_restrict.reconcile import reconcile
from m365_restrict.register.recipient import Recipient
from m365_restrict.report.documents import ExplainDocument, RuleLine
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.properties import names_sender
from m365_restrict.rules.transport_rule import RuleMode, SenderLocation
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.mail_people import read_mail_people
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.run_document import head_of, unknown_of
from m365_restrict.tenant.block_lists import BlockLists


async def explain(run: Run, question: Question, finished_at: datetime) -> ExplainDocument:
    """Explain mail from one sender. Without recipients, one of every kind is taken.

    Raises as `reconcile` does, and ServiceError where the transport rules could not be read.
    """
    found = await reconcile(run)
    planned = found.planned
    if planned is None or isinstance(planned.observed.transport, Unknown):
        reason = "the transport rules could not be read"
        raise ServiceError(f"Mail from this address cannot be explained: {reason}.")
    stored = bodies(standing_rules(planned.plan, planned.observed))
    people = await read_mail_people(run.readers.directory, planned.directory, stored, question.recipients)
    cases = list(_cases_of(question, found, run))
    blocks = BlockLists() if cases else await _blocks(run, found)
    # A rule, a group or a list that could not be read is not absent: whoever reads the answer must know.
    unknown = tuple(dict.fromkeys((*unknown_of(run, found, planned), *people.unread, *blocks.unknown)))
    asked = list(question.recipients or _one_of_each(planned, cases))
    flow = MailFlow(
        directory=people.directory,
        transport_rules=stored,
        mailboxes=standing_mailboxes(planned.desired, planned.observed),
        now=run.now,
    )
    message = question.message_to(asked)
    copies = deliver(message, asked, flow)
    because = (
        *_of_cases(cases),
        *_of_rules(copies, planned),
        *_left_open(message, asked, flow),
        *_of_headers(question, found, run),
        *_of_stranger(question, cases, found, run, blocks),
        *_of_run(cases, asked, planned, run),
    )
    return ExplainDocument(
        head=head_of(
            run,
            found,
            finished_at,
            exit_code=ExitCode.PARTIAL if unknown else ExitCode.IN_STEP,
            unknown=unknown,
        ),
        address=question.sender,
        case_refs=tuple(one.case.reference for one in cases),
        rules=tuple(_rules(question.senders, planned)),
        copies=tuple(copy_line(copy) for copy in copies),
        because=tuple(dict.fromkeys(because)),
    )


def _cases_of(question: Question, found: Found, run: Run) -> Iterator[AcceptedCase]:
    """The cases in force that name the sender where our rules look for one."""
    named = {question.sender}
    if question.message is not None:
        envelope = run.options.compile.sender_location is SenderLocation.HEADER_OR_ENVELOPE
        named = {*question.message.from_addresses, *([question.message.envelope_from] if envelope else [])}
    for one in found.judgement.in_force:
        if not named.isdisjoint(one.case.protected.addresses):
            yield one


async def _blocks(run: Run, found: Found) -> BlockLists:
    return await run.readers.block_lists.read(never=found.people.councillor_addresses)


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


def _rules(senders: Sequence[str], planned: Planned) -> Iterator[RuleLine]:
    """The council's rules that name a sender, or the main address that stands for it."""
    named = {*senders, *(one for sender in senders for one in planned.directory.main_addresses(sender))}
    by_guid = {entry.guid: entry.key for entry in planned.plan.difference.line if entry.key}
    references = {rule.key: rule.case_reference for rule in planned.desired.transport}
    transport = planned.observed.transport
    for rule in () if isinstance(transport, Unknown) else transport:
        key = by_guid.get(rule.guid, "")
        if key and not is_choice_key(key) and any(names_sender(rule.properties, one) for one in named):
            yield RuleLine(
                name=rule.name,
                kind="transport_rule",
                case_ref=references.get(key),
                mailbox="",
                enabled=rule.enabled,
                mode=str(rule.properties.get("Mode", "")).lower(),
            )
    cases = {rule.token: rule.case_reference for rule in planned.desired.inbox}
    for inbox_rule in council_inbox_rules(planned.desired, planned.observed):
        if any(names_sender(inbox_rule.properties, one) for one in senders):
            yield RuleLine(
                name=inbox_rule.display_name,
                kind="inbox_rule",
                case_ref=cases.get(inbox_rule.token),
                mailbox=inbox_rule.mailbox,
                enabled=inbox_rule.enabled,
                mode="",
            )


def _of_cases(cases: Sequence[AcceptedCase]) -> Iterator[str]:
    for one in cases:
        protected, evidence = one.case.protected, one.evidence
        ends_on = long_day(protected.ends_on) if protected.ends_on else "no day"
        yield (
            f"Case {one.case.reference}: {protected.measure.value}, {protected.scope.value.lower()}, "
            f"approved by {evidence.saver_address} on {long_day(evidence.saved_at.date())}, until {ends_on}."
        )
    if not cases:
        yield "No case in force names this address, so no rule of the register acts on its mail."


def _of_rules(copies: Sequence[Copy], planned: Planned) -> Iterator[str]:
    """Whose the rules are that acted."""
    desired = planned.desired
    case_of_key = {rule.key: rule.case_reference for rule in desired.transport}
    case_of_token = {rule.token: rule.case_reference for rule in desired.inbox}
    placed = standing_rules(planned.plan, planned.observed)
    case_of = {rule.name: case_of_key.get(rule.key, "") for rule in placed if rule.key}
    case_of |= {
        rule.display_name: case_of_token[rule.token]
        for rule in council_inbox_rules(desired, planned.observed)
    }
    for name in dict.fromkeys(name for copy in copies for name in copy.rules):
        if name not in case_of:
            yield f"The rule '{name}' is not this program's; whoever made it answers for it."
        elif case_of[name]:
            yield f"The rule '{name}' carries out case {case_of[name]}."
        else:
            yield f"The rule '{name}' is this program's, but no live case stands behind it."


def _left_open(message: Message, asked: Sequence[str], flow: MailFlow) -> Iterator[str]:
    copies = run_transport_rules(
        message, asked, flow.transport_rules, flow.directory, flow.now, flow.behaviour
    )
    for one in dict.fromkeys(one for copy in copies for one in copy.unsettled):
        yield f"Whether the rule '{one.rule}' acts cannot be told ({one.reason}), so this may be wrong."


def _of_headers(question: Question, found: Found, run: Run) -> Iterator[str]:
    if question.message is None:
        return
    listed = {
        address: one.case.reference
        for one in found.judgement.in_force
        for address in one.case.protected.addresses
    }
    yield from header_remarks(question.message, listed, run.options.compile.sender_location)


def _of_stranger(
    question: Question, cases: Sequence[AcceptedCase], found: Found, run: Run, blocks: BlockLists
) -> Iterator[str]:
    if cases:
        return
    ground = StrangerGround(
        items=found.register.cases.items,
        judgement=found.judgement,
        known=run.options.people.known_senders,
        council_domains=found.people.domains,
        blocked=blocks.entries,
    )
    yield from stranger_remarks(question.sender, ground)


def _of_run(
    cases: Sequence[AcceptedCase], recipients: Iterable[str], planned: Planned, run: Run
) -> Iterator[str]:
    if not run.options.sees_transport_rules:
        yield "Without an Exchange role transport rules are not read, so what they do is not in this answer."
    if cases and run.options.compile.mode is RuleMode.AUDIT:
        what = "Exchange logs what the rules of the register match and changes nothing"
        if not run.options.sees_transport_rules:
            what = "the rules of the register are there and switched off"
        yield f"RULES__MODE is audit: {what}."
    if ordinary_address(planned.directory) in recipients:
        yield f"{ordinary_address(planned.directory)} stands for any mailbox that nothing names."
    yield "Councillors' own choices are never shown here."
