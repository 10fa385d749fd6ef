"""The form in which a rule stays while another takes its place.

It says what its successor says, about the senders and recipients that both have, so that the person
meets the decision as it is now, whichever of the two rules acts.
"""

from datetime import datetime
from enum import Enum

from m365_restrict.plan.wanted import Wanted
from m365_restrict.rules.observed import Properties, PropertyValue
from m365_restrict.rules.properties import SENDER_CONDITIONS, sorted_values
from m365_restrict.rules.stamp import Stamp, digest_of, parse_stamp, stamp_text

SCOPES = ("SentTo", "SentToMemberOf")
_OWN = frozenset({*SENDER_CONDITIONS, *SCOPES, "Name", "Comments"})


class Reach(Enum):
    """How many of one rule's recipients another rule covers."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


def reach_over(rule: Properties, other: Properties) -> Reach:
    """How many of the recipients in the scope of `rule` the scope of `other` covers, for all one can tell."""
    reach = Reach.ALL
    for name in SCOPES:
        one, another = rule.get(name), other.get(name)
        if not isinstance(another, tuple) or one == another:
            continue
        if name == "SentTo" and isinstance(one, tuple) and set(one).isdisjoint(another):
            return Reach.NONE
        if not isinstance(one, tuple) or not set(one) <= set(another):
            reach = Reach.SOME
    return reach


def standing_in(
    observed: Properties, successor: Wanted, key: str, senders: frozenset[str]
) -> Properties | None:
    """`observed` of the rule `key`, cut down to `senders` and to what its successor covers too.

    None where the two rules have no recipient in common: then nothing is left to stay for.
    """
    scope = _common_scope(observed, successor.properties)
    if scope is None:
        return None
    named: dict[str, PropertyValue] = {
        name: tuple(one for one in value if one in senders)
        for name in SENDER_CONDITIONS
        if isinstance(value := observed.get(name), tuple)
    }
    rest = {name: value for name, value in successor.properties.items() if name not in _OWN}
    form: dict[str, PropertyValue] = {**rest, **named, **scope, "Name": observed.get("Name", "")}
    comments = _comments(observed, successor.properties, key, form)
    return {**form, "Comments": comments} if comments else form


def standing_in_for_inbox(
    observed: Properties, mailboxes: tuple[str, ...], senders: frozenset[str], *, ends: datetime
) -> Properties | None:
    """A transport rule cut down to what inbox rules in `mailboxes` take over; None where nothing is left."""
    sent_to = observed.get("SentTo")
    left = tuple(one for one in mailboxes if not isinstance(sent_to, tuple) or one in sent_to)
    if not left:
        return None
    form: dict[str, PropertyValue] = {**observed, "SentTo": sorted_values(left)}
    for name in SENDER_CONDITIONS:
        value = observed.get(name)
        if isinstance(value, tuple):
            form[name] = tuple(one for one in value if one in senders)
    expiry = observed.get("ExpiryDate")
    form["ExpiryDate"] = min(expiry, ends) if isinstance(expiry, datetime) else ends
    return restamped(form)


def restamped(form: Properties) -> Properties:
    """The same with a stamp that fits it, where it has one."""
    stamp = parse_stamp(str(form.get("Comments", "")))
    if not isinstance(stamp, Stamp):
        return form
    return {**form, "Comments": _comments(form, form, stamp.key, form)}


def _common_scope(observed: Properties, wanted: Properties) -> Properties | None:
    """Conditions are ANDed, so two rules' scopes of different kinds simply stand beside each other."""
    scope: dict[str, PropertyValue] = {}
    for name in SCOPES:
        one, other = observed.get(name), wanted.get(name)
        if isinstance(one, tuple) and isinstance(other, tuple):
            scope[name] = tuple(value for value in one if value in other)
            if not scope[name]:
                return None
        elif one is not None:
            scope[name] = one
        elif other is not None:
            scope[name] = other
    return scope


def _comments(observed: Properties, successor: Properties, key: str, form: Properties) -> str:
    """The words of the successor over a stamp of this rule's own."""
    theirs = str(successor.get("Comments", ""))
    stamp = parse_stamp(theirs)
    if not isinstance(stamp, Stamp):
        return str(observed.get("Comments", ""))
    own = Stamp(stamp.instance_id, stamp.case_reference, key, digest_of(form))
    return theirs.replace(stamp_text(stamp), stamp_text(own))
