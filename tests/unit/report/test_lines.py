"""What the lines of the documents tell, and what they must not tell."""

from datetime import UTC, datetime

import pytest

from m365_restrict.errors import ErrorCode, ExitCode, LeaseHeld
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import (
    Action,
    Change,
    ChangeClass,
    FieldChange,
    Finding,
    GuardVerdict,
    RuleKind,
    Severity,
)
from m365_restrict.plan.codes import FindingCode, GuardCode
from m365_restrict.policy.judgement import CaseWarning, DraftCase, Judgement, OpenedCase, Refusal
from m365_restrict.register.case import Status
from m365_restrict.register.choice import RefusedChoice
from m365_restrict.report.documents import Outcome
from m365_restrict.report.failure import failure_of
from m365_restrict.report.lines import (
    case_lines,
    change_line,
    drift_exit_code,
    finding_key,
    finding_line,
    guard_lines,
    refused_choice_lines,
)
from m365_restrict.report.privacy import HolderMailboxes

COUNCILLOR = "cllr.b@ashbourne.example"
HOLDERS = HolderMailboxes({COUNCILLOR: 412})
SINCE = datetime(2026, 11, 20, 8, tzinfo=UTC)
FIELDS = (FieldChange("SentTo", None, (COUNCILLOR,)),)


def change(**given):
    values = {
        "action": Action.CREATE,
        "kind": RuleKind.INBOX_RULE,
        "key": "k",
        "name": "Council mail choice: to Junk Email until 7 March 2027 [k3v9q2mx]",
        "case_reference": "",
        "mailbox": COUNCILLOR,
        "chosen_by_holder": True,
        "change_class": ChangeClass.PENDING,
        "fields": FIELDS,
        "effect": f"Mail from person@outside.example to {COUNCILLOR} goes to Junk Email.",
        "opens": False,
    }
    return Change(**{**values, **given})


def finding(**given):
    values = {
        "code": FindingCode.HOLDER_CHANGED_RULE,
        "change_class": ChangeClass.HOLDERS_CHOICE,
        "severity": Severity.LOW,
        "message": f"The rule in {COUNCILLOR} is gone.",
        "mailbox": COUNCILLOR,
        "kind": RuleKind.INBOX_RULE,
        "rule": "Council mail choice",
        "key": "k",
        "chosen_by_holder": True,
        "fields": FIELDS,
        "changed_by": COUNCILLOR,
    }
    return Finding(**{**values, **given})


@pytest.mark.parametrize("action", list(Action))
def test_a_change_to_a_choice_tells_neither_mailbox_nor_sender(action):
    line = change_line(change(action=action), HOLDERS, outcome=Outcome.FAILED, reason=f"404 for {COUNCILLOR}")
    assert (line.mailbox, line.fields) == (412, ())
    assert "@" not in repr(line)


def test_a_mailbox_without_a_number_is_still_not_told():
    assert change_line(change(), HolderMailboxes()).mailbox == 0


def test_a_change_to_the_councils_own_rule_tells_everything():
    council = change(
        chosen_by_holder=False, mailbox="planning@ashbourne.example", case_reference="RC-2026-014"
    )
    line = change_line(council, HOLDERS)
    assert (line.mailbox, line.case_ref, line.fields) == ("planning@ashbourne.example", "RC-2026-014", FIELDS)


def test_a_change_without_a_case_has_none():
    assert change_line(change(), HOLDERS).case_ref is None


def test_a_held_change_is_skipped_and_names_the_guard():
    line = change_line(change(held_by="source-empty"), HOLDERS)
    assert line.outcome is Outcome.SKIPPED
    assert "source-empty" in line.reason


def test_what_became_of_a_change_stands_whatever_held_it_in_the_plan():
    assert change_line(change(), HOLDERS, outcome=Outcome.APPLIED).outcome is Outcome.APPLIED


def test_a_finding_about_a_choice_tells_neither_mailbox_nor_holder():
    line = finding_line(finding(), HOLDERS, since=SINCE)
    assert (line.mailbox, line.fields, line.changed_by, line.changed_at) == (412, (), None, None)
    assert "@" not in repr(line)


def test_who_changed_a_councillors_transport_rule_is_told_because_it_is_in_nobodys_mailbox():
    line = finding_line(finding(kind=RuleKind.TRANSPORT_RULE, changed_by="Admin"), HOLDERS, since=SINCE)
    assert (line.mailbox, line.fields, line.changed_by) == (412, (), "Admin")


