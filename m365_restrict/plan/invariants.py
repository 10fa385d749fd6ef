"""What must be true of mail in each live case, for one recipient of every class (design.md 2.7).

Protected mailboxes, councillors who did not choose otherwise, the single contact and allowed
recipients are never caught; everybody else whom the case covers meets exactly its measure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from m365_restrict.mailflow.delivery import INBOX, JUNK_EMAIL, Copy, Outcome
from m365_restrict.outcome import Unknown
from m365_restrict.plan.mail_directory import PlannedDirectory, ordinary_address
from m365_restrict.register.case import Case, Measure, Scope
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.rules.audience import primary_of
from m365_restrict.rules.compilation import Carrier, Desired, Directory
from m365_restrict.rules.mailbox_rules import in_mailboxes
from m365_restrict.rules.naming import ASIDE_FOLDER, COUNCIL_FOLDERS


class Claim(Enum):
    """What a recipient may expect of the rules of ours."""

    NEVER = "never caught by any case"
    NOT_HERE = "not caught by this case"
    MEASURE = "meets the measure"


@dataclass(frozen=True)
class Witness:
    """One recipient of a class. `who` names the class, and never a councillor."""

    address: str
    claim: Claim
    who: str


@dataclass(frozen=True)
class Ending:
    """Where one copy ended, what rules of ours and of others did to it, and where ours sent copies."""

    outcome: Outcome
    mailbox: str | None
    folder: str | None
    ndr: str | None
    ours: frozenset[str]
    theirs: tuple[str, ...]
    copied_to: frozenset[str]

    @property
    def place(self) -> tuple[Outcome, str | None, str | None]:
        """Where it ended, whoever sent it there."""
        return self.outcome, self.mailbox, self.folder if self.folder == JUNK_EMAIL else None

    @property
    def effect(self) -> tuple[object, ...]:
        """The same, and the copies of ours."""
        return *self.place, self.copied_to


def rests_on_transport(case: Case) -> bool:
    """Whether transport rules carry the case's measure."""
    measure = case.protected.measure
    return measure.acts_on_mail and measure is not Measure.JUNK


def choosers(desired: Desired) -> Mapping[str, frozenset[str]]:
    """By case reference, the councillors who chose the same as the council."""
    found: dict[str, set[str]] = {}
    for rule in desired.transport:
        if rule.holder:
            found.setdefault(rule.case_reference, set()).add(rule.holder)
    for junk in desired.inbox:
        if junk.chosen_by_holder and junk.case_reference:
            found.setdefault(junk.case_reference, set()).add(junk.mailbox)
    return {reference: frozenset(holders) for reference, holders in found.items()}


def witnesses(
    case: Case,
    directory: Directory,
    chosen: Mapping[str, frozenset[str]],
    *,
    moved: bool,
    carrier: Carrier = Carrier.TRANSPORT_RULES,
) -> tuple[Witness, ...]:
    """One recipient of every class of a case; whoever is exempt is named once, as exempt.

    `moved`: newer values of the case wait for a later run, so only who is never caught is certain.
    """
    found = [*_never(case, directory, chosen), *_not_here(case, directory, moved=moved)]
    if not moved:
        found += _covered(case, directory, carrier)
        # What a councillor did to their own inbox rule is respected, so of that nothing is certain.
        respected = in_mailboxes(case.protected.measure, carrier)
        here = () if respected else chosen.get(case.reference, frozenset())
        found += [Witness(one, Claim.MEASURE, "a councillor who chose the same") for one in sorted(here)]
        if case.protected.scope is Scope.NAMED:
            outside = ordinary_address(directory)
            found.append(Witness(outside, Claim.NOT_HERE, "a mailbox outside the scope"))
    return tuple({one.address: one for one in reversed(found)}.values())[::-1]


def _never(case: Case, directory: Directory, chosen: Mapping[str, frozenset[str]]) -> Iterator[Witness]:
    """Protected mailboxes, a councillor without any choice, and one who chose in another case alone."""
    members = directory.councillor_members
    councillors = frozenset() if isinstance(members, Unknown) else members
    for entry in directory.protected_recipients:
        address = PlannedDirectory.stand_in(entry)
        who = "a councillor" if address in councillors else f"the protected mailbox {entry.address}"
        yield Witness(address, Claim.NEVER, who)
    here = chosen.get(case.reference, frozenset())
    anywhere = frozenset().union(*chosen.values())
    elsewhere = councillors & anywhere - here
    for group, claim in ((councillors - anywhere, Claim.NEVER), (elsewhere, Claim.NOT_HERE)):
        for address in sorted(group)[:1]:
            yield Witness(address, claim, "a councillor")


