"""The folders that inbox rules move mail to: an id each and one name, however it is spelt (graph.md 1.2).

Ids of folders are constant (graph.md 1.2), so one that was asked for before and that our rule shows needs
no question. What a mailbox that was moved or restored does to them is unknown, and a folder that its owner
renames or moves keeps its id: so ids are remembered for RULES__FOLDERS_REMEMBERED_HOURS, and where a rule is
to be written that does not show its folder yet, the folder is asked for anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from m365_restrict.ledger.folders import FolderPlace
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Observed, RuleKind
from m365_restrict.register.case import Case
from m365_restrict.register.choice import Choice, Handling
from m365_restrict.register.recipient import Recipient
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Blocks, Carrier, CompileProblem, Desired, Directory, Rules
from m365_restrict.rules.inbox_rule import InboxRule
from m365_restrict.rules.mailbox_rules import folder_for
from m365_restrict.rules.naming import JUNK_FOLDER
from m365_restrict.rules.normalise import folder_names
from m365_restrict.rules.properties import INBOX_FOLDER, inbox_properties
from m365_restrict.tenant.inbox_rules import InboxRuleReader
from m365_restrict.tenant.together import all_of


@dataclass(frozen=True, kw_only=True)
class Folders:
    """Folder ids per mailbox and folder name. `missing`, `unknown` and `remembered` are of (mailbox, folder).

    `remembered` are those whose id was not asked for in this run.
    """

    ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: frozenset[FolderPlace] = frozenset()
    unknown: Mapping[FolderPlace, Unknown] = field(default_factory=dict)
    remembered: frozenset[FolderPlace] = frozenset()

    @property
    def asked(self) -> Mapping[FolderPlace, str]:
        """The ids that this run asked for."""
        every = {(mailbox, name): one for mailbox, ids in self.ids.items() for name, one in ids.items()}
        return {place: folder_id for place, folder_id in every.items() if place not in self.remembered}

    @cached_property
    def unreadable(self) -> Mapping[str, Unknown]:
        """The mailboxes that answered nothing about a folder, each with the first reason."""
        reasons: dict[str, Unknown] = {}
        for (mailbox, _), why in self.unknown.items():
            reasons.setdefault(mailbox, why)
        return reasons

    def is_missing(self, choice: Choice, directory: Directory) -> bool:
        """Whether the folder of a choice is not in the holder's mailbox."""
        place = (mailbox_of(choice, directory), choice.folder_name)
        return choice.handling is Handling.FOLDER and place in self.missing

    def as_named(self, choice: Choice, directory: Directory) -> Choice:
        """The choice with its folder under the one name; Junk Email in any spelling is that handling."""
        if choice.handling is not Handling.FOLDER:
            return choice
        name = self.one_name(mailbox_of(choice, directory), choice.folder_name)
        handling = Handling.JUNK if name == JUNK_FOLDER else choice.handling
        return replace(choice, folder_name=name, handling=handling)

    def as_named_now(self, applied: Sequence[Applied]) -> tuple[Applied, ...]:
        """What the ledger remembers, with each folder under the name that this run reads back."""
        return tuple(self._renamed(one) for one in applied)

    def one_name(self, mailbox: str, folder: str) -> str:
        """What a folder is called in this run, from any of its spellings."""
        ids = self.ids.get(mailbox, {})
        return folder_names(ids).get(ids.get(folder, ""), folder)

    def _renamed(self, one: Applied) -> Applied:
        folder = _folder_applied(one)
        if not folder:
            return one
        named = {INBOX_FOLDER: self.one_name(one.mailbox, folder)}
        return replace(one, properties={**one.properties, **named})


def folders_wanted(
    cases: Sequence[Case],
    choices: Sequence[Choice],
    directory: Directory,
    applied: Sequence[Applied],
    *,
    carrier: Carrier,
) -> tuple[FolderPlace, ...]:
    """All folders that rules move mail to, now or as last applied.

    Without the id of one whose rule has ended, that rule would look edited.
    """
    then = {(one.mailbox, folder) for one in applied if (folder := _folder_applied(one))}
    return tuple(sorted({*_wanted_folders(cases, choices, directory, carrier), *then}))


async def read_folders(
    reader: InboxRuleReader, wanted: Sequence[FolderPlace], known: Mapping[FolderPlace, str]
) -> Folders:
    """The ids of these folders, which differ in every mailbox (graph.md 1.2); `known` ones are not asked."""
    asking = [place for place in wanted if place not in known]
    found = await all_of(reader.folder_id(mailbox, folder) for mailbox, folder in asking)
    answers: dict[FolderPlace, str | Unknown | None] = {**known, **dict(zip(asking, found, strict=True))}
    ids: dict[str, dict[str, str]] = {}
    missing: set[FolderPlace] = set()
    unknown: dict[FolderPlace, Unknown] = {}
    for place in wanted:
        match answers[place]:
            case Unknown() as reason:
                unknown[place] = reason
            case None:
                missing.add(place)
            case str() as folder_id:
                ids.setdefault(place[0], {})[place[1]] = folder_id
    return Folders(
        ids=ids,
        missing=frozenset(missing),
        unknown=unknown,
        remembered=frozenset(place for place in wanted if place in known),
    )


