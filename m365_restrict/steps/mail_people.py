"""The directory as simulated mail needs it: the recipients asked about, and who is in the groups of rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from m365_restrict.mailflow.stored_values import texts
from m365_restrict.outcome import Unknown
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.register.address import normalise
from m365_restrict.register.recipient import Recipient, RecipientKind, Resolved
from m365_restrict.rules.compilation import Directory
from m365_restrict.tenant.directory import DirectoryReader


@dataclass(frozen=True, kw_only=True)
class MailPeople:
    """What was found. `entries` are the answers about the recipients that were asked about.

    `unread` are groups whose members could not be read: each has one stand-in for a member.
    """

    directory: PlannedDirectory
    entries: Mapping[str, Resolved] = field(default_factory=dict)
    unread: tuple[Unknown, ...] = ()


async def read_mail_people(
    reader: DirectoryReader,
    directory: Directory,
    rules: Iterable[Mapping[str, object]],
    asked: Sequence[str],
) -> MailPeople:
    """Resolve the recipients, and read the members of each group among them and in `rules`, as stored."""
    known = {
        address: entry for address in map(normalise, asked) if (entry := directory.recipients.get(address))
    }
    entries = {**known, **await reader.resolve(one for one in asked if normalise(one) not in known)}
    groups = {
        entry.address
        for entry in entries.values()
        if isinstance(entry, Recipient) and entry.kind is RecipientKind.GROUP
    }
    members: dict[str, frozenset[str]] = {}
    unread: list[Unknown] = []
    for group in sorted(groups.union(*map(_groups_in, rules)) - _already_read(directory)):
        found = await reader.members(group)
        if isinstance(found, Unknown):
            unread.append(found)
        else:
            members[group] = frozenset(member.address for member in found)
    people = PlannedDirectory(directory.with_recipients(entries), members)
    return MailPeople(directory=people, entries=entries, unread=tuple(unread))


def _groups_in(rule: Mapping[str, object]) -> Iterator[str]:
    for name, value in rule.items():
        if "MemberOf" in name and "@" not in name:
            yield from map(normalise, texts(value))


def _already_read(directory: Directory) -> frozenset[str]:
    """The councillors' group, which every run reads."""
    group = directory.councillors_group
    read = isinstance(group, Recipient) and not isinstance(directory.councillor_members, Unknown)
    return frozenset({group.address}) if isinstance(group, Recipient) and read else frozenset()
