"""Text, JSON and exit code say the same of any run, whatever it found and did.

A council in memory decides, and decides anew; what a run may meet beside that is thrown in: guards,
refusals, findings of every class, failed writes, parts of the tenant that do not answer, a signal. The
product makes the document, prints it and names the exit code; `document_oracle.py` judges.
"""

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from m365_restrict.cli.output import write_told
from m365_restrict.cli.request import Request
from m365_restrict.cli.told import Told
from m365_restrict.errors import (
    ConfigurationError,
    LeaseHeld,
    LedgerError,
    OverrideRefused,
    PermissionMissing,
    PlanRefused,
    RestrictError,
    RunStopped,
    ServiceError,
    SignInError,
    SourceIncomplete,
)
from m365_restrict.findings.drift_findings import drift_findings
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import (
    Change,
    ChangeClass,
    Difference,
    FieldChange,
    Finding,
    GuardVerdict,
    Severity,
    Waived,
)
from m365_restrict.plan.codes import FindingCode, GuardCode
from m365_restrict.plan.guards import Guarded, GuardFacts
from m365_restrict.plan.overrides import Override
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.proof import Proof, ProofFailure
from m365_restrict.plan.rule_test_file import Expected, RuleTest, RuleTestState
from m365_restrict.plan.rule_test_results import RuleTestResult, RuleTestResults, RuleTestVerdict
from m365_restrict.policy.codes import CheckCode, WarningCode
from m365_restrict.policy.judgement import (
    AcceptedCase,
    CaseWarning,
    DraftCase,
    Judgement,
    OpenedCase,
    Refusal,
)
from m365_restrict.register.case import CaseState, Status
from m365_restrict.register.choice import RefusedChoice
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.register.item import ListSnapshot
from m365_restrict.register.read_choice import ChoiceReading
from m365_restrict.report.documents import Document, Head, ScriptLine, document_after_failure
from m365_restrict.report.failure import failure_of
from m365_restrict.report.verb import Verb
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Blocks, CompileProblem, Desired
from m365_restrict.steps.checking import LiveCases
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.options import RunOptions
from m365_restrict.steps.reading import People, Register
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.run_document import document_of
from m365_restrict.writes.mailbox_folders import Folders
from m365_restrict.writes.write_outcome import ChangeOutcome, Result
from settings.load import load_settings
from settings.run_options import run_options

