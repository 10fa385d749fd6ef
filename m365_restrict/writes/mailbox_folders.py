"""The folders that inbox rules move mail to: an id each and one name, however it is spelt (graph.md 1.2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, RuleKind
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
    """Folder ids per mailbox and folder name. `missing` and `unknown` hold (mailbox, folder) pairs."""

    ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: frozenset[tuple[str, str]] = frozenset()
    unknown: Mapping[tuple[str, str], Unknown] = field(default_factory=dict)

    def is_missing(self, choice: Choice, directory: Directory) -> bool:
        """Whether the folder of a choice is not in the holder's mailbox."""
        place = (mailbox_of(choice, directory), choice.folder_name)
        return choice.handling is Handling.FOLDER and place in self.missing

    def as_named(self, choice: Choice, directory: Directory) -> Choice:
        """The choice with its folder under the one name; Junk Email in any spelling is that handling."""
        if choice.handling is not Handling.FOLDER:
            return choice
        name = self._one_name(mailbox_of(choice, directory), choice.folder_name)
        handling = Handling.JUNK if name == JUNK_FOLDER else choice.handling
        return replace(choice, folder_name=name, handling=handling)

    def as_named_now(self, applied: Sequence[Applied]) -> tuple[Applied, ...]:
        """What the ledger remembers, with each folder under the name that this run reads back."""
        return tuple(self._renamed(one) for one in applied)

    def _renamed(self, one: Applied) -> Applied:
        folder = one.properties.get(INBOX_FOLDER)
        if one.kind is not RuleKind.INBOX_RULE or not isinstance(folder, str):
            return one
        named = {INBOX_FOLDER: self._one_name(one.mailbox, folder)}
        return replace(one, properties={**one.properties, **named})

    def _one_name(self, mailbox: str, folder: str) -> str:
        ids = self.ids.get(mailbox, {})
        return folder_names(ids).get(ids.get(folder, ""), folder)


async def read_folders(
    reader: InboxRuleReader,
    cases: Sequence[Case],
    choices: Sequence[Choice],
    directory: Directory,
    applied: Sequence[Applied],
    *,
    carrier: Carrier,
) -> Folders:
    """The ids of all folders that rules move mail to, now or as last applied (graph.md 1.2).

    Ids differ in every mailbox; without that of a rule which has ended, the rule would look edited.
    """
    wanted = sorted({*_wanted_folders(cases, choices, directory, carrier), *_applied_folders(applied)})
    found = await all_of(reader.folder_id(mailbox, folder) for mailbox, folder in wanted)
    ids: dict[str, dict[str, str]] = {}
    missing: set[tuple[str, str]] = set()
    unknown: dict[tuple[str, str], Unknown] = {}
    for (mailbox, folder), answer in zip(wanted, found, strict=True):
        match answer:
            case Unknown():
                unknown[mailbox, folder] = answer
            case None:
                missing.add((mailbox, folder))
            case str():
                ids.setdefault(mailbox, {})[folder] = answer
    return Folders(ids=ids, missing=frozenset(missing), unknown=unknown)


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


def _applied_folders(applied: Sequence[Applied]) -> Iterable[tuple[str, str]]:
    for one in applied:
        folder = one.properties.get(INBOX_FOLDER)
        if one.kind is RuleKind.INBOX_RULE and isinstance(folder, str):
            yield one.mailbox, folder


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
