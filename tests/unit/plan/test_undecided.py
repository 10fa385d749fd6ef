from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import ChangeClass, Difference, LineEntry, Observed, Severity
from m365_restrict.plan.undecided import named_addresses, undecided_rules
from m365_restrict.rules.normalise import observe_transport_rule

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
REDIRECT = {"RedirectMessageTo": ["contact@ash.example"]}


def found(*, decided: frozenset[str] = frozenset(), ours: bool = False, **rule: Any) -> list[Any]:
    raw = {"Guid": "1", "Name": "By hand", "State": "Enabled", "Mode": "Enforce", **rule}
    line = (LineEntry("1", "case-1" if ours else ""),)
    return list(
        undecided_rules(
            Difference(changes=(), findings=(), unknown=(), line=line),
            Observed((observe_transport_rule(raw),), {}),
            decided=decided,
            council_domains=frozenset({"ash.example"}),
            now=NOW,
        )
    )


@pytest.mark.parametrize(
    "sender",
    [
        {"From": ["pat@post.example"]},
        {"FromAddressContainsWords": ["pat@post.example"]},
        {"FromAddressMatchesPatterns": ["^pat@post\\.example$"]},
        {"HeaderContainsMessageHeader": "From", "HeaderContainsWords": ["pat@post.example"]},
    ],
)
@pytest.mark.parametrize(
    "action", [REDIRECT, {"RejectMessageReasonText": "No."}, {"DeleteMessage": True}, {"Quarantine": True}]
)
def test_a_block_made_by_hand_is_a_critical_orphan(sender: Any, action: Any) -> None:
    (one,) = found(**sender, **action)
    assert (one.change_class, one.severity, one.rule) == (ChangeClass.ORPHAN, Severity.CRITICAL, "By hand")


@pytest.mark.parametrize("level", [5, 9])
def test_a_block_to_junk_is_an_orphan_that_may_be_accepted(level: int) -> None:
    (one,) = found(From=["pat@post.example"], SetSCL=level)
    assert (one.change_class, one.severity) == (ChangeClass.ORPHAN, Severity.HIGH)


def test_the_finding_shows_no_address() -> None:
    (one,) = found(From=["pat@post.example"], **REDIRECT)
    assert "@" not in one.message


@pytest.mark.parametrize(
    "rule",
    [
        {"From": ["pat@post.example"], "PrependSubject": "[X] "},
        {"From": ["pat@post.example"], "SetSCL": 4},
        {"From": ["colleague@ash.example"], **REDIRECT},
        {"SenderDomainIs": ["post.example"], **REDIRECT},
        {"From": ["pat@post.example"], "State": "Disabled", **REDIRECT},
        {"From": ["pat@post.example"], "Mode": "Audit", **REDIRECT},
        {"From": ["pat@post.example"], "ExpiryDate": "2026-11-23T09:00:00Z", **REDIRECT},
    ],
    ids=["harmless", "no spam", "a colleague", "a domain", "disabled", "audit", "expired"],
)
def test_what_keeps_nobody_away_is_none(rule: Any) -> None:
    assert found(**rule) == []


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ({"From": ["pat@post.example"]}, "pat@post.example"),
        ({"FromAddressMatchesPatterns": [r"^pat\.m@post\.example$"]}, "pat.m@post.example"),
        ({"FromAddressMatchesPatterns": [r"\Apat@post\.example\Z"]}, "pat@post.example"),
        ({"FromAddressMatchesPatterns": [r"\bpat\-m@post\.example\b"]}, "pat-m@post.example"),
        ({"FromAddressContainsWords": ["o'pat+m@post.example"]}, "o'pat+m@post.example"),
    ],
    ids=["From", "a dot", "other anchors", "a word's ends", "an apostrophe and a plus"],
)
def test_a_live_decision_stands_behind_it(named: Any, address: str) -> None:
    assert found(decided=frozenset({address}), **named, **REDIRECT) == []


def test_rules_of_ours_are_judged_elsewhere() -> None:
    assert found(ours=True, From=["pat@post.example"], **REDIRECT) == []


def test_what_could_not_be_read_is_not_judged() -> None:
    nothing = undecided_rules(
        Difference(changes=(), findings=(), unknown=()),
        Observed(Unknown("transport rules", "throttled"), {}),
        decided=frozenset(),
        council_domains=frozenset(),
        now=NOW,
    )
    assert list(nothing) == []


def test_a_class_of_addresses_names_none() -> None:
    assert (
        named_addresses({"FromAddressMatchesPatterns": (r"\w+@post\.example", r"pat.*@post\.example")}) == ()
    )


def test_addresses_are_told_from_words() -> None:
    assert named_addresses({"FromAddressContainsWords": ("tender", "pat@post.example")}) == (
        "pat@post.example",
    )
