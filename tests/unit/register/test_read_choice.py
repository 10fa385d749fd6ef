from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.register.case import Measure
from m365_restrict.register.item import Identity, ItemVersion, ListItem, Person, SaverKind
from m365_restrict.register.read_choice import ChoiceContext, read_choices

CLLR_B = Identity(SaverKind.USER, "id-b", "cllr.b@ashbourne.example")
CLLR_C = Identity(SaverKind.USER, "id-c", "cllr.c@ashbourne.example")
ASSISTANT = Identity(SaverKind.USER, "id-assistant", "assistant@ashbourne.example")
OFFICER = Identity(SaverKind.USER, "id-officer", "officer@ashbourne.example")
TOOL = Identity(SaverKind.APPLICATION, "id-tool")
CREATED = datetime(2026, 11, 1, 10, tzinfo=UTC)

CONTEXT = ChoiceContext(
    today=date(2026, 11, 23),
    zone=ZoneInfo("Europe/London"),
    term_ends_on=date(2027, 5, 6),
    councillor_ids=frozenset({"id-b", "id-c"}),
    councillor_addresses=frozenset({"cllr.b@ashbourne.example", "cllr.c@ashbourne.example"}),
    council_domains=frozenset({"ashbourne.example"}),
    live_cases={"RC-2026-001": Measure.REDIRECT, "RC-2026-002": Measure.REQUESTED},
)
FOLDER = {"Title": "x@mail.example", "Handling": "Move to folder"}
DELEGATION = {"Title": "Assistant", "Handling": "Let this person set my choices"}


def item(number, by, *, saves=(), **fields):
    states = [(by, fields), *((who, {**fields, **changes}) for who, changes in saves)]
    versions = tuple(
        ItemVersion(f"{n}.0", CREATED, who, {k: v for k, v in state.items() if v is not None})
        for n, (who, state) in enumerate(states, start=1)
    )
    return ListItem(str(number), "1", by, versions[-1].fields, versions, CREATED)


def read(*items, context=CONTEXT):
    return read_choices(items, context)


def codes(reading):
    return [(one.item_id, one.code) for one in reading.refused]


def person(identity):
    return Person("1", identity.address)


def test_a_choice_is_its_creators_with_a_folder_and_an_end_by_default():
    (choice,) = read(item(1, CLLR_B, **FOLDER)).choices
    assert (choice.holder, choice.sender) == ("cllr.b@ashbourne.example", "x@mail.example")
    assert (choice.folder_name, choice.ends_on) == ("Set aside", date(2027, 5, 6))


@pytest.mark.parametrize(
    ("term_ends_on", "named", "expected"),
    [
        (None, None, date(2027, 11, 1)),
        (date(2029, 5, 3), None, date(2027, 11, 1)),
        (date(2027, 5, 6), date(2026, 12, 24), date(2026, 12, 24)),
    ],
)
def test_a_choice_ends_after_a_year_or_with_the_term_unless_it_says_otherwise(term_ends_on, named, expected):
    context = replace(CONTEXT, term_ends_on=term_ends_on)
    assert read(item(1, CLLR_B, **FOLDER, EndsOn=named), context=context).choices[0].ends_on == expected


@pytest.mark.parametrize("ends_on", [date(2026, 11, 22), date(2026, 1, 1)])
def test_an_ended_choice_is_dropped_quietly(ends_on):
    reading = read(item(1, CLLR_B, **FOLDER, EndsOn=ends_on))
    assert (reading.choices, reading.refused) == ((), ())


