"""What stays until its successor has settled, how far, and what never waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Difference
from m365_restrict.plan.inherit import inherited
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Handling
from m365_restrict.register.recipient import RecipientKind
from m365_restrict.rules.properties import senders_of

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(minutes=60)
A, B, C = (f"{letter}@mail.example" for letter in "abc")
OFFICER, PLANNING, TEAM = "officer@ash.example", "planning@ash.example", "team@ash.example"


def summary(found: Difference) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(change.action.value, change.key, senders_of(change.target or {})) for change in found.changes]


def test_a_part_stays_until_the_other_has_taken_its_sender_over(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A, B)))
    found = runs.decide(council.case("RC-1", addresses=(B,)))
    assert summary(found) == [("update", "RC-1/whole/1", (B,))]
    (waiting,) = found.settling
    assert (waiting.case_reference, waiting.until) == ("RC-1", NOW + HOUR)
    assert waiting.name == "RC-1 Redirect to single contact (2)"


def test_nothing_is_left_to_do_until_then(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A, B)))
    runs.decide(council.case("RC-1", addresses=(B,)))
    runs.successors_stand_since(NOW)
    runs.now += timedelta(minutes=59)
    assert (runs.run().changes, [one.until for one in runs.run().settling]) == ((), [NOW + HOUR])


def test_it_goes_once_its_successor_has_settled(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A, B)))
    runs.decide(council.case("RC-1", addresses=(B,)))
    runs.successors_stand_since(NOW)
    runs.now += HOUR
    assert summary(runs.run()) == [("delete", "RC-1/whole/2", ())]
    assert runs.run().settling == ()


def test_a_rule_that_the_ledger_does_not_know_has_settled_by_its_own_date(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A, B)))
    runs.decide(council.case("RC-1", addresses=(B,)))
    runs.successors_stand_since(NOW)
    runs.applied = [replace(one, written_at=None) for one in runs.applied]
    # Neither the ledger nor the rule says when.
    assert [one.until for one in runs.run().settling] == [NOW + HOUR]
    for raw in runs.tenant.transport:
        raw["WhenChanged"] = "2026-11-20T10:00:00+00:00"
    assert runs.run().settling == ()


def test_without_a_wait_nothing_stays(runs: Any, council: Any) -> None:
    runs.wait = timedelta()
    runs.stand(council.case("RC-1", addresses=(A, B)))
    found = runs.decide(council.case("RC-1", addresses=(B,)))
    assert [action for action, _, _ in summary(found)] == ["update", "delete"]


def test_a_sender_that_moves_is_in_both_rules_for_a_while(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(B, C)))
    found = runs.decide(council.case("RC-1", addresses=(A, B, C)))
    assert sorted(summary(found)) == [
        ("create", "RC-1/whole/3", (C,)),
        ("update", "RC-1/whole/1", (A, B)),
        ("update", "RC-1/whole/2", (B, C)),
    ]


def test_an_address_that_the_register_took_away_is_open_at_once(runs: Any, council: Any) -> None:
    runs.council.options = replace(council.options, max_senders=2)
    runs.stand(council.case("RC-1", addresses=(A, B, C, "d@mail.example")))
    found = runs.decide(council.case("RC-1", addresses=(A, C)))
    assert ("update", "RC-1/whole/2", (C,)) in summary(found)
    assert [change.opens for change in found.changes if change.key == "RC-1/whole/2"] == [True]


def test_a_lifted_case_is_open_at_once(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A, B)), council.case("RC-2"))
    runs.lifted = frozenset({"RC-1"})
    found = runs.decide(council.case("RC-2"))
    assert ([action for action, _, _ in summary(found)], found.settling) == (["delete", "delete"], ())


def test_a_rule_that_stays_does_what_the_decision_says_now(runs: Any, council: Any) -> None:
    council.know(council.recipient("point@ash.example"))
    runs.stand(council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER, TEAM)))
    found = runs.decide(council.case("RC-1", addresses=(A,), spoc_mailbox="point@ash.example"))
    stays = {change.key: change.target or {} for change in found.changes}
    assert stays["RC-1/named-groups/1"]["RedirectMessageTo"] == ("point@ash.example",)
    assert stays["RC-1/named-groups/1"]["SentToMemberOf"] == (TEAM,)


def test_a_rule_that_stays_covers_nobody_whom_its_successor_leaves_out(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER, TEAM)))
    found = runs.decide(council.case("RC-1", addresses=(A,), scope_mailboxes=(PLANNING,)))
    stays = {change.key: change.target for change in found.changes}["RC-1/named-groups/1"]
    assert stays is not None
    assert (stays["SentToMemberOf"], stays["SentTo"]) == ((TEAM,), (PLANNING,))


def test_a_rule_that_stays_gives_up_a_name_that_another_needs(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER, TEAM)))
    found = runs.decide(council.case("RC-1", addresses=(A, B), scope_mailboxes=(TEAM,)))
    names = [str((change.target or {}).get("Name")) for change in found.changes]
    assert len(set(names)) == len(names)


def test_transport_rules_stay_in_the_mailboxes_that_junk_takes_over(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A,)))
    runs.tenant.inbox[OFFICER] = []
    junk = council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,))
    found = runs.decide(junk)
    targets = {change.key: change.target or {} for change in found.changes}
    assert targets["RC-1/whole/1"]["SentTo"] == (OFFICER,)
    assert len(targets) == 2


def test_junk_rules_stay_until_exchange_has_taken_over(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    found = runs.decide(council.case("RC-1", addresses=(A,)))
    assert summary(found) == [("create", "RC-1/whole/1", (A,))]
    assert len(found.settling) == 1


@pytest.mark.parametrize("toward_junk", [True, False])
def test_a_guest_is_not_let_through_while_the_services_change_over(
    runs: Any, council: Any, toward_junk: bool
) -> None:
    council.senders[A] = replace(council.recipient(A, RecipientKind.GUEST), address=B)
    junk = council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,))
    redirect = council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER,))
    runs.stand(junk if not toward_junk else redirect)
    runs.tenant.inbox.setdefault(OFFICER, [])
    found = runs.decide(junk if toward_junk else redirect)
    assert ([one.action for one in found.changes], len(found.settling)) == ([Action.CREATE], 1)


def test_a_mailbox_that_leaves_the_scope_is_open_at_once(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    found = runs.decide(council.case("RC-1", addresses=(A,), scope_mailboxes=(PLANNING,)))
    assert sorted(action for action, _, _ in summary(found)) == ["create", "delete"]


@pytest.mark.parametrize("exempting", [{"spoc_mailbox": OFFICER}, {"allowed_recipients": (OFFICER,)}])
def test_a_mailbox_that_the_successor_exempts_is_open_at_once(
    runs: Any, council: Any, exempting: dict[str, Any]
) -> None:
    runs.stand(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    found = runs.decide(council.case("RC-1", addresses=(A,), **exempting))
    removed = [(one.mailbox, one.opens) for one in found.changes if one.action is Action.DELETE]
    assert (removed, found.settling) == ([(OFFICER, True)], ())


@pytest.mark.parametrize(
    ("successor", "members", "opens"),
    [
        ({"allowed_recipients": (TEAM,)}, {TEAM: frozenset({OFFICER})}, True),
        ({"allowed_recipients": (TEAM,)}, {TEAM: frozenset({PLANNING})}, False),
        ({"allowed_recipients": (TEAM,)}, {}, False),
        ({"scope_mailboxes": (TEAM,)}, {TEAM: frozenset({PLANNING})}, True),
        ({"scope_mailboxes": (TEAM,)}, {TEAM: frozenset({OFFICER})}, False),
        ({"scope_mailboxes": (TEAM,)}, {}, False),
    ],
)
def test_a_mailbox_that_a_group_of_the_successor_opens_is_open_at_once(
    runs: Any, council: Any, successor: dict[str, Any], members: Any, opens: bool
) -> None:
    runs.stand(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    runs.members = members
    found = runs.decide(council.case("RC-1", addresses=(A,), **successor))
    removed = [(one.mailbox, one.opens) for one in found.changes if one.action is Action.DELETE]
    assert (removed, len(found.settling)) == (([(OFFICER, True)], 0) if opens else ([], 1))


def test_who_joins_an_exempt_group_while_a_rule_settles_is_open_at_once(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER, PLANNING)))
    runs.members = {TEAM: frozenset({PLANNING})}
    runs.decide(council.case("RC-1", addresses=(A,), allowed_recipients=(TEAM,)))
    runs.successors_stand_since(NOW)
    runs.now += timedelta(minutes=5)
    assert (runs.run().changes, len(runs.run().settling)) == ((), 1)
    runs.members = {TEAM: frozenset({PLANNING, OFFICER})}
    assert [(one.action, one.mailbox) for one in runs.run().changes] == [(Action.DELETE, OFFICER)]


def test_a_rule_that_only_changes_its_key_in_one_mailbox_is_no_opening(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    runs.applied = [replace(one, key=f"{one.key}-before") for one in runs.applied]
    found = runs.decide(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    assert [one.opens for one in found.changes if one.action is Action.DELETE] == [False]


def test_a_councillors_second_rule_stays_until_the_first_has_its_sender(runs: Any, council: Any) -> None:
    chosen = council.choice(Handling.AS_COUNCIL, case_reference="RC-1", sender="")
    runs.stand(council.case("RC-1", addresses=(A, B)), choices=[chosen])
    found = runs.decide(council.case("RC-1", addresses=(B,)), choices=[chosen])
    assert len(found.settling) == 2
    assert Action.DELETE not in {change.action for change in found.changes}


def test_a_choice_that_was_stopped_ends_at_once(runs: Any, council: Any) -> None:
    chosen = council.choice(Handling.AS_COUNCIL, case_reference="RC-1", sender="")
    case = council.case("RC-1", addresses=(A,))
    runs.stand(case, choices=[chosen])
    found = runs.decide(case)
    assert ([action for action, _, _ in summary(found)], found.settling) == (["delete"], ())


def test_a_rule_with_no_room_for_both_waits_as_it_is(runs: Any, council: Any) -> None:
    council.options = replace(council.options, max_senders=150, rule_size_budget=6144)
    long = [f"{letter}{'x' * 110}@mail.example" for letter in "abcdefghijklmnopqrstuvwxyz"]
    many = [f"{letter}{number}{'y' * 110}@mail.example" for letter in "mnop" for number in range(20)]
    runs.stand(council.case("RC-1", addresses=tuple(sorted(many))))
    found = runs.decide(council.case("RC-1", addresses=tuple(sorted([*long, *many]))))
    # The last part can take over first; one in the middle has no room for its own and another's.
    assert {one.name for one in found.settling} - {change.observed_name for change in found.changes}


class TestInheritance:
    def test_a_narrower_scope_is_a_set_on_the_same_rule(self, council: Any) -> None:
        assert self.keys(council, council.case(), scope_mailboxes=(OFFICER,)) == {
            "RC-2026-001/whole/1": "RC-2026-001/named/1"
        }

    def test_of_two_new_rules_one_takes_the_old_one(self, council: Any) -> None:
        assert len(self.keys(council, council.case(), scope_mailboxes=(OFFICER, TEAM))) == 1

    def test_a_rule_that_is_still_wanted_stays_itself(self, council: Any) -> None:
        assert self.keys(council, council.case(), spoc_mailbox=PLANNING) == {}

    def test_rules_of_other_people_do_not_follow_each_other(self, council: Any) -> None:
        assert self.keys(council, council.case(), addresses=(A,), scope_mailboxes=(OFFICER,)) == {}

    @staticmethod
    def keys(council: Any, before: Any, **after: Any) -> Any:
        stood = council.compile([before])
        applied = council.applied(stood, council.tenant(stood))
        now = council.case(**({"addresses": before.protected.addresses} | after))
        return inherited(applied, council.compile([now]))
