"""What a run found and did, as far as it went."""

from dataclasses import dataclass, field, replace

from m365_restrict.checking import LiveCases
from m365_restrict.plan.change import Observed, Plan
from m365_restrict.plan.proof import Proof
from m365_restrict.policy.judgement import Judgement
from m365_restrict.reading import Folders, People, Register
from m365_restrict.register.read_choice import ChoiceReading
from m365_restrict.rules.compilation import Desired, Directory
from m365_restrict.telling.mail_post import Told
from m365_restrict.write_outcome import ChangeOutcome


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The rules that are wanted, those that are there, and what would be done about it."""

    directory: Directory
    folders: Folders
    desired: Desired
    observed: Observed
    cases: LiveCases
    plan: Plan
    proof: Proof


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a run's document is made of. `planned` is None where the run stopped before the tenant's rules."""

    register: Register
    people: People
    judgement: Judgement
    choices: ChoiceReading
    desired: Desired = field(default_factory=Desired)
    planned: Planned | None = None
    approved: bool = False
    outcomes: tuple[ChangeOutcome, ...] = ()
    told: tuple[Told, ...] = ()

    def after(self, outcomes: tuple[ChangeOutcome, ...]) -> "Found":
        """The same, once the approved changes have been carried out."""
        return replace(self, approved=True, outcomes=outcomes)

    def having_told(self, told: tuple[Told, ...]) -> "Found":
        """The same, once the people concerned have been written to."""
        return replace(self, told=told)
