import pytest

from m365_restrict.mailflow.behaviour import Undecided
from m365_restrict.mailflow.inbox import InboxFolders, InboxOutcome, InboxScene, Onward, run_inbox_rules
from m365_restrict.mailflow.message import read_message

MAILBOX = "a@ashbourne.example"
FOLDERS = InboxFolders({"junk-id": "Junk Email", "aside-id": "Set aside"})
TO_ASIDE = {"moveToFolder": "aside-id"}


def rule(name="R", sequence=1, conditions=None, actions=None, **more) -> dict[str, object]:
    return {
        "displayName": name,
        "sequence": sequence,
        "conditions": conditions,
        "actions": actions or TO_ASIDE,
        **more,
    }


def person(address: str) -> dict[str, object]:
    return {"emailAddress": {"name": "", "address": address}}


def run(town, *rules, headers="", to="a@ashbourne.example", policy=Undecided.NOT_MATCHED) -> InboxOutcome:
    fixed = "From: Bob <bob@x.example>\r\nCc: c@ashbourne.example\r\nSubject: Bins\r\n"
    raw = f"{fixed}To: {to}\r\n{headers}\r\nText"
    message = read_message(raw.encode(), "bounce@x.example")
    return run_inbox_rules(
        InboxScene(message=message, mailbox=MAILBOX, directory=town), rules, FOLDERS, policy
    )


@pytest.mark.parametrize(
    ("conditions", "acts"),
    [
        (None, True),
        ({}, True),
        ({"fromAddresses": [person("BOB@x.example")]}, True),
        ({"fromAddresses": [person("ob@x.example")]}, False),
        ({"fromAddresses": [person("bounce@x.example")]}, False),
        ({"senderContains": ["@X.EXAMPLE"]}, True),
        ({"senderContains": ["BOB"]}, True),
        ({"senderContains": ["ann"]}, False),
        ({"subjectContains": ["bin"]}, True),
        ({"bodyOrSubjectContains": ["BINS"]}, True),
        ({"bodyOrSubjectContains": ["roof"]}, False),
        ({"headerContains": ["subject: bins"]}, True),
        ({"recipientContains": ["c@ashbourne"]}, True),
        ({"sentToAddresses": [person("c@ashbourne.example")]}, True),
        ({"sentToMe": True}, True),
        ({"notSentToMe": True}, False),
        ({"sentCcMe": True}, False),
        ({"sentToOrCcMe": True}, True),
        ({"sentOnlyToMe": True}, False),
        ({"importance": "normal"}, True),
        ({"withinSizeRange": {"minimumSize": 1, "maximumSize": 2}}, False),
        ({"withinSizeRange": {"minimumSize": 0, "maximumSize": 2}}, True),
        ({"isSigned": True}, False),
        ({"hasAttachments": True}, False),
        ({"subjectContains": ["bins"], "senderContains": ["ann"]}, False),
        ({"subjectContains": ["bins"], "isVoicemail": None, "categories": [], "isSigned": False}, True),
    ],
)
def test_conditions(town, conditions, acts) -> None:
    assert run(town, rule(conditions=conditions)).folder == ("Set aside" if acts else "Inbox")


def test_an_alias_of_the_mailbox_is_me(town) -> None:
    assert run(town, rule(conditions={"sentToMe": True}), to="Alex@ashbourne.example").folder == "Set aside"


def test_what_cannot_be_evaluated_is_settled_by_policy(town) -> None:
    assert run(town, rule(conditions={"hasAttachments": True}), policy=Undecided.ACTS).folder == "Set aside"


def test_the_first_rule_that_moves_decides_the_folder(town) -> None:
    outcome = run(town, rule("One", 1), rule("Two", 2, actions={"moveToFolder": "junk-id"}))
    assert (outcome.folder, outcome.rules) == ("Set aside", ("One", "Two"))


def test_a_message_deleted_for_good_is_nowhere(town) -> None:
    outcome = run(town, rule(actions={"permanentDelete": True}))
    assert (outcome.folder, outcome.deleted) == (None, True)


def test_a_copy_leaves_the_original_in_the_inbox(town) -> None:
    outcome = run(town, rule(actions={"copyToFolder": "aside-id"}))
    assert (outcome.folder, outcome.copied_to) == ("Inbox", ("Set aside",))


def test_categories_add_up_once_each(town) -> None:
    outcome = run(
        town, rule(actions={"assignCategories": ["A", "B"]}), rule(actions={"assignCategories": ["B"]})
    )
    assert outcome.categories == ("A", "B")


def test_redirects_and_forwards_are_told_apart(town) -> None:
    actions = {"redirectTo": [person("B@x.example")], "forwardTo": [person("c@x.example")]}
    outcome = run(town, rule(actions=actions))
    assert (outcome.redirects, outcome.forwards) == (
        (Onward("b@x.example", "R"),),
        (Onward("c@x.example", "R"),),
    )


def test_a_single_recipient_instead_of_a_list_is_understood(town) -> None:
    assert run(town, rule(actions={"redirectTo": person("b@x.example")})).redirects == (
        Onward("b@x.example", "R"),
    )


def test_a_second_redirect_is_dropped_and_the_rest_of_the_rule_stands(town) -> None:
    actions = {"redirectTo": [person("b@x.example")], **TO_ASIDE}
    outcome = run(town, rule(actions=actions), headers="X-MS-Exchange-Inbox-Rules-Loop: a@x.example\r\n")
    assert (outcome.redirects, outcome.folder) == ((), "Set aside")


@pytest.mark.parametrize("stored", [{}, {"actions": None}, {"conditions": "odd", "actions": "odd"}])
def test_a_rule_without_actions_does_nothing(town, stored) -> None:
    assert run(town, stored) == InboxOutcome()
