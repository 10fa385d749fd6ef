"""What older mail is judged by: how a case's rules stood, and what an event means that names one."""

from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.plan.leaks import Confirmed, Handling
from m365_restrict.plan.mail_forms import Look, Seen, Spell, Write, decided, spells, stories

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLERK, CONTACT, PARKS = "clerk@ash.example", "contact@ash.example", "parks@ash.example"
FORM = {
    "Name": "RC-1",
    "State": "Enabled",
    "Mode": "Enforce",
    "From": ("p@post.example",),
    "RedirectMessageTo": (CONTACT,),
    "ExceptIfSentTo": ("safe@ash.example",),
}
OTHER = {**FORM, "ExceptIfSentTo": (CLERK,)}
AUDIT = {**FORM, "Mode": "Audit"}


def wrote(hours, after=FORM, *, before=FORM, key="RC-1/whole/1", guid="g-1", by_council=True):
    name = (after or before or {}).get("Name", "")
    at = NOON + hours * HOUR
    return Write(at=at, key=key, guid=guid, name=name, by_council=by_council, before=before, after=after)


def hours(*writes):
    """The spells as hours from noon."""
    return [
        ((one.since - NOON) / HOUR, None if one.until is None else (one.until - NOON) / HOUR, one.is_open)
        for one in spells(writes)
    ]


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        ([], []),
        ([wrote(0)], [(0, None, True)]),
        ([wrote(0), wrote(2)], [(0, None, True)]),
        ([wrote(0), wrote(2, {**FORM, "Name": "RC-77"}, key="RC-77/whole/1")], [(0, None, True)]),
        ([wrote(0), wrote(2, guid="g-2")], [(0, None, True)]),
        ([wrote(0), wrote(2, OTHER)], [(0, 2, False), (2, None, True)]),
        ([wrote(0), wrote(2, None)], [(0, 2, False)]),
        ([wrote(0), wrote(2, None), wrote(5)], [(0, 2, False), (5, None, True)]),
        ([wrote(0), wrote(2, key="RC-1/whole/2", guid="g-2")], [(0, 2, False), (2, None, True)]),
        ([wrote(0), wrote(2, key="RC-1/opted/x", guid="g-2", by_council=False)], [(0, None, True)]),
        ([wrote(0, {**FORM, "ExpiryDate": NOON + HOUR})], [(0, 1, True)]),
        ([wrote(0, {**FORM, "ExpiryDate": NOON + 3 * HOUR}), wrote(2)], [(0, None, True)]),
        ([wrote(0, {**FORM, "ExpiryDate": NOON + HOUR}), wrote(2)], [(0, 1, False), (2, None, True)]),
    ],
)
def test_a_spell_lasts_as_long_as_the_rules_do_the_same(writes, expected):
    assert hours(*writes) == expected


def decision(*forms, is_filed=False):
    spell = Spell(since=NOON, until=None, forms=forms, is_open=True)
    domains = frozenset({"ash.example"})
    return decided(spell, until=NOON + 5 * HOUR, settle=HOUR, domains=domains, is_filed=is_filed)


@pytest.mark.parametrize(
    ("forms", "who", "at", "kept"),
    [
        ([FORM], CLERK, 1, True),
        ([FORM], CLERK, 0.9, False),
        ([FORM], CLERK, 5, False),
        ([FORM], CONTACT, 2, False),
        ([FORM], "safe@ash.example", 2, False),
        ([{**FORM, "SentTo": (PARKS,)}], CLERK, 2, False),
        ([{**FORM, "SentTo": (PARKS,)}], PARKS, 2, True),
        ([{**FORM, "SentTo": (PARKS,)}, {**FORM, "SentToMemberOf": ("team@ash.example",)}], CLERK, 2, False),
        ([AUDIT], CLERK, 2, False),
        ([{**FORM, "State": "Disabled"}], CLERK, 2, False),
    ],
)
def test_whom_a_form_kept_mail_from(forms, who, at, kept):
    assert decision(*forms).keeps_from(who, NOON + at * HOUR) is kept


