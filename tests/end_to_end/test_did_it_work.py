"""Whether the rules have worked: message traces and single contacts' mailboxes, over the wire."""

import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from m365_restrict.cli.app import app

CASE, SENDER = "RC-1", "rc-1@post.example"
RULE = "RC-1 Redirect to single contact"
CLERK, CONTACT, COUNCILLOR = "clerk@ash.example", "contact@ash.example", "cllr.a@ash.example"
LATER, NEXT_DAY = "2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z"

pytestmark = pytest.mark.behaviour(message_trace=True, reason="only traces tell what became of mail")
ACTS_AT_ONCE = pytest.mark.behaviour(
    propagation_minutes=0,
    propagation_lags=(),
    reason="mail is sent between two edits that take effect at the time they are made",
)

NAMED_IN_EVENTS = pytest.mark.behaviour(
    trace_names_rules=True,
    reason="where events name no rule, nobody can tell whether mail was redirected, and that is said",
)


def leaks(run: Any) -> list[dict[str, Any]]:
    return [one for one in run.findings() if one["code"] == "mail-leaked"]


def write(council: Any, times: int, *to: str, sender: str = SENDER) -> None:
    for _ in range(times):
        council.mail(sender, list(to) or [CLERK])


def leak(council: Any, *to: str) -> None:
    """One message while somebody has disabled the rule."""
    council.cmdlet("Disable-TransportRule", Identity=RULE)
    write(council, 1, *to)
    council.cmdlet("Enable-TransportRule", Identity=RULE)


@pytest.mark.requirement("F24")
@pytest.mark.parametrize("shown", ["contact", "recipient"])
def test_one_leak_among_clean_messages_is_found_with_its_count(council: Any, shown: str) -> None:
    council.plant(council.case(CASE), behaviour={"redirect_trace": shown})
    write(council, 20)
    council.apply()
    write(council, 20)
    council.clock("2026-11-23T09:59:59Z")
    leak(council)
    council.clock(LATER)
    write(council, 30 if shown == "recipient" else 160)
    write(council, 5, COUNCILLOR)
    write(council, 5, "monitoring@ash.example")
    write(council, 5, sender="somebody@else.example")
    leak(council)
    run = council.drift()
    (found,) = leaks(run)
    assert (found["case_ref"], found["severity"], found["class"]) == (CASE, "critical", "drifted")
    assert "1 message since 23 November 2026" in found["message"]
    assert run.exit_code == 2
    assert SENDER not in json.dumps(found)
    assert CLERK not in json.dumps(found)


def told(council: Any, **settings: str) -> dict[str, Any]:
    """The report, as a program reads it."""
    env = council.sandbox.env | {f"M365_RESTRICT_{name}": value for name, value in settings.items()}
    done = CliRunner().invoke(app, ["report", "--format", "json"], env=env, catch_exceptions=False)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def mail_of(report: dict[str, Any], reference: str = CASE) -> dict[str, Any]:
    found: dict[str, Any] = next(one["mail"] for one in report["live"] if one["case_ref"] == reference)
    return found


def asked(council: Any) -> int:
    """Questions about lists of traces since the last look."""
    return sum(one["path"].lower().endswith("messagetraces") for one in council.requests())


def unseen(report: dict[str, Any], word: str) -> list[dict[str, Any]]:
    return [one for one in report["not_covered"] if word in one["scope"]]


