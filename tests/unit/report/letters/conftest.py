"""A case, a council and a policy with everything that every letter needs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from m365_restrict.policy.profile import Profile
from m365_restrict.register.case import (
    Case,
    Channel,
    CouncillorRoute,
    ItemType,
    Measure,
    OpenFields,
    ProtectedFields,
    Scope,
    Stage,
    Status,
)
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.report.letters.council import Council
from m365_restrict.report.letters.draft import draft_letter
from m365_restrict.report.letters.facts import CaseSource, LetterFacts, ReviewSource
from m365_restrict.report.letters.gather import letter_facts
from m365_restrict.report.letters.kinds import LetterKind, LetterLanguage
from m365_restrict.report.letters.language import Wording
from m365_restrict.report.letters.templates_folder import LetterTemplates, load_templates
from settings.profiles import load_profile

_PROTECTED = ProtectedFields(
    item_type=ItemType.PERSON,
    addresses=("p@post.example",),
    stage=Stage.NONE,
    measure=Measure.REDIRECT,
    scope=Scope.WHOLE_COUNCIL,
    scope_mailboxes=(),
    spoc_mailbox="contact@ash.example",
    allowed_recipients=(),
    councillor_route=CouncillorRoute.NOT_AFFECTED,
    ward_councillors=(),
    effective_from=date(2026, 9, 7),
    ends_on=date(2027, 3, 7),
)
_OTHER = OpenFields(
    status=Status.APPROVED,
    channels_open=(Channel.POST, Channel.TELEPHONE),
    grounds=("Threats",),
    warning_given_on=date(2026, 7, 1),
    next_review_on=date(2027, 2, 1),
)
_REVIEW = ReviewSource(
    kind=ReviewKind.SCHEDULED,
    outcome=Outcome.EXTEND,
    decided_on=date(2027, 2, 1),
    new_ends_on=date(2027, 6, 7),
    considerations="Dim cyswllt ers mis Rhagfyr. | No contact since December.",
)
_SOURCE = CaseSource(
    case=Case(item_id="7", reference="RC-2026-014", protected=_PROTECTED, other=_OTHER),
    dated_on=date(2026, 9, 4),
    person={"PersonName": "P Person", "ContactDetails": "1 High Street\nAshbourne"},
    signed_by="B Director",
    review=_REVIEW,
    ended_on=date(2027, 3, 8),
)
_COUNCIL = Council(
    name=Wording("Ashbourne Council", "Cyngor Ashbourne"),
    policy_name=Wording("Contact policy", "Polisi cyswllt"),
    policy_url="https://ash.example/policy",
    address=("Town Hall", "Ashbourne"),
    telephone="01632 960000",
    web_form="https://ash.example/form",
    service_route=Wording("Telephone 01632 960001.", "Ffoniwch 01632 960001."),
    complaint_route=Wording("Write to Complaints.", "Ysgrifennwch at Gwynion."),
    adjustments_route=Wording("Telephone 01632 960002.", "Ffoniwch 01632 960002."),
    signatory_title=Wording("Director of Services", "Cyfarwyddwr Gwasanaethau"),
    welsh_checked_by="A. Translator",
    welsh_checked_on=date(2026, 1, 5),
)


class Desk:
    """Makes sources, facts and letters that differ from the usual ones where a test says so."""

    council = _COUNCIL
    review = _REVIEW

    def __init__(self, templates: LetterTemplates) -> None:
        self.templates = templates

    def source(self, **changes: Any) -> CaseSource:
        """Columns of the case by the names of their fields; anything else is a field of the source."""
        names = [name for name in changes if hasattr(_PROTECTED, name) and not hasattr(_SOURCE, name)]
        protected = {name: changes.pop(name) for name in names}
        other = {name: changes.pop(name) for name in list(changes) if hasattr(_OTHER, name)}
        case = replace(
            _SOURCE.case, protected=replace(_PROTECTED, **protected), other=replace(_OTHER, **other)
        )
        return replace(_SOURCE, case=case, **changes)

    def facts(
        self,
        kind: LetterKind = LetterKind.DECISION,
        *,
        profile: str | Profile = "wrexham",
        council: Council = _COUNCIL,
        **changes: Any,
    ) -> Any:
        loaded = load_profile(profile) if isinstance(profile, str) else profile
        return letter_facts(kind, self.source(**changes), loaded, council)

    def letter(
        self,
        kind: LetterKind = LetterKind.DECISION,
        language: LetterLanguage = LetterLanguage.ENGLISH,
        **changes: Any,
    ) -> Any:
        facts = self.facts(kind, **changes)
        assert isinstance(facts, LetterFacts), facts
        return draft_letter(facts, language=language, templates=self.templates)


@pytest.fixture(scope="session")
def shipped_templates() -> LetterTemplates:
    return load_templates()


@pytest.fixture
def desk(shipped_templates: LetterTemplates) -> Desk:
    return Desk(shipped_templates)


@pytest.fixture(scope="session")
def usual_letters(shipped_templates: LetterTemplates) -> Callable[..., Any]:
    """The letters of the usual case, each drafted once."""
    return cache(Desk(shipped_templates).letter)


@pytest.fixture
def council_with() -> Callable[..., Council]:
    """The council with other values."""
    return lambda **changes: replace(_COUNCIL, **changes)
