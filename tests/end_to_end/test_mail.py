"""What the applied rules do to real messages: every line of the table of measures, and who is never met."""

from typing import Any

import pytest

NAMED = "Named mailboxes or services"
PAT = "pat@post.example"
OFFICER, COUNCILLOR = "officer@ash.example", "cllr.b@ash.example"
PROTECTED, CONTACT = "monitoring@ash.example", "contact@ash.example"
FOUR = {"to": [OFFICER, CONTACT], "cc": [COUNCILLOR, PROTECTED]}
REDIRECTED = ("redirected", CONTACT, "Inbox")
STOPS_ONE_COPY = pytest.mark.behaviour(
    stop_reach="fork",
    reason="where a stop ends the rules for every copy, a second rule of the case waits in vain",
)
TAKES_FROM = pytest.mark.behaviour(from_external=True, reason="it is about rules that name senders by From")


def fates(copies: list[dict[str, Any]]) -> dict[str, tuple[str, str | None, str | None]]:
    """Outcome, mailbox and folder by recipient, of the copies that the sender addressed."""
    return {
        copy["recipient"]: (copy["outcome"], copy["mailbox"], copy["folder"])
        for copy in copies
        if copy["added_by"] is None
    }


def untouched(recipient: str) -> tuple[str, str, str]:
    return ("delivered", recipient, "Inbox")


@pytest.mark.requirement("Y1-4", "Y1-13", "Y1-17", "M-44", "W-10", "T-9", "F15")
@pytest.mark.parametrize("measure", ["Redirect to single contact", "File without reply"])
def test_redirects_take_the_officers_copy_alone(council: Any, measure: str) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, Measure=measure))
    found = fates(council.mail(PAT, **FOUR))
    assert found.pop(OFFICER) == REDIRECTED
    assert found == {recipient: untouched(recipient) for recipient in (CONTACT, COUNCILLOR, PROTECTED)}
    # One was addressed to the single contact, one was the officer's.
    assert len(council.folder(CONTACT, "Inbox")) == 2
    assert council.folder(OFFICER, "Inbox") == []
    assert [len(council.folder(who, "Inbox")) for who in (COUNCILLOR, PROTECTED)] == [1, 1]


@pytest.mark.requirement("Y1-10")
def test_allowed_recipients_are_exempt_as_well(council: Any) -> None:
    council.in_force(
        council.case(
            "RC-1",
            Addresses=PAT,
            Measure="Allowed recipients only",
            AllowedRecipients="parks@ash.example\nbenefits@ash.example",
        )
    )
    found = fates(council.mail(PAT, [OFFICER, "parks@ash.example", "caseworker@ash.example", COUNCILLOR]))
    assert found.pop(OFFICER) == REDIRECTED
    assert all(fate == untouched(recipient) for recipient, fate in found.items())


def test_a_copy_is_delivered_and_copied_blind(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, Measure="Copy to single contact"))
    copies = council.mail(PAT, [OFFICER], [COUNCILLOR])
    found = fates(copies)
    assert found == {OFFICER: untouched(OFFICER), COUNCILLOR: untouched(COUNCILLOR)}
    added = [copy for copy in copies if copy["added_by"]]
    assert [(copy["mailbox"], copy["added_by"]) for copy in added] == [
        (CONTACT, "RC-1 Copy to single contact")
    ]
    assert CONTACT not in council.folder(OFFICER, "Inbox")[0]["to"]


def test_a_refusal_is_neutral_and_names_reference_and_route(council: Any) -> None:
    council.in_force(
        council.case(
            "RC-1",
            Addresses=PAT,
            Measure="Refuse with notice",
            RouteText="Please write to PO Box 1.",
        )
    )
    copies = council.mail(PAT, [OFFICER], [COUNCILLOR, PROTECTED])
    refused = copies[0]
    assert refused["outcome"] == "rejected"
    assert "Please write to PO Box 1." in refused["ndr"]
    assert "RC-1" in refused["ndr"]
    assert PAT not in refused["ndr"].lower()
    assert {copy["outcome"] for copy in copies[1:]} == {"delivered"}
    assert council.folder(OFFICER, "Inbox") == []


