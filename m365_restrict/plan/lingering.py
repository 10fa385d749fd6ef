"""The form in which a rule stays while another takes its place.

It says what its successor says, about the senders and recipients that both have, so that the person
meets the decision as it is now, whichever of the two rules acts. Where it keeps anything else, that is what
this program last wrote, never what stands in the tenant: an edit of somebody's is not written anew.
"""

from datetime import datetime
from enum import Enum

from m365_restrict.plan.opening import opened
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


def standing_in(left: Properties, successor: Wanted, key: str, senders: frozenset[str]) -> Properties | None:
    """The rule `key` as it was `left` by us, cut down to `senders` and to what its successor covers too.

    None where the two rules have no recipient in common: then nothing is left to stay for.
    """
    scope = _common_scope(left, successor.properties)
    if scope is None:
        return None
    rest = {name: value for name, value in successor.properties.items() if name not in _OWN}
    form = {**rest, **_senders_in(left, senders), **scope, "Name": left.get("Name", "")}
    comments = _comments(left, successor.properties, key, form)
    return {**form, "Comments": comments} if comments else form


def as_it_was(left: Properties, successor: Wanted, senders: frozenset[str]) -> Properties | None:
    """The same, saying what it said before: only what opens is taken over from its successor."""
    form = opened({**left, **_senders_in(left, senders)}, successor.properties, senders)
    return restamped(form) if form is not None else None


def standing_in_for_inbox(
    left: Properties, mailboxes: tuple[str, ...], senders: frozenset[str], *, ends: datetime
) -> Properties | None:
    """A transport rule cut down to what inbox rules in `mailboxes` take over; None where nothing is left."""
    sent_to = left.get("SentTo")
    common = tuple(one for one in mailboxes if not isinstance(sent_to, tuple) or one in sent_to)
    if not common:
        return None
    expiry = left.get("ExpiryDate")
    until = min(expiry, ends) if isinstance(expiry, datetime) else ends
    form = {**left, **_senders_in(left, senders), "SentTo": sorted_values(common), "ExpiryDate": until}
    return restamped(form)


def bears_its_digest(form: Properties) -> bool:
    """Whether nobody has edited the rule since its stamp was written: the digest in it still fits."""
    stamp = parse_stamp(str(form.get("Comments", "")))
    return isinstance(stamp, Stamp) and stamp.digest == digest_of(form)


def _senders_in(left: Properties, senders: frozenset[str]) -> dict[str, PropertyValue]:
    """The sender conditions of a rule with those of `senders` that it holds."""
    return {
        name: tuple(one for one in value if one in senders)
        for name in SENDER_CONDITIONS
        if isinstance(value := left.get(name), tuple)
    }


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
