"""Who is in the groups that a case names, where inbox rules need it: such a rule cannot say "except"."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.register.case import Case
from m365_restrict.rules.audience import Names, audience_of
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.mailbox_rules import in_mailboxes
from m365_restrict.steps.options import RunOptions
from m365_restrict.tenant.directory import DirectoryReader
from m365_restrict.tenant.together import all_of


async def with_exempt_groups(
    reader: DirectoryReader, directory: Directory, cases: Sequence[Case], options: RunOptions
) -> Directory:
    """The directory with the members of each group that such a case exempts, or why they are unknown."""
    members = await _members_of(
        reader,
        {
            group
            for case in cases
            if in_mailboxes(case.protected.measure, options.compile.carrier)
            for group in audience_of(case, directory).exempt.groups
        },
    )
    return replace(directory, group_members=members) if members else directory


async def members_where_rules_go(
    reader: DirectoryReader, directory: Directory, cases: Sequence[Case], applied: Sequence[Applied]
) -> Mapping[str, frozenset[str]]:
    """The members of every group that a case names of which an inbox rule stands; unreadable ones left out.

    Whether a transport rule covers the mailbox of that inbox rule depends on them: where it does not, the
    register has opened the mailbox, and the inbox rule waits for nothing.
    """
    standing = {one.case_reference for one in applied if one.kind is RuleKind.INBOX_RULE}
    audiences = [audience_of(case, directory) for case in cases if case.reference in standing]
    named = {group for one in audiences for group in (one.exempt + (one.scope or Names())).groups}
    read = {**directory.group_members}
    read |= await _members_of(reader, named - read.keys())
    return {group: members for group, members in read.items() if isinstance(members, frozenset)}


async def _members_of(
    reader: DirectoryReader, groups: Iterable[str]
) -> Mapping[str, frozenset[str] | Unknown]:
    ordered = sorted(groups)
    found = await all_of(reader.members(group) for group in ordered)
    return {
        group: people if isinstance(people, Unknown) else frozenset(one.address for one in people)
        for group, people in zip(ordered, found, strict=True)
    }