def test_junk_goes_to_junk_email_in_the_named_mailboxes_alone(council: Any) -> None:
    council.in_force(
        council.case(
            "RC-1",
            Addresses=PAT,
            Measure="Junk in named mailboxes",
            Scope=NAMED,
            ScopeMailboxes="planning@ash.example\r\nhousing@ash.example",
            SpocMailbox="",
        )
    )
    found = fates(council.mail(PAT, ["planning@ash.example", "housing@ash.example", OFFICER, COUNCILLOR]))
    assert found["planning@ash.example"] == ("delivered", "planning@ash.example", "Junk Email")
    assert found["housing@ash.example"] == ("delivered", "housing@ash.example", "Junk Email")
    assert found[OFFICER] == untouched(OFFICER)
    assert found[COUNCILLOR] == untouched(COUNCILLOR)
    assert council.ours() == {}


@pytest.mark.requirement("M-38", "M-41")
@pytest.mark.parametrize("measure", ["Single contact requested", "No e-mail measure"])
def test_measures_without_a_rule_touch_no_mail_and_are_live(council: Any, measure: str) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, Measure=measure))
    assert council.ours() == {}
    assert all(fate == untouched(who) for who, fate in fates(council.mail(PAT, **FOUR)).items())
    (live,) = council.drift().document["live"]
    assert (live["case_ref"], live["measure"], live["state"]) == ("RC-1", measure, "not_on_mail")


@STOPS_ONE_COPY
def test_a_named_scope_covers_its_mailboxes_and_groups_and_nobody_else(council: Any) -> None:
    council.in_force(
        council.case(
            "RC-1",
            Addresses=PAT,
            Scope=NAMED,
            ScopeMailboxes="planning@ash.example\nbenefits@ash.example\n" + COUNCILLOR,
        )
    )
    found = fates(
        council.mail(PAT, ["planning@ash.example", "caseworker@ash.example", OFFICER], [COUNCILLOR])
    )
    assert found["planning@ash.example"] == REDIRECTED
    assert found["caseworker@ash.example"] == REDIRECTED
    assert found[OFFICER] == untouched(OFFICER)
    assert found[COUNCILLOR] == untouched(COUNCILLOR)


@pytest.mark.parametrize("match", [pytest.param("from", marks=TAKES_FROM), "patterns"])
def test_neighbouring_senders_are_not_caught(council: Any, match: str) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT), settings={"RULES__SENDER_MATCH": match})
    neighbours = [
        "xpat@post.example",
        "pat@post.example.org",
        "pat@mail.post.example",
        "pat.smith@post.example",
        "pat+news@post.example",
        "pat@postxexample",
        "pats@post.example",
    ]
    caught = [one for one in neighbours if fates(council.mail(one, [OFFICER]))[OFFICER] != untouched(OFFICER)]
    assert caught == []


def test_a_look_alike_display_name_is_not_caught(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT))
    header = f'"{PAT}" <other@post.example>'
    assert fates(council.mail("other@post.example", [OFFICER], header=header))[OFFICER] == untouched(OFFICER)


@pytest.mark.parametrize("match", [pytest.param("from", marks=TAKES_FROM), "patterns"])
def test_upper_case_and_a_differing_envelope_are_caught(council: Any, match: str) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT), settings={"RULES__SENDER_MATCH": match})
    sent = [
        council.mail("PAT@POST.EXAMPLE", [OFFICER]),
        council.mail("bounce@lists.example", [OFFICER], header=f"Pat <{PAT}>"),
        council.mail("", [OFFICER], header=f"Pat <{PAT.upper()}>"),
    ]
    assert [fates(copies)[OFFICER] for copies in sent] == [REDIRECTED] * 3


def test_each_of_several_addresses_is_caught(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=f"Pat Person <{PAT}>\r\n\r\nPAT2@other.example\n"))
    for sender in (PAT, "pat2@other.example"):
        assert fates(council.mail(sender, [OFFICER]))[OFFICER] == REDIRECTED


@pytest.mark.requirement("Y1-2", "Y1-24", "Y1-25")
def test_councillors_choices_act_in_their_own_mailboxes_alone(council: Any) -> None:
    a, b, c, d, *_ = council.councillors
    council.in_force(
        choices=[
            council.choice(a, PAT, "Move to folder"),
            council.choice(b, PAT, "Junk Email"),
            council.choice(c, PAT, "Category only"),
        ]
    )
    found = fates(council.mail(PAT, [a, b, c, d, OFFICER]))
    assert found[a] == ("delivered", a, "Set aside")
    assert found[b] == ("delivered", b, "Junk Email")
    assert [found[who] for who in (c, d, OFFICER)] == [untouched(who) for who in (c, d, OFFICER)]