def test_a_finding_about_the_councils_rule_says_who_and_what_to_do():
    council = finding(
        code=FindingCode.RULE_DRIFTED,
        change_class=ChangeClass.DRIFTED,
        chosen_by_holder=False,
        mailbox="",
        changed_by="Admin",
        case_reference="RC-2026-014",
    )
    line = finding_line(council, HOLDERS, since=SINCE)
    assert (line.changed_by, line.fields, line.since) == ("Admin", FIELDS, SINCE)
    assert line.action == FindingCode.RULE_DRIFTED.advice


@pytest.mark.parametrize("text", [f"inbox rules of {COUNCILLOR.upper()}", f"No answer for <{COUNCILLOR}>."])
def test_a_failed_read_does_not_name_the_councillor(text):
    hidden = HOLDERS.hide_unknown(Unknown(text, text))
    assert "mailbox 412" in hidden.scope
    assert "@" not in hidden.scope + hidden.reason


def test_other_addresses_stay():
    assert HOLDERS.hide("see planning@ashbourne.example.") == "see planning@ashbourne.example."


@pytest.mark.parametrize(
    ("change_class", "severity", "code"),
    [
        (ChangeClass.PENDING, Severity.LOW, ExitCode.DIFFERENCES),
        (ChangeClass.DRIFTED, Severity.LOW, ExitCode.DIFFERENCES),
        (ChangeClass.BOTH, Severity.LOW, ExitCode.DIFFERENCES),
        (ChangeClass.MISSING, Severity.LOW, ExitCode.DIFFERENCES),
        (ChangeClass.ORPHAN, Severity.LOW, ExitCode.DIFFERENCES),
        (ChangeClass.FOREIGN_EFFECT, Severity.MEDIUM, ExitCode.DIFFERENCES),
        (ChangeClass.FOREIGN_EFFECT, Severity.CRITICAL, ExitCode.DIFFERENCES),
        (ChangeClass.FOREIGN_EFFECT, Severity.LOW, ExitCode.IN_STEP),
        (ChangeClass.HOLDERS_CHOICE, Severity.CRITICAL, ExitCode.IN_STEP),
        (ChangeClass.UNKNOWN, Severity.CRITICAL, ExitCode.IN_STEP),
        (ChangeClass.REGISTER, Severity.CRITICAL, ExitCode.IN_STEP),
    ],
)
def test_which_findings_make_drift_exit_with_differences(change_class, severity, code):
    assert drift_exit_code([finding(change_class=change_class, severity=severity)]) is code


def test_no_finding_is_in_step():
    assert drift_exit_code([]) is ExitCode.IN_STEP


def test_findings_on_two_rules_have_two_keys():
    assert finding_key(finding(key="a")) != finding_key(finding(key="b"))


def test_a_guards_message_does_not_name_a_councillor():
    verdict = GuardVerdict(code=GuardCode.SOURCE_EMPTY, message=f"Because of {COUNCILLOR}", override="")
    assert [line.message for line in guard_lines([verdict], HOLDERS)] == ["Because of mailbox 412"]


def test_a_refused_choice_is_told_by_its_item_alone():
    (line,) = refused_choice_lines([RefusedChoice("7", "folder-not-found", f"No folder in {COUNCILLOR}")])
    assert (line.item_id, line.code) == ("7", "folder-not-found")
    assert "@" not in line.message


def test_an_error_is_told_with_its_advice():
    failure = failure_of(LeaseHeld("Run r1 holds the lease."))
    assert (failure.code, failure.advice) == ("lease-held", ErrorCode.LEASE_HELD.advice)


def refusal(item_id, message="m"):
    return Refusal(case_ref=f"RC-{item_id}", item_id=item_id, code=ErrorCode.UNEXPECTED, message=message)


def test_every_item_is_one_case_line_whatever_is_wrong_with_it():
    judgement = Judgement(
        refused=(refusal("2", "first"), refusal("2", "second")),
        warnings=(CaseWarning(case_ref="RC-2", item_id="2", code=ErrorCode.UNEXPECTED, message="w"),),
        drafts=(DraftCase(case_ref="RC-1", item_id="1", missing=(refusal("1"),)),),
        ended_by_register=(
            OpenedCase(case_ref="RC-3", item_id="3", by_status=Status.LIFTED),
            OpenedCase(case_ref="RC-4", item_id="4", by_status=None),
        ),
    )
    lines = case_lines(judgement)
    assert [(line.case_ref, line.status.value, line.state) for line in lines] == [
        ("RC-1", "draft", "draft"),
        ("RC-2", "refused", "refused"),
        ("RC-3", "ended", "lifted"),
        ("RC-4", "ended", "ended"),
    ]
    assert [check.message for check in lines[1].refusals] == ["first", "second"]
    assert [check.message for check in lines[1].warnings] == ["w"]
