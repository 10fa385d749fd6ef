from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.plan.change import ChangeClass
from m365_restrict.plan.difference import difference
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.plan.mail_states import (
    planned_mailboxes,
    planned_rules_in_place,
    standing_mailboxes,
    standing_rules,
)
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.rule_test_file import Expected, RuleTest, RuleTestState
from m365_restrict.plan.rule_test_results import RuleTestResults, RuleTestVerdict
from m365_restrict.plan.rule_tests import CaseMail, MailState, RuleTestGround, run_rule_tests
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Handling

REFERENCE = "RC-2026-001"
SENDER = "rc-2026-001@mail.example"
SPOC, OFFICER, PLANNING = "contact@ash.example", "officer@ash.example", "planning@ash.example"
COUNCILLOR, PROTECTED, TEAM = "cllr.b@ash.example", "monitoring@ash.example", "team@ash.example"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PASSED, FAILED = RuleTestVerdict.PASSED, RuleTestVerdict.FAILED


def expect(expected, *, to=OFFICER, mailbox="", **more):
    fields = {"name": "one", "case_reference": REFERENCE, "recipient": to, "expected": Expected(expected)}
    return RuleTest(**{**fields, "mailbox": mailbox, "file": "t.toml", "line": 1, **more})


class Bench:
    """A plan for some cases over a tenant, and the tests put to it."""

    def __init__(self, council, *cases, choices=(), foreign=(), above=(), applied=False, place=Place.LAST):
        self.council, self.cases = council, cases
        self.desired = council.compile(cases, choices)
        tenant = council.tenant(self.desired if applied else council.compile([]))
        if not applied:
            tenant.inbox = {rule.mailbox: [] for rule in self.desired.inbox}
        rules = [*above, *tenant.transport, *foreign]
        tenant.transport = [{"Guid": f"g-{n}", **rule, "Priority": n} for n, rule in enumerate(rules)]
        remembered = council.applied(self.desired, tenant) if applied else []
        self.observed = tenant.observed()
        self.plan = build_plan(
            difference(council.compare(self.desired, tenant, remembered)),
            guards=(),
            observed=self.observed,
            source_version="",
            place=place,
        )

    def put(self, *tests, **more):
        mail = {one.reference: CaseMail(one.protected.addresses) for one in self.cases}
        fields = {
            "planned": MailState(
                planned_rules_in_place(self.plan, self.observed), planned_mailboxes(self.desired)
            ),
            "standing": MailState(
                standing_rules(self.plan, self.observed), standing_mailboxes(self.desired, self.observed)
            ),
            "directory": PlannedDirectory(self.council.directory, {TEAM: frozenset({OFFICER, PLANNING})}),
            "cases": mail,
            "unresolved": {},
            "zone": ZoneInfo("Europe/London"),
            "now": NOW,
        }
        return run_rule_tests(tests, RuleTestGround(**{**fields, **more})).results

    def one(self, test, **more):
        return self.put(test, **more)[0]


def redirect(*senders, to="planning@ash.example", **more):
    return {"Name": "Old redirect", "From": list(senders), "RedirectMessageTo": [to], **more}


@pytest.mark.parametrize(
    ("measure", "test"),
    [
        (Measure.REDIRECT, expect("redirected", mailbox=SPOC)),
        (Measure.REDIRECT, expect("delivered", to=SPOC)),
        (Measure.REDIRECT, expect("delivered", to=COUNCILLOR)),
        (Measure.REDIRECT, expect("delivered", to=PROTECTED)),
        (Measure.COPY, expect("copy", mailbox=SPOC)),
        (Measure.REFUSE, expect("refused")),
        (Measure.NO_EMAIL, expect("delivered")),
    ],
)
def test_what_each_measure_does_is_expected_rightly(council, measure, test):
    assert Bench(council, council.case(measure=measure)).one(test).verdict is PASSED


@pytest.mark.parametrize(
    ("measure", "test", "said"),
    [
        (
            Measure.REDIRECT,
            expect("delivered"),
            "should be delivered to the Inbox; mail would be redirected to",
        ),
        (Measure.REDIRECT, expect("redirected", mailbox=PLANNING), f"redirected to {SPOC}, by the rule 'RC-"),
        (Measure.REDIRECT, expect("refused"), "should be refused with a notice"),
        (Measure.REDIRECT, expect("copy", mailbox=SPOC), f"delivered with a copy to {SPOC}"),
        (Measure.COPY, expect("redirected", mailbox=SPOC), f"delivered to Inbox, with a copy to {SPOC}"),
        (Measure.COPY, expect("copy", mailbox=PLANNING), f"with a copy to {PLANNING}; mail would be"),
        (Measure.REFUSE, expect("delivered"), "mail would be refused with a notice"),
        (
            Measure.NO_EMAIL,
            expect("redirected", mailbox=SPOC),
            "mail would be delivered to Inbox, by no rule",
        ),
        (Measure.NO_EMAIL, expect("junk"), "should be delivered to Junk Email"),
    ],
)
def test_what_is_not_met_is_said(council, measure, test, said):
    result = Bench(council, council.case(measure=measure)).one(test)
    assert result.verdict is FAILED
    assert said in result.message
    assert result.stops


