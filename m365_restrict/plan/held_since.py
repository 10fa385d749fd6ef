"""Since when a rule of ours holds each of its senders, reckoned anew at each write.

Exchange may take an hour to obey a write, and until then obeys the form that it heard of before
(exchange.md 3 and 8). For a sender whom both forms name that makes no difference, as long as the new form
says of him what the old one said, or exempts more: whichever of the two is obeyed, it holds him wherever the
new one does. So a write begins the wait anew only for the senders that it adds, and for all where the rule
says something else or acts on more mail, where its scope is another, or where it was moved: above its new
place another rule may stop what the old place let it see. An inbox rule acts at once, so the same holds of it
all the more.

Where `Standing.since` knows of no moment before a write, there is none after it either: else what waits
would be over as soon as it is written, and a plan after apply would not be empty.
"""

from collections.abc import Mapping
from datetime import datetime

from m365_restrict.plan.change import Applied, Change
from m365_restrict.plan.opening import only_opens
from m365_restrict.plan.order import ORDER_FIELD
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.properties import INBOX_SENDERS, SENDER_CONDITIONS, enabled_in, senders_of

_SCOPES = ("SentTo", "SentToMemberOf")
_ASIDE = frozenset({"Name", "Comments", "displayName", INBOX_SENDERS, *SENDER_CONDITIONS})


def held_since(
    before: Applied | None, after: Applied, at: datetime, *, change: Change | None = None
) -> Mapping[str, datetime]:
    """By sender as `after` names him, since when the rule has held him.

    `before` is what the ledger knew of the rule, and `after` how it stood once it had been written by
    `change` at `at`; without a change it was found so and nothing was written. What stood in the tenant
    before counts as well: where somebody had edited the rule, all that a write puts back is held from
    then on.
    """
    senders = senders_of(after.properties)
    if before is None or not _goes_on(before, after, change):
        return dict.fromkeys(senders, at)
    held = {*senders_of(before.properties)} & {*senders_of(_stood(after, change))}
    return {one: (before.since(one) or at) if one in held else at for one in senders}


def does(properties: Properties) -> Properties:
    """All that a rule says but its names and whom it is about."""
    return {name: value for name, value in properties.items() if name not in _ASIDE}


def same_scope(one: Properties, other: Properties) -> bool:
    """Whether two forms of a rule are for the same recipients, but for exemptions."""
    return all(one.get(name) == other.get(name) for name in _SCOPES)


def _stood(after: Applied, change: Change | None) -> Properties:
    """The rule as it stood before; nothing where it was made."""
    if change is None:
        return after.properties
    return change.observed.properties if change.observed else {}


def _goes_on(before: Applied, after: Applied, change: Change | None) -> bool:
    """Whether it is the same rule, stood as it was left, and now holds nobody for whom it did less before."""
    moved = change is not None and any(one.field == ORDER_FIELD for one in change.fields)
    if moved or before.guid_or_rule_id != after.guid_or_rule_id or not enabled_in(after.properties):
        return False
    was, now = does(before.properties), does(after.properties)
    return does(_stood(after, change)) == was and same_scope(was, now) and only_opens(was, now)
