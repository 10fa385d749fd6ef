from datetime import timedelta

import pytest

from m365_restrict.assess.block import Explained, Source
from m365_restrict.assess.codes import BlockCode
from m365_restrict.assess.judge import ListEntry, blocks_in_lists, blocks_in_rules

PAT, SAM = "pat@post.example", "sam@post.example"
ELSEWHERE = "[m365-restrict instance=else case=RC-1 key=RC-1/whole/1 digest=0123456789abcdef]"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({}, BlockCode.UNDECIDED),
        ({"From": None, "SenderDomainIs": ["post.example"]}, BlockCode.BROAD),
        ({"From": None, "FromAddressContainsWords": ["smith"]}, BlockCode.BROAD),
        ({"From": None, "SenderDomainIs": ["gmail.com"]}, BlockCode.PUBLIC_PROVIDER),
        ({"State": "Disabled"}, BlockCode.IDLE),
        ({"RedirectMessageTo": None, "PrependSubject": "[X]"}, BlockCode.MARKS),
        ({"Comments": ELSEWHERE}, BlockCode.OTHER_INSTALLATION),
    ],
)
def test_what_a_rule_amounts_to(rule, ground, properties, code):
    (block,) = blocks_in_rules([rule(**properties)], ground())
    assert block.code is code


def test_who_made_it_and_who_changed_it_are_told_apart(rule, ground):
    (block,) = blocks_in_rules([rule()], ground())
    assert (block.made_by, block.changed_by) == ("E Admin", "F Admin")
    assert block.changed_at.year == 2022


@pytest.mark.parametrize(
    ("live", "explained", "code"),
    [
        ({PAT: ("RC-1",), SAM: ("RC-2",)}, Explained.YES, BlockCode.EXPLAINED),
        ({PAT: ("RC-1",)}, Explained.PARTLY, BlockCode.UNDECIDED),
        ({}, Explained.NO, BlockCode.UNDECIDED),
    ],
)
def test_only_live_cases_explain(rule, ground, live, explained, code):
    (block,) = blocks_in_rules([rule(From=[PAT, SAM])], ground(live=live, pending={SAM: ("item 7",)}))
    assert (block.explained, block.code) == (explained, code)
    assert block.names[1].pending_refs == ("item 7",)


def test_an_unread_register_is_not_taken_for_no_decision(rule, ground):
    (block,) = blocks_in_rules([rule()], ground(readable=False))
    assert block.explained is Explained.UNKNOWN


@pytest.mark.parametrize(
    "rules", [{"From": ["a@ash.example"]}, {"From": None, "SubjectContainsWords": ["x"]}]
)
def test_a_rule_that_names_no_outsider_is_no_block(rule, ground, rules):
    assert list(blocks_in_rules([rule(**rules)], ground())) == []


def test_our_own_rules_are_left_to_drift(rule, ground):
    assert list(blocks_in_rules([rule()], ground(ours=frozenset({"g-1"})))) == []


@pytest.mark.parametrize("source", list(Source)[1:])
def test_every_list_says_what_it_does(ground, source):
    (block,) = blocks_in_lists([ListEntry(source=source, value=PAT, place="there")], ground())
    assert block.effect
    assert (block.code, block.acts) == (BlockCode.UNDECIDED, True)


def test_an_entry_that_has_ended_is_idle(ground, now):
    entry = ListEntry(source=Source.TENANT_LIST, value=PAT, place="there", ends_at=now - timedelta(days=1))
    (block,) = blocks_in_lists([entry], ground())
    assert (block.code, block.acts) == (BlockCode.IDLE, False)


def test_a_domain_is_never_explained_by_an_address_in_it(ground):
    entry = ListEntry(source=Source.SPAM_POLICY, value="post.example", place="there")
    (block,) = blocks_in_lists([entry], ground(live={PAT: ("RC-1",)}))
    assert (block.explained, block.code) == (Explained.NO, BlockCode.BROAD)
