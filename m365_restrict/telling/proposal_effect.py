"""Reading what the likely effect of a proposal is told from: message traces, and who is who."""

from datetime import timedelta

from m365_restrict.notify.effect import (
    Effect,
    Seen,
    blocking_problems,
    groups_to_read,
    likely_effect,
    with_days,
)
from m365_restrict.outcome import Unknown
from m365_restrict.register.case import Case
from m365_restrict.rules.compilation import Directory
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.session import TenantReaders
from m365_restrict.tenant.together import all_of, both
from m365_restrict.tenant.trace import REACH_DAYS, TraceCounts

_A_YEAR = timedelta(days=365)


async def effect_of(
    run: Run, found: Found, readers: TenantReaders, proposed: Case
) -> tuple[Effect | Unknown | None, tuple[str, ...]]:
    """What the case would have done to the mail of the last 90 days, and what stands in the way of its rules.

    The effect is Unknown where message trace was not granted or failed, None where no rule can be made.
    """
    case = with_days(proposed, first=run.now, last=run.now + _A_YEAR)
    seen = await _seen(run, readers, case)
    recipients = frozenset[str]() if isinstance(seen, Unknown) else seen.recipients
    directory = await _directory(found, readers, case, recipients)
    problems = blocking_problems(case, directory, run.options.compile)
    if isinstance(seen, Unknown):
        return seen, problems
    if not case.protected.addresses:
        return None, problems
    groups = groups_to_read(case, directory)
    read = await all_of(readers.directory.members(group) for group in groups)
    members = {
        group: frozenset(member.address for member in people)
        for group, people in zip(groups, read, strict=True)
        if not isinstance(people, Unknown)
    }
    effect = likely_effect(
        case, seen, directory=directory, members=members, options=run.options.compile, now=run.now
    )
    return effect, problems


async def _seen(run: Run, readers: TenantReaders, case: Case) -> Seen | Unknown:
    """One address after the other: the trace allows 100 questions in five minutes (graph.md 6.1)."""
    since = run.now - timedelta(days=REACH_DAYS)
    by_address: dict[str, TraceCounts] = {}
    for address in case.protected.addresses:
        counts = await readers.traces.counts(address, since=since, until=run.now)
        if isinstance(counts, Unknown):
            return counts
        by_address[address] = counts
    return Seen(
        days=REACH_DAYS, by_address={address: one.by_recipient for address, one in by_address.items()}
    )


async def _directory(
    found: Found, readers: TenantReaders, case: Case, recipients: frozenset[str]
) -> Directory:
    protected, people = case.protected, found.people
    named = {*protected.scope_mailboxes, *protected.allowed_recipients, *recipients}
    target = {protected.spoc_mailbox} - {""}
    as_target, as_named = await both(
        readers.directory.resolve_targets(sorted(target)), readers.directory.resolve(sorted(named - target))
    )
    councillors = people.councillors
    return Directory(
        recipients={**as_named, **as_target},
        councillors_group=people.councillors_group,
        councillor_members=councillors if isinstance(councillors, Unknown) else people.councillor_addresses,
        protected=people.protected,
    )
