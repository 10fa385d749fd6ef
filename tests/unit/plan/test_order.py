from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Change, ChangeClass, FieldChange, LineEntry, RuleKind
from m365_restrict.plan.order import ORDER_FIELD, in_writing_order, out_of_order, placed, priority_for
from m365_restrict.plan.place import Place
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.properties import senders_of

ORDERS = {key: (2, key, 1) for key in "abcde"}


def line(text: str) -> list[LineEntry]:
    """Letters are ours, a dot is a foreign rule."""
    return [LineEntry(f"guid-{at}", "" if letter == "." else letter) for at, letter in enumerate(text)]


@pytest.mark.parametrize(
    ("standing", "moving"),
    [("", ""), ("abc", ""), ("a.b..c", ""), ("bac", "b"), ("cab", "c"), ("acb", "c"), ("edcba", "edcb")],
)
def test_the_fewest_rules_move(standing: str, moving: str) -> None:
    assert len(out_of_order(line(standing), ORDERS)) == len(moving)


@pytest.mark.parametrize(
    ("standing", "place", "priority"),
    [
        ("", Place.LAST, 0),
        ("..", Place.LAST, 2),
        ("..", Place.FIRST, 0),
        ("..ad", Place.LAST, 3),
        ("a.d", Place.LAST, 2),
        ("ad.", Place.LAST, 1),
        ("ad..", Place.FIRST, 1),
        ("d..", Place.FIRST, 0),
    ],
)
def test_where_a_rule_goes(standing: str, place: Place, priority: int) -> None:
    assert priority_for(ORDERS["c"], line(standing), ORDERS, place) == priority


def change(key: str, action: Action = Action.CREATE, **more: Any) -> Change:
    name = more.pop("name", f"rule {key}")
    before = more.pop("before", name)
    raw = {"Name": before, "Guid": key, "Priority": 0}
    return Change(
        action=action,
        kind=RuleKind.TRANSPORT_RULE,
        key=key,
        name=name,
        case_reference=key,
        mailbox="",
        chosen_by_holder=False,
        change_class=ChangeClass.PENDING,
        fields=more.pop("fields", ()),
        effect="",
        opens=False,
        target=None if action is Action.DELETE else {"Name": name},
        observed=None if action is Action.CREATE else observe_transport_rule(raw),
        **more,
    )


def keys(changes: Any) -> str:
    return "".join(entry.key for entry in changes)


def test_creates_then_updates_then_deletes() -> None:
    given = [change("a", Action.DELETE), change("b", Action.UPDATE), change("c")]
    assert keys(in_writing_order(given, ORDERS)) == "cba"


def test_named_mailbox_rules_first() -> None:
    orders = ORDERS | {"e": (1, "e", 1)}
    assert keys(in_writing_order([change("a"), change("e")], orders)) == "ea"


def test_a_name_is_freed_before_it_is_taken() -> None:
    given = [
        change("a", Action.DELETE, name="X"),
        change("b", Action.UPDATE, name="X", before="X (2)"),
        change("c", Action.UPDATE, name="X (2)", before="X (3)"),
    ]
    assert keys(in_writing_order(given, ORDERS)) == "abc"


def moving(key: str, before: str, after: str, **more: Any) -> Change:
    """A change of a rule's senders, one letter each. Without senders before or after there is no rule."""
    if not after:
        return replace(with_senders(key, before, before), action=Action.DELETE, target=None)
    made = with_senders(key, before or after, after, **more)
    return made if before else replace(made, action=Action.CREATE, observed=None)


def with_senders(key: str, before: str, after: str, **more: Any) -> Change:
    base = change(key, Action.UPDATE)
    old, new = (tuple(f"{one}@x.example" for one in side) for side in (before, after))
    common = {"Name": base.name, "State": "Enabled", "Mode": "Enforce"}
    raw = {**common, "From": list(old), "Guid": key, "Priority": 0}
    target = {**common, "From": new} | more
    return replace(base, target=target, observed=observe_transport_rule(raw))


