"""What a change means, in a plain sentence that names no person."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo

from m365_restrict.plan.change import Action, RuleKind
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.observed import Properties, PropertyValue
from m365_restrict.rules.properties import INBOX_FOLDER, INBOX_REDIRECT, enabled_in, senders_of


def effect_of(
    action: Action,
    kind: RuleKind,
    *,
    case_reference: str,
    chosen_by_holder: bool,
    target: Properties | None,
    zone: tzinfo = UTC,
) -> str:
    """The sentence for one change, with days told in `zone`.

    A councillor's choice is described without mailbox or sender.
    """
    if target is None or action is Action.DELETE:
        return _removal(case_reference, chosen_by_holder=chosen_by_holder)
    if kind is RuleKind.INBOX_RULE:
        return _inbox_effect(target, case_reference, chosen_by_holder=chosen_by_holder)
    return _transport_effect(target, case_reference, chosen_by_holder=chosen_by_holder, zone=zone)


def _removal(case_reference: str, *, chosen_by_holder: bool) -> str:
    if chosen_by_holder:
        return "A councillor's choice ends: that mail reaches their Inbox as usual again."
    return f"The rule of case {case_reference} goes: that mail is delivered as usual again."


def _senders_phrase(target: Properties, case_reference: str) -> str:
    count = len(senders_of(target))
    addresses = "1 address" if count == 1 else f"{count} addresses"
    return f"Mail from {addresses} of case {case_reference}" if case_reference else f"Mail from {addresses}"


def _transport_effect(
    target: Properties, case_reference: str, *, chosen_by_holder: bool, zone: tzinfo
) -> str:
    sentence = (
        f"{_senders_phrase(target, case_reference)} to {_whom(target, chosen_by_holder=chosen_by_holder)} "
        f"{_outcome(target)}{_until(target, zone)}."
    )
    if not enabled_in(target):
        return f"{sentence[:-1]}, once the rule is switched on."
    if target.get("Mode") != "Enforce":
        return f"{sentence[:-1]}, but for now Exchange only logs it (audit mode)."
    return sentence


def _whom(target: Properties, *, chosen_by_holder: bool) -> str:
    if chosen_by_holder:
        return "one councillor who chose the same as the council"
    mailboxes, groups = _count(target, "SentTo"), _count(target, "SentToMemberOf")
    if mailboxes:
        text = "1 named mailbox" if mailboxes == 1 else f"{mailboxes} named mailboxes"
    elif groups:
        text = "the members of 1 group" if groups == 1 else f"the members of {groups} groups"
        text += " (mail to a member alone included)"
    else:
        text = "any council mailbox"
    return f"{text} except councillors and exempt mailboxes" if _has_exceptions(target) else text


def _count(target: Properties, name: str) -> int:
    value = target.get(name)
    return len(value) if isinstance(value, tuple) else 0


def _has_exceptions(target: Properties) -> bool:
    return bool(_count(target, "ExceptIfSentTo") or _count(target, "ExceptIfSentToMemberOf"))


def _outcome(target: Mapping[str, PropertyValue]) -> str:
    redirect, copy = target.get("RedirectMessageTo"), target.get("BlindCopyTo")
    if isinstance(redirect, tuple):
        return f"goes to {' and '.join(redirect)} instead"
    if isinstance(copy, tuple):
        return f"is delivered, with a blind copy to {' and '.join(copy)}"
    return "is refused with a neutral notice that names the open route"


def _until(target: Properties, zone: tzinfo) -> str:
    """The last whole day where the rule expires at local midnight, else the instant itself."""
    expiry = target.get("ExpiryDate")
    if not isinstance(expiry, datetime):
        return ""
    local = expiry.astimezone(zone)
    if local.time() == time.min:
        return f", until the end of {long_day(local.date() - timedelta(days=1))}"
    return f", until {expiry.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _inbox_effect(target: Properties, case_reference: str, *, chosen_by_holder: bool) -> str:
    folder = target.get(INBOX_FOLDER)
    once = "" if enabled_in(target) else ", once the rule is switched on (RULES__MODE is audit)"
    redirect = target.get(INBOX_REDIRECT)
    if isinstance(redirect, tuple):
        whom = "one councillor who chose the same as the council" if chosen_by_holder else "one named mailbox"
        kept = f"; the original moves to {folder}" if folder else "; the original stays in the Inbox"
        contact = " and ".join(redirect)
        return f"{_senders_phrase(target, case_reference)} to {whom} is sent on to {contact}{kept}{once}."
    if chosen_by_holder:
        where = "Junk Email" if folder == "junkemail" else "a folder of theirs"
        act = f"goes to {where}" if folder else "is marked with a category"
        return f"{_senders_phrase(target, case_reference)} {act}, as a councillor chose."
    return (
        f"{_senders_phrase(target, case_reference)} to one named mailbox goes to its Junk Email folder{once}."
    )
