"""Each expectation of the proof met, and missed once it is tampered with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Change, Observed, Plan
from m365_restrict.plan.difference import difference
from m365_restrict.plan.foreign_effect import foreign_effects
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.proof import Proof, ProofGround, prove
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Handling
from m365_restrict.rules.transport_rule import RuleMode

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TWO = ("a@mail.example", "b@mail.example")
OFFICER, PLANNING, TEAM = "officer@ash.example", "planning@ash.example", "team@ash.example"
TRANSPORT = [Measure.REDIRECT, Measure.FILE, Measure.ALLOWED_ONLY, Measure.COPY, Measure.REFUSE]


@dataclass
class Scene:
    """A council whose rules stand as `before` wants them, and a plan for `after`."""

    council: Any
    after: Sequence[Any]
    before: Sequence[Any] = ()
    choices: Sequence[Any] = ()
    foreign: Sequence[Mapping[str, Any]] = ()
    above: bool = True
    lagging: bool = True
    tampering: Callable[[Change], Change] = field(default=lambda change: change)

    def plan(self) -> Plan:
        stood = self.council.compile(self.before, self.choices if self.before else ())
        self.tenant = self.council.tenant(stood)
        self._add_foreign()
        self.desired = self.council.compile(self.after, self.choices)
        given = self.council.compare(self.desired, self.tenant, self.council.applied(stood, self.tenant))
        self.observed = given.observed
        self.difference = difference(given)
        changes = tuple(self.tampering(change) for change in self.difference.changes)
        place = Place.LAST if self.above else Place.FIRST
        return build_plan(
            replace(self.difference, changes=changes),
            guards=(),
            observed=self.observed,
            source_version="1",
            place=place,
        )

    def _add_foreign(self) -> None:
        ours = self.tenant.transport
        added = [{"Guid": one["Name"], "State": "Enabled", "Mode": "Enforce", **one} for one in self.foreign]
        self.tenant.transport = [*added, *ours] if self.above else [*ours, *added]
        for number, raw in enumerate(self.tenant.transport):
            raw["Priority"] = number

    def prove(self) -> Proof:
        return prove(self.plan(), self.ground())

    def ground(self) -> ProofGround:
        return ProofGround(
            cases=self.after,
            observed=self.observed,
            directory=self.council.directory,
            desired=self.desired,
            now=NOW,
            lagging=self.lagging,
        )

    def findings(self) -> list[tuple[str, str, str]]:
        self.plan()
        found = foreign_effects(
            list(self.after), self.difference, self.observed, self.council.directory, now=NOW
        )
        return [(one.code.value, one.severity.value, one.rule) for one in found]


def messages(proof: Proof) -> str:
    return "\n".join(failure.message for failure in proof.failures)


def with_target(**changes: Any) -> Callable[[Change], Change]:
    """A tampering that writes other values; None takes a property away."""

    def tampered(change: Change) -> Change:
        target = {**(change.target or {}), **changes}
        return replace(change, target={name: value for name, value in target.items() if value is not None})

    return tampered


@pytest.mark.parametrize("measure", TRANSPORT)
@pytest.mark.parametrize("scope", [(), (OFFICER,), (OFFICER, TEAM)])
def test_every_measure_is_proven_for_every_class(
    council: Any, measure: Measure, scope: tuple[str, ...]
) -> None:
    case = council.case("RC-1", measure, addresses=TWO, scope_mailboxes=scope, allowed_recipients=(PLANNING,))
    chosen = council.choice(Handling.AS_COUNCIL, case_reference="RC-1", sender="")
    proof = Scene(council, [case], choices=[chosen]).prove()
    assert (proof.failures, proof.passed > 6) == ((), True)


def test_junk_is_proven_in_the_mailboxes(council: Any) -> None:
    scene = Scene(council, [council.case("RC-1", Measure.JUNK, scope_mailboxes=(OFFICER,))])
    plan = scene.plan()
    scene.observed = replace(scene.observed, inbox={OFFICER: ()})
    proof = prove(plan, scene.ground())
    assert (proof.failures, proof.passed > 1) == ((), True)


@pytest.mark.parametrize(
    ("measure", "tampering", "words"),
    [
        (
            Measure.REDIRECT,
            {"ExceptIfSentTo": ("contact@ash.example",)},
            "to the protected mailbox monitoring",
        ),
        (
            Measure.REDIRECT,
            {
                "ExceptIfSentTo": ("contact@ash.example", "monitoring@ash.example"),
                "ExceptIfSentToMemberOf": None,
            },
            "to a councillor would be caught, although it is exempt",
        ),
        (Measure.COPY, {"ExceptIfSentTo": ("monitoring@ash.example",)}, "the single contact"),
        (Measure.REDIRECT, {"RedirectMessageTo": (PLANNING,)}, "would be redirected, which is not"),
        (Measure.COPY, {"BlindCopyTo": (PLANNING,)}, "would be delivered, which is not"),
        (Measure.COPY, {"BlindCopyTo": None, "RedirectMessageTo": ("contact@ash.example",)}, "be redirected"),
        (Measure.REFUSE, {"RejectMessageReasonText": None, "Quarantine": True}, "would be quarantined"),
        (Measure.REDIRECT, {"From": ("a@mail.example",)}, "would not be caught, which is not"),
        (Measure.REDIRECT, {"SentTo": (PLANNING,)}, "to any mailbox that is not named would not be caught"),
        (Measure.REDIRECT, {"State": "Disabled"}, "would not be caught"),
        (Measure.REDIRECT, {"SubjectContainsWords": ("bins",)}, "would not be caught"),
    ],
)
def test_a_rule_that_does_something_else_is_found_out(
    council: Any, measure: Measure, tampering: Mapping[str, Any], words: str
) -> None:
    scene = Scene(council, [council.case("RC-1", measure, addresses=TWO)], tampering=with_target(**tampering))
    assert words in messages(scene.prove())


def test_audit_mode_is_proven_like_enforcement(council: Any) -> None:
    council.options = replace(council.options, mode=RuleMode.AUDIT)
    case = council.case("RC-1")
    assert Scene(council, [case]).prove().failures == ()
    assert Scene(council, [case], tampering=with_target(RedirectMessageTo=(PLANNING,))).prove().failures


def test_no_councillor_is_named(council: Any) -> None:
    scene = Scene(
        council,
        [council.case("RC-1")],
        tampering=with_target(ExceptIfSentTo=None, ExceptIfSentToMemberOf=None),
    )
    assert "cllr" not in messages(scene.prove())


def test_a_protected_councillor_is_not_named_either(council: Any) -> None:
    council.protected = (council.recipient("cllr.b@ash.example"),)
    scene = Scene(
        council,
        [council.case("RC-1")],
        tampering=with_target(ExceptIfSentTo=None, ExceptIfSentToMemberOf=None),
    )
    assert "a councillor" in messages(scene.prove())
    assert "cllr" not in messages(scene.prove())


def test_a_mailbox_outside_the_scope_is_not_caught(council: Any) -> None:
    case = council.case("RC-1", scope_mailboxes=(OFFICER,))
    assert "a mailbox outside the scope" in messages(
        Scene(council, [case], tampering=with_target(SentTo=None)).prove()
    )


def test_a_sender_that_moves_between_two_writes_has_a_gap(council: Any) -> None:
    council.options = replace(council.options, max_senders=1)
    before, after = (council.case("RC-1", addresses=addresses) for addresses in (TWO, TWO[1:]))
    scene = Scene(council, [after], [before])
    assert "while the changes take effect one after another" in messages(scene.prove())


def test_where_writes_act_at_once_their_order_leaves_no_gap(council: Any) -> None:
    council.options = replace(council.options, max_senders=1)
    before, after = (council.case("RC-1", addresses=addresses) for addresses in (TWO, TWO[1:]))
    assert Scene(council, [after], [before], lagging=False).prove().failures == ()


STOP = {"Name": "Stop", "From": ["rc-1@mail.example"], "StopRuleProcessing": True}
ELSEWHERE = {"Name": "Elsewhere", "From": ["rc-1@mail.example"], "RedirectMessageTo": [PLANNING]}
OPEN = {"Name": "Open", "AttachmentHasExecutableContent": True, "DeleteMessage": True}


@pytest.mark.parametrize("foreign", [STOP, ELSEWHERE])
@pytest.mark.parametrize("stood", [True, False])
def test_what_others_did_before_stops_nothing(council: Any, foreign: Any, stood: bool) -> None:
    case = council.case("RC-1")
    scene = Scene(council, [case], [replace(case, item_id="7")] if stood else [], foreign=[foreign])
    assert scene.prove().failures == ()


def test_what_others_did_before_is_a_finding(council: Any) -> None:
    case = council.case("RC-1")
    found = Scene(council, [case], [case], foreign=[ELSEWHERE]).findings()
    assert ("foreign-rule-acts", "high", "Elsewhere") in found


def test_a_failure_that_the_plan_brings_stops_that_case_alone(council: Any) -> None:
    """The redirect skipped a rule below it; the copy does not."""
    before = [council.case("RC-1"), council.case("RC-2")]
    after = [council.case("RC-1", Measure.COPY), council.case("RC-2", Measure.COPY)]
    scene = Scene(council, after, before, foreign=[ELSEWHERE], above=False)
    plan = scene.plan()
    proof = prove(plan, scene.ground())
    assert {failure.case_reference for failure in proof.failures} == {"RC-1"}
    assert {change.case_reference for change in proof.permitted(plan)} == {"RC-2"}


def test_what_nobody_can_decide_is_tried_both_ways(council: Any) -> None:
    before, after = [council.case("RC-1")], [council.case("RC-1", Measure.COPY)]
    assert Scene(council, after, before, foreign=[OPEN], above=False).prove().failures != ()


def test_what_nobody_can_decide_and_was_there_before_stops_nothing(council: Any) -> None:
    scene = Scene(council, [council.case("RC-1"), council.case("RC-2")], foreign=[OPEN])
    assert scene.prove().failures == ()


def test_what_nobody_can_decide_is_one_low_finding_for_all_cases(council: Any) -> None:
    scene = Scene(council, [council.case("RC-1"), council.case("RC-2")], foreign=[OPEN])
    assert scene.findings() == [("foreign-rule-undecidable", "low", "Open")]


def test_an_open_question_about_other_mail_is_no_finding(council: Any) -> None:
    assert (
        Scene(council, [council.case("RC-1")], foreign=[{**OPEN, "From": ["x@out.example"]}]).findings() == []
    )


def test_the_opening_goes_ahead_where_a_proof_fails(council: Any) -> None:
    before = council.case("RC-1", addresses=TWO)
    after = council.case("RC-1", addresses=("a@mail.example", "z@mail.example"))

    def tampered(change: Change) -> Change:
        return with_target(RedirectMessageTo=(PLANNING,))(change)

    scene = Scene(council, [after], [before], tampering=tampered)
    plan = scene.plan()
    (opening,) = prove(plan, scene.ground()).permitted(plan)
    assert (opening.opens, (opening.target or {})["From"]) == (True, ("a@mail.example",))


def test_another_case_may_not_break_one_that_is_not_touched(council: Any) -> None:
    before = [council.case("RC-1"), council.case("RC-2")]
    after = [before[0], council.case("RC-2", Measure.REFUSE)]

    def tampered(change: Change) -> Change:
        return replace(with_target(From=("rc-1@mail.example",))(change), priority=0)

    scene = Scene(council, after, before, tampering=tampered)
    plan = scene.plan()
    plan = replace(plan, changes=tuple(replace(change, priority=0) for change in plan.changes))
    proof = prove(plan, scene.ground())
    assert ("RC-1", frozenset({"RC-2"})) in {(one.case_reference, one.held) for one in proof.failures}
    assert proof.permitted(plan) == ()


def test_a_case_that_a_guard_holds_is_not_blamed(council: Any) -> None:
    scene = Scene(council, [council.case("RC-1")])
    plan = scene.plan()
    held = replace(plan, changes=tuple(replace(change, held_by="frozen") for change in plan.changes))
    assert prove(held, scene.ground()).failures == ()


def test_rules_that_could_not_be_read_prove_nothing(council: Any) -> None:
    scene = Scene(council, [council.case("RC-1")])
    plan = scene.plan()
    unread = Observed(Unknown("transport rules", "no answer"), {})
    assert prove(plan, replace(scene.ground(), observed=unread)) == Proof()


def test_newer_values_that_wait_are_not_demanded(council: Any) -> None:
    case = council.case("RC-1")
    scene = Scene(council, [case], [council.case("RC-1", addresses=("old@mail.example",))])
    plan = replace(scene.plan(), changes=())
    moved = replace(scene.ground(), moved=frozenset({"RC-1"}))
    assert prove(plan, moved).failures == ()


@pytest.mark.parametrize("measure", [Measure.REDIRECT, Measure.COPY, Measure.REFUSE])
def test_nothing_is_written_that_sends_mail_outside(council: Any, measure: Measure) -> None:
    outside = {"CopyTo": ("x@elsewhere.example",)}
    scene = Scene(council, [council.case("RC-1", measure)], tampering=with_target(**outside))
    plan = scene.plan()
    ground = replace(scene.ground(), domains=frozenset({"ash.example"}), moved=frozenset({"RC-1"}))
    proof = prove(plan, ground)
    assert "By CopyTo a rule of case RC-1 would send mail outside" in messages(proof)
    assert proof.permitted(plan) == ()


def test_what_only_opens_a_rule_that_sends_mail_outside_goes_ahead(council: Any) -> None:
    before, after = council.case("RC-1", addresses=TWO), council.case("RC-1", addresses=TWO[:1])
    tampering = with_target(CopyTo=("x@elsewhere.example",))
    scene = Scene(council, [after], [before], tampering=tampering)
    plan = scene.plan()
    assert [one.opens for one in plan.changes] == [True]
    ground = replace(scene.ground(), domains=frozenset({"ash.example"}), moved=frozenset({"RC-1"}))
    assert prove(plan, ground).permitted(plan) == plan.changes