def test_a_choice_lasts_to_the_end_of_its_last_day():
    assert read(item(1, CLLR_B, **FOLDER, EndsOn=CONTEXT.today)).choices


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        (TOOL, {}, "choice-by-application"),
        (Identity(SaverKind.UNKNOWN), {}, "holder-unknown"),
        (OFFICER, {}, "not-a-councillor"),
        (CLLR_B, {"Title": "x at mail"}, "case-not-live"),
        (CLLR_B, {"Title": "x@mail"}, "sender-unreadable"),
        (CLLR_B, {"Title": None}, "sender-unreadable"),
        (CLLR_B, {"Title": "officer@ashbourne.example"}, "internal-sender"),
        (CLLR_B, {"Handling": "Burn"}, "handling-unknown"),
        (CLLR_B, {"Handling": None}, "handling-unknown"),
        (CLLR_B, {"EndsOn": "soon"}, "choice-date-unreadable"),
        (CLLR_B, {"Handling": "Same as the council"}, "case-reference-needed"),
        (CLLR_B, {"Handling": "Same as the council", "Title": "RC-2026-009"}, "case-not-live"),
        (CLLR_B, {"Handling": "Same as the council", "Title": "RC-2026-002"}, "case-not-on-mail"),
        (CLLR_B, {"OnBehalfOf": person(CLLR_C)}, "delegation-missing"),
        (OFFICER, {"OnBehalfOf": person(CLLR_B)}, "delegation-missing"),
        (CLLR_B, {"OnBehalfOf": Person("9")}, "holder-unknown"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_without_naming_anyone(by, changes, code):
    reading = read(item(4, by, **{**FOLDER, **changes}))
    assert codes(reading) == [("4", code)]
    assert reading.choices == ()
    assert "@" not in reading.refused[0].message.replace("name@mail.example", "")


@pytest.mark.parametrize("title", ["X <X@Mail.example>", " x@mail.example "])
def test_a_sender_may_be_pasted_from_a_message(title):
    assert read(item(1, CLLR_B, **{**FOLDER, "Title": title})).choices[0].sender == "x@mail.example"


@pytest.mark.parametrize("handling", ["Same as the council", "Move to folder"])
def test_a_case_reference_may_stand_for_the_sender(handling):
    (choice,) = read(item(1, CLLR_B, Title="rc-2026-001", Handling=handling)).choices
    assert (choice.sender, choice.case_reference) == ("", "rc-2026-001")


CHOSEN_FOR_B = {**FOLDER, "OnBehalfOf": person(CLLR_B)}


class TestDelegation:
    @pytest.mark.parametrize(
        "how", [{"Delegate": person(ASSISTANT)}, {"Title": "Assistant <assistant@ashbourne.example>"}]
    )
    def test_a_holder_may_let_someone_choose_for_them(self, how):
        reading = read(item(1, CLLR_B, **{**DELEGATION, **how}), item(2, ASSISTANT, **CHOSEN_FOR_B))
        assert [choice.holder for choice in reading.choices] == ["cllr.b@ashbourne.example"]

    @pytest.mark.parametrize(
        "delegation",
        [
            item(1, CLLR_C, **DELEGATION, Delegate=person(ASSISTANT)),
            item(1, CLLR_B, **DELEGATION, Delegate=person(OFFICER)),
            item(1, CLLR_B, **DELEGATION, Delegate=person(ASSISTANT), EndsOn=date(2026, 11, 22)),
            item(1, TOOL, **DELEGATION, Delegate=person(ASSISTANT)),
            item(1, CLLR_B, saves=[(OFFICER, {"Delegate": person(ASSISTANT)})], **DELEGATION),
        ],
        ids=["another holder's", "another delegate", "ended", "by an application", "changed by an officer"],
    )
    def test_only_the_holders_own_live_delegation_counts(self, delegation):
        assert codes(read(delegation, item(2, ASSISTANT, **CHOSEN_FOR_B))) == [("2", "delegation-missing")]

    def test_a_delegate_chooses_for_councillors_only(self):
        delegation = item(1, OFFICER, **DELEGATION, Delegate=person(ASSISTANT))
        chosen = item(2, ASSISTANT, **FOLDER, OnBehalfOf=person(OFFICER))
        assert codes(read(delegation, chosen)) == [("2", "not-a-councillor")]

    def test_without_on_behalf_of_a_choice_is_the_delegates_own(self):
        delegation = item(1, CLLR_B, **DELEGATION, Delegate=person(CLLR_C))
        assert read(delegation, item(2, CLLR_C, **FOLDER)).choices[0].holder == "cllr.c@ashbourne.example"


class TestLaterItems:
    def test_the_latest_item_wins_for_one_holder_and_sender(self):
        reading = read(item(10, CLLR_B, **{**FOLDER, "Handling": "Junk Email"}), item(9, CLLR_B, **FOLDER))
        assert [choice.item_id for choice in reading.choices] == ["10"]
        assert (reading.superseded, reading.refused) == (("9",), ())

    def test_choices_of_different_holders_stand_side_by_side(self):
        assert len(read(item(1, CLLR_B, **FOLDER), item(2, CLLR_C, **FOLDER)).choices) == 2

    def test_leave_in_inbox_stops_an_earlier_choice(self):
        stop = item(2, CLLR_B, **{**FOLDER, "Handling": "Leave in Inbox"})
        assert read(item(1, CLLR_B, **FOLDER), stop).choices == ()

    def test_a_choice_made_after_stopping_counts(self):
        stop = item(1, CLLR_B, **{**FOLDER, "Handling": "Leave in Inbox"})
        assert len(read(stop, item(2, CLLR_B, **FOLDER)).choices) == 1

    def test_an_earlier_choice_does_not_come_back_when_a_later_one_ends(self):
        later = item(2, CLLR_B, **FOLDER, EndsOn=date(2026, 11, 22))
        assert read(item(1, CLLR_B, **FOLDER), later).choices == ()

    def test_a_refused_item_replaces_nothing(self):
        broken = item(2, CLLR_B, **{**FOLDER, "Handling": "Burn"})
        assert len(read(item(1, CLLR_B, **FOLDER), broken).choices) == 1


class TestWhoChangedIt:
    def test_another_persons_change_is_not_the_holders_choice(self):
        assert codes(read(item(1, CLLR_B, saves=[(OFFICER, {"Handling": "Junk Email"})], **FOLDER))) == [
            ("1", "changed-by-another")
        ]

    def test_another_person_may_stop_it(self):
        reading = read(item(1, CLLR_B, saves=[(OFFICER, {"Handling": "Leave in Inbox"})], **FOLDER))
        assert (reading.choices, reading.refused) == ((), ())

    def test_the_tools_own_columns_change_nothing(self):
        plain = read(item(1, CLLR_B, **FOLDER)).choices
        assert read(item(1, CLLR_B, saves=[(TOOL, {"ChoiceStatus": "In place"})], **FOLDER)).choices == plain

    def test_choosing_anew_changes_the_digest(self):
        first = read(item(1, CLLR_B, **FOLDER)).choices[0]
        again = read(item(1, CLLR_B, saves=[(CLLR_B, {"FolderName": "Later"})], **FOLDER)).choices[0]
        anew = read(item(2, CLLR_B, **FOLDER)).choices[0]
        assert len({first.saved, again.saved, anew.saved}) == 3


def test_an_account_that_took_over_a_councillors_address_inherits_no_choice():
    predecessor = replace(CLLR_B, object_id="id-of-the-one-before")
    assert codes(read(item(1, predecessor, **FOLDER))) == [("1", "not-a-councillor")]
