from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.tenant_profile import Canary
from m365_restrict.rules.tenant_profile import Question, TenantAnswer

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def ledger(ledger_url):
    with open_ledger(ledger_url) as opened:
        yield opened


def answer(value, source="probe"):
    return TenantAnswer(question=Question.FROM_EXTERNAL, value=value, source=source, at=AT)


def canary(**more):
    fields = {
        "tenant_id": "t-1",
        "token": "abc123",
        "form": "from/header",
        "about": "0123",
        "started_at": AT,
        "expires_at": AT + timedelta(hours=4),
        "run_id": "run",
    }
    return Canary(**fields | more)


def test_the_latest_answer_counts(ledger):
    for one in (answer("yes"), answer("no", "canary")):
        ledger.tenant_answers.record("t-1", [one], run_id="run")
    assert ledger.tenant_answers.profile("t-1").answers == {Question.FROM_EXTERNAL: answer("no", "canary")}


def test_another_tenant_answers_for_itself(ledger):
    ledger.tenant_answers.record("t-1", [answer("no")], run_id="run")
    assert ledger.tenant_answers.profile("t-2").answers == {}


def test_a_canary_comes_back_as_it_was_kept(ledger):
    begun = ledger.canaries.begin(canary())
    changed = replace(begun, rules=("g-1", "g-2"), answers={"match": "yes"})
    ledger.canaries.update(changed)
    assert ledger.canaries.all("t-1") == (changed,)
    assert ledger.canaries.standing("t-1") == changed


def end(ledger, passed, form="from/header"):
    begun = ledger.canaries.begin(canary(form=form))
    ledger.canaries.update(replace(begun, ended_at=AT, passed=passed))


def test_a_form_has_passed_until_a_later_canary_fails_in_it(ledger):
    end(ledger, passed=True)
    end(ledger, passed=False, form="patterns/caret/header")
    assert ledger.canaries.passed_forms("t-1") == {"from/header"}
    end(ledger, passed=False)
    assert ledger.canaries.passed_forms("t-1") == frozenset()
    assert ledger.canaries.standing("t-1") is None


def test_one_that_stands_has_passed_nothing(ledger):
    ledger.canaries.begin(canary())
    assert ledger.canaries.passed_forms("t-1") == frozenset()
