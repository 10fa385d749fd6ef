"""What a rule does to mail, where somebody's edit is to be accepted or put back by hand."""

from collections.abc import Iterable

from m365_restrict.ledger.written import WrittenChange, WrittenResult
from m365_restrict.plan.opening import actions_in
from m365_restrict.rules.observed import Properties, PropertyValue
from m365_restrict.rules.properties import INBOX_FOLDER, INBOX_REDIRECT, INBOX_SENDERS, SENDER_CONDITIONS

_SENDERS = frozenset({*SENDER_CONDITIONS, INBOX_SENDERS})
_OURS = frozenset(
    {
        "RedirectMessageTo",
        "BlindCopyTo",
        "RejectMessageReasonText",
        "StopRuleProcessing",
        INBOX_FOLDER,
        INBOX_REDIRECT,
        "actions.assignCategories",
        "actions.stopProcessingRules",
    }
)
"""All that rules of ours ever do (rules/properties.py)."""
_DECIDED = frozenset({WrittenResult.APPLIED, WrittenResult.KNOWN})


def undecided_actions(
    form: Properties, wanted: Properties, journal: Iterable[WrittenChange], domains: frozenset[str]
) -> tuple[str, ...]:
    """Names of what `form` does to mail that nobody decided; `domains` are the organisation's own.

    Decided is what the register wants now, and what a write of this installation has put into the rule.
    A write that only kept what it found has decided nothing: an opening leaves an edited action in place.
    Never decided are an action that rules of ours do not have, and sending mail outside.
    """
    now, then = actions_in(form), actions_in(wanted)
    other = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
    if not other:
        return ()
    if not any(_put_there(row, now) for row in journal):
        return tuple(other)
    changed = {name: now[name] for name in other if name in now}
    never = {*(changed.keys() - _OURS), *sent_outside(changed.items(), domains)}
    return tuple(sorted(never))


def _put_there(row: WrittenChange, actions: Properties) -> bool:
    if row.result not in _DECIDED or row.after is None or actions_in(row.after) != actions:
        return False
    return row.before is None or actions_in(row.before) != actions


def sent_outside(properties: Iterable[tuple[str, PropertyValue]], domains: frozenset[str]) -> list[str]:
    """Properties that name an outside address where a rule says what is done with mail."""
    return [
        name
        for name, value in properties
        if name not in _SENDERS and not name.startswith(("ExceptIf", "exceptions."))
        if any(
            "@" in one and one.rpartition("@")[2].lower() not in domains
            for one in (value if isinstance(value, tuple) else ())
        )
    ]
