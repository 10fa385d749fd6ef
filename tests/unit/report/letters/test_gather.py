"""What a letter needs: every missing fact refuses it and names its column or setting."""

from dataclasses import replace
from datetime import date

import pytest

from m365_restrict.register.case import Channel, CouncillorRoute, Measure, Scope
from m365_restrict.register.read_review import Review
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.report.letters.codes import LetterCode
from m365_restrict.report.letters.facts import LetterFacts, LetterRefused
from m365_restrict.report.letters.kinds import LetterKind
from m365_restrict.report.letters.language import NO_WORDING, Wording

K = LetterKind
SETTING = "setting M365_RESTRICT_LETTERS__"


@pytest.mark.requirement("Y1-12", "M-22", "M-34")
@pytest.mark.parametrize("kind", list(LetterKind))
def test_nothing_is_missing_from_the_usual_case(desk, kind):
    assert isinstance(desk.facts(kind), LetterFacts)


@pytest.mark.parametrize(
    ("kind", "changes", "column"),
    [
        (K.DECISION, {"person": {"ContactDetails": "1 High Street"}}, "PersonName (Name)"),
        (K.REMINDER, {"person": {"PersonName": "P Person"}}, "ContactDetails (Contact details)"),
        (K.DECISION, {"addresses": ()}, "Addresses (E-mail addresses)"),
        (K.DECISION, {"spoc_mailbox": ""}, "SpocMailbox (Single contact mailbox)"),
        (K.DECISION, {"measure": Measure.REQUESTED, "spoc_mailbox": ""}, "SpocMailbox"),
        (K.DECISION, {"scope": Scope.NAMED}, "ScopeMailboxes (Named mailboxes or groups)"),
        (K.DECISION, {"effective_from": None}, "EffectiveFrom (In force from)"),
        (K.REMINDER, {"ends_on": None}, "EndsOn (Ends on)"),
        (K.DECISION, {"councillor_route": None}, "CouncillorRoute (Contact with councillors)"),
        (K.DECISION, {"councillor_route": CouncillorRoute.ALTERNATIVE}, "WardCouncillors"),
        (K.DECISION, {"channels_open": ()}, "ChannelsOpen (Ways of contact that stay open)"),
        (K.DECISION, {"channels_open": (Channel.EMAIL_SPOC,), "measure": Measure.REFUSE, "spoc_mailbox": ""},
         "SpocMailbox"),
        (K.DECISION, {"grounds": ()}, "Grounds (Grounds)"),
        (K.DECISION, {"next_review_on": None}, "NextReviewOn (Next review on)"),
        (K.DECISION, {"next_review_on": date(2026, 9, 3)}, "NextReviewOn"),
        (K.LIFT, {"ended_on": None}, "EndsOn"),
    ],
)  # fmt: skip
def test_a_missing_column_is_named(desk, kind, changes, column):
    found = desk.facts(kind, **changes)
    assert isinstance(found, LetterRefused)
    assert found.code is LetterCode.FACTS_MISSING
    assert f"column {column}" in found.message
    assert len(found.missing) == 1


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"considerations": ""}, "Considerations (What was considered)"),
        ({"considerations": "Dim | "}, "Considerations"),
        ({"decided_on": None}, "DecidedOn (Decided on)"),
        ({"new_ends_on": None}, "NewEndsOn (New end date)"),
    ],
)
def test_a_missing_column_of_the_review_is_named(desk, changes, column):
    found = desk.facts(K.REVIEW, review=replace(desk.review, **changes))
    assert isinstance(found, LetterRefused)
    assert f"column {column}" in found.message
    assert "Restriction reviews" in found.message