@NAMED_IN_EVENTS
@ACTS_AT_ONCE
def test_mail_is_counted_once_however_often_it_is_asked_about(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    write(council, 3)
    write(council, 1, COUNCILLOR)
    leak(council)
    first = mail_of(told(council))
    council.clock("2026-11-25T12:00:00Z")
    write(council, 2)
    council.requests()
    second = mail_of(told(council))
    assert asked(council) == 1
    council.clock("2026-11-27T12:00:00Z")
    third = mail_of(told(council))
    counts = [
        {name: one[name] for name in ("seen", "redirected", "leaked")} for one in (first, second, third)
    ]
    assert counts[0] == {"seen": 5, "redirected": 3, "leaked": 1}
    assert counts[1] == counts[2] == {"seen": 7, "redirected": 5, "leaked": 1}


@ACTS_AT_ONCE
def test_a_leak_is_told_for_some_days_and_counted_for_longer(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    leak(council)
    assert leaks(council.drift())
    council.clock("2026-11-30T12:00:00Z")
    assert leaks(council.drift())
    council.clock("2026-12-01T12:00:00Z")
    assert not leaks(council.drift())
    assert mail_of(told(council))["leaked"] == 1


@ACTS_AT_ONCE
def test_a_leak_stays_when_somebody_has_put_the_rule_right(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    council.cmdlet("Disable-TransportRule", Identity=RULE)
    write(council, 1)
    council.heal()
    assert len(leaks(council.drift())) == 1


def test_what_an_opening_lets_through_is_no_leak(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    council.edit(1, by="officer@ash.example", Status="Suspended")
    council.apply()
    write(council, 1)
    council.edit(1, by="director@ash.example", Status="Approved")
    council.apply()
    council.clock(NEXT_DAY)
    write(council, 1)
    assert not leaks(council.drift())


@pytest.mark.parametrize(
    "fields",
    [
        {"AllowedRecipients": CLERK},
        {"Scope": "Named mailboxes or services", "ScopeMailboxes": "planning@ash.example"},
    ],
)
def test_what_the_decision_lets_through_is_no_leak(council: Any, fields: dict[str, str]) -> None:
    council.in_force(council.case(CASE, **fields))
    council.clock(LATER)
    leak(council)
    assert not leaks(council.drift())


@ACTS_AT_ONCE
def test_a_councillor_who_chose_the_same_is_kept_from_it(council: Any) -> None:
    chosen = council.choice(COUNCILLOR, CASE, "Same as the council")
    council.in_force(council.case(CASE, CouncillorRoute="Councillor opted in"), choices=[chosen])
    council.clock(LATER)
    second = next(name for name in council.ours() if "opted in" in name)
    council.cmdlet("Disable-TransportRule", Identity=second)
    write(council, 2, COUNCILLOR)
    write(council, 2, "cllr.b@ash.example")
    (found,) = leaks(council.drift())
    assert "2 messages" in found["message"]
    assert "cllr" not in json.dumps(found)


@ACTS_AT_ONCE
def test_a_refused_message_is_counted_and_one_that_came_through_is_a_leak(council: Any) -> None:
    council.in_force(council.case(CASE, Measure="Refuse with notice"))
    council.clock(LATER)
    write(council, 2)
    council.cmdlet("Disable-TransportRule", Identity="RC-1 Refuse with notice")
    write(council, 1)
    report = told(council)
    assert (mail_of(report)["refused"], mail_of(report)["leaked"]) == (2, 1)


def test_a_run_asks_only_so_much_and_the_oldest_first(council: Any) -> None:
    references = ("RC-1", "RC-2", "RC-3")
    council.in_force(*(council.case(one) for one in references))
    council.clock("2026-11-26T12:00:00Z")
    council.requests()
    seen: list[set[str]] = []
    for hour in (12, 13, 14):
        council.clock(f"2026-11-26T{hour}:00:00Z")
        report = told(council, TRACE__QUESTIONS="1")
        assert asked(council) == 1
        seen.append({one["case_ref"] for one in report["live"] if one["mail"]})
    assert [len(one) for one in seen] == [1, 2, 3]
    assert "RC-" in unseen(report, "What became of mail")[0]["scope"]


def test_a_redirect_that_nobody_can_tell_apart_is_said_and_never_called_a_leak(council: Any) -> None:
    council.plant(council.case(CASE), behaviour={"redirect_trace": "recipient"})
    council.apply()
    council.clock(LATER)
    write(council, 5)
    settings = {"TRACE__QUESTIONS": "3", "TRACE__REDIRECT": "untold"}
    assert not leaks(council.drift(settings=settings))
    assert "nobody can tell" in unseen(told(council, **settings), CASE)[0]["reason"]


def test_without_the_permission_it_is_said_once_and_nothing_is_called_clean(council: Any) -> None:
    council.in_force(council.case(CASE), council.case("RC-2"), behaviour={"message_trace": False})
    council.clock(LATER)
    council.requests()
    report = told(council)
    assert asked(council) == 1
    assert mail_of(report) is None
    (line,) = unseen(report, "What became of mail")
    assert "ExchangeMessageTrace.Read.All" in line["next_step"]


def test_a_trace_that_does_not_answer_holds_nothing_up(council: Any) -> None:
    council.in_force(council.case(CASE), council.case("RC-2"))
    council.clock(LATER)
    answer = {"match": {"path_regex": "(?i)messagetraces"}, "do": "delay", "ms": 3000, "times": 9}
    council.sandbox.control("POST", "faults", [answer])
    report = told(council, DRIFT__WAIT_SECONDS="0.2")
    council.sandbox.control("DELETE", "faults")
    (line,) = unseen(report, "What became of mail")
    assert "did not answer" in line["reason"]
    assert "RC-1, RC-2" in line["scope"]


@NAMED_IN_EVENTS
@pytest.mark.requirement("F24")
def test_a_single_contact_that_nobody_reads_is_a_finding_until_somebody_does(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    write(council, 2)
    council.clock("2026-11-28T12:00:00Z")
    assert "contact-mailbox-unread" not in {one["code"] for one in council.drift().findings()}
    council.clock("2026-11-29T12:00:00Z")
    run = council.drift()
    (found,) = [one for one in run.findings() if one["code"] == "contact-mailbox-unread"]
    assert (found["severity"], found["class"], found["mailbox"]) == ("high", "register", CONTACT)
    assert run.exit_code == 0
    (contact,) = told(council)["contacts"]
    assert (contact["received"], contact["unread"], contact["oldest_unread_days"]) == (2, 2, 6)
    path = "/me/mailFolders/inbox/messages"
    for message in council.holder(CONTACT, "GET", path)["value"]:
        council.holder(CONTACT, "PATCH", f"{path}/{message['id']}", {"isRead": True})
    assert "contact-mailbox-unread" not in {one["code"] for one in council.drift().findings()}


def test_a_contact_whose_mailbox_may_not_be_read_is_said(council: Any) -> None:
    applications = {"reader": {"mailboxes": ["parks@ash.example"]}}
    tenant = {"accepted_domains": ["ash.example"], "applications": applications}
    council.plant(council.case(CASE), tenant=tenant)
    council.apply()
    report = told(council)
    assert report["contacts"][0]["unread"] is None
    assert "Mail.ReadBasic" in unseen(report, CONTACT)[0]["next_step"]


@ACTS_AT_ONCE
def test_a_run_that_saw_a_leak_is_performed_again_and_keeps_nobodys_address(
    council: Any, tmp_path: Path
) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    leak(council, "surveyor@ash.example")
    run = council.drift()
    assert leaks(run)
    place = Path(council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///"))
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(place)) as one, closing(sqlite3.connect(copy)) as other:
        one.backup(other)
    replay = ["replay", run.document["run_id"], "--ledger", str(copy), "--json"]
    done = CliRunner().invoke(app, replay, env={}, catch_exceptions=False)
    assert done.exit_code == 0, done.stdout
    with closing(sqlite3.connect(copy)) as opened:
        bodies = [row[0] for row in opened.execute("select content from evidence_bodies") if row[0]]
    kept = b"".join(map(_plain, bodies))
    assert b"contact@ash.example" in kept
    assert b"surveyor@ash.example" not in kept


def _plain(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:
        return body


def test_events_that_name_no_rule_make_no_redirect_a_leak(council: Any) -> None:
    shown = {"redirect_trace": "recipient", "trace_names_rules": False}
    council.plant(council.case(CASE), behaviour=shown)
    council.apply()
    council.clock(LATER)
    write(council, 3)
    assert not leaks(council.drift())
    assert "nobody can tell" in unseen(told(council), CASE)[0]["reason"].lower()


def disable(council: Any) -> None:
    council.cmdlet("Disable-TransportRule", Identity=RULE)


def fixed(report: dict[str, Any]) -> str:
    return json.dumps(report["fixed"])


@ACTS_AT_ONCE
@pytest.mark.requirement("F24")
@pytest.mark.parametrize("change", ["decision", "exempt"])
def test_a_leak_that_was_told_stays_when_the_rule_is_rewritten(council: Any, change: str) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    leak(council)
    write(council, 2)
    before = mail_of(told(council))
    if change == "decision":
        council.edit(1, by="officer@ash.example", AllowedRecipients="planning@ash.example")
    else:
        council.join("councillors@ash.example", council.councillors[:-1])
    council.clock("2026-11-23T13:00:00Z")
    assert council.apply().changes
    council.clock("2026-11-23T15:00:00Z")
    report = told(council)
    after = mail_of(report)
    assert {name: after[name] for name in ("seen", "redirected", "leaked")} == {
        name: before[name] for name in ("seen", "redirected", "leaked")
    }
    assert "mail-leaked" in {one["code"] for one in report["findings"]}
    assert CASE not in fixed(report)


def test_a_leak_before_a_rewrite_is_judged_by_what_stood_when_it_came(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    leak(council)
    leak(council, "planning@ash.example")
    council.edit(1, by="officer@ash.example", AllowedRecipients="planning@ash.example")
    council.clock("2026-11-23T13:00:00Z")
    council.apply()
    council.clock("2026-11-23T15:00:00Z")
    leak(council, "planning@ash.example")
    (found,) = leaks(council.drift())
    assert "2 messages" in found["message"]


@NAMED_IN_EVENTS
@pytest.mark.parametrize("shown", ["contact", "recipient"])
@pytest.mark.parametrize("settled", [False, True])
def test_mail_that_somebody_sent_elsewhere_was_not_redirected(
    council: Any, shown: str, settled: bool
) -> None:
    council.plant(council.case(CASE), behaviour={"redirect_trace": shown})
    council.apply()
    council.clock(LATER)
    council.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
    council.clock("2026-11-23T14:00:00Z")
    write(council, 1)
    council.clock("2026-11-24T15:00:00Z" if settled else "2026-11-23T15:00:00Z")
    report = told(council)
    assert (mail_of(report)["redirected"], mail_of(report)["leaked"]) == (0, 1)


@NAMED_IN_EVENTS
@ACTS_AT_ONCE
def test_what_a_rule_did_before_somebody_put_it_back_is_not_told_as_redirected(council: Any) -> None:
    council.plant(council.case(CASE), behaviour={"redirect_trace": "recipient"})
    council.apply()
    council.clock(LATER)
    council.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
    write(council, 1)
    council.clock("2026-11-23T12:30:00Z")
    council.heal()
    council.clock("2026-11-23T13:00:00Z")
    write(council, 1)
    report = told(council)
    assert (mail_of(report)["seen"], mail_of(report)["redirected"]) == (2, 1)
    assert "nobody can tell" in unseen(report, CASE)[0]["reason"]


def test_an_answer_that_does_not_come_loses_no_leak(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    leak(council)
    council.clock("2026-11-24T13:00:00Z")
    council.fault("status", status=500, times=50, path_regex="(?i)getdetailsbyrecipient")
    report = told(council)
    assert "Nobody could look" in unseen(report, CASE)[0]["reason"]
    council.sandbox.control("DELETE", "faults")
    council.clock("2026-11-26T15:00:00Z")
    report = told(council)
    assert mail_of(report)["leaked"] == 1
    assert not unseen(report, CASE)


@ACTS_AT_ONCE
def test_a_leak_that_was_told_stays_while_nobody_answers(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    leak(council)
    assert leaks(council.drift())
    council.fault("status", status=500, times=50, path_regex="(?i)getdetailsbyrecipient")
    assert leaks(council.drift())
    council.fault("status", status=503, times=50, path_regex="(?i)messagetraces")
    assert leaks(council.drift())


@ACTS_AT_ONCE
@pytest.mark.parametrize("position", [0, 6, 12])
def test_a_run_that_may_ask_little_goes_on_where_it_ended_until_it_finds_the_leak(
    council: Any, position: int
) -> None:
    council.plant(council.case(CASE), behaviour={"redirect_trace": "recipient"})
    council.apply()
    council.clock(LATER)
    for minute in range(13):
        council.clock(f"2026-11-23T12:{minute:02}:00Z")
        (leak if minute == position else lambda council: write(council, 1))(council)
    found = []
    for day in (25, 26, 27, 28):
        council.clock(f"2026-11-{day}T15:00:00Z")
        run = told(council, TRACE__QUESTIONS="6")
        found.append((mail_of(run)["leaked"], "TRACE__QUESTIONS" in json.dumps(unseen(run, CASE))))
    assert found[0] == (0 if position == 6 else 1, True)
    assert found[-1] == (1, False)


@NAMED_IN_EVENTS
@pytest.mark.parametrize(
    "fields",
    [
        {"Measure": "File without reply"},
        {"Measure": "Allowed recipients only", "AllowedRecipients": "planning@ash.example"},
    ],
)
def test_a_case_that_was_renamed_leaks_nothing_by_that(council: Any, fields: dict[str, str]) -> None:
    council.plant(council.case(CASE, **fields), behaviour={"redirect_trace": "recipient"})
    council.apply()
    council.clock(LATER)
    write(council, 3)
    council.clock("2026-11-23T13:00:00Z")
    council.edit(1, by="director@ash.example", Title="RC-77")
    council.apply()
    council.clock(NEXT_DAY)
    write(council, 2)
    report = told(council)
    counts = mail_of(report, "RC-77")
    assert (counts["seen"], counts["redirected"] + counts["filed"], counts["leaked"]) == (5, 5, 0)
    assert not unseen(report, "RC-77")


@ACTS_AT_ONCE
@pytest.mark.parametrize("end", ["by date", "lifted", "suspended"])
@pytest.mark.parametrize("was_told", [False, True])
def test_a_leak_before_the_end_of_a_case_is_told(council: Any, end: str, was_told: bool) -> None:
    council.in_force(council.case(CASE, **({"EndsOn": "2026-11-23"} if end == "by date" else {})))
    council.clock("2026-11-23T18:00:00Z")
    leak(council)
    if was_told:
        assert leaks(council.drift())
    council.clock("2026-11-23T19:00:00Z")
    if end != "by date":
        council.edit(1, by="officer@ash.example", Status=end.capitalize())
    write(council, 2)
    council.clock("2026-11-24T08:00:00Z")
    council.apply()
    write(council, 3)
    for moment in ("2026-11-24T08:10:00Z", "2026-11-26T08:00:00Z"):
        council.clock(moment)
        report = told(council)
        (found,) = [one for one in report["findings"] if one["code"] == "mail-leaked"]
        assert (found["case_ref"], "1 message since 23" in found["message"]) == (CASE, True)
        assert CASE not in fixed(report)


@ACTS_AT_ONCE
@pytest.mark.parametrize("since", ["edited", "deleted", "opened by hand"])
def test_a_leak_that_was_told_stays_whatever_the_register_does_next(council: Any, since: str) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    leak(council)
    assert leaks(council.drift())
    council.clock("2026-11-23T12:30:00Z")
    match since:
        case "edited":
            council.edit(1, by="director@ash.example", AllowedRecipients="planning@ash.example")
        case "deleted":
            council.delete(1)
        case _:
            assert council.shell("open", CASE, "--reason", "urgent").exit_code == 0
    council.clock("2026-11-23T14:00:00Z")
    assert leaks(council.drift())
    council.apply()
    council.clock("2026-11-25T14:00:00Z")
    report = told(council)
    assert "1 message since" in next(
        one["message"] for one in report["findings"] if one["code"] == "mail-leaked"
    )
    assert "mail-leaked" not in fixed(report)


def test_a_leak_that_is_too_old_to_be_told_was_not_put_right(council: Any) -> None:
    council.in_force(council.case(CASE))
    council.clock(LATER)
    leak(council)
    told(council)
    council.clock("2026-12-01T12:00:00Z")
    report = told(council)
    assert "mail-leaked" not in {one["code"] for one in report["findings"]}
    assert report["fixed"] == []
