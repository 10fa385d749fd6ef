from datetime import UTC, date, datetime

import pytest

from m365_restrict.errors import ConfigurationError, ExitCode
from m365_restrict.plan.rule_test_file import Expected, RuleTestState, read_rule_tests

GOOD = """\
# What the council expects.
[[test]]
name = "Single contact gets it"
case = "RC-2026-001"
to = "Planning@Ash.example"
expect = "redirected"
mailbox = "contact@ash.example"
"""


def read(text, *more):
    return read_rule_tests([("council.toml", text), *more])


def problem_of(text, *more):
    with pytest.raises(ConfigurationError) as caught:
        read(text, *more)
    assert caught.value.exit_code is ExitCode.CONFIGURATION
    return caught.value.message


def with_line(line, *, without=""):
    kept = [one for one in GOOD.splitlines() if not without or not one.startswith(without)]
    return "\n".join([*kept, line])


def test_a_test_is_read_as_it_is_meant():
    (test,) = read(GOOD)
    assert (test.case_reference, test.sender) == ("RC-2026-001", "")
    assert (test.recipient, test.mailbox) == ("planning@ash.example", "contact@ash.example")
    assert (test.expected, test.state, test.on) == (Expected.REDIRECTED, RuleTestState.PLANNED, None)
    assert test.place == "council.toml line 2"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-03-29", date(2027, 3, 29)),
        ("2027-03-29T09:00:00", datetime(2027, 3, 29, 9)),
        ("2027-03-29T09:00:00Z", datetime(2027, 3, 29, 9, tzinfo=UTC)),
    ],
)
def test_a_day_or_a_moment_is_toml_s_own(written, meant):
    assert read(with_line(f"on = {written}"))[0].on == meant


def test_the_state_may_be_the_tenant_as_it_is():
    assert read(with_line('state = "now"'))[0].state is RuleTestState.NOW


def test_tests_of_several_files_come_in_order():
    second = GOOD.replace("Single contact", "Another contact")
    assert [test.file for test in read(GOOD, ("more.toml", second))] == ["council.toml", "more.toml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "council.toml holds no test"),
        ("[test]\nname = 1", "in double brackets"),
        ("test = 3", "in double brackets"),
        ("[[test]\n", "not valid TOML"),
        ('[[tests]]\nname = "x"', "'tests' is not a key of rule tests. Did you mean 'test'?"),
        (with_line('form = "a@b.example"'), "council.toml line 2: 'form' is not a key of rule tests"),
        (with_line('mailbx = "a@b.example"'), "Did you mean 'mailbox'?"),
        (with_line("", without="name"), "line 2: 'name' is missing"),
        (with_line("", without="to"), "'to' is missing"),
        (with_line("", without="expect"), "'expect' is missing"),
        (with_line("", without="case"), "either 'from'"),
        (with_line('from = "pat@post.example"'), "either 'from'"),
        (with_line('from = "pat"', without="case"), "'from' must be one e-mail address"),
        (with_line('to = "planning"', without="to"), "'to' must be one e-mail address"),
        (with_line('to = ["a@b.example"]', without="to"), "'to' must be one e-mail address"),
        (with_line('expect = "redirect"', without="expect"), "'expect' must be one of delivered"),
        (with_line('state = "later"'), "'state' must be one of planned, now"),
        (with_line('on = "2027-03-29"'), "without quotation marks"),
        (with_line("on = 09:00:00"), "'on' must be a day"),
        (with_line("", without="mailbox"), "'mailbox' is missing: where must the mail be redirected"),
        (with_line('expect = "refused"', without="expect"), "'mailbox' means nothing"),
        (with_line('name = "For pat@post.example"', without="name"), "must not hold an address"),
        (with_line('name = " "', without="name"), "'name' must be a text"),
        (with_line(f'name = "{"n" * 121}"', without="name"), "120 characters"),
    ],
)
def test_each_mistake_is_named_with_its_place(text, said):
    assert said in problem_of(text)


def test_every_mistake_is_named_at_once():
    said = problem_of(with_line('stat = "now"', without="to"))
    assert "'stat'" in said
    assert "'to' is missing" in said


def test_two_tests_of_one_name_are_refused_with_both_places():
    said = problem_of(GOOD, ("more.toml", GOOD.replace("Single", "SINGLE")))
    assert "more.toml line 2" in said
    assert "council.toml line 2" in said


def test_the_line_of_an_inline_table_is_not_guessed():
    text = 'test = [{name = "x", from = "a@b.example", to = "c@d.example", expect = "delivered"}]'
    assert read(text)[0].place == "council.toml"
