"""Which remembered folders a run takes as they are, and which it asks for anew."""

import asyncio
from datetime import date

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Observed, RuleKind
from m365_restrict.rules.compilation import Desired, Rules
from m365_restrict.rules.inbox_rule import InboxRule, MoveToFolder
from m365_restrict.rules.observed import ObservedInboxRule
from m365_restrict.writes.mailbox_folders import Folders, asked_anew, read_folders, unconfirmed

BOX = "cllr.a@ash.example"
PLACE, OTHER = (BOX, "Set aside"), (BOX, "Junk Email")
TOKEN, RULE_ID = "abcd2345", "AQAAA1="


def remembered(*places, **more):
    ids = {BOX: {name: f"id of {name}" for _, name in places}}
    return Folders(ids=ids, remembered=frozenset(places), **more)


def wanted(folder="Set aside"):
    return InboxRule(
        key="k", case_reference="", mailbox=BOX, display_name=f"Set aside {TOKEN}", token=TOKEN,
        senders=("x@post.example",), action=MoveToFolder(folder), ends_on=date(2027, 3, 28),
        chosen_by_holder=True,
    )  # fmt: skip


def stands(folder="Set aside", *, token=TOKEN):
    return ObservedInboxRule(
        mailbox=BOX, rule_id=RULE_ID, display_name="", token=token, enabled=True, read_only=False,
        has_error=False, properties={"actions.moveToFolder": folder},
    )  # fmt: skip


def applied(folder="Set aside"):
    return Applied(
        key="k", kind=RuleKind.INBOX_RULE, guid_or_rule_id=RULE_ID, mailbox=BOX, case_reference="", name="",
        properties={"actions.moveToFolder": folder}, chosen_by_holder=True, saved="",
    )  # fmt: skip


def doubted(*rules, desired=None, applied=(), inbox=None):
    observed = Observed(transport=(), inbox={BOX: rules if inbox is None else inbox})
    return unconfirmed(remembered(PLACE), desired or Desired(inbox=(wanted(),)), applied, observed)


def test_a_folder_that_its_rule_shows_is_taken_as_it_is():
    assert doubted(stands(), applied=[applied()]) == frozenset()


@pytest.mark.parametrize(
    ("rules", "given"),
    [
        ([stands("id of another")], {}),
        ([], {}),
        ([stands(token="zyxw2345")], {}),
        ([stands()], {"applied": [applied("Another")], "desired": Desired()}),
        ([], {"desired": Desired(withheld=Rules(inbox=(wanted(),)))}),
        ([], {"desired": Desired()}),
        ([], {"inbox": Unknown(BOX, "it did not answer")}),
    ],
    ids=["another folder", "no rule", "another rule", "applied elsewhere", "withheld", "none", "unread"],
)
def test_a_folder_that_is_not_shown_by_every_rule_of_it_is_asked_for(rules, given):
    if given.get("applied"):
        rules = [stands("Another")]
    assert doubted(*rules, **given) == {PLACE}


def test_one_that_this_run_asked_for_is_not_asked_for_twice():
    asked = Folders(ids={BOX: {"Set aside": "id"}})
    assert unconfirmed(asked, Desired(inbox=(wanted(),)), (), Observed(transport=(), inbox={})) == frozenset()


class Mailboxes:
    """Answers about folders, and notes which were asked for."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    async def folder_id(self, _mailbox, folder):
        self.asked.append(folder)
        return self.answers.get(folder.replace(" ", "_"))


def test_known_folders_are_not_asked_for():
    boxes = Mailboxes(Junk_Email="junk")
    found = asyncio.run(read_folders(boxes, [OTHER, PLACE], {PLACE: "known"}))
    assert boxes.asked == ["Junk Email"]
    assert found.ids == {BOX: {"Junk Email": "junk", "Set aside": "known"}}
    assert (found.remembered, found.asked) == ({PLACE}, {OTHER: "junk"})


@pytest.mark.parametrize(
    ("answer", "missing", "unknown"), [(None, {PLACE}, set()), (Unknown(BOX, "no"), set(), {PLACE})]
)
def test_a_folder_that_is_asked_for_anew_may_be_gone_or_not_be_read(answer, missing, unknown):
    found = asyncio.run(asked_anew(Mailboxes(Set_aside=answer), remembered(PLACE, OTHER), frozenset({PLACE})))
    assert found.ids == {BOX: {"Junk Email": "id of Junk Email"}}
    assert (set(found.missing), set(found.unknown), found.remembered) == (missing, unknown, {OTHER})


def test_a_folder_that_is_asked_for_anew_has_the_id_of_now():
    found = asyncio.run(asked_anew(Mailboxes(Set_aside="new"), remembered(PLACE), frozenset({PLACE})))
    assert (found.ids, found.asked) == ({BOX: {"Set aside": "new"}}, {PLACE: "new"})
