from datetime import date

import pytest

from m365_restrict.register.case import Channel, ItemType, Measure, Stage, Status
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.read_case import read_open_fields, read_protected
from m365_restrict.register.reference import read_reference
from m365_restrict.register.values import hash_of, protected_values, values_from_json, values_to_json

FIELDS = {
    "Addresses": "One Person <One@Mail.example>\r\n\r\ntwo@mail.example\nTWO@mail.example",
    "Measure": "Copy to single contact",
    "Scope": "Whole council",
    "SpocMailbox": "Team@ashbourne.example",
    "EffectiveFrom": date(2026, 9, 7),
    "EndsOn": date(2027, 3, 6),
}


def read(**changes):
    return read_protected(protected_values({**FIELDS, **changes}))


def test_addresses_are_normalised_sorted_and_unique():
    assert read().fields.addresses == ("one@mail.example", "two@mail.example")


def test_what_may_be_empty_has_its_plain_value():
    fields = read().fields
    assert (fields.item_type, fields.stage, fields.councillor_route) == (ItemType.PERSON, Stage.NONE, None)


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"Addresses": "good@mail.example\nnot an address"}, "address-malformed", "Addresses"),
        ({"Addresses": "@mail.example"}, "address-malformed", "Addresses"),
        ({"AllowedRecipients": "a@b"}, "address-malformed", "AllowedRecipients"),
        ({"SpocMailbox": "a@b.example\nc@d.example"}, "address-malformed", "SpocMailbox"),
        ({"Measure": "Block everything"}, "value-unknown", "Measure"),
        ({"Measure": ""}, "measure-missing", "Measure"),
        ({"Scope": ""}, "scope-missing", "Scope"),
        ({"CouncillorRoute": "Maybe"}, "value-unknown", "CouncillorRoute"),
        ({"EndsOn": "next spring"}, "date-unreadable", "EndsOn"),
    ],
)
def test_what_cannot_be_read_is_one_problem_that_names_the_column(changes, code, column):
    reading = read(**changes)
    assert reading.fields is None
    assert [(problem.code, problem.column) for problem in reading.problems] == [(code, column)]
    assert column in reading.problems[0].message


def test_a_bad_line_is_counted_and_never_repeated():
    (problem,) = read(Addresses="good@mail.example\n\nprivate name").problems
    assert "line 2" in problem.message
    assert "private" not in problem.message


def test_another_decision_lends_what_cannot_be_read():
    approved = read().fields
    reading = read_protected(
        protected_values({**FIELDS, "Addresses": "x", "Measure": "Refuse with notice"}), instead=approved
    )
    assert reading.fields.addresses == approved.addresses
    assert reading.fields.measure is Measure.REFUSE


def test_values_survive_the_ledger():
    values = protected_values(FIELDS)
    assert values_from_json(values_to_json(values)) == values


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"Addresses": "two@mail.example\none@mail.example"}, True),
        ({"Addresses": "two@mail.example"}, False),
        ({"EndsOn": date(2027, 3, 7)}, False),
        ({"Grounds": ("Threats",)}, True),
    ],
)
def test_the_hash_tells_decisions_apart_and_nothing_else(changes, same):
    assert (hash_of(protected_values({**FIELDS, **changes})) == hash_of(protected_values(FIELDS))) is same


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"Status": "On hold"}, ["value-unknown"]),
        ({"Status": "Approved", "ChannelsOpen": ("Post", "Pigeon")}, ["value-unknown"]),
        ({"Status": "Approved", "AdvocateAddresses": "nobody"}, ["address-malformed"]),
        ({"Status": "Approved", "NoticeSentOn": "soon"}, ["date-unreadable"]),
        ({"Status": "Approved", "Grounds": ("A ground of our own",)}, []),
        ({"Status": "Approved", "SupportServicesContacted": "Perhaps"}, ["value-unknown"]),
    ],
)
def test_other_fields_report_what_they_do_not_offer(fields, codes):
    assert [problem.code for problem in read_open_fields(fields).problems] == codes


def test_other_fields_are_typed():
    read = read_open_fields({"Status": "Under review", "ChannelsOpen": ("Post",), "LegalHold": True})
    assert (read.fields.status, read.fields.channels_open) == (Status.UNDER_REVIEW, (Channel.POST,))
    assert read.fields.legal_hold


def test_an_item_without_a_status_is_a_draft():
    assert read_open_fields({}).fields.status is Status.DRAFT


@pytest.mark.parametrize("title", ["RC-2026-001", "CC 12/3", " RC.1 "])
def test_a_case_reference_is_taken_as_written(title):
    assert read_reference(title) == title.strip()


@pytest.mark.parametrize("title", ["", "  ", "a@b.example", "RC]1", "two\nlines", "x" * 41, "RC  1", "-1"])
def test_a_reference_that_cannot_stand_in_a_rule_name_is_refused(title):
    assert isinstance(read_reference(title), FieldProblem)