@pytest.mark.parametrize("outcome", [None, Outcome.PENDING])
def test_a_review_without_an_outcome_has_no_letter(desk, outcome):
    found = desk.facts(K.REVIEW, review=replace(desk.review, outcome=outcome))
    assert found.code is LetterCode.REVIEW_NOT_DECIDED


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"name": NO_WORDING}, "COUNCIL_NAME"),
        ({"address": ()}, "ADDRESS"),
        ({"signatory_title": NO_WORDING}, "SIGNATORY_TITLE"),
        ({"adjustments_route": NO_WORDING}, "ADJUSTMENTS_ROUTE"),
        ({"service_route": NO_WORDING}, "SERVICE_ROUTE"),
        ({"complaint_route": NO_WORDING}, "COMPLAINT_ROUTE"),
        ({"policy_name": NO_WORDING}, "POLICY_NAME"),
        ({"policy_url": ""}, "POLICY_URL"),
        ({"telephone": ""}, "TELEPHONE"),
    ],
)
def test_a_missing_setting_is_named(desk, council_with, changes, setting):
    found = desk.facts(council=council_with(**changes), profile="default")
    assert isinstance(found, LetterRefused)
    assert [one.where for one in found.missing] == [f"{SETTING}{setting}"]


def test_the_web_form_is_needed_only_where_it_stays_open(desk, council_with):
    council = council_with(web_form="")
    assert isinstance(desk.facts(council=council), LetterFacts)
    found = desk.facts(council=council, channels_open=(Channel.WEB_FORM,))
    assert [one.where for one in found.missing] == [f"{SETTING}WEB_FORM"]


def test_the_name_of_the_officer_who_approved_is_needed(desk):
    assert "officer who approved" in desk.facts(signed_by=" ").message


def test_everything_that_is_missing_is_told_at_once(desk):
    found = desk.facts(person={}, grounds=(), ends_on=None)
    assert len(found.missing) == 4


def test_a_refusal_names_nobody(desk):
    assert "P Person" not in desk.facts(grounds=()).message


def test_the_policys_name_comes_from_the_profile_where_no_setting_replaces_it(desk, council_with):
    facts = desk.facts(council=council_with(policy_name=NO_WORDING))
    assert facts.policy_name.en == "Managing Customer Contact Policy"


def test_a_review_that_lifts_needs_nothing_of_the_restriction(desk):
    facts = desk.facts(K.REVIEW, review=replace(desk.review, outcome=Outcome.LIFT), channels_open=())
    assert isinstance(facts, LetterFacts)
    assert facts.ends_on is None


def test_an_extension_ends_on_its_new_day(desk):
    assert desk.facts(K.REVIEW).ends_on == date(2027, 6, 7)


@pytest.mark.requirement("M-49")
@pytest.mark.parametrize(
    ("profile", "reviewed", "due"),
    [
        ("default", None, date(2027, 3, 7)),
        ("managed-register", None, date(2027, 2, 28)),
        ("default", date(2027, 2, 20), date(2027, 8, 20)),
    ],
    ids=["from the start", "from the decision", "from the review that was held"],
)
def test_an_empty_review_day_is_the_policys(desk, profile, reviewed, due):
    """The letter goes out before the tool fills in the day: the case counts only once the person is told."""
    held = Review(
        item_id="5", title="RC-2026-014", kind=ReviewKind.SCHEDULED, outcome=Outcome.KEEP,
        opened_on=None, decided_on=reviewed, told_on=None, saved_on=None,
    )  # fmt: skip
    facts = desk.facts(
        profile=profile,
        next_review_on=None,
        ends_on=date(2027, 9, 6),
        decided_on=date(2026, 8, 28),
        reviews=(held,) if reviewed else (),
    )
    assert facts.next_review_on == due


def test_a_letter_about_a_review_names_the_next_one(desk):
    """Not the day on the item, which is that of the review just held."""
    held = Review(
        item_id="5", title="RC-2026-014", kind=ReviewKind.SCHEDULED, outcome=Outcome.KEEP,
        opened_on=None, decided_on=date(2027, 1, 4), told_on=None, saved_on=None,
    )  # fmt: skip
    changes = {"reviews": (held,), "ends_on": date(2027, 12, 6), "dated_on": date(2027, 1, 5)}
    assert desk.facts(K.REVIEW, **changes).next_review_on == date(2027, 7, 4)


def test_the_reviewing_officers_own_title_is_used(desk):
    facts = desk.facts(K.REVIEW, signatory_title="Pennaeth Tai | Head of Housing")
    assert facts.signatory_title == Wording("Head of Housing", "Pennaeth Tai")