def junk(council):
    return council.case(measure=Measure.JUNK, scope_mailboxes=(OFFICER,), spoc_mailbox="")


def test_junk_is_the_inbox_layers(council):
    bench = Bench(council, junk(council))
    results = bench.put(expect("junk"), expect("junk", to=PLANNING), expect("delivered", to=PLANNING))
    assert [one.verdict for one in results] == [PASSED, FAILED, PASSED]


def test_junk_is_not_delivered(council):
    result = Bench(council, junk(council)).one(expect("delivered"))
    assert "mail would be delivered to Junk Email" in result.message


def test_what_the_plan_has_not_written_yet_is_not_there_now(council):
    tests = [expect("redirected", mailbox=SPOC, state=state) for state in RuleTestState]
    assert [one.verdict for one in Bench(council, council.case()).put(*tests)] == [PASSED, FAILED]


def test_what_is_there_now_holds_now(council):
    now = expect("redirected", mailbox=SPOC, state=RuleTestState.NOW)
    assert Bench(council, council.case(), applied=True).one(now).verdict is PASSED


def test_a_failure_of_now_holds_nothing_back(council):
    result = Bench(council, council.case()).one(expect("redirected", mailbox=SPOC, state=RuleTestState.NOW))
    assert (result.fails, result.stops) == (True, False)
    assert "mail is delivered" in result.message


def test_every_address_of_a_case_counts(council):
    case = council.case(addresses=("a@mail.example", "b@mail.example"))
    above = [redirect("b@mail.example")]
    result = Bench(council, case, above=above).one(expect("redirected", mailbox=SPOC))
    assert result.verdict is FAILED
    assert "for 1 of its 2 addresses" in result.message
    assert "mail.example" not in result.message


def test_an_address_may_stand_in_place_of_a_case(council):
    test = expect("redirected", mailbox=SPOC, case_reference="", sender=SENDER)
    assert Bench(council, council.case()).one(test).verdict is PASSED


@pytest.mark.parametrize(
    ("mail", "verdict"),
    [
        (CaseMail(reason="The register holds no case."), FAILED),
        (CaseMail(reason="Case X has ended.", over=True), RuleTestVerdict.SKIPPED),
    ],
)
def test_a_case_without_mail(council, mail, verdict):
    result = Bench(council).one(expect("delivered"), cases={REFERENCE: mail})
    assert (result.verdict, result.message) == (verdict, mail.reason)


def test_a_recipient_that_nobody_knows_is_not_taken_for_one_that_gets_mail(council):
    unresolved = {OFFICER: "the directory does not know it"}
    result = Bench(council).one(expect("delivered", case_reference="", sender=SENDER), unresolved=unresolved)
    assert result.verdict is FAILED
    assert result.message == "The address at 'to': the directory does not know it."


@pytest.mark.parametrize(
    ("on", "verdict"),
    [
        (date(2027, 3, 7), PASSED),
        (date(2027, 3, 8), FAILED),
        (datetime(2027, 3, 7, 23, 59), PASSED),
        (datetime(2027, 3, 8, 0, 0), FAILED),
        (datetime(2027, 3, 7, 23, 59, tzinfo=UTC), PASSED),
    ],
)
def test_a_day_shows_what_has_ended_by_then(council, on, verdict):
    test = expect("redirected", mailbox=SPOC, on=on)
    assert Bench(council, council.case()).one(test).verdict is verdict


def test_every_member_of_a_group_counts(council):
    case = council.case(scope_mailboxes=(OFFICER,))
    bench = Bench(council, case)
    both = bench.one(expect("redirected", to=TEAM, mailbox=SPOC))
    assert both.verdict is FAILED
    assert bench.one(expect("redirected", to=OFFICER, mailbox=SPOC)).verdict is PASSED
    assert bench.one(expect("delivered", to=TEAM)).verdict is FAILED


def test_a_councillors_own_choice_is_never_seen(council):
    choices = [
        council.choice(Handling.AS_COUNCIL, sender="", case_reference=REFERENCE),
        council.choice(Handling.JUNK, item_id="2", sender=SENDER),
    ]
    for applied in (False, True):
        bench = Bench(council, council.case(), choices=choices, applied=applied)
        results = bench.put(*(expect("delivered", to=COUNCILLOR, state=state) for state in RuleTestState))
        assert [one.verdict for one in results] == [PASSED, PASSED]


def test_audit_mode_is_judged_like_enforcement_when_planned(council):
    bench = Bench(council, council.case(), applied=True)
    for rule in bench.observed.transport:
        rule.raw["Mode"] = "Audit"
    results = bench.put(*(expect("redirected", mailbox=SPOC, state=state) for state in RuleTestState))
    assert [one.verdict for one in results] == [PASSED, FAILED]


