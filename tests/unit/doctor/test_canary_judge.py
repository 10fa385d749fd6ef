import pytest

from m365_restrict.doctor.canary_judge import (
    CanaryCheck,
    Evidence,
    is_answer,
    is_good,
    redirect_shown,
    settle,
)
from m365_restrict.outcome import Unknown
from m365_restrict.plan.leaks import RedirectTrace
from m365_restrict.tenant.trace import TraceLine

REFUSES = "third@ash.example"
UNREAD = Unknown("message trace", "HTTP 403")
Check = CanaryCheck


def line(status, recipient=REFUSES):
    return TraceLine(trace_id="1", recipient=recipient, subject="", status=status)


REFUSED, DELIVERED = (line("failed"),), (line("delivered"),)


def settled(given, *, first=REFUSED, second=DELIVERED, named=None, ended=True):
    evidence = Evidence(first=first, second=second, named=named, refused=REFUSES)
    return dict(settle({Check(name): value for name, value in given.items()}, evidence, ended=ended))


def test_what_the_operator_saw_counts_where_the_trace_bears_it_out():
    assert settled({"match": "yes", "ndr": "yes", "expiry": "yes"}) == {
        Check.MATCH: "yes",
        Check.NDR: "yes",
        Check.EXPIRY: "yes",
    }


@pytest.mark.parametrize(
    ("given", "evidence"),
    [
        ({"ndr": "yes"}, {"first": (line("delivered"),)}),
        ({"expiry": "yes"}, {"second": (line("failed"),)}),
    ],
)
def test_an_answer_that_the_trace_denies_is_contradicted(given, evidence):
    assert set(settled(given, **evidence).values()) == {"contradicted"}


@pytest.mark.parametrize(
    ("given", "more"),
    [({"match": "yes"}, {"first": ()}), ({"expiry": "yes"}, {"second": ()})],
)
def test_a_message_that_the_trace_has_not_seen_proves_nothing(given, more):
    assert settled(given, **more) == {}


def test_an_expiry_cannot_have_been_seen_before_it():
    assert settled({"expiry": "yes"}, ended=False) == {}


def test_where_the_trace_cannot_be_read_the_operator_is_believed():
    assert settled({"match": "yes"}, first=UNREAD, second=UNREAD) == {Check.MATCH: "yes"}


def test_a_trace_that_names_the_rule_shows_the_match_by_itself():
    assert settled({}, named=True) == {Check.MATCH: "yes"}
    assert settled({"match": "no"}, named=True) == {Check.MATCH: "no"}


@pytest.mark.parametrize(
    ("check", "value", "answer", "good"),
    [
        (Check.MATCH, "yes", True, True),
        (Check.MATCH, "no", True, False),
        (Check.MATCH, "perhaps", False, False),
        (Check.MATCH, "contradicted", False, False),
        (Check.COPIES, "1", True, True),
        (Check.COPIES, "2", True, True),
        (Check.COPIES, "0", True, False),
        (Check.COPIES, "yes", False, False),
    ],
)
def test_which_answers_there_are_and_which_are_good(check, value, answer, good):
    assert (is_answer(check, value), is_good(check, value)) == (answer, good)


@pytest.mark.parametrize(
    ("first", "named", "expected"),
    [
        (Unknown("x", "y"), None, None),
        ((), None, None),
        ((line("delivered", "second@ash.example"),), None, RedirectTrace.CONTACT),
        ((line("delivered", "first@ash.example"),), True, RedirectTrace.RECIPIENT),
        ((line("delivered", "first@ash.example"),), None, RedirectTrace.UNTOLD),
        ((line("expanded", "first@ash.example"),), None, RedirectTrace.CONTACT),
    ],
)
def test_how_the_trace_shows_a_redirect(first, named, expected):
    assert redirect_shown(Evidence(first=first, named=named), "first@ash.example") is expected
