"""`assess`: every block that names somebody outside the council. Holds readers alone and writes nothing."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from m365_restrict.assess.block import Source
from m365_restrict.assess.judge import Ground, ListEntry, blocks_in_lists, blocks_in_rules
from m365_restrict.assessing.decisions import Decisions, read_decisions
from m365_restrict.errors import ExitCode, first_of
from m365_restrict.outcome import Unknown
from m365_restrict.plan.ownership import owned_transport_rules
from m365_restrict.report.assess_document import AssessDocument, block_line, summary_of, urgent_first
from m365_restrict.report.documents import Head
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.block_lists import BlockedEntry, BlockLists, BlockSource
from m365_restrict.tenant.directory import Member

_SOURCES: Mapping[BlockSource, Source] = {
    BlockSource.TENANT_LIST: Source.TENANT_LIST,
    BlockSource.SPAM_POLICY: Source.SPAM_POLICY,
    BlockSource.MAILBOX: Source.MAILBOX,
}
_NO_DOMAINS = "The council's own domains are unknown, so its own addresses are listed too."
_NOT_SEEN = (
    "People's own mailboxes, their inbox rules and their junk settings are not looked into, nor the members "
    "of groups that rules name."
)


async def assess(run: Run, finished: Callable[[], datetime]) -> AssessDocument:
    """Read what there is and say what each block amounts to. What cannot be read is unknown, never empty."""
    run.progress("Reading the register")
    decisions = await read_decisions(run)
    run.progress("Asking the directory")
    domains = await _council_domains(run)
    councillors = await run.readers.directory.members(run.options.people.councillors_group)
    run.progress("Reading rules and block lists")
    rules = await _rules(run)
    lists = await _lists(run, councillors)
    ground = _ground(run, decisions, domains, rules)
    blocks = [
        *(() if isinstance(rules, Unknown) else blocks_in_rules(rules, ground)),
        *blocks_in_lists(_entries(lists), ground),
    ]
    read = (domains, rules)
    unknown = (*decisions.unknown, *(one for one in read if isinstance(one, Unknown)), *lists.unknown)
    codes = (ExitCode.DIFFERENCES if blocks else ExitCode.IN_STEP, *(ExitCode.PARTIAL for _ in unknown))
    lines = urgent_first(tuple(block_line(one, run.now) for one in blocks))
    return AssessDocument(
        head=Head(
            run_id=run.run_id,
            started_at=run.now,
            finished_at=finished(),
            exit_code=first_of(*codes),
            source=decisions.source,
            unknown=unknown,
        ),
        blocks=lines,
        notes=tuple(_notes(decisions, domains)),
        summary=summary_of(lines, ours=len(ground.ours)),
    )


async def _council_domains(run: Run) -> frozenset[str] | Unknown:
    configured = run.options.people.council_domains
    if configured:
        return frozenset(domain.strip().lower() for domain in configured)
    return await run.readers.directory.accepted_domains()


async def _rules(run: Run) -> tuple[ObservedTransportRule, ...] | Unknown:
    raw = await run.readers.transport_rules.list_rules()
    return raw if isinstance(raw, Unknown) else tuple(observe_transport_rule(one) for one in raw)


async def _lists(run: Run, councillors: frozenset[Member] | Unknown) -> BlockLists:
    """Block lists without councillors' mailboxes. Where nobody knows whose they are, none is opened."""
    if isinstance(councillors, Unknown):
        why = f"councillors' mailboxes cannot be told from others: {councillors.reason}"
        return await run.readers.block_lists.read_organisation(Unknown("the shared mailboxes", why))
    never = {name for one in councillors for name in (one.address, one.sign_in_name) if name}
    return await run.readers.block_lists.read(further=run.options.assess_mailboxes, never=never)


def _ground(
    run: Run,
    decisions: Decisions,
    domains: frozenset[str] | Unknown,
    rules: tuple[ObservedTransportRule, ...] | Unknown,
) -> Ground:
    ours: frozenset[str] = frozenset()
    if not isinstance(rules, Unknown):
        ledger, instance = run.ledger, run.options.instance_id
        owned, _ = owned_transport_rules(
            rules, ledger.rules.all(), instance_id=instance, claims=ledger.claims.standing()
        )
        ours = frozenset(one.rule.guid for one in owned.values())
    return Ground(
        now=run.now,
        zone=run.options.zone,
        council_domains=frozenset() if isinstance(domains, Unknown) else domains,
        providers=run.options.people.known_senders.providers,
        instance_id=run.options.instance_id,
        ours=ours,
        live=decisions.live,
        pending=decisions.pending,
        readable=not decisions.unknown,
    )


def _entries(lists: BlockLists) -> Iterator[ListEntry]:
    return (_entry(one) for one in lists.entries)


def _entry(one: BlockedEntry) -> ListEntry:
    return ListEntry(
        source=_SOURCES[one.source],
        value=one.value,
        place=one.place,
        ends_at=one.ends_at,
        changed_by=one.changed_by,
        changed_at=one.changed_at,
    )


def _notes(decisions: Decisions, domains: frozenset[str] | Unknown) -> Iterator[str]:
    if decisions.note:
        yield decisions.note
    if isinstance(domains, Unknown):
        yield _NO_DOMAINS
    yield _NOT_SEEN
