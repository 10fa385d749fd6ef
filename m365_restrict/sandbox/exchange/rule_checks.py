"""What a rule as a whole must satisfy before it is stored (exchange.md 1.7, 2, 3)."""

from collections.abc import Iterable, Mapping
from typing import Any

from m365_restrict.sandbox.exchange.catalogue import Part
from m365_restrict.sandbox.exchange.refusals import (
    HTTP_BAD_REQUEST,
    CmdletRefused,
    budget_spent,
    invalid,
    missing_parameter,
    no_action,
    rule_too_big,
)
from m365_restrict.sandbox.exchange.rule_object import parts_set

RULE_LIMIT = 300
SIZE_LIMIT = 8192
MATCHING_LIMIT = 20480
_MODERATOR_LIMIT = 10

_HEADER_PAIRS = tuple(
    (f"{prefix}Header{verb}MessageHeader", f"{prefix}Header{verb}{what}")
    for prefix in ("", "ExceptIf")
    for verb, what in (("Contains", "Words"), ("Matches", "Patterns"))
)
_PAIRS = (*_HEADER_PAIRS, ("SetHeaderName", "SetHeaderValue"))


def check_rule(
    rule: Mapping[str, Any], others: Iterable[Mapping[str, Any]], *, name_taken: int = HTTP_BAD_REQUEST
) -> None:
    """Refuse a rule that the service would not store; `rule` is already derived.

    `name_taken` is the HTTP status for a name that another rule has.

    More than ten redirect targets pass: such a rule is stored and silently not applied (exchange.md 3).
    """
    neighbours = list(others)
    _check_name(rule, neighbours, name_taken)
    if not parts_set(rule, Part.ACTION):
        raise no_action()
    _check_combinations(rule)
    if rule["Size"] > SIZE_LIMIT:
        raise rule_too_big(rule["Size"])
    used = sum(entry["RegexSize"] for entry in (rule, *neighbours))
    if rule["RegexSize"] and used > MATCHING_LIMIT:
        raise budget_spent(used)


def check_count(existing: int) -> None:
    """Refuse the 301st rule; the text is ours."""
    if existing >= RULE_LIMIT:
        raise invalid(
            f"The organization already has {existing} rules; at most {RULE_LIMIT} are allowed.", "Name"
        )


def check_priority(priority: int, highest: int) -> None:
    """Refuse a place outside 0 to `highest`; the text is ours."""
    if not 0 <= priority <= highest:
        raise invalid(f"The priority {priority} isn't between 0 and {highest}.", "Priority")


def _check_name(rule: Mapping[str, Any], others: Iterable[Mapping[str, Any]], status: int) -> None:
    """The recorded facts hold no text for a name that is taken (exchange.md 1.7): this one is ours."""
    name = rule["Name"]
    if not name:
        raise missing_parameter("Name")
    if any(other["Name"].casefold() == name.casefold() for other in others):
        refusal = invalid(f"A transport rule with the name '{name}' already exists.", "Name")
        refusal.status = status
        raise refusal


def _check_combinations(rule: Mapping[str, Any]) -> None:
    if rule["RedirectMessageTo"] and rule["RejectMessageReasonText"]:
        raise _exclusive("RedirectMessageTo", "RejectMessageReasonText")
    for first, second in _PAIRS:
        if bool(rule[first]) != bool(rule[second]):
            raise invalid(f"{first} and {second} must be set and cleared together.", first)
    if len(rule["ModerateMessageByUser"] or ()) > _MODERATOR_LIMIT:
        raise invalid(f"At most {_MODERATOR_LIMIT} moderators are allowed.", "ModerateMessageByUser")


def _exclusive(first: str, second: str) -> CmdletRefused:
    return invalid(f"The actions {first} and {second} can't be combined in one rule.", first)
