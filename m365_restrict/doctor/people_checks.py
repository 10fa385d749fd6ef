"""Groups against scopes, approvers, protected mailboxes and single contacts (exchange.md 10)."""

from collections.abc import AsyncIterator, Iterator

from m365_restrict.doctor.check import Check, bad, good, unread, warning
from m365_restrict.doctor.codes import CheckCode
from m365_restrict.outcome import Unknown
from m365_restrict.register.case import Status
from m365_restrict.register.item import ListSnapshot
from m365_restrict.register.recipient import Recipient, RecipientKind, Resolved, Unresolved
from m365_restrict.register.values import as_text
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.steps.options import PeopleOptions
from m365_restrict.tenant.directory import Member
from m365_restrict.tenant.session import TenantReaders

_GROUP, _CONTACT = CheckCode.GROUP, CheckCode.SINGLE_CONTACT
_OVER = frozenset(status.value for status in Status if status.opens)


async def people_checks(readers: TenantReaders, people: PeopleOptions) -> AsyncIterator[Check]:
    """Councillors, approvers and protected mailboxes."""
    group = people.councillors_group
    members = await readers.directory.members(group)
    if isinstance(members, Unknown):
        yield bad(_GROUP, group, f"The councillors' group cannot be read: {members.reason.rstrip('.')}.")
    else:
        direct = await readers.examination.direct_members(group)
        yield councillors_check(group, members, direct)
    entries = sorted({entry for entries in people.approvers.values() for entry in entries})
    yield await _approvers_check(readers, entries)
    found = await readers.directory.resolve(people.protected_mailboxes)
    for address, resolved in found.items():
        yield protected_check(address, resolved)


def councillors_check(group: str, members: frozenset[Member], direct: int | Unknown) -> Check:
    """Whether the group has members, and whether a scope that names it would leave some out."""
    if not members:
        return bad(_GROUP, group, "The councillors' group is empty, so no councillor is exempt.")
    if isinstance(direct, Unknown):
        return unread(_GROUP, group, direct)
    nested = len(members) - direct
    if nested > 0:
        return warning(
            _GROUP,
            group,
            f"{nested} of {len(members)} councillors are in it through another group; a management scope "
            "of an application counts direct members only.",
        )
    return good(_GROUP, group, f"The councillors' group has {len(members)} members, all direct.")


async def _approvers_check(readers: TenantReaders, entries: list[str]) -> Check:
    about = "approvers"
    found = await readers.directory.expand(entries)
    if isinstance(found, Unknown):
        return unread(_GROUP, about, found)
    if found.unresolved:
        return bad(
            _GROUP,
            about,
            f"{len(found.unresolved)} of the names in POLICY__APPROVERS are not in the directory: "
            f"{', '.join(one.asked for one in found.unresolved)}.",
            "Correct POLICY__APPROVERS.",
        )
    disabled = sum(not member.account_enabled for member in found.members)
    if len(found.members) == disabled:
        return bad(_GROUP, about, "Nobody can approve: there is no approver with an account in use.")
    if disabled:
        return warning(_GROUP, about, f"{disabled} of {len(found.members)} approvers have disabled accounts.")
    return good(_GROUP, about, f"{len(found.members)} people may approve.")


def protected_check(address: str, found: Resolved) -> Check:
    """Whether a protected mailbox, or group of them, is there."""
    code = CheckCode.PROTECTED_MAILBOX
    if isinstance(found, Unresolved):
        return bad(code, address, f"{found.reason}.") if found.absent else unread(code, address, found.reason)
    if found.kind is RecipientKind.NO_MAILBOX:
        return bad(code, address, "It is an account without a mailbox.")
    return good(code, address, f"It is there ({found.kind.value}).")


async def contact_checks(
    readers: TenantReaders,
    register: ListSnapshot,
    rules: tuple[ObservedTransportRule, ...] | Unknown,
) -> AsyncIterator[Check]:
    """The single contacts of all items that are not over."""
    contacts = {
        as_text(item.fields.get("SpocMailbox", "")).strip().lower()
        for item in register.items
        if item.fields.get("Status") not in _OVER
    }
    found = await readers.directory.resolve_targets(sorted(contacts - {""}))
    for address, resolved in found.items():
        for check in contact_check(address, resolved, () if isinstance(rules, Unknown) else rules):
            yield check
    if not found:
        yield good(_CONTACT, "single contacts", "No case names one.")


def contact_check(address: str, found: Resolved, rules: tuple[ObservedTransportRule, ...]) -> Iterator[Check]:
    """Whether mail that is sent to this mailbox arrives and stays there."""
    if isinstance(found, Unresolved):
        yield (
            bad(_CONTACT, address, f"{found.reason}.")
            if found.absent
            else unread(_CONTACT, address, found.reason)
        )
        return
    wrong = [*_faults(found), *_redirected(found.address, rules)]
    yield from (bad(_CONTACT, address, message) for message in wrong)
    if not wrong:
        yield good(_CONTACT, address, "It takes mail from outside and keeps it.")


def _faults(found: Recipient) -> Iterator[str]:
    if not found.kind.is_mailbox:
        yield f"It is no mailbox in the cloud ({found.kind.value})."
        return
    # A shared mailbox's account is normally disabled, and that is as it should be (exchange.md 10).
    if found.kind is RecipientKind.USER_MAILBOX and not found.account_enabled:
        yield "Its account is disabled, so nobody reads it."
    if not found.accepts_outside_senders:
        yield "It does not take mail from senders outside the organisation."
    if found.forwards:
        yield "It forwards its mail, which is one redirect more than Exchange may allow."
    if found.moderated:
        yield "Its mail waits for a moderator."


def _redirected(address: str, rules: tuple[ObservedTransportRule, ...]) -> Iterator[str]:
    for rule in rules:
        sent_to, target = rule.properties.get("SentTo", ()), rule.properties.get("RedirectMessageTo")
        names = isinstance(sent_to, tuple) and address in sent_to
        if rule.enabled and names and isinstance(target, tuple) and address not in target:
            yield f"The transport rule “{rule.name}” redirects its mail elsewhere."