HANDOVERS = [
    [moving("a", "p", "q"), moving("b", "q", "p")],
    [moving("a", "pq", "p"), moving("b", "r", "qr")],
    [moving("a", "p", "q"), moving("b", "q", "r"), moving("c", "r", "p")],
    [moving("a", "p", ""), moving("b", "q", "pq")],
    [moving("a", "p", ""), moving("b", "", "p", Name="rule a")],
    [moving("a", "pq", "p"), moving("b", "r", "qr"), replace(moving("c", "s", "q"), held_by="frozen")],
]


@pytest.mark.parametrize("given", HANDOVERS, ids=["swap", "move", "ring", "merge", "same name", "held"])
def test_a_sender_that_moves_to_another_rule_is_never_in_none(given: list[Change]) -> None:
    going = [one for one in given if not one.held_by]
    standing = {one.key: one.observed.properties for one in going if one.observed}
    always = {sender for one in standing.values() for sender in senders_of(one)}
    always &= {sender for one in going for sender in senders_of(one.target or {})}
    for step in (one for one in in_writing_order(given, ORDERS) if not one.held_by):
        standing.pop(step.key, None)
        if step.target is not None:
            standing[step.key] = step.target
        assert always <= {sender for one in standing.values() for sender in senders_of(one)}
        names = [one["Name"] for one in standing.values()]
        assert len(names) == len(set(names))
    assert standing == {one.key: one.target for one in going if one.target is not None}


def test_senders_are_not_kept_for_a_while_in_a_rule_that_does_something_else() -> None:
    given = [with_senders("a", "p", "q", Mode="Audit"), with_senders("b", "q", "p", Mode="Audit")]
    assert keys(in_writing_order(given, ORDERS)) == "ab"


def test_two_rules_that_swap_names_need_a_passing_one() -> None:
    given = [
        change("a", Action.UPDATE, name="X", before="Y"),
        change("b", Action.UPDATE, name="Y", before="X"),
    ]
    result = in_writing_order(given, ORDERS)
    assert (keys(result), [one.name for one in result[1:]]) == ("bab", ["X", "Y"])
    assert result[2].observed_name == result[0].name


def test_the_order_does_not_depend_on_the_order_of_arrival() -> None:
    given = [change(key) for key in "abc"]
    assert in_writing_order(given, ORDERS) == in_writing_order(given[::-1], ORDERS)


def test_priorities_are_those_at_the_time_of_writing() -> None:
    given = [change("b"), change("d"), change("a", Action.DELETE)]
    result = placed(given, line("..ac"), ORDERS, Place.LAST)
    assert [entry.priority for entry in result] == [3, 5, None]


def test_a_held_create_takes_no_place() -> None:
    given = [replace(change("b"), held_by="source-empty"), change("d")]
    assert [entry.priority for entry in placed(given, line("a"), ORDERS, Place.LAST)] == [None, 1]


def test_a_move_is_counted_without_the_rule_itself() -> None:
    moved = change("a", Action.UPDATE, fields=(FieldChange(ORDER_FIELD, 2, 1),))
    assert placed([moved], line("ba"), ORDERS, Place.LAST)[0].priority == 0


@pytest.mark.parametrize("standing", ["bac", "cab", "e.dcba", "bdace", "ecbad.", ".dcbae"])
def test_moving_them_brings_the_order_back(standing: str) -> None:
    entries = line(standing)
    fields = (FieldChange(ORDER_FIELD, 2, 1),)
    moves = [change(key, Action.UPDATE, fields=fields) for key in out_of_order(entries, ORDERS)]
    for move in placed(in_writing_order(moves, ORDERS), entries, ORDERS, Place.LAST):
        assert move.priority is not None
        entries = [entry for entry in entries if entry.key != move.key]
        entries.insert(move.priority, LineEntry("", move.key))
    ours = [entry.key for entry in entries if entry.key]
    assert ours == sorted(ours)