async def asked_anew(reader: InboxRuleReader, folders: Folders, places: frozenset[FolderPlace]) -> Folders:
    """The same, with these folders as they are found now."""
    fresh = await read_folders(reader, sorted(places), {})
    ids = {
        mailbox: {name: one for name, one in known.items() if (mailbox, name) not in places}
        for mailbox, known in folders.ids.items()
    }
    for mailbox, found in fresh.ids.items():
        ids.setdefault(mailbox, {}).update(found)
    return Folders(
        ids=ids,
        missing=folders.missing | fresh.missing,
        unknown={**folders.unknown, **fresh.unknown},
        remembered=folders.remembered - places,
    )


def unconfirmed(
    folders: Folders, desired: Desired, applied: Sequence[Applied], observed: Observed
) -> frozenset[FolderPlace]:
    """The remembered folders that a rule of ours does not show as remembered, or that none shows.

    Names in `desired` and `applied` are those that the folders have in this run.
    """
    rules = [one for read in observed.inbox.values() if not isinstance(read, Unknown) for one in read]
    shown = {(one.mailbox, one.properties.get(INBOX_FOLDER)) for one in rules}
    by_token = {(one.mailbox, one.token): one.properties.get(INBOX_FOLDER) for one in rules}
    by_id = {(one.mailbox, one.rule_id): one.properties.get(INBOX_FOLDER) for one in rules}
    wanted = [*desired.inbox, *desired.withheld.inbox]
    otherwise = {
        (rule.mailbox, folder)
        for rule in wanted
        if (folder := _folder_of(rule)) != by_token.get((rule.mailbox, rule.token))
    }
    otherwise |= {
        (one.mailbox, folder)
        for one in applied
        if (folder := _folder_applied(one)) != by_id.get((one.mailbox, one.guid_or_rule_id))
    }
    named = {place: (place[0], folders.one_name(*place)) for place in folders.remembered}
    return frozenset(place for place, one in named.items() if one in otherwise or one not in shown)


def _wanted_folders(
    cases: Sequence[Case], choices: Sequence[Choice], directory: Directory, carrier: Carrier
) -> Iterable[tuple[str, str]]:
    needed = {one.reference: folder_for(one.protected.measure, carrier) for one in cases}
    for case in cases:
        for address in case.protected.scope_mailboxes if needed[case.reference] else ():
            entry = directory.resolve(address)
            if isinstance(entry, Recipient) and entry.kind.is_mailbox:
                yield entry.address, needed[case.reference]
    for choice in choices:
        mailbox = mailbox_of(choice, directory)
        if choice.handling is Handling.FOLDER:
            yield mailbox, choice.folder_name
        elif choice.handling is Handling.JUNK:
            yield mailbox, JUNK_FOLDER
        elif needed.get(choice.case_reference):
            yield mailbox, needed[choice.case_reference]


def _folder_applied(one: Applied) -> str:
    """The folder that a rule moved mail to when it was last applied, or ""."""
    folder = one.properties.get(INBOX_FOLDER)
    return folder if one.kind is RuleKind.INBOX_RULE and isinstance(folder, str) else ""


def mailbox_of(choice: Choice, directory: Directory) -> str:
    """The mailbox that a choice is about, by its main address where the directory knows it."""
    entry = directory.resolve(choice.holder)
    return entry.address if isinstance(entry, Recipient) else choice.holder


def can_be_made(folder: str) -> bool:
    """Whether a folder with that name may be made: one at the top of the mailbox, called as it is written."""
    return bool(folder.strip()) and "/" not in folder and "\\" not in folder


def rules_with_folders(desired: Desired, folders: Folders) -> Desired:
    """The rules without those of cases that need a folder which one of their mailboxes does not have.

    They are withheld: what they open is opened, and nothing is made or tightened from them.
    """
    lacking = {
        one.case_reference
        for one in desired.inbox
        if not one.chosen_by_holder and (one.mailbox, _folder_of(one)) in folders.missing
    }
    out = [one for one in desired.inbox if not one.chosen_by_holder and one.case_reference in lacking]
    code = RuleCode.FOLDER_OF_RULE_MISSING
    problems = tuple(
        CompileProblem(reference, code, f"Case {reference}: {code.meaning} {code.advice}", Blocks.CASE)
        for reference in sorted(lacking)
    )
    return replace(
        desired,
        inbox=tuple(one for one in desired.inbox if one not in out),
        withheld=Rules(transport=desired.withheld.transport, inbox=(*desired.withheld.inbox, *out)),
        problems=(*desired.problems, *problems),
    )


def _folder_of(rule: InboxRule) -> str:
    return str(inbox_properties(rule).get(INBOX_FOLDER, ""))
