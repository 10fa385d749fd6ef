"""What a rule does to mail, where somebody's edit is to be accepted or put back by hand."""

from collections.abc import Iterable

from m365_restrict.ledger.written import WrittenChange, WrittenResult
from m365_restrict.plan.blocking import KEEPS_AWAY, REJECTS, names_senders, treats_as_spam
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
_KEEPS_AWAY = frozenset(
    {
        *KEEPS_AWAY,
        "RouteMessageOutboundConnector",
        "actions.delete",
        "actions.permanentDelete",
        INBOX_FOLDER,
    }
)
_HELD = KEEPS_AWAY - REJECTS - {"RedirectMessageTo"}
_REFUSES = frozenset({"RejectMessageReasonText", "RejectMessageEnhancedStatusCode"})
_BIN = "deleteditems"


def harsher_actions(form: Properties, decided: Properties) -> tuple[str, ...]:
    """Names of what `form` does to keep mail from people and `decided` does not do at all.

    Mail that is sent to another mailbox, or put into another folder, than was decided still reaches people;
    mail that is deleted, held, turned away or treated as spam does not (exchange.md 2.5).
    """
    refuses = not _REFUSES.isdisjoint(decided)
    more = {name for name in _KEEPS_AWAY & form.keys() - decided.keys() if not (name in _REFUSES and refuses)}
    if str(form.get(INBOX_FOLDER, "")).lower() == _BIN != str(decided.get(INBOX_FOLDER, "")).lower():
        more.add(INBOX_FOLDER)
    if treats_as_spam(form) and not treats_as_spam(decided):
        more.add("SetSCL")
    return tuple(sorted(more))


def harsher_from_senders(rule: Properties) -> tuple[str, ...]:
    """Names of what somebody else's rule does to keep the mail of those whom it names from people.

    To delete it, hold it, turn it away or treat it as spam; mail that is sent to another mailbox reaches
    people, and a rule that names nobody is about nobody in particular.
    """
    if not any(name == "FromMemberOf" or names_senders(name, rule) for name in rule):
        return ()
    more = (_HELD | REJECTS) & rule.keys()
    return tuple(sorted({*more, "SetSCL"} if treats_as_spam(rule) else more))


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
