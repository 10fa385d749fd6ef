"""Whose mail a rule may touch: targets, exempt recipients and scope, each resolved to its kind."""

from collections.abc import Iterable
from dataclasses import dataclass

from m365_restrict.register.case import Case, Scope
from m365_restrict.register.recipient import Recipient, RecipientKind, Unresolved
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Blocks, CompileProblem, Directory
from m365_restrict.rules.properties import sorted_values

_IN_SCOPE = frozenset(
    {
        RecipientKind.USER_MAILBOX,
        RecipientKind.SHARED_MAILBOX,
        RecipientKind.ON_PREMISES_MAILBOX,
        RecipientKind.GROUP,
    }
)


@dataclass(frozen=True)
class Names:
    """Recipients by the way a rule names them: SentTo takes mailboxes, MemberOf takes groups."""

    mailboxes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def __add__(self, other: "Names") -> "Names":
        return Names(
            sorted_values(self.mailboxes + other.mailboxes), sorted_values(self.groups + other.groups)
        )

    def without(self, addresses: Iterable[str]) -> "Names":
        """The same without some mailboxes."""
        left_out = frozenset(addresses)
        return Names(tuple(address for address in self.mailboxes if address not in left_out), self.groups)


@dataclass(frozen=True)
class Audience:
    """Who is exempt, and whose mail is covered: None for the whole council."""

    exempt: Names
    councillors: Names
    scope: Names | None
    problems: tuple[CompileProblem, ...]

    @property
    def exceptions(self) -> Names:
        """Everyone whose copy stays untouched."""
        return self.exempt + self.councillors


def names_of(recipients: Iterable[Recipient]) -> Names:
    """Sort resolved recipients into mailboxes and groups."""
    found = tuple(recipients)
    groups = tuple(entry.address for entry in found if entry.kind is RecipientKind.GROUP)
    others = tuple(entry.address for entry in found if entry.kind is not RecipientKind.GROUP)
    return Names(sorted_values(others), sorted_values(groups))


def blocking(case: Case, code: RuleCode, message: str) -> CompileProblem:
    """A problem that stops the case."""
    return CompileProblem(case.reference, code, message, Blocks.CASE)


def audience_of(case: Case, directory: Directory) -> Audience:
    """Resolve everyone whom the case's rules must name."""
    problems: list[CompileProblem] = []
    asked = [("AllowedRecipients", entry) for entry in case.protected.allowed_recipients]
    if case.protected.spoc_mailbox and not case.protected.measure.needs_single_contact:
        asked.append(("SpocMailbox", case.protected.spoc_mailbox))
    exempt = _resolve(case, asked, directory, problems)
    if case.protected.measure.needs_single_contact and case.protected.spoc_mailbox:
        exempt += Names((primary_of(case.protected.spoc_mailbox, directory),))
    exempt += names_of(directory.protected_recipients)
    scope = None
    if case.protected.scope is Scope.NAMED:
        scope = _scope_of(case, directory, exempt, problems)
    return Audience(exempt, _councillors(directory), scope, tuple(problems))


def primary_of(address: str, directory: Directory) -> str:
    """The primary address behind an address, or the address itself where the directory knows no better."""
    found = directory.resolve(address)
    return found.address if isinstance(found, Recipient) else found.asked


def _councillors(directory: Directory) -> Names:
    """The group and its members by name: a deleted group would make no exception (exchange.md 2.4)."""
    group = directory.councillors_group
    members = directory.councillor_members
    return Names(
        sorted_values(tuple(members)) if isinstance(members, frozenset) else (),
        (group.address,) if isinstance(group, Recipient) and group.kind is RecipientKind.GROUP else (),
    )


def _resolve(
    case: Case,
    asked: Iterable[tuple[str, str]],
    directory: Directory,
    problems: list[CompileProblem],
) -> Names:
    found: list[Recipient] = []
    unresolved = Names()
    for column, address in asked:
        entry = directory.resolve(address)
        if isinstance(entry, Recipient) and entry.kind is not RecipientKind.NO_MAILBOX:
            found.append(entry)
            continue
        unresolved += Names((entry.asked,))
        problems.append(_not_found(case, column, entry))
    return names_of(found) + unresolved