def _not_here(case: Case, directory: Directory, *, moved: bool) -> Iterator[Witness]:
    """The single contact and the allowed recipients. While values wait, rules may name an older contact."""
    protected = case.protected
    asked = [(one, "an allowed recipient") for one in protected.allowed_recipients]
    if protected.spoc_mailbox and not moved:
        asked.append((protected.spoc_mailbox, "the single contact"))
    for address, what in asked:
        entry = directory.resolve(address)
        if isinstance(entry, Recipient):
            stand_in = PlannedDirectory.stand_in(entry)
            who = "a councillor" if directory.is_councillor(entry.address) else f"{what}, {entry.address}"
            yield Witness(stand_in, Claim.NOT_HERE, who)


def _covered(case: Case, directory: Directory, carrier: Carrier) -> Iterator[Witness]:
    """One recipient for each part of the scope: stand-ins for groups and for the whole council."""
    if case.protected.scope is Scope.WHOLE_COUNCIL:
        yield Witness(ordinary_address(directory), Claim.MEASURE, "any mailbox that is not named")
        return
    exempt = {primary_of(one, directory) for one in case.protected.allowed_recipients}
    exempt |= {entry.address for entry in directory.protected_recipients}
    group = directory.councillors_group
    exempt |= {group.address} if isinstance(group, Recipient) else set()
    # A transport rule is simulated with a stand-in for the members of a group, whoever has read them.
    by_inbox_rules = in_mailboxes(case.protected.measure, carrier)
    read = (directory.group_members.get(one) for one in exempt if by_inbox_rules)
    in_groups = frozenset(one for members in read if isinstance(members, frozenset) for one in members)
    for asked in case.protected.scope_mailboxes:
        entry = directory.resolve(asked)
        if (
            isinstance(entry, Recipient)
            and _is_covered(case, entry, directory, carrier)
            and entry.address not in exempt
        ):
            claim = Claim.NOT_HERE if entry.address in in_groups else Claim.MEASURE
            yield Witness(PlannedDirectory.stand_in(entry), claim, _named(entry))


def _is_covered(case: Case, entry: Recipient, directory: Directory, carrier: Carrier) -> bool:
    fits = not in_mailboxes(case.protected.measure, carrier) or entry.kind.is_mailbox
    return fits and not directory.is_councillor(entry.address)


def _named(entry: Recipient) -> str:
    member = "a member of " if entry.kind is RecipientKind.GROUP else ""
    return f"{member}{entry.address}"


def endings(recipients: Sequence[str], copies: Sequence[Copy], ours: frozenset[str]) -> Mapping[str, Ending]:
    """What became of the copy of each recipient. `ours` are the names of our rules."""
    # A copy that a rule of the target puts away has not reached anybody.
    added = [
        copy for copy in copies[len(recipients) :] if copy.added_by in ours and copy.folder in {None, INBOX}
    ]
    return {
        recipient: Ending(
            outcome=copy.outcome,
            mailbox=copy.mailbox,
            folder=copy.folder,
            ndr=copy.ndr,
            ours=ours.intersection(copy.rules),
            theirs=tuple(rule for rule in copy.rules if rule not in ours),
            copied_to=frozenset(one.mailbox or one.recipient for one in added if one.added_by in copy.rules),
        )
        for recipient, copy in zip(recipients, copies, strict=False)
    }


def holds(
    case: Case,
    witness: Witness,
    ending: Ending,
    *,
    here: frozenset[str],
    contact: str,
    carrier: Carrier = Carrier.TRANSPORT_RULES,
) -> bool:
    """Whether an ending is what the witness may expect. `here` are the names of this case's rules."""
    match witness.claim:
        case Claim.NEVER:
            return not ending.ours
        case Claim.NOT_HERE:
            return ending.ours.isdisjoint(here)
        case Claim.MEASURE:
            return _meets(case, witness, ending, contact, carrier)
        case _ as never:
            assert_never(never)


def _meets(case: Case, witness: Witness, ending: Ending, contact: str, carrier: Carrier) -> bool:
    """The measure exactly: where the mail went, and what the sender was told."""
    own = witness.address
    match case.protected.measure:
        case Measure.REDIRECT | Measure.FILE | Measure.ALLOWED_ONLY:
            if carrier is Carrier.INBOX_RULES:
                put_away = (ending.outcome, ending.mailbox, ending.folder)
                aside = (Outcome.DELIVERED, own, COUNCIL_FOLDERS[ASIDE_FOLDER])
                return put_away == aside and contact in ending.copied_to
            return ending.place == (Outcome.REDIRECTED, contact, None)
        case Measure.COPY:
            return ending.place == (Outcome.DELIVERED, own, None) and contact in ending.copied_to
        case Measure.REFUSE:
            return ending.outcome is Outcome.REJECTED and bool(ending.ours) and bool(ending.ndr)
        case Measure.JUNK:
            return ending.place == (Outcome.DELIVERED, own, JUNK_EMAIL)
        case Measure.REQUESTED | Measure.NO_EMAIL:
            return not ending.ours
        case _ as never:
            assert_never(never)


def covered_by(case: Case, directory: Directory) -> Iterable[str]:
    """One recipient for each part of the case's scope."""
    return [one.address for one in _covered(case, directory, Carrier.TRANSPORT_RULES)]
