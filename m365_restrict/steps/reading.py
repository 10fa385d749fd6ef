"""Step 1 and step 4 of the main path: what the register says, who is who, and what the tenant holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from m365_restrict.errors import ConfigurationError, ErrorCode, ServiceError, SourceIncomplete
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.register.case import Case, Stage
from m365_restrict.register.choice import Choice
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.register.item import ListSnapshot
from m365_restrict.register.recipient import Resolved
from m365_restrict.register.schema import ListSchema
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.properties import senders_of
from m365_restrict.rules.transport_rule import SenderMatch
from m365_restrict.steps.options import PeopleOptions, RunOptions
from m365_restrict.tenant.directory import DirectoryReader, Expansion, Member
from m365_restrict.tenant.lists import ListReader
from m365_restrict.tenant.session import TenantReaders
from m365_restrict.tenant.together import all_of, both

_NO_LIST = "none"


@dataclass(frozen=True, kw_only=True)
class Register:
    """The three lists, each read whole."""

    cases: ListSnapshot
    reviews: ListSnapshot
    choices: ListSnapshot

    @property
    def version(self) -> str:
        """Changes when any item of any list changes."""
        return "-".join(one.version for one in (self.cases, self.reviews, self.choices))


@dataclass(frozen=True, kw_only=True)
class People:
    """Approvers by stage (object ids), councillors, protected mailboxes and the council's domains."""

    approvers: Mapping[Stage, frozenset[str]]
    unknown_approvers: tuple[str, ...]
    councillors_group: Resolved
    councillors: frozenset[Member] | Unknown
    protected: tuple[Resolved, ...]
    domains: frozenset[str]

    @property
    def councillor_addresses(self) -> frozenset[str]:
        """Primary addresses of all councillors; empty where the group could not be read."""
        if isinstance(self.councillors, Unknown):
            return frozenset()
        return frozenset(member.address for member in self.councillors)

    @property
    def councillor_names(self) -> frozenset[str]:
        """Addresses and sign-in names of the councillors who may choose."""
        names = ((member.address, member.sign_in_name) for member in self._serving)
        return frozenset(name for both in names for name in both if name)

    @property
    def councillor_ids(self) -> frozenset[str]:
        """Entra object ids of the councillors who may choose, lower case."""
        return frozenset(member.object_id.lower() for member in self._serving)

    @property
    def _serving(self) -> frozenset[Member]:
        """Members of the group whose account is not disabled: suspension ends a choice (policy.md 4)."""
        if isinstance(self.councillors, Unknown):
            return frozenset()
        return frozenset(member for member in self.councillors if member.account_enabled)


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """Whether the ledger knows anything of the two lists that a council may do without."""

    reviews: bool
    choices: bool


def remembered(ledger: Ledger) -> Remembered:
    """Ask the ledger for approvals that reviews gave, and for rules that councillors chose."""
    return Remembered(
        reviews=any(item_id.startswith("review:") for item_id, _ in ledger.register.evidence()),
        choices=any(one.chosen_by_holder for one in ledger.rules.all()),
    )


async def read_register(readers: TenantReaders, options: RunOptions, remembered: Remembered) -> Register:
    """All three lists with what proves that each was read whole. SourceIncomplete otherwise.

    Reviews and choices may be missing as lists until the first of them has had an effect; after
    that a list that cannot be found is a ConfigurationError, and never an empty one.
    """
    lists, places = readers.lists, options.lists
    cases, reviews, choices = await all_of(
        [
            lists.read_list(places.register_site, places.register, RESTRICTED_CONTACTS, with_versions=True),
            _read_optional(lists, places.register_site, places.reviews, REVIEWS, needed=remembered.reviews),
            _read_optional(lists, places.choices_site, places.choices, CHOICES, needed=remembered.choices),
        ]
    )
    return Register(cases=cases, reviews=reviews, choices=choices)


async def _read_optional(
    lists: ListReader, site: str, title: str, schema: ListSchema, *, needed: bool
) -> ListSnapshot:
    try:
        return await lists.read_list(site, title, schema, with_versions=True)
    except ConfigurationError as error:
        if needed or error.code is not ErrorCode.LIST_NOT_FOUND:
            raise
        return ListSnapshot(title, (), _NO_LIST)


async def find_vanished(
    readers: TenantReaders, options: RunOptions, *, known: Iterable[str], read: ListSnapshot
) -> frozenset[str]:
    """Items that were live before and answer 404 by their id now.

    Raises SourceIncomplete where an item that the list left out is still there.
    """
    missing = sorted(frozenset(known) - {item.item_id for item in read.items})
    if not missing:
        return frozenset()
    lists, places = readers.lists, options.lists
    place = await lists.locate(places.register_site, places.register, RESTRICTED_CONTACTS)
    for item_id in missing:
        if await lists.item_exists(place, item_id):
            raise SourceIncomplete(
                f"Item {item_id} of the list '{places.register}' exists but was not among the items read."
            )
    return frozenset(missing)


