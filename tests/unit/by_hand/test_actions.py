"""What an earlier form of a rule would do to mail, and whether anybody decided it."""

from datetime import UTC, datetime

import pytest

from m365_restrict.by_hand.actions import harsher_actions, harsher_from_senders, undecided_actions
from m365_restrict.ledger.written import WrittenChange, WrittenResult
from m365_restrict.plan.change import Action, RuleKind
from m365_restrict.rules.observed import Properties, PropertyValue
from m365_restrict.rules.properties import INBOX_FOLDER

DOMAINS = frozenset({"ash.example"})
SENDERS: Properties = {"Name": "RC-1", "From": ("pat@post.example",), "State": "Enabled"}
WANTED: Properties = {**SENDERS, "RedirectMessageTo": ("contact@ash.example",), "StopRuleProcessing": True}
EARLIER: Properties = {**WANTED, "RedirectMessageTo": ("housing@ash.example",)}
EDITED: Properties = {**WANTED, "RedirectMessageTo": ("parks@ash.example",)}


def wrote(
    before: Properties | None, after: Properties, result: WrittenResult = WrittenResult.APPLIED
) -> WrittenChange:
    return WrittenChange(
        run_id="run-1",
        at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        action=Action.UPDATE,
        kind=RuleKind.TRANSPORT_RULE,
        key="RC-1",
        tenant_id="guid",
        mailbox="",
        case_reference="RC-1",
        item_id="1",
        name="RC-1",
        chosen_by_holder=False,
        before=before,
        after=after,
        result=result,
    )


@pytest.mark.parametrize(
    ("form", "journal", "names"),
    [
        (WANTED, (), ()),
        ({**WANTED, "Name": "Other", "From": ("lee@post.example",)}, (), ()),
        (EARLIER, (wrote(None, EARLIER),), ()),
        (EARLIER, (wrote(WANTED, EARLIER),), ()),
        (EARLIER, (), ("RedirectMessageTo",)),
        (EDITED, (wrote(None, EARLIER),), ("RedirectMessageTo",)),
        (EARLIER, (wrote(WANTED, EARLIER, WrittenResult.FAILED),), ("RedirectMessageTo",)),
        ({**SENDERS, "RedirectMessageTo": ("contact@ash.example",)}, (), ("StopRuleProcessing",)),
    ],
)
def test_decided_is_what_is_wanted_and_what_a_run_put_there(
    form: Properties, journal: tuple[WrittenChange, ...], names: tuple[str, ...]
) -> None:
    assert undecided_actions(form, WANTED, journal, DOMAINS) == names


def test_an_opening_that_left_an_edited_action_in_place_decided_nothing() -> None:
    more = {**EDITED, "From": ("lee@post.example", "pat@post.example")}
    assert undecided_actions(EDITED, WANTED, (wrote(more, EDITED),), DOMAINS) == ("RedirectMessageTo",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DeleteMessage", True),
        ("Quarantine", True),
        ("ModerateMessageByUser", ("parks@ash.example",)),
        ("BlindCopyTo", ("somebody@else.example",)),
    ],
)
def test_some_actions_are_not_put_back_whoever_wrote_them(name: str, value: PropertyValue) -> None:
    form = {**WANTED, name: value}
    assert undecided_actions(form, WANTED, (wrote(None, form),), DOMAINS) == (name,)


REFUSAL_CODE = "RejectMessageEnhancedStatusCode"
REFUSED: Properties = {**SENDERS, "RejectMessageReasonText": "Write to us by post."}
JUNKED: Properties = {"displayName": "Rule", INBOX_FOLDER: "junkemail", "actions.stopProcessingRules": True}


@pytest.mark.parametrize(
    ("form", "decided", "names"),
    [
        (EDITED, WANTED, ()),
        ({**WANTED, "PrependSubject": "[Contact] ", "SetSCL": "-1"}, WANTED, ()),
        ({**WANTED, "DeleteMessage": True}, WANTED, ("DeleteMessage",)),
        ({**WANTED, "Quarantine": True}, WANTED, ("Quarantine",)),
        ({**WANTED, "SetSCL": "6"}, WANTED, ("SetSCL",)),
        ({**WANTED, "SmtpRejectMessageRejectText": "No."}, WANTED, ("SmtpRejectMessageRejectText",)),
        (REFUSED, WANTED, ("RejectMessageReasonText",)),
        ({**WANTED, REFUSAL_CODE: "5.7.9"}, WANTED, (REFUSAL_CODE,)),
        ({**REFUSED, REFUSAL_CODE: "5.7.9"}, REFUSED, ()),
        (WANTED, {**SENDERS, "BlindCopyTo": ("contact@ash.example",)}, ("RedirectMessageTo",)),
        ({**JUNKED, INBOX_FOLDER: "Archive"}, JUNKED, ()),
        ({**JUNKED, INBOX_FOLDER: "deleteditems"}, JUNKED, (INBOX_FOLDER,)),
        ({**JUNKED, "actions.permanentDelete": True}, JUNKED, ("actions.permanentDelete",)),
    ],
)
def test_what_keeps_mail_from_people_beyond_the_decision(
    form: Properties, decided: Properties, names: tuple[str, ...]
) -> None:
    assert harsher_actions(form, decided) == names


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ({"From": ("pat@post.example",), "DeleteMessage": True}, ("DeleteMessage",)),
        ({"SenderDomainIs": ("post.example",), "Quarantine": True}, ("Quarantine",)),
        ({"From": ("pat@post.example",), "RejectMessageReasonText": "No."}, ("RejectMessageReasonText",)),
        ({"From": ("pat@post.example",), REFUSAL_CODE: "5.7.9"}, (REFUSAL_CODE,)),
        ({"From": ("pat@post.example",), "SetSCL": "9"}, ("SetSCL",)),
        ({"From": ("pat@post.example",), "SetSCL": "-1"}, ()),
        (
            {
                "HeaderContainsMessageHeader": "From",
                "HeaderContainsWords": ("pat@post.example",),
                "DeleteMessage": True,
            },
            ("DeleteMessage",),
        ),
        ({"From": ("pat@post.example",), "RedirectMessageTo": ("parks@ash.example",)}, ()),
        ({"AttachmentHasExecutableContent": True, "DeleteMessage": True, "SetSCL": "9"}, ()),
    ],
)
def test_a_general_rule_of_somebody_else_keeps_nobodys_mail_in_particular(
    rule: Properties, names: tuple[str, ...]
) -> None:
    assert harsher_from_senders(rule) == names
