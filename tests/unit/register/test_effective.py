from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m365_restrict.register.case import CouncillorRoute, ItemType, Measure, ProtectedFields, Scope, Stage
from m365_restrict.register.effective import effective

APPROVED = ProtectedFields(
    item_type=ItemType.PERSON,
    addresses=("a@mail.example", "b@mail.example"),
    stage=Stage.NONE,
    measure=Measure.REDIRECT,
    scope=Scope.NAMED,
    scope_mailboxes=("housing@ashbourne.example", "planning@ashbourne.example"),
    spoc_mailbox="team@ashbourne.example",
    allowed_recipients=("clerk@ashbourne.example",),
    councillor_route=CouncillorRoute.NOT_AFFECTED,
    ward_councillors=(),
    effective_from=date(2026, 9, 7),
    ends_on=date(2027, 3, 6),
)


@pytest.mark.parametrize(
    "edit",
    [
        {"addresses": ("a@mail.example",)},
        {"addresses": ()},
        {"ends_on": date(2027, 3, 5)},
        {"effective_from": date(2026, 9, 8)},
        {"scope_mailboxes": ("housing@ashbourne.example",)},
        {"allowed_recipients": ("clerk@ashbourne.example", "more@ashbourne.example")},
    ],
)
def test_an_edit_that_only_opens_takes_effect_at_once(edit):
    current = replace(APPROVED, **edit)
    assert effective(APPROVED, current) == (current, ())


@pytest.mark.parametrize(
    ("edit", "column"),
    [
        ({"addresses": (*APPROVED.addresses, "c@mail.example")}, "Addresses"),
        ({"ends_on": date(2027, 3, 7)}, "EndsOn"),
        ({"ends_on": None}, "EndsOn"),
        ({"effective_from": date(2026, 9, 6)}, "EffectiveFrom"),
        ({"scope": Scope.WHOLE_COUNCIL}, "Scope"),
        ({"scope_mailboxes": (*APPROVED.scope_mailboxes, "z@ashbourne.example")}, "ScopeMailboxes"),
        ({"allowed_recipients": ()}, "AllowedRecipients"),
        ({"measure": Measure.REFUSE}, "Measure"),
        ({"spoc_mailbox": "other@ashbourne.example"}, "SpocMailbox"),
        ({"councillor_route": CouncillorRoute.OPTED_IN}, "CouncillorRoute"),
        ({"ward_councillors": ("cllr.b@ashbourne.example",)}, "WardCouncillors"),
        ({"stage": Stage.TWO}, "Stage"),
        ({"item_type": ItemType.ORGANISATION}, "ItemType"),
    ],
)
def test_an_edit_that_tightens_or_reroutes_waits(edit, column):
    assert effective(APPROVED, replace(APPROVED, **edit)) == (APPROVED, (column,))


def test_whole_council_narrows_to_named_mailboxes():
    approved = replace(APPROVED, scope=Scope.WHOLE_COUNCIL, scope_mailboxes=())
    assert effective(approved, APPROVED) == (APPROVED, ())


def test_whole_council_does_not_narrow_to_no_mailbox():
    approved = replace(APPROVED, scope=Scope.WHOLE_COUNCIL, scope_mailboxes=())
    assert effective(approved, replace(approved, scope=Scope.NAMED)) == (approved, ("Scope",))


def test_an_edit_does_not_complete_what_was_approved_without_an_end():
    approved = replace(APPROVED, ends_on=None)
    assert effective(approved, APPROVED)[0].ends_on is None


def test_removing_one_address_and_adding_another_opens_the_one_and_holds_the_other():
    current = replace(APPROVED, addresses=("a@mail.example", "c@mail.example"))
    counts, waiting = effective(APPROVED, current)
    assert (counts.addresses, waiting) == (("a@mail.example",), ("Addresses",))


NAMES = st.frozensets(st.sampled_from([f"{letter}@x.example" for letter in "abcde"])).map(
    lambda names: tuple(sorted(names))
)
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))
ANY = st.builds(
    ProtectedFields,
    item_type=st.sampled_from(ItemType),
    addresses=NAMES,
    stage=st.sampled_from(Stage),
    measure=st.sampled_from(Measure),
    scope=st.sampled_from(Scope),
    scope_mailboxes=NAMES,
    spoc_mailbox=st.sampled_from(["s@x.example", "t@x.example"]),
    allowed_recipients=NAMES,
    councillor_route=st.sampled_from(CouncillorRoute),
    ward_councillors=NAMES,
    effective_from=DAYS,
    ends_on=DAYS,
)


def catches(fields, day, sender, recipient):
    """An oracle of its own: whether mail of that day between these two is acted on."""
    return (
        fields.effective_from <= day <= fields.ends_on
        and sender in fields.addresses
        and recipient not in fields.allowed_recipients
        and (fields.scope is Scope.WHOLE_COUNCIL or recipient in fields.scope_mailboxes)
    )


@given(ANY, ANY, DAYS, st.sampled_from("abcde"), st.sampled_from("abcde"))
def test_no_edit_ever_catches_mail_that_was_not_approved(approved, current, day, sender, recipient):
    counts, _ = effective(approved, current)
    pair = (day, f"{sender}@x.example", f"{recipient}@x.example")
    assert not catches(counts, *pair) or catches(approved, *pair)
    assert (counts.measure, counts.spoc_mailbox) == (approved.measure, approved.spoc_mailbox)


@given(ANY, ANY)
def test_what_does_not_count_is_always_named_as_waiting(approved, current):
    counts, waiting = effective(approved, current)
    assert bool(waiting) == (counts != current)
