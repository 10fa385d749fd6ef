"""What must hold for every rule, whatever the values."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from m365_restrict.plan.compare import class_of
from m365_restrict.plan.opening import only_opens, opened
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.parameters import set_parameters
from m365_restrict.rules.properties import sorted_values
from m365_restrict.rules.split import size_of, split_senders
from m365_restrict.rules.stamp import Stamp, parse_stamp, plain_value, stamp_text
from m365_restrict.rules.token import is_our_token, token_for, token_in

ADDRESSES = st.lists(
    st.sampled_from([f"{name}@mail.example" for name in "abcdef"]), min_size=1, unique=True
).map(lambda found: sorted_values(tuple(found)))
MAYBE = st.none() | ADDRESSES
INSTANTS = st.integers(0, 400).map(lambda days: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=days))


@st.composite
def properties(draw: st.DrawFn) -> dict[str, Any]:
    values = {
        "Name": "RC-1",
        "State": draw(st.sampled_from(["Enabled", "Disabled"])),
        "Mode": draw(st.sampled_from(["Enforce", "Audit"])),
        "From": draw(ADDRESSES),
        "SentTo": draw(MAYBE),
        "ExceptIfSentTo": draw(MAYBE),
        "RedirectMessageTo": draw(st.sampled_from([("x@ash.example",), ("y@ash.example",)])),
        "ExpiryDate": draw(st.none() | INSTANTS),
        "SubjectContainsWords": draw(st.none() | st.just(("bins",))),
        "StopRuleProcessing": draw(st.sampled_from([None, True])),
    }
    return {name: value for name, value in values.items() if value is not None}


def meets(rule: dict[str, Any], sender: str, recipient: str, subject: str, now: datetime) -> bool:
    """An oracle of its own: whether a message meets a rule that is in this form."""
    return (
        rule["State"] == "Enabled"
        and rule["Mode"] == "Enforce"
        and sender in rule["From"]
        and recipient in rule.get("SentTo", (recipient,))
        and recipient not in rule.get("ExceptIfSentTo", ())
        and subject in rule.get("SubjectContainsWords", (subject,))
        and ("ExpiryDate" not in rule or now < rule["ExpiryDate"])
    )


MESSAGES = st.tuples(
    st.sampled_from([f"{name}@mail.example" for name in "abcdef"]),
    st.sampled_from([f"{name}@mail.example" for name in "abcdef"]),
    st.sampled_from(["bins", "roads"]),
    INSTANTS,
)


@given(properties(), properties(), st.lists(MESSAGES, min_size=20, max_size=20))
def test_what_only_opens_catches_no_new_message(
    before: dict[str, Any], after: dict[str, Any], messages: list[Any]
) -> None:
    if only_opens(before, after):
        assert all(meets(before, *message) for message in messages if meets(after, *message))


@given(properties(), properties())
def test_the_opening_part_only_opens(before: dict[str, Any], after: dict[str, Any]) -> None:
    part = opened(before, after, frozenset(after["From"]))
    assert only_opens(before, part)


@given(properties(), properties(), st.lists(MESSAGES, min_size=20, max_size=20))
def test_the_opening_part_leaves_nothing_to_open_but_what_needs_the_whole(
    before: dict[str, Any], after: dict[str, Any], messages: list[Any]
) -> None:
    """Senders, recipients and dates that the register opened are open after the opening part."""
    part = opened(before, after, frozenset(after["From"]))
    for sender, recipient, _, now in messages:
        is_open = (
            sender not in after["From"]
            or recipient in after.get("ExceptIfSentTo", ())
            or now >= after.get("ExpiryDate", now + timedelta(days=1))
        )
        if part is not None and is_open:
            assert not meets(part, sender, recipient, "bins", now)


@given(properties(), properties())
def test_a_rule_is_never_written_without_its_senders(target: dict[str, Any], current: dict[str, Any]) -> None:
    parameters = set_parameters(target, current)
    assert parameters["From"] == list(target["From"])


@given(properties(), properties())
def test_set_turns_one_form_into_the_other(target: dict[str, Any], current: dict[str, Any]) -> None:
    """A service that leaves alone what is not sent ends up with the target (exchange.md 1.4)."""
    stored = {name: plain_value(value) for name, value in current.items()}
    after = observe_transport_rule(stored | set_parameters(target, current)).properties
    without_state = {name: value for name, value in target.items() if name != "State"}
    assert {name: value for name, value in after.items() if name != "State"} == without_state


@given(properties())
def test_the_normal_form_is_its_own_normal_form(rule: dict[str, Any]) -> None:
    raw = json.loads(json.dumps({name: plain_value(value) for name, value in rule.items()}))
    assert observe_transport_rule(raw).properties == rule


FORMS = st.none() | st.sampled_from([{"Name": "a"}, {"Name": "b"}, {"Name": "c"}])


@given(FORMS, FORMS, FORMS)
def test_there_is_a_class_exactly_where_desired_and_observed_differ(
    desired: Any, observed: Any, applied: Any
) -> None:
    assert (class_of(desired, observed, applied) is None) == (desired == observed)


@given(st.lists(st.text(min_size=1, max_size=40), unique=True), st.integers(164, 600), st.integers(1, 20))
def test_splitting_loses_nothing_and_keeps_the_limits(senders: list[str], budget: int, most: int) -> None:
    parts = split_senders(senders, budget=budget, most=most)
    assert [sender for part in parts for sender in part] == senders
    assert all(size_of(part) <= budget and 0 < len(part) <= most for part in parts)


@given(*[st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)] * 3)
def test_any_stamp_is_read_back(instance: str, case: str, key: str) -> None:
    stamp = Stamp(instance, case, key, "0123456789abcdef")
    assert parse_stamp(f"Case …\n{stamp_text(stamp)}") == stamp


@given(st.text(max_size=60))
def test_reading_a_stamp_never_fails(comments: str) -> None:
    parse_stamp(comments)
    parse_stamp(f"[m365-restrict {comments}")


@given(st.text(max_size=30), st.text(max_size=10))
def test_a_token_is_found_and_known(key: str, instance: str) -> None:
    token = token_for(key, instance)
    assert token_in(f"A name [{token}]") == token
    assert is_our_token(token, instance)


@given(st.dictionaries(st.text(max_size=12), st.none() | st.booleans() | st.integers() | st.text(max_size=9)))
def test_normalising_takes_any_object(raw: dict[str, Any]) -> None:
    raw.pop("Priority", None)
    assert observe_transport_rule(raw).properties["State"] in {"Enabled", "Disabled"}
