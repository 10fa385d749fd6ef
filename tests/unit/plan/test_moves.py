"""What counts as a re-routing and as a weakening that no decision stands behind, and what does not."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Change
from m365_restrict.plan.difference import difference
from m365_restrict.plan.healing import healing
from m365_restrict.plan.moves import MoveFacts, Moves, moves_in
from m365_restrict.register.case import Measure, Scope
from m365_restrict.register.recipient import RecipientKind, Unresolved
from m365_restrict.rules.transport_rule import RuleMode, SenderLocation, SenderMatch

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
OTHER, PLANNING, PARKS = "other@ash.example", "planning@ash.example", "parks@ash.example"
EVERYONE = "everyone@ash.example"


class Scene:
    """Two cases as they were applied; a test then changes the council, its settings or its directory."""

    def __init__(self, council: Any, **fields: Any) -> None:
        self.council = council
        council.know(council.recipient(OTHER, RecipientKind.SHARED_MAILBOX))
        council.know(council.recipient(PARKS))
        self.cases = [council.case("RC-1", **fields), council.case("RC-2", **fields)]
        before = council.compile(self.cases)
        self.tenant = council.tenant(before)
        self.applied = council.applied(before, self.tenant)

    def set(self, **options: Any) -> None:
        self.council.options = replace(self.council.options, **options)

    def edit(self, number: int, **fields: Any) -> None:
        case = self.cases[number]
        self.cases[number] = replace(case, protected=replace(case.protected, **fields))

    def moves(self, *, heal: bool = False) -> Moves:
        given = self.council.compare(self.council.compile(self.cases), self.tenant, self.applied)
        found = healing(given, now=NOW) if heal else difference(given)
        self.changes = found.changes
        return moves_in(
            found,
            MoveFacts(
                cases=self.cases,
                directory=self.council.directory,
                observed=given.observed,
                applied=self.applied,
            ),
        )

    def opening(self, number: int) -> Change | None:
        """What goes ahead in one case while its weakening is held."""
        held = {change.case_reference: change for change in self.moves().unrecorded.values()}
        change = held[self.cases[number].reference]
        assert not change.opens
        return change.opening


BOTH = frozenset({"RC-1", "RC-2"})


@pytest.fixture
def scene(council: Any) -> Scene:
    return Scene(council)


def test_nothing_has_changed(scene: Scene) -> None:
    assert (scene.moves().rerouted, scene.moves().weakened) == (frozenset(), frozenset())
    assert scene.moves().standing == BOTH


def test_another_single_contact_reroutes(scene: Scene) -> None:
    scene.edit(0, spoc_mailbox=OTHER)
    assert (scene.moves().rerouted, scene.moves().weakened) == (frozenset({"RC-1"}), frozenset())


def test_an_address_that_has_moved_to_another_mailbox_reroutes_every_case(scene: Scene) -> None:
    contact = scene.cases[0].protected.spoc_mailbox
    scene.council.know(replace(scene.council.recipient(OTHER), asked=contact))
    assert scene.moves().rerouted == BOTH


def test_a_copy_in_place_of_a_redirect_to_the_same_mailbox_does_not(scene: Scene) -> None:
    scene.edit(0, measure=Measure.COPY)
    assert scene.moves().rerouted == frozenset()


def test_healing_what_somebody_has_rerouted_does_not(scene: Scene) -> None:
    for raw in scene.tenant.transport:
        raw["RedirectMessageTo"] = [OTHER]
    assert scene.moves(heal=True).rerouted == frozenset()
    assert len(scene.changes) == 2


def test_a_scope_that_moves_with_its_contact_reroutes(scene: Scene) -> None:
    scene.edit(0, scope=Scope.NAMED, scope_mailboxes=(PLANNING,), spoc_mailbox=OTHER)
    assert scene.moves().rerouted == frozenset({"RC-1"})


def test_audit_mode_weakens_every_case(scene: Scene) -> None:
    scene.set(mode=RuleMode.AUDIT)
    assert scene.moves().weakened == BOTH
    assert scene.opening(0) is None


def test_the_first_switch_to_enforce_does_not(council: Any) -> None:
    council.options = replace(council.options, mode=RuleMode.AUDIT)
    scene = Scene(council)
    scene.set(mode=RuleMode.ENFORCE)
    assert (scene.moves().weakened, scene.moves().standing) == (frozenset(), frozenset())
    assert len(scene.changes) == 2


def test_what_the_register_opens_goes_ahead_although_audit_mode_is_held(scene: Scene) -> None:
    scene.set(mode=RuleMode.AUDIT)
    scene.edit(0, allowed_recipients=(PLANNING,))
    opening = scene.opening(0)
    assert opening is not None
    assert opening.opens
    assert opening.target is not None
    assert opening.target["Mode"] == "Enforce"
    assert PLANNING in str(opening.target["ExceptIfSentTo"])


def test_the_envelope_no_longer_looked_at_weakens(council: Any) -> None:
    council.options = replace(council.options, sender_location=SenderLocation.HEADER_OR_ENVELOPE)
    scene = Scene(council)
    scene.set(sender_location=SenderLocation.HEADER)
    assert scene.moves().weakened == BOTH


def test_another_way_to_name_the_same_senders_does_not(scene: Scene) -> None:
    scene.set(sender_match=SenderMatch.PATTERNS)
    assert scene.moves().weakened == frozenset()
    assert len(scene.changes) == 2


def test_another_councillors_group_weakens_and_its_members_wait_with_it(scene: Scene) -> None:
    scene.council.group = scene.council.recipient(EVERYONE, RecipientKind.GROUP)
    scene.council.members = frozenset({"cllr.b@ash.example", "one@ash.example", "two@ash.example"})
    assert scene.moves().weakened == BOTH
    assert scene.opening(0) is None


def test_a_group_among_the_protected_mailboxes_weakens(scene: Scene) -> None:
    scene.council.protected = (
        *scene.council.protected,
        scene.council.recipient(EVERYONE, RecipientKind.GROUP),
    )
    assert scene.moves().weakened == BOTH


def test_one_more_protected_mailbox_does_not(scene: Scene) -> None:
    scene.council.protected = (*scene.council.protected, scene.council.recipient(PARKS))
    assert scene.moves().weakened == frozenset()
    assert all(change.opens for change in scene.changes)


def test_a_new_councillor_does_not(scene: Scene) -> None:
    scene.council.members = scene.council.members | {"cllr.new@ash.example"}
    assert scene.moves().weakened == frozenset()
    assert all(change.opens for change in scene.changes)


@pytest.mark.parametrize(
    "opening",
    [
        {"addresses": ("rc-1@mail.example",)},
        {"allowed_recipients": (PLANNING,)},
        {"scope": Scope.NAMED, "scope_mailboxes": (PLANNING,)},
        {"measure": Measure.COPY},
        {"measure": Measure.NO_EMAIL},
        {"measure": Measure.JUNK, "scope": Scope.NAMED, "scope_mailboxes": (PLANNING,)},
    ],
    ids="-".join,
)
def test_what_the_register_says_is_no_unrecorded_weakening(council: Any, opening: dict[str, Any]) -> None:
    scene = Scene(council, addresses=("rc-1@mail.example", "second@mail.example"))
    scene.edit(0, **opening)
    assert scene.moves().weakened == frozenset()
    assert scene.changes


def test_a_group_that_the_register_allows_is_no_unrecorded_weakening(scene: Scene) -> None:
    scene.edit(0, allowed_recipients=("team@ash.example",))
    assert scene.moves().weakened == frozenset()
    assert len(scene.changes) == 1


def test_a_mailbox_of_the_scope_that_becomes_a_councillors_does_not_count(council: Any) -> None:
    scene = Scene(council, scope_mailboxes=(PLANNING, PARKS))
    scene.council.members = scene.council.members | {PARKS}
    assert scene.moves().weakened == frozenset()
    assert len(scene.changes) == 2


def test_a_scope_that_is_swallowed_by_another_councillors_group_counts(council: Any) -> None:
    scene = Scene(council, scope_mailboxes=(PLANNING, PARKS))
    scene.council.group = scene.council.recipient(EVERYONE, RecipientKind.GROUP)
    scene.council.members = scene.council.members | {PARKS, PLANNING}
    moves = scene.moves()
    assert moves.weakened == BOTH
    assert {change.action for change in moves.unrecorded.values()} == {Action.DELETE}
    assert scene.opening(0) is None


def test_what_is_lifted_besides_is_opened_in_a_rule_that_is_kept(council: Any) -> None:
    scene = Scene(council, scope_mailboxes=(PLANNING,), addresses=("a@mail.example", "b@mail.example"))
    scene.council.group = scene.council.recipient(EVERYONE, RecipientKind.GROUP)
    scene.council.members = scene.council.members | {PLANNING}
    scene.edit(0, addresses=("a@mail.example",))
    opening = scene.opening(0)
    assert opening is not None
    assert opening.target is not None
    assert opening.target["From"] == ("a@mail.example",)


def test_a_case_whose_contact_is_gone_is_no_rerouting(scene: Scene) -> None:
    contact = scene.cases[0].protected.spoc_mailbox
    scene.council.know(Unresolved(contact, "not found"))
    assert scene.moves().rerouted == frozenset()