@pytest.mark.parametrize(
    ("form", "is_filed", "expected"),
    [
        (FORM, False, Handling.REDIRECTED),
        (FORM, True, Handling.FILED),
        ({"State": "Enabled", "RejectMessageReasonText": "No."}, False, Handling.REFUSED),
        ({"State": "Enabled", "BlindCopyTo": (CONTACT,)}, False, Handling.LEFT),
    ],
)
def test_what_a_form_did_with_mail(form, is_filed, expected):
    assert decision(form, is_filed=is_filed).handling is expected


def verdict(seen, *writes, at, who=CLERK):
    (story,) = stories(writes, {"g-1": seen}, settle=HOUR)
    return story.verdict(NOON + at * HOUR, who)


def look(which, *, touched=0, targets=(CONTACT,)):
    return Seen(look=which, changed_at=NOON + touched * HOUR, targets=frozenset(targets))


ELSE = {**FORM, "RedirectMessageTo": (PARKS,)}


@pytest.mark.parametrize(
    ("seen", "writes", "at", "who", "expected"),
    [
        (look(Look.AS_WRITTEN), [wrote(0)], 0, CLERK, Confirmed.HANDLED),
        (look(Look.AS_WRITTEN, touched=0.2), [wrote(0)], 0.1, CLERK, Confirmed.HANDLED),
        (look(Look.AS_WRITTEN, touched=2), [wrote(0)], 1, CLERK, Confirmed.UNSURE),
        (look(Look.AS_WRITTEN, touched=2), [wrote(0)], 2, CLERK, Confirmed.HANDLED),
        (look(Look.ALTERED, touched=2), [wrote(0)], 1, CLERK, Confirmed.UNSURE),
        (look(Look.ALTERED, touched=2), [wrote(0)], 2.5, CLERK, Confirmed.UNSURE),
        (look(Look.ALTERED, touched=2), [wrote(0)], 3, CLERK, Confirmed.LEAKED),
        (look(Look.ALTERED, touched=2, targets=(PARKS,)), [wrote(0)], 1, PARKS, Confirmed.LEAKED),
        (look(Look.MISSING), [wrote(0)], 1, CLERK, Confirmed.UNSURE),
        (look(Look.UNREAD), [wrote(0)], 1, CLERK, Confirmed.UNANSWERED),
        (look(Look.AS_WRITTEN, touched=4), [wrote(0), wrote(4, OTHER)], 2, CLERK, Confirmed.HANDLED),
        (look(Look.AS_WRITTEN, touched=4), [wrote(0), wrote(4, before=AUDIT)], 2, CLERK, Confirmed.UNSURE),
        (look(Look.AS_WRITTEN, touched=4), [wrote(0), wrote(4, before=ELSE)], 2, PARKS, Confirmed.LEAKED),
        (look(Look.AS_WRITTEN, touched=4), [wrote(0), wrote(4, before=None)], 2, CLERK, Confirmed.UNSURE),
        (look(Look.MISSING), [wrote(0), wrote(4, None)], 2, CLERK, Confirmed.HANDLED),
        (look(Look.MISSING), [wrote(0), wrote(4, None)], 5, CLERK, Confirmed.UNSURE),
    ],
)  # fmt: skip
def test_a_rule_that_is_named_acted_as_written_only_where_nobody_altered_it(seen, writes, at, who, expected):
    assert verdict(seen, *writes, at=at, who=who) is expected


def test_a_rule_is_known_by_every_name_that_it_bore():
    renamed = {**FORM, "Name": "RC-77"}
    writes = [wrote(0), wrote(2, renamed, before={**FORM, "Name": "Mine"})]
    (story,) = stories(writes, {"g-1": Seen(look=Look.AS_WRITTEN, name="Ours")}, settle=HOUR)
    assert set(story.names) == {"RC-1", "RC-77", "Mine", "Ours", "g-1"}
    assert story.is_named_in("transport rule: 'rc-77'")
    assert not story.is_named_in("transport rule: 'disclaimer'")