@STOPS_ONE_COPY
def test_same_as_the_council_captures_the_one_who_chose_it(council: Any) -> None:
    a, b, *_ = council.councillors
    council.in_force(
        council.case("RC-1", Addresses=PAT),
        choices=[council.choice(a, "rc-1", "Same as the council", EndsOn="2026-12-31")],
    )
    found = fates(council.mail(PAT, [a, b, OFFICER]))
    assert found == {a: REDIRECTED, b: untouched(b), OFFICER: REDIRECTED}
    council.clock("2027-01-01T00:00:00Z")
    found = fates(council.mail(PAT, [a, b, OFFICER]))
    assert found == {a: untouched(a), b: untouched(b), OFFICER: REDIRECTED}


def test_an_officers_field_alone_captures_no_councillor(council: Any) -> None:
    council.in_force(
        council.case(
            "RC-1", Addresses=PAT, CouncillorRoute="Councillor opted in", WardCouncillors=[COUNCILLOR]
        )
    )
    assert fates(council.mail(PAT, [COUNCILLOR]))[COUNCILLOR] == untouched(COUNCILLOR)


@pytest.mark.requirement("M-28", "F3")
@pytest.mark.parametrize(
    ("instant", "fate"),
    [("2027-03-28T22:59:59Z", REDIRECTED), ("2027-03-28T23:00:00Z", untouched(OFFICER))],
)
def test_a_rule_ends_by_itself_at_the_end_of_its_last_day(council: Any, instant: str, fate: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, EndsOn="2027-03-28"))
    council.clock(instant)
    assert fates(council.mail(PAT, [OFFICER]))[OFFICER] == fate


def test_a_case_that_has_ended_is_removed_by_the_next_run(council: Any) -> None:
    council.in_force(council.case("RC-1", EndsOn="2027-03-28"))
    council.clock("2027-03-28T22:59:00Z")
    assert council.plan().exit_code == 0
    council.clock("2027-03-28T23:00:00Z")
    assert [change["action"] for change in council.plan().changes] == ["delete"]
    assert council.apply().exit_code == 0
    assert council.ours() == {}


def test_before_its_first_day_a_case_has_no_rule(council: Any) -> None:
    council.plant(council.case("RC-1", Addresses=PAT, EffectiveFrom="2026-12-01", EndsOn="2027-03-01"))
    assert council.apply().exit_code == 0
    assert council.ours() == {}
    council.clock("2026-12-01T00:00:00Z")
    assert council.apply().exit_code == 0
    assert fates(council.mail(PAT, [OFFICER]))[OFFICER] == REDIRECTED


def test_audit_mode_makes_rules_that_touch_nothing(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT), settings={"RULES__MODE": "audit"})
    (rule,) = council.ours().values()
    assert (rule["State"], rule["Mode"]) == ("Enabled", "Audit")
    assert fates(council.mail(PAT, [OFFICER]))[OFFICER] == untouched(OFFICER)
    assert council.plan().exit_code == 0


def test_turning_enforcement_on_and_off_again(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT), settings={"RULES__MODE": "audit"})
    assert council.apply(settings={"RULES__MODE": "enforce"}).exit_code == 0
    assert fates(council.mail(PAT, [OFFICER]))[OFFICER] == REDIRECTED
    assert council.apply(settings={"RULES__MODE": "audit"}).exit_code == 0
    assert fates(council.mail(PAT, [OFFICER]))[OFFICER] == untouched(OFFICER)


def test_explain_answers_as_the_post_does(council: Any) -> None:
    council.in_force(
        council.case("RC-1", Addresses=PAT), council.case("RC-2", Measure="Copy to single contact")
    )
    told = council.run("explain", address=PAT, recipients=(OFFICER, CONTACT, COUNCILLOR, PROTECTED))
    assert told.exit_code == 0
    assert told.document["case_refs"] == ["RC-1"]
    met = council.mail(PAT, [OFFICER, CONTACT, COUNCILLOR, PROTECTED])
    shown = [{key: copy[key] for key in ("recipient", "outcome", "mailbox")} for copy in met]
    assert [
        {key: copy[key] for key in ("recipient", "outcome", "mailbox")} for copy in told.document["copies"]
    ] == shown