class TestOthersRules:
    def test_one_that_was_there_before_is_a_finding(self, council):
        result = Bench(council, council.case(), above=[redirect(SENDER)]).one(
            expect("redirected", mailbox=SPOC)
        )
        assert (result.verdict, result.by_others, result.stops) == (FAILED, True, False)
        assert "'Old redirect', which is not ours" in result.message

    def test_below_ours_it_does_nothing(self, council):
        bench = Bench(council, council.case(), foreign=[redirect(SENDER)], place=Place.FIRST)
        assert bench.one(expect("redirected", mailbox=SPOC)).verdict is PASSED

    def test_what_the_plan_introduces_stops(self, council):
        works_today = expect("redirected", mailbox=PLANNING)
        result = Bench(council, council.case(), foreign=[redirect(SENDER)], place=Place.FIRST).one(
            works_today
        )
        assert (result.verdict, result.stops) == (FAILED, True)

    @pytest.mark.parametrize(
        ("more", "verdict"),
        [
            ({"State": "Disabled"}, PASSED),
            ({"Mode": "Audit"}, PASSED),
            ({"ExceptIfSentTo": [OFFICER]}, PASSED),
            ({"ExceptIfSentTo": [PLANNING]}, FAILED),
        ],
    )
    def test_it_counts_as_it_is(self, council, more, verdict):
        result = Bench(council, council.case(), above=[redirect(SENDER, **more)]).one(
            expect("redirected", mailbox=SPOC)
        )
        assert result.verdict is verdict

    def test_one_that_quarantines(self, council):
        rule = {"Name": "Old hold", "From": [SENDER], "Quarantine": True}
        result = Bench(council, council.case(), above=[rule]).one(expect("redirected", mailbox=SPOC))
        assert "mail would be held in quarantine" in result.message

    def test_one_that_adds_a_copy_leaves_delivered_as_it_is(self, council):
        rule = {"Name": "Archive", "BlindCopyTo": [PLANNING]}
        bench = Bench(council, above=[rule])
        assert bench.one(expect("delivered", case_reference="", sender=SENDER)).verdict is PASSED


OPEN = {"Name": "Big files", "AttachmentSizeOver": "10 MB", "RedirectMessageTo": [PLANNING]}


class TestWhatCannotBeDecided:
    def test_it_names_the_rule_and_the_condition(self, council):
        result = Bench(council, council.case(), above=[OPEN]).one(expect("redirected", mailbox=SPOC))
        assert result.verdict is RuleTestVerdict.UNDECIDED
        assert "the rule 'Big files': AttachmentSizeOver cannot be evaluated here" in result.message

    def test_it_passes_where_it_makes_no_difference(self, council):
        rule = {"Name": "Tag", "AttachmentSizeOver": "10 MB", "PrependSubject": "[big] "}
        bench = Bench(council, council.case(), above=[rule])
        assert bench.one(expect("redirected", mailbox=SPOC)).verdict is PASSED

    def test_it_fails_where_neither_way_holds(self, council):
        result = Bench(council, council.case(), above=[OPEN]).one(expect("refused"))
        assert result.verdict is FAILED

    def test_it_does_not_stop_what_was_open_before(self, council):
        test = expect("delivered", to=PROTECTED)
        result = Bench(council, council.case(), above=[OPEN]).one(test)
        assert (result.verdict, result.stops) == (RuleTestVerdict.UNDECIDED, False)

    def test_it_is_met_behind_a_redirect_that_may_act(self, council):
        second = {"Name": "Second", "AttachmentSizeOver": "1 MB", "DeleteMessage": True}
        result = Bench(council, council.case(), above=[OPEN, second]).one(expect("redirected", mailbox=SPOC))
        assert "'Second'" in result.message


def test_guards_and_findings_say_which_test_and_where(council):
    bench = Bench(council, council.case(), above=[redirect("x@mail.example")])
    results = run_rule_tests((), RuleTestGround(**_nothing(bench)))
    assert (results.guards, results.findings) == ((), ())
    failing = bench.one(expect("refused", name="Refused outright"))
    (guard,) = RuleTestResults((failing,)).guards
    assert guard.code.value == "rule-test-failed"
    assert guard.message.startswith("Rule test 'Refused outright' (t.toml line 1): It should be refused")


def test_a_finding_of_others_is_a_foreign_effect(council):
    results = Bench(council, council.case(), above=[redirect(SENDER)])
    failing = results.one(expect("redirected", mailbox=SPOC))
    (finding,) = RuleTestResults((failing,)).findings
    assert (finding.change_class, finding.rule) == (ChangeClass.FOREIGN_EFFECT, "Old redirect")
    assert RuleTestResults((failing,)).guards == ()


def _nothing(bench):
    empty = MailState((), KnownMailboxes())
    return {
        "planned": empty,
        "standing": empty,
        "directory": PlannedDirectory(bench.council.directory),
        "cases": {},
        "unresolved": {},
        "zone": UTC,
        "now": NOW,
    }
