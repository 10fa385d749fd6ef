"""Opening is never blocked: which changes let more mail through and do nothing else (design.md 2)."""

import re
from datetime import datetime

from m365_restrict.rules.observed import Properties, PropertyValue
from m365_restrict.rules.properties import INBOX_SENDERS, SENDER_CONDITIONS
from m365_restrict.rules.stamp import with_digest

# Names and comments decide nothing about mail.
_NEUTRAL = frozenset({"Name", "Comments", "displayName"})
_EXCEPTION = re.compile(r"ExceptIf.+|exceptions\..+")
_CONDITION = re.compile(
    r"From.*|SentTo.*|Recipient(Address|Domain).+|AnyOf.+|Sender(DomainIs|IpRanges|AD.+)|Subject(Contains|"
    r"Matches|Or).+|Header(Contains|Matches).+|Attachment.+|BetweenMemberOf.|Message(Size|Type).+|"
    r"conditions\..+"
)
_SENDERS = frozenset({*SENDER_CONDITIONS, INBOX_SENDERS})
_TARGETS = ("RedirectMessageTo", "BlindCopyTo")
_WEAKEST = {"State": "Disabled", "isEnabled": False, "Mode": "Audit"}


def only_opens(before: Properties, after: Properties | None) -> bool:
    """Whether every message that meets the rule afterwards met it before as well. None is no rule."""
    if after is None:
        return True
    return all(
        name in _NEUTRAL or _field_opens(name, before.get(name), after.get(name))
        for name in {*before, *after}
    )


def captures_more(
    before: Properties, after: Properties, exempt: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Names of the properties by which `after` acts on messages that `before` leaves alone.

    A mailbox that `before` exempts only because mail is sent there does not count where `after` sends
    none there; `exempt` are those that are exempt for their own sake.
    """
    own = _new_targets(after, before) - exempt
    return tuple(
        name
        for name in sorted({*before, *after})
        if _says_on_what(name)
        and not _field_opens(name, _exempting(name, before.get(name), own), after.get(name))
    )


def actions_in(properties: Properties) -> Properties:
    """What a rule does to mail: all that neither says on which mail nor only names it.

    A condition that rules of ours never have counts as well.
    """
    return {
        name: value for name, value in properties.items() if name not in _NEUTRAL and not _says_on_what(name)
    }


def _exempting(name: str, value: PropertyValue | None, own: frozenset[str]) -> PropertyValue | None:
    """The exceptions of a rule without its own targets."""
    if not _EXCEPTION.fullmatch(name) or not isinstance(value, tuple):
        return value
    return tuple(one for one in value if one not in own) or None


def _says_on_what(name: str) -> bool:
    """Whether the property decides on which messages a rule acts, and not what it does to them."""
    return (
        name in _WEAKEST
        or name in {"ExpiryDate", "ActivationDate", "SenderAddressLocation"}
        or bool(_EXCEPTION.fullmatch(name) or _CONDITION.fullmatch(name))
    )


def _field_opens(name: str, before: PropertyValue | None, after: PropertyValue | None) -> bool:
    if name in _WEAKEST:
        opens = after == _WEAKEST[name]
    elif name in {"ExpiryDate", "ActivationDate"}:
        opens = _window_narrows(name, before, after)
    elif name == "SenderAddressLocation":
        opens = before == "HeaderOrEnvelope" and after is None
    elif _EXCEPTION.fullmatch(name):
        opens = before is None or _within(before, after)
    elif _CONDITION.fullmatch(name):
        opens = after is not None and (before is None or _within(after, before))
    else:
        opens = False
    return opens or before == after


def _window_narrows(name: str, before: PropertyValue | None, after: PropertyValue | None) -> bool:
    if not isinstance(after, datetime):
        return False
    if not isinstance(before, datetime):
        return before is None
    return after <= before if name == "ExpiryDate" else after >= before


def _within(smaller: PropertyValue, larger: PropertyValue | None) -> bool:
    if not isinstance(smaller, tuple) or not isinstance(larger, tuple):
        return False
    return bool(smaller) and set(smaller) <= set(larger)


def _groups_exempt(rule: Properties, name: str) -> frozenset[str]:
    """Groups that a rule exempts already: one that could not be looked up would be named as a mailbox too."""
    if name != "ExceptIfSentTo":
        return frozenset()
    standing, groups = rule.get(name), rule.get("ExceptIfSentToMemberOf")
    named = frozenset(standing) if isinstance(standing, tuple) else frozenset()
    return frozenset(groups) - named if isinstance(groups, tuple) else frozenset()


def opened(before: Properties, after: Properties, still_restricted: frozenset[str]) -> Properties | None:
    """`before` with every opening of `after` and nothing else of it; None where no rule is left.

    `still_restricted` are the senders that the case still names in any of its rules, so that one
    that moved to another rule of the case is not let through. A new target is exempt only because
    mail is to go there, so its exemption waits together with that.
    """
    result: dict[str, PropertyValue] = dict(before)
    new_targets = _new_targets(before, after)
    # Senders that stand under one condition are not repeated under another: no rule may have two.
    other_senders = _SENDERS - before.keys() if not _SENDERS.isdisjoint(before) else frozenset()
    for name in sorted({*before, *after} - _NEUTRAL - other_senders):
        wanted = after.get(name)
        if _EXCEPTION.fullmatch(name) and isinstance(wanted, tuple):
            known = new_targets | _groups_exempt(before, name)
            wanted = tuple(value for value in wanted if value not in known) or before.get(name)
        value = _opened_value(name, before.get(name), wanted, still_restricted)
        if value == ():
            return None
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    if result != dict(before) and isinstance(result.get("Comments"), str):
        result["Comments"] = with_digest(str(result["Comments"]), result)
    return result


def _new_targets(before: Properties, after: Properties) -> frozenset[str]:
    """Mailboxes that mail is to be sent to from now on."""
    now, then = (
        {str(one) for name in _TARGETS if isinstance(value := side.get(name), tuple) for one in value}
        for side in (after, before)
    )
    return frozenset(now - then)


def _opened_value(
    name: str,
    before: PropertyValue | None,
    after: PropertyValue | None,
    still_restricted: frozenset[str],
) -> PropertyValue | None:
    """The value after the opening part. An empty tuple: the rule has nobody left to act on."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        if name in _SENDERS:
            return tuple(value for value in before if value in still_restricted)
        if _EXCEPTION.fullmatch(name):
            return tuple(sorted({*before, *after}))
        if _CONDITION.fullmatch(name):
            return tuple(value for value in before if value in after)
    return after if _field_opens(name, before, after) else before