NIGHTLY = settings.get_current_profile_name() == "nightly"
SETTINGS = settings(
    max_examples=2000 if NIGHTLY else 200,
    phases=list(Phase) if NIGHTLY else [Phase.generate],
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
VERBS = [*(verb for verb in Verb if verb is not Verb.EXPLAIN), Verb.DRIFT]
WRITING = {Verb.APPLY, Verb.HEAL}


NAMES = ("parks", "planning", "officer", "cllr.a", "cllr.b")
MEASURES = (
    "Redirect to single contact", "File without reply", "Copy to single contact", "Refuse with notice",
    "Junk in named mailboxes",
    "Single contact requested",
)  # fmt: skip
# What a finding may be that no change follows from.
BESIDE = {
    ChangeClass.FOREIGN_EFFECT, ChangeClass.HOLDERS_CHOICE, ChangeClass.UNKNOWN, ChangeClass.REGISTER,
}  # fmt: skip
FOREIGN = [
    {"Name": "Known spam", "From": ["spam@bulk.example"], "DeleteMessage": True},
    {"Name": "Tender", "SubjectContainsWords": ["tender"], "StopRuleProcessing": True},
]
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ERRORS: list[RestrictError] = [
    ConfigurationError("A setting is missing."), SignInError("No token."), PermissionMissing("Sites.Read."),
    SourceIncomplete("A list is short."), ServiceError("No answer.", status=503), LeaseHeld("Another run."),
    LedgerError("The ledger cannot be read."), RunStopped("SIGTERM stopped the run."),
    OverrideRefused("That guard stays."), PlanRefused("The plan has moved."),
]  # fmt: skip


class Tools(NamedTuple):
    """What every example works with."""

    council: Any
    decision: Callable[..., Any]
    ledger: Ledger
    options: RunOptions


@cache
def options() -> RunOptions:
    given = {
        "REGISTER__SITE": "https://ash.sharepoint.example/sites/x",
        "POLICY__APPROVERS": "director@ash.example",
        "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
        "OWNERSHIP__INSTANCE_ID": "ash-1",
    }
    return run_options(load_settings({f"M365_RESTRICT_{name}": one for name, one in given.items()}, None))


def decisions(random: Random, decision: Callable[..., Any]) -> list[Any]:
    made = []
    for index in range(1, random.choice([1, 3, 6])):
        pool = [f"rc-{index}.{letter}@post.example" for letter in "abcdef"]
        measure = random.choice(MEASURES)
        scope = random.choice([(), ("parks@ash.example",), ("officer@ash.example", "planning@ash.example")])
        made.append(
            decision(
                f"RC-{index}",
                tuple(random.sample(pool, random.randint(1, 6))),
                measure=measure,
                scope=scope or (("officer@ash.example",) if measure.startswith("Junk") else ()),
                opted_in=random.choice([(), ("cllr.a@ash.example",)]),
            )
        )
    return made


def some(random: Random, most: int, make: Callable[[int], Any]) -> tuple[Any, ...]:
    return tuple(make(index) for index in range(random.choice([0, 0, 0, 1, most])))


def reference(random: Random) -> str:
    return f"RC-{random.randint(1, 9)}"


def mailbox(random: Random) -> str:
    return f"{random.choice(NAMES)}@ash.example"


def waived(random: Random) -> Waived:
    until = date(2027, 1, random.randint(1, 28))
    return Waived(number=random.randint(1, 99), owner="Head of ICT", reason="It was agreed.", until=until)


def finding(
    random: Random, index: int, classes: Sequence[ChangeClass], severities: Sequence[Severity]
) -> Finding:
    code = random.choice(list(FindingCode))
    return Finding(
        code=code,
        change_class=random.choice(classes),
        severity=random.choice(severities),
        message=random.choice([code.meaning, f"It is about {mailbox(random)}."]),
        case_reference=random.choice(["", reference(random)]),
        mailbox=random.choice(["", mailbox(random)]),
        rule=random.choice(["", "A rule", "Somebody's rule (2)", 'Rule "B"']),
        key=f"thrown in {index}",
        chosen_by_holder=random.random() < 1 / 4,
        fields=random.choice(
            [(), (FieldChange("Mode", "Audit", "Enforce"), FieldChange("From", None, ("a",)))]
        ),
        changed_by=random.choice(["", "E Admin"]),
        changed_at=random.choice([None, NOW - timedelta(days=3)]),
        waived=waived(random) if random.random() < 1 / 4 else None,
    )


def barely_disturbed(random: Random, found: Difference) -> Difference:
    """The same with findings that must not be taken for differences, or only just."""
    severities = random.choice([[Severity.LOW], [Severity.LOW, Severity.MEDIUM]])
    more = some(random, 3, lambda index: finding(random, index, [ChangeClass.FOREIGN_EFFECT], severities))
    return replace(found, findings=(*found.findings, *more))


def disturbed(random: Random, found: Difference) -> Difference:
    """The same changes in classes of all kinds, some of them accepted, and findings of every sort."""
    classes = [one for one in ChangeClass if one not in BESIDE]
    changes: list[Change] = []
    accepted: list[Change] = []
    for change in found.changes:
        one = replace(change, change_class=random.choice(classes)) if random.random() < 1 / 2 else change
        if random.random() < 1 / 8:
            accepted.append(replace(one, waived=waived(random)))
        else:
            changes.append(one)
    others = [one for one in ChangeClass if one not in classes]
    told_beside = random.choice([[*ChangeClass], others])
    more = some(random, 8, lambda index: finding(random, index, told_beside, [*Severity]))
    return replace(found, changes=tuple(changes), waived=tuple(accepted), findings=(*found.findings, *more))


# Rule tests and proofs bring these about themselves.
OF_SIMULATIONS = {GuardCode.RULE_TEST_FAILED, GuardCode.RULE_TESTS_UNUSABLE, GuardCode.PROOF_FAILED}


def guards(random: Random) -> tuple[GuardVerdict, ...]:
    def _fired(_: int) -> GuardVerdict:
        code = random.choice([one for one in GuardCode if one not in OF_SIMULATIONS])
        way = random.choice(["", f"m365-restrict override {code.value}"])
        return GuardVerdict(code=code, message=f"{code.meaning} See {mailbox(random)}.", override=way)

    return some(random, 3, _fired)


def rule_tests(random: Random) -> RuleTestResults:
    def _result(index: int) -> RuleTestResult:
        test = RuleTest(
            name=f"Expectation {index}",
            recipient=mailbox(random),
            expected=Expected.DELIVERED,
            case_reference=reference(random),
            state=random.choice(list(RuleTestState)),
            file="tests.toml",
            line=index + 1,
        )
        verdict = random.choice(list(RuleTestVerdict))
        return RuleTestResult(
            test=test, verdict=verdict, message="It was redirected.", by_others=random.random() < 1 / 2
        )

    if random.random() < 1 / 10:
        return RuleTestResults(problem="tests.toml cannot be read.")
    return RuleTestResults(results=some(random, 5, _result))


def judgement(random: Random, cases: Sequence[Any]) -> Judgement:
    def _warned(case_ref: str, item_id: str) -> CaseWarning:
        code = random.choice(list(WarningCode))
        return CaseWarning(case_ref=case_ref, item_id=item_id, code=code, message=code.meaning)

    def _refused(index: int) -> Refusal:
        code = random.choice(list(CheckCode))
        item = f"r{index // 2}"
        refs = random.choice([(), ("M-22", "F4")])
        return Refusal(case_ref=f"RX-{item}", item_id=item, code=code, message=code.meaning, policy_refs=refs)

    accepted = tuple(accepted_case(random, case, _warned) for case in cases)
    refused = some(random, random.choice([4, 30]), _refused)
    drafts = some(
        random, 2, lambda index: DraftCase(case_ref=f"RD-{index}", item_id=f"d{index}", missing=refused[:2])
    )
    ended = some(
        random,
        2,
        lambda index: OpenedCase(
            case_ref=f"RE-{index}", item_id=f"e{index}", by_status=random.choice([None, Status.LIFTED])
        ),
    )
    whole = some(random, 2, lambda _: _warned("", ""))
    about_cases = tuple(_warned(one.case_ref, one.item_id) for one in refused[:2])
    warnings = (*whole, *about_cases, *(one for case in accepted for one in case.warnings))
    return Judgement(
        accepted=accepted, refused=refused, warnings=warnings, drafts=drafts, ended_by_register=ended
    )


def accepted_case(random: Random, case: Any, warned: Callable[[str, str], CaseWarning]) -> AcceptedCase:
    evidence = ApprovalEvidence(
        item_id=case.item_id,
        version="2.0",
        saver_object_id="director",
        saver_address="director@ash.example",
        saved_at=NOW,
        fields_hash="0",
        values_json="{}",
        seen_on=NOW.date(),
        verdict=EvidenceVerdict.ELIGIBLE,
    )
    return AcceptedCase(
        case=case,
        state=random.choice([CaseState.IN_FORCE, CaseState.IN_FORCE, CaseState.SCHEDULED]),
        evidence=evidence,
        waiting=random.choice([(), ("Addresses", "EndsOn")]),
        warnings=some(random, 2, lambda _: warned(case.reference, case.item_id)),
        next_review_on=random.choice([None, date(2027, 2, 1)]),
    )


def problems(random: Random, cases: Sequence[Any]) -> Iterator[CompileProblem]:
    for case in cases:
        if random.random() < 1 / 6:
            code, blocks = random.choice(list(RuleCode)), random.choice([Blocks.CASE, Blocks.NOTHING])
            yield CompileProblem(case.reference, code, f"{case.reference}: {code.meaning}", blocks)


def refused_choices(random: Random) -> tuple[RefusedChoice, ...]:
    code = RuleCode.CHOICE_CASE_NOT_LIVE
    return some(random, 3, lambda index: RefusedChoice(str(index), code.value, code.meaning))


def override(random: Random) -> Override:
    code = random.choice(list(GuardCode)).value
    return Override(code=code, reason="It was agreed.", until=NOW, limit=random.choice([None, 4]))


def planned(random: Random, scene: Any, desired: Desired, tests: RuleTestResults) -> Planned:
    if random.random() < 1 / 3:
        found, tests = barely_disturbed(random, scene.difference), RuleTestResults()
        verdicts = tuple[GuardVerdict, ...]()
    else:
        found, verdicts = disturbed(random, scene.difference), guards(random)
    plan = build_plan(
        found,
        guards=(*verdicts, *tests.guards),
        observed=scene.observed,
        source_version="1",
        place=random.choice(list(Place)),
    )
    overrides = some(
        random,
        2,
        lambda _: override(random),
    )
    facts = GuardFacts(
        items_read=1,
        live_before=frozenset(),
        lost=frozenset(),
        directory=scene.directory,
        observed=scene.observed,
        now=NOW,
        overrides=tuple({one.code: one for one in overrides}.values()),
    )
    failures = some(
        random, 2, lambda _: ProofFailure(reference(random), f"Mail to {mailbox(random)} ends elsewhere.")
    )
    return Planned(
        directory=scene.directory,
        folders=Folders(),
        desired=desired,
        observed=scene.observed,
        cases=LiveCases(
            live=(),
            before=(),
            opened=frozenset(),
            kept=frozenset(),
            lost=frozenset(),
            choices_known=True,
            unknown_approvers=(),
        ),
        plan=plan,
        guarded=Guarded(difference=found, facts=facts, verdicts=verdicts),
        proof=Proof(passed=random.randint(0, 9), failures=failures),
        rule_tests=tests,
    )


def carried_out(random: Random, found: Found, made: Planned) -> Found:
    """What became of the plan: refused, declined, handed over, stopped on the way, or written in part."""
    permitted = made.proof.permitted(made.plan)
    way = random.choice(["refused", "declined", "script", "stopped", "written", "written"])
    if way == "refused":
        return replace(found, refusal=PlanRefused("The register has moved."))
    if way == "declined":
        return found
    if way == "script" and permitted:
        script = ScriptLine(file="plan.ps1", sha256="ab" * 32, changes=len(permitted))
        reason = f"waiting for hand: {script.file}"
        return replace(
            found.after(tuple(ChangeOutcome(one, Result.WAITING, reason) for one in permitted)), script=script
        )
    until = random.randint(0, len(permitted)) if way == "stopped" else len(permitted)
    results = [random.choice([Result.APPLIED, Result.APPLIED, Result.FAILED]) for _ in range(until)]
    done = [
        ChangeOutcome(
            change, result, "written and read back" if result is Result.APPLIED else "Exchange said no"
        )
        for change, result in zip(permitted, results, strict=False)
    ]
    reason = "SIGTERM stopped the run before this change; the next run makes it."
    done += [ChangeOutcome(change, Result.SKIPPED, reason) for change in permitted[until:]]
    return replace(found.after(tuple(done)), stopped="SIGTERM" if way == "stopped" else "")


def a_run(tools: Tools, verb: Verb) -> Run:
    return Run(
        verb=verb,
        run_id="20261123T090000Z-000000",
        now=tools.council.now,
        options=tools.options,
        readers=cast("Any", None),
        ledger=tools.ledger,
        progress=lambda _: None,
    )


def a_found(random: Random, tools: Tools, verb: Verb) -> Found:
    first = decisions(random, tools.decision)
    second = random.choice(
        [first, first, first[1:] + decisions(random, tools.decision)[:1], decisions(random, tools.decision)]
    )
    tools.council.apply(first)
    tools.council.pass_time(random.choice([0, 5, 90]))
    unread = random.sample(
        ["transport", *(f"{name}@ash.example" for name in NAMES)], random.choice([0, 0, 2])
    )
    scene = tools.council.scene(second, unread=frozenset(unread))
    judged = judgement(random, scene.cases)
    desired = replace(
        scene.desired,
        problems=tuple(problems(random, scene.cases)),
        choice_refusals=refused_choices(random)[: len(scene.choices)],
    )
    people = People(
        approvers={},
        unknown_approvers=(),
        councillors_group=scene.directory.councillors_group,
        councillors=Unknown("the councillors' group", "no answer"),
        protected=(),
        domains=frozenset({"ash.example"}),
    )
    lists = [ListSnapshot(title=title, items=(), version=title) for title in "abc"]
    found = Found(
        register=Register(cases=lists[0], reviews=lists[1], choices=lists[2]),
        people=people,
        judgement=judged,
        choices=ChoiceReading(choices=scene.choices, refused=refused_choices(random)),
        desired=desired,
    )
    if verb is Verb.VALIDATE:
        return found
    made = planned(random, scene, desired, rule_tests(random))
    found = replace(found, planned=made)
    if verb is Verb.DRIFT:
        return replace(found, findings=drift_findings(a_run(tools, verb), found, made))
    return carried_out(random, found, made) if verb in WRITING else found


def a_document(random: Random, tools: Tools, verb: Verb) -> Document:
    if random.random() < 1 / 12:
        error = random.choice(ERRORS)
        head = Head(
            run_id="r", started_at=NOW, finished_at=NOW, exit_code=error.exit_code, error=failure_of(error)
        )
        return document_after_failure(verb, head)
    return document_of(a_run(tools, verb), a_found(random, tools, verb), tools.council.now)


def printed(document: Document, **how: Any) -> str:
    """As the command line prints it."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        write_told(Told(document=document), Request(verb=document.verb, **how))
    return out.getvalue()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


@given(random=st.randoms(use_true_random=True))
@SETTINGS
def test_text_json_and_exit_code_agree(
    memory: Any, decision: Any, ledger: Ledger, document_oracle: Any, random: Random
) -> None:
    council = memory(foreign=random.choice([[], FOREIGN[1:], FOREIGN]), most=random.choice([1, 150]))
    document = a_document(random, Tools(council, decision, ledger, options()), random.choice(VERBS))
    told_to_programs = json.loads(printed(document, output="json"))
    document_oracle.agrees(told_to_programs, printed(document, detail=True), int(document.head.exit_code))
    short = printed(document)
    if short != printed(document, detail=True):
        document_oracle.summary_agrees(told_to_programs, short)
