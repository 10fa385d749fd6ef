"""What a run found and did, as far as it went."""

from dataclasses import dataclass, field, replace

from m365_restrict.errors import PlanRefused
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Finding, Observed, Plan
from m365_restrict.plan.guards import Guarded
from m365_restrict.plan.proof import Proof
from m365_restrict.plan.rule_test_results import RuleTestResults
from m365_restrict.policy.judgement import Judgement
from m365_restrict.register.read_choice import ChoiceReading
from m365_restrict.report.documents import ScriptLine
from m365_restrict.rules.compilation import Desired, Directory
from m365_restrict.steps.checking import LiveCases
from m365_restrict.steps.reading import People, Register
from m365_restrict.steps.watched import Watched
from m365_restrict.telling.mail_post import Told
from m365_restrict.writes.mailbox_folders import Folders
from m365_restrict.writes.write_outcome import ChangeOutcome


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The rules that are wanted, those that are there, and what would be done about it."""

    directory: Directory
    folders: Folders
    desired: Desired
    observed: Observed
    cases: LiveCases
    plan: Plan
    guarded: Guarded
    proof: Proof
    rule_tests: RuleTestResults = field(default_factory=RuleTestResults)

    def is_unread(self, case_reference: str) -> bool:
        """Whether a rule of the case lies where the tenant could not be read; choices do not count."""
        desired, observed = self.desired, self.observed
        of_case = [one for one in desired.transport if one.case_reference == case_reference]
        if isinstance(observed.transport, Unknown) and any(not one.holder for one in of_case):
            return True
        boxes = {
            rule.mailbox
            for rule in desired.inbox
            if rule.case_reference == case_reference and not rule.chosen_by_holder
        }
        return any(isinstance(observed.inbox.get(box), Unknown) for box in boxes)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a run's document is made of. `planned` is None where the run stopped before the tenant's rules.

    `refusal` says why a plan that was to be carried out was not; `stopped` names the signal that ended the
    run before it had done everything. `watched` is what `drift` read beside the rules, and `findings` is all
    that it tells of, severest first.
    """

    register: Register
    people: People
    judgement: Judgement
    choices: ChoiceReading
    desired: Desired = field(default_factory=Desired)
    planned: Planned | None = None
    approved: bool = False
    outcomes: tuple[ChangeOutcome, ...] = ()
    told: tuple[Told, ...] = ()
    refusal: PlanRefused | None = None
    script: ScriptLine | None = None
    stopped: str = ""
    watched: Watched = field(default_factory=Watched)
    findings: tuple[Finding, ...] = ()

    def after(self, outcomes: tuple[ChangeOutcome, ...]) -> "Found":
        """The same, once the approved changes have been carried out."""
        return replace(self, approved=True, outcomes=outcomes)

    def having_told(self, told: tuple[Told, ...]) -> "Found":
        """The same, once the people concerned have been written to."""
        return replace(self, told=told)