def _not_found(case: Case, column: str, entry: Recipient | Unresolved) -> CompileProblem:
    if isinstance(entry, Unresolved) and not entry.absent:
        text = f"{column} of case {case.reference} names {entry.asked}, which could not be looked up"
        return blocking(case, RuleCode.RECIPIENT_UNREADABLE, f"{text}: {entry.reason}.")
    return blocking(
        case,
        RuleCode.RECIPIENT_NOT_FOUND,
        f"{column} of case {case.reference} names {entry.asked}, which has no mailbox and is no group.",
    )


def _scope_of(case: Case, directory: Directory, exempt: Names, problems: list[CompileProblem]) -> Names:
    asked = [("ScopeMailboxes", entry) for entry in case.protected.scope_mailboxes]
    names = _resolve(case, asked, directory, problems)
    for address in case.protected.scope_mailboxes:
        entry = directory.resolve(address)
        if isinstance(entry, Recipient) and entry.kind not in _IN_SCOPE:
            problems.append(_wrong_scope(case, entry))
    return _left_in_scope(case, names, exempt, directory, problems)


def _wrong_scope(case: Case, entry: Recipient) -> CompileProblem:
    return blocking(
        case,
        RuleCode.SCOPE_NOT_A_MAILBOX,
        f"ScopeMailboxes of case {case.reference} names {entry.asked}, which is a {entry.kind.value}.",
    )


def _left_in_scope(
    case: Case, names: Names, exempt: Names, directory: Directory, problems: list[CompileProblem]
) -> Names:
    councillors = tuple(entry for entry in names.mailboxes if directory.is_councillor(entry))
    exempted = tuple(entry for entry in names.mailboxes if entry in exempt.mailboxes)
    if councillors:
        problems.append(left_out(case, RuleCode.SCOPE_NAMES_COUNCILLOR, "a councillor's mailbox"))
    if exempted:
        problems.append(left_out(case, RuleCode.SCOPE_NAMES_EXEMPT, "a mailbox that is exempt"))
    left = names.without(councillors + exempted)
    if not left.mailboxes and not left.groups:
        problems.append(
            blocking(
                case,
                RuleCode.SCOPE_EMPTY,
                f"No mailbox is left in ScopeMailboxes of case {case.reference}.",
            )
        )
    return left


def left_out(case: Case, code: RuleCode, what: str) -> CompileProblem:
    """Something in the scope is left alone; the case goes on without it."""
    message = f"ScopeMailboxes of case {case.reference} names {what}; it is left out."
    return CompileProblem(case.reference, code, message, Blocks.NOTHING)


def target_problem(case: Case, directory: Directory, restricted: frozenset[str]) -> CompileProblem | None:
    """What makes the single contact unfit to be sent the person's mail, or None (design.md 4)."""
    asked = case.protected.spoc_mailbox
    if not asked:
        text = f"Case {case.reference} needs a single contact mailbox and names none."
        return blocking(case, RuleCode.SINGLE_CONTACT_MISSING, text)
    entry = directory.resolve(asked)
    if isinstance(entry, Unresolved):
        code = RuleCode.SINGLE_CONTACT_NOT_FOUND if entry.absent else RuleCode.RECIPIENT_UNREADABLE
        return blocking(case, code, f"SpocMailbox of case {case.reference}, {asked}: {entry.reason}.")
    fault = _target_fault(entry, restricted)
    if fault is None:
        return None
    code, why = fault
    return blocking(case, code, f"SpocMailbox of case {case.reference}, {asked}, {why}.")


def _target_fault(entry: Recipient, restricted: frozenset[str]) -> tuple[RuleCode, str] | None:
    disabled = entry.kind is RecipientKind.USER_MAILBOX and not entry.account_enabled
    faults = (
        (not entry.kind.is_mailbox, RuleCode.SINGLE_CONTACT_NOT_A_MAILBOX, f"is a {entry.kind.value}"),
        (disabled, RuleCode.SINGLE_CONTACT_DISABLED, "is a user mailbox whose account is disabled"),
        (
            not entry.accepts_outside_senders,
            RuleCode.SINGLE_CONTACT_CLOSED,
            "does not accept mail from outside the council",
        ),
        (entry.forwards, RuleCode.SINGLE_CONTACT_FORWARDS, "forwards its mail"),
        (entry.moderated, RuleCode.SINGLE_CONTACT_MODERATED, "holds its mail for a moderator"),
        (
            not restricted.isdisjoint((entry.address, entry.asked)),
            RuleCode.SINGLE_CONTACT_RESTRICTED,
            "is itself restricted by a live case",
        ),
    )
    return next(((code, why) for is_so, code, why in faults if is_so), None)
