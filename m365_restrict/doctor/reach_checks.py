"""What each application's scope in Exchange lets it into: the mailboxes that it needs, and no others.

Told in numbers alone: which councillor is left out is nobody's affair here.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from m365_restrict.doctor.access_checks import Access
from m365_restrict.doctor.check import Check, bad, good, unread, warning
from m365_restrict.doctor.codes import CheckCode
from m365_restrict.outcome import Unknown
from m365_restrict.register.address import read_address_lines
from m365_restrict.register.case import Status
from m365_restrict.register.item import ListSnapshot
from m365_restrict.register.recipient import Recipient, Resolved
from m365_restrict.register.values import as_text
from m365_restrict.steps.options import PeopleOptions
from m365_restrict.tenant.mailbox_reach import Reach, open_reach
from m365_restrict.tenant.session import TenantReaders
from m365_restrict.tenant.together import all_of

_REACH = CheckCode.MAILBOX_REACH
_OVER = frozenset(status.value for status in Status if status.opens)
_NARROW = (
    "Narrow its management scope in Exchange to councillors and named mailboxes, and take away the same "
    "roles where they are consented to in Entra ID (deploy/permissions/permissions.toml)."
)


@dataclass(frozen=True, kw_only=True)
class Mailboxes:
    """Object ids. `outside` are approvers' and protected mailboxes that no choice and no case is about."""

    councillors: frozenset[str]
    named: frozenset[str]
    outside: frozenset[str]


async def reach_checks(
    readers: TenantReaders, people: PeopleOptions, register: ListSnapshot | None, access: Access
) -> AsyncIterator[Check]:
    """For each application, what is in its reach. Nothing where the councillors' group could not be read."""
    mailboxes = await _mailboxes(readers, people, register)
    if mailboxes is None:
        return
    for application in access.applications:
        async with open_reach(access.tenant, application, readers.in_flight) as reach:
            role = application.role
            for what, ids in (
                ("councillors' mailboxes", mailboxes.councillors),
                ("named mailboxes", mailboxes.named),
            ):
                if ids:
                    yield reach_check(role, what, await all_of(reach.of(one) for one in sorted(ids)))
            if mailboxes.outside:
                yield outside_check(role, await all_of(reach.of(one) for one in sorted(mailboxes.outside)))


async def _mailboxes(
    readers: TenantReaders, people: PeopleOptions, register: ListSnapshot | None
) -> Mailboxes | None:
    directory = readers.directory
    members = await directory.members(people.councillors_group)
    if isinstance(members, Unknown):
        return None
    councillors = frozenset(one.object_id for one in members)
    named = _ids((await directory.resolve(sorted(_named(register)))).values())
    approvers = await directory.expand(
        sorted({one for entries in people.approvers.values() for one in entries})
    )
    others = _ids((await directory.resolve(people.protected_mailboxes)).values())
    if not isinstance(approvers, Unknown):
        others |= {one.object_id for one in approvers.members}
    return Mailboxes(councillors=councillors, named=named - councillors, outside=others - councillors - named)


def _named(register: ListSnapshot | None) -> Iterable[str]:
    """The mailboxes that items name which are not over."""
    return {
        address
        for item in (register.items if register is not None else ())
        if item.fields.get("Status") not in _OVER
        for address in read_address_lines(as_text(item.fields.get("ScopeMailboxes", "")))[0]
    }


def _ids(found: Iterable[Resolved]) -> frozenset[str]:
    return frozenset(one.object_id for one in found if isinstance(one, Recipient) and one.kind.is_mailbox)


def reach_check(role: str, what: str, answers: Sequence[Reach | Unknown]) -> Check:
    """Whether the application may look into all mailboxes that it needs."""
    about, total = f"{role} application, {what}", len(answers)
    failed = [one for one in answers if isinstance(one, Unknown)]
    if failed:
        return unread(_REACH, about, f"{failed[0].reason.rstrip('.')} ({len(failed)} of {total})")
    refused, none = answers.count(Reach.REFUSED), answers.count(Reach.NO_MAILBOX)
    if refused:
        return bad(_REACH, about, f"It may not look into {refused} of {total}, so no rule there can be kept.")
    if none:
        return warning(
            _REACH,
            about,
            f"{none} of {total} have no mailbox in the cloud, so no rule can act for them.",
            "Move the mailboxes to Exchange Online, or tell the councillors that they cannot choose.",
        )
    return good(_REACH, about, f"It may look into all {total}.")


def outside_check(role: str, answers: Sequence[Reach | Unknown]) -> Check:
    """Whether the application may look into mailboxes that are none of its business: too much."""
    about = f"{role} application, other mailboxes"
    failed = [one for one in answers if isinstance(one, Unknown)]
    within, total = answers.count(Reach.WITHIN), len(answers)
    if within:
        return warning(
            _REACH,
            about,
            f"It may look into {within} of {total} mailboxes of approvers and protected ones, which is more "
            "than it needs.",
            _NARROW,
        )
    if failed:
        return unread(_REACH, about, f"{failed[0].reason.rstrip('.')} ({len(failed)} of {total})")
    return good(_REACH, about, f"None of {total} mailboxes of approvers and protected ones is in its reach.")