async def read_people(directory: DirectoryReader, people: PeopleOptions) -> People:
    """Ask the directory who is who. ConfigurationError where it does not know one of the approvers."""
    named = tuple(dict.fromkeys(people.approvers.values()))
    found, ((members, domains), (group, protected)) = await both(
        all_of(directory.expand(one) for one in named),
        both(
            both(directory.members(people.councillors_group), _domains(directory, people.council_domains)),
            both(
                directory.resolve([people.councillors_group]), directory.resolve(people.protected_mailboxes)
            ),
        ),
    )
    approvers = dict(zip(named, found, strict=True))
    return People(
        approvers={stage: _object_ids(approvers[names]) for stage, names in people.approvers.items()},
        unknown_approvers=_unknown_names(found),
        councillors_group=group[people.councillors_group.strip().lower()],
        councillors=members,
        protected=tuple(protected.values()),
        domains=domains,
    )


def _object_ids(found: Expansion | Unknown) -> frozenset[str]:
    if isinstance(found, Unknown):
        raise ServiceError(f"The approvers could not be read: {found.scope}: {found.reason}")
    if not found.object_ids:
        names = ", ".join(entry.asked for entry in found.unresolved)
        raise ConfigurationError(
            f"POLICY__APPROVERS names {names}, none of whom the directory knows.",
            advice="Correct M365_RESTRICT_POLICY__APPROVERS: sign-in names or groups, comma-separated.",
        )
    return found.object_ids


def _unknown_names(found: Sequence[Expansion | Unknown]) -> tuple[str, ...]:
    entries = (entry for one in found if isinstance(one, Expansion) for entry in one.unresolved)
    return tuple(dict.fromkeys(entry.asked for entry in entries))


async def _domains(directory: DirectoryReader, configured: Sequence[str]) -> frozenset[str]:
    if configured:
        return frozenset(domain.strip().lower() for domain in configured)
    found = await directory.accepted_domains()
    if isinstance(found, Unknown):
        raise ServiceError(
            f"The council's domains could not be read: {found.reason}",
            advice="Run again later, or name them in M365_RESTRICT_POLICY__COUNCIL_DOMAINS.",
        )
    return found


async def read_directory(
    directory: DirectoryReader,
    people: People,
    cases: Sequence[Case],
    choices: Sequence[Choice],
    *,
    senders: Sequence[Case] = (),
    applied: Sequence[Applied] = (),
) -> Directory:
    """Resolve every address of ours that a rule will name, each to its kind.

    `senders` are the cases whose own addresses are looked up too, for rules that compare main addresses;
    `applied` tells what their rules hold.
    """
    protected = [one.protected for one in cases]
    targets = {one.spoc_mailbox for one in protected if one.spoc_mailbox}
    named = {address for one in protected for address in (*one.scope_mailboxes, *one.allowed_recipients)}
    named |= {choice.holder for choice in choices}
    sending = sorted({address for one in senders for address in one.protected.addresses})
    (as_target, as_named), as_sender = await both(
        both(directory.resolve_targets(sorted(targets)), directory.resolve(sorted(named - targets))),
        directory.senders(sending),
    )
    councillors = people.councillors
    read = Directory(
        recipients={**as_named, **as_target},
        councillors_group=people.councillors_group,
        councillor_members=councillors if isinstance(councillors, Unknown) else people.councillor_addresses,
        protected=people.protected,
        senders=as_sender,
    )
    return replace(read, standing_senders=dict(_standing_senders(senders, read, applied)))


def cases_by_main_address(cases: Sequence[Case], options: RunOptions) -> tuple[Case, ...]:
    """The cases whose rules compare main addresses of senders that the directory knows (exchange.md 2.3).

    Junk compares none, but may take the place of a rule that does.
    """
    if options.compile.sender_match is not SenderMatch.FROM:
        return ()
    return tuple(one for one in cases if one.protected.measure.acts_on_mail)


def _standing_senders(
    cases: Sequence[Case], directory: Directory, applied: Sequence[Applied]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each sender that could not be asked about: the sender in force that was its main address.

    Where nobody remembers which that was: all in force that may be it.
    """
    for case in cases:
        unread = [one for one in case.protected.addresses if directory.is_unread_sender(one)]
        of_case = [
            one
            for one in applied
            if unread and one.case_reference == case.reference and one.kind is RuleKind.TRANSPORT_RULE
        ]
        held = {sender for one in of_case for sender in senders_of(one.properties)}
        known = {main for one in case.protected.addresses for main in directory.main_addresses(one)}
        for address in unread:
            if address not in held:
                remembered = {one.main_addresses.get(address, "") for one in of_case} & held
                yield address, tuple(sorted(remembered or held - known))
