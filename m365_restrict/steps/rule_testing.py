"""The council's rule tests within a run: whose mail they are about, and what they are put to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Difference, Observed
from m365_restrict.plan.mail_states import (
    bodies,
    planned_mailboxes,
    planned_rules_in_place,
    standing_mailboxes,
    standing_rules,
)
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.rule_test_file import RuleTest
from m365_restrict.plan.rule_test_results import RuleTestResults
from m365_restrict.plan.rule_tests import CaseMail, MailState, RuleTestGround, run_rule_tests
from m365_restrict.policy.judgement import Judgement
from m365_restrict.register.case import CaseState
from m365_restrict.register.recipient import Recipient, RecipientKind
from m365_restrict.register.reference import reference_key
from m365_restrict.report.verb import Verb
from m365_restrict.rules.compilation import Desired, Directory
from m365_restrict.steps.mail_people import MailPeople, read_mail_people
from m365_restrict.steps.run_context import Run

# Healing takes nothing new from the register, so what the council expects now is no measure of it.
_TESTED = frozenset({Verb.PLAN, Verb.APPLY, Verb.DRIFT})


@dataclass(frozen=True, kw_only=True)
class RuleTestScene:
    """What the run has found out by the time that its plan is made."""

    judgement: Judgement
    directory: Directory
    desired: Desired
    observed: Observed
    difference: Difference


async def put_to_rule_tests(run: Run, scene: RuleTestScene) -> RuleTestResults:
    """Run the tests of the settings. Without tests, or without rules to put them to, there are no results.

    The plan is judged as the register asks for it, before any guard: what is held back may open, and
    a test must not fail merely because something else is held.
    """
    tests, observed = run.options.rule_tests.tests, scene.observed
    if run.verb not in _TESTED:
        return RuleTestResults()
    if run.options.rule_tests.problem:
        return RuleTestResults(problem=run.options.rule_tests.problem)
    if not tests or isinstance(observed.transport, Unknown):
        return RuleTestResults()
    plan = build_plan(
        scene.difference, guards=(), observed=observed, source_version="", place=run.options.place
    )
    standing, planned = standing_rules(plan, observed), planned_rules_in_place(plan, observed)
    asked = list(dict.fromkeys(one for test in tests for one in (test.recipient, test.mailbox) if one))
    stored = [*bodies(standing), *bodies(planned)]
    people = await read_mail_people(run.readers.directory, scene.directory, stored, asked)
    ground = RuleTestGround(
        planned=MailState(planned, planned_mailboxes(scene.desired)),
        standing=MailState(standing, standing_mailboxes(scene.desired, observed)),
        directory=people.directory,
        cases=_case_mail(tests, scene),
        unresolved=dict(_unresolved(people)),
        zone=run.options.zone,
        now=run.now,
        unread=people.unread,
    )
    return run_rule_tests(tests, ground)


def _unresolved(people: MailPeople) -> Iterator[tuple[str, str]]:
    for asked, entry in people.entries.items():
        if not isinstance(entry, Recipient):
            yield asked, "the directory does not know it" if entry.absent else entry.reason.rstrip(".")
        elif entry.kind is RecipientKind.NO_MAILBOX:
            yield asked, f"it is an {entry.kind.value}"


def _case_mail(tests: Sequence[RuleTest], scene: RuleTestScene) -> Mapping[str, CaseMail]:
    """What every case reference that a test names stands for, spelt as the test spells it."""
    known = {reference_key(reference): mail for reference, mail in _mail_of_cases(scene)}
    wanted = {test.case_reference for test in tests if test.case_reference}
    return {
        reference: known.get(
            reference_key(reference), CaseMail(reason=f"The register holds no case {reference}.")
        )
        for reference in wanted
    }


def _mail_of_cases(scene: RuleTestScene) -> Iterator[tuple[str, CaseMail]]:
    """The later entry of a reference counts: what is in force is last."""
    judgement = scene.judgement
    for draft in judgement.drafts:
        yield draft.case_ref, CaseMail(reason=f"Case {draft.case_ref} is a draft.")
    for refused in judgement.refused:
        yield refused.case_ref, CaseMail(reason=f"Case {refused.case_ref} is refused ({refused.code}).")
    for opened in judgement.ended_by_register:
        yield opened.case_ref, CaseMail(reason=f"Case {opened.case_ref} has ended.", over=True)
    for one in judgement.accepted:
        reference, protected = one.case.reference, one.case.protected
        if one.state is CaseState.IN_FORCE:
            yield reference, CaseMail(protected.addresses)
        elif one.state is CaseState.OPENED_BY_HAND:
            yield reference, CaseMail(reason=f"Case {reference} was opened by hand.", over=True)
        else:
            reason = f"Case {reference} begins on {protected.effective_from}; before that it has no rule."
            yield reference, CaseMail(reason=reason, over=True)
