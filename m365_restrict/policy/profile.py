"""A policy as configuration: what differs from council to council (policy.md 2, policy profiles)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from m365_restrict.codes import CatalogueCode
from m365_restrict.register.case import Measure, Stage

#: Groups of columns: one of each group is meant to be filled.
ColumnGroups: TypeAlias = tuple[tuple[str, ...], ...]


class Nation(StrEnum):
    """Whose bank holidays count where the policy counts working days."""

    ENGLAND = "England"
    WALES = "Wales"
    SCOTLAND = "Scotland"
    NORTHERN_IRELAND = "Northern Ireland"


class Ombudsman(StrEnum):
    """To whom the person may turn outside the council."""

    LGSCO = "LGSCO"
    PSOW = "PSOW"
    SPSO = "SPSO"
    NIPSO = "NIPSO"


class PolicyLanguage(StrEnum):
    """A language in which the council must be able to write to the person."""

    ENGLISH = "en"
    WELSH = "cy"


class Challenge(StrEnum):
    """How the person may challenge a decision inside the council."""

    NONE = "none"
    REPRESENTATIONS = "representations"
    FORMAL_COMPLAINT = "formal complaint"
    APPEAL = "appeal"
    NOT_STATED = "not stated"


class ReviewFrom(StrEnum):
    """The day from which the time to the first review is counted."""

    START = "start"
    DECISION = "decision"


class CouncillorRule(StrEnum):
    """What the policy says about contact with councillors. None of these captures their mail."""

    CONSIDER_ROUTE = "a route to the councillor must be considered"
    MEMBERS_APPLY = "members apply the policy too"
    NOT_STATED = "not stated"


@dataclass(frozen=True, kw_only=True)
class StageRules:
    """What the policy asks for at one stage, or everywhere where it has no stages.

    `quorum` is the number of different approvers. `approver_posts` are their posts in words,
    for people to read. `measures` are those that the policy allows, `usual_measures` those that
    it names; an allowed one that it does not name warns. `min_months` and `max_months` bound the time
    in force without a review that extends it; None where the policy has no such bound.
    `required` refuses, `required_to_refuse` refuses for `Refuse with notice` alone, `advised` warns.
    """

    quorum: int
    proposer_may_approve: bool
    approver_posts: tuple[str, ...]
    measures: tuple[Measure, ...]
    usual_measures: tuple[Measure, ...]
    min_months: int | None
    max_months: int | None
    required: ColumnGroups
    required_to_refuse: ColumnGroups
    advised: ColumnGroups


@dataclass(frozen=True, kw_only=True)
class PolicyDocument:
    """The published policy, as notices name it. Empty where the council has still to fill it in."""

    name: str = ""
    url: str = ""
    version: str = ""
    adopted_by: str = ""
    adopted_on: date | None = None
    review_due: date | None = None


@dataclass(frozen=True, kw_only=True)
class NoticeTexts:
    """What notices say in one language, each a phrase or whole sentences; "" leaves the product's own text.

    `route`: how to write instead; `services`: how to ask for a service; `complaints`: how to
    make a new complaint; `challenge`: how to challenge the decision.
    """

    route: str = ""
    services: str = ""
    complaints: str = ""
    challenge: str = ""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One policy. `at` gives what it asks for at a stage.

    `stages` is empty where the policy has none. `review_months` is the longest time to the next
    review, counted from `review_from`; None where the policy names no interval. Days and months
    that the policy does not name are None. `refuse_on` holds warnings that refuse under
    this policy. `max_live_cases` keeps lists out that belong elsewhere.
    """

    name: str
    document: PolicyDocument
    nation: Nation
    ombudsman: Ombudsman
    languages: tuple[PolicyLanguage, ...]
    notices: Mapping[PolicyLanguage, NoticeTexts]
    stages: tuple[Stage, ...]
    general: StageRules
    by_stage: Mapping[Stage, StageRules] = field(default_factory=dict)
    grounds: tuple[str, ...]
    review_months: int | None
    review_from: ReviewFrom
    outcome_letter_working_days: int | None
    challenge: Challenge
    challenge_by_another: bool
    challenge_working_days: int | None
    retention_months: int | None
    councillor_rule: CouncillorRule
    refuse_on: frozenset[CatalogueCode]
    max_live_cases: int

    def at(self, stage: Stage) -> StageRules:
        """The rules of a stage; those of the policy at large where it has none for it."""
        return self.by_stage.get(stage, self.general)

    @property
    def route_text(self) -> str:
        """How to contact the council instead, in every language of the policy; "" where one is missing."""
        routes = [self.notices[language].route for language in self.languages if language in self.notices]
        return " / ".join(routes) if all(routes) else ""

    @property
    def each_stage(self) -> tuple[tuple[Stage, StageRules], ...]:
        """The rules of each stage, or the general ones as those of `Stage.NONE`."""
        stages = self.stages or (Stage.NONE,)
        return tuple((stage, self.at(stage)) for stage in stages)
