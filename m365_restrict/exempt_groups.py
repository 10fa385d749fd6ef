"""Who is in the groups that are exempt, for cases that inbox rules carry: such a rule cannot say "except"."""

from collections.abc import Sequence
from dataclasses import replace

from m365_restrict.options import RunOptions
from m365_restrict.outcome import Unknown
from m365_restrict.register.case import Case
from m365_restrict.rules.audience import audience_of
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.mailbox_rules import in_mailboxes
from m365_restrict.tenant.directory import DirectoryReader
from m365_restrict.tenant.together import all_of


async def with_exempt_groups(
    reader: DirectoryReader, directory: Directory, cases: Sequence[Case], options: RunOptions
) -> Directory:
    """The directory with the members of each group that such a case exempts, or why they are unknown."""
    groups = sorted(
        {
            group
            for case in cases
            if in_mailboxes(case.protected.measure, options.compile.carrier)
            for group in audience_of(case, directory).exempt.groups
        }
    )
    found = await all_of(reader.members(group) for group in groups)
    members = {
        group: people if isinstance(people, Unknown) else frozenset(one.address for one in people)
        for group, people in zip(groups, found, strict=True)
    }
    return replace(directory, group_members=members) if members else directory
