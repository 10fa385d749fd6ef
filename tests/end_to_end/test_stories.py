"""What went wrong at other councils, replayed: it cannot happen here, or it is a critical finding.

The stories and their sources are those of policy.md 3, by their numbers there.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

PAT = "pat@post.example"
OFFICER, COUNCILLOR, PROTECTED = "officer@ash.example", "cllr.b@ash.example", "safeguarding@ash.example"
CONTACT = "contact@ash.example"
REDIRECT = "RC-1 Redirect to single contact"
NAMED = "Named mailboxes or services"
CHOICES, REVIEWS = "Councillor mail choices", "Restriction reviews"
LETTERS = {
    "LETTERS__COUNCIL_NAME": "Ash Council",
    "LETTERS__ADDRESS": "Town Hall, Ash",
    "LETTERS__TELEPHONE": "01632 960000",
    "LETTERS__SIGNATORY_TITLE": "Director of Services",
    "LETTERS__POLICY_NAME": "Restricted contact policy",
    "LETTERS__POLICY_URL": "https://ash.example/policy",
    "LETTERS__SERVICE_ROUTE": "Telephone us.",
    "LETTERS__COMPLAINT_ROUTE": "Write to us.",
    "LETTERS__ADJUSTMENTS_ROUTE": "Ask for the equality officer.",
}
NOTIFY = {"NOTIFY__SENDER": CONTACT, "NOTIFY__MONITORING_OFFICER": "monitoring@ash.example"}
EVERYBODY = [
    f"{name}@ash.example" for name in ("officer", "director", "deputy", "clerk", "admin", "assistant")
]
EVERYBODY += [f"{name}@ash.example" for name in ("caseworker", "surveyor", "planning", "monitoring")]
MAY_BE_TOLD = {"deputy@ash.example", "monitoring@ash.example"}
TAKE_MAIL_AWAY = [
    "Redirect to single contact",
    "Allowed recipients only",
    "File without reply",
    "Refuse with notice",
]


def outcomes(copies: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What became of each copy that the sender addressed."""
    return {copy["recipient"]: copy["outcome"] for copy in copies if copy["added_by"] is None}


def met_by(council: Any, *recipients: str, sender: str = PAT) -> dict[str, str]:
    return outcomes(council.mail(sender, recipients))


def judged(council: Any, reference: str = "RC-1", **options: Any) -> dict[str, Any]:
    """What `validate` says of one case."""
    lines = council.run("validate", **options).document["cases"]
    return next(line for line in lines if line["case_ref"] == reference)


def codes(lines: Iterable[dict[str, Any]]) -> set[str]:
    return {line["code"] for line in lines}


# --- told, or not restricted ---


@pytest.mark.story("F1")
@pytest.mark.requirement("Y1-12", "Y1-19", "M-29")
@pytest.mark.parametrize("noticed", ["", "2026-09-08"])
def test_f01_nobody_is_blocked_without_having_been_told(council: Any, noticed: str) -> None:
    """York: a critic's mail to officers and councillors was blocked, and he was not told."""
    council.plant(council.case("RC-1", Addresses=PAT, Measure="Refuse with notice", NoticeSentOn=noticed))
    assert council.apply().refused == {"RC-1": ["notice-after-start" if noticed else "notice-missing"]}
    assert council.ours() == {}
    assert set(met_by(council, OFFICER, COUNCILLOR).values()) == {"delivered"}


@pytest.mark.story("F1")
def test_f01_a_notice_that_turns_out_not_to_have_been_sent_ends_the_block(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT))
    council.edit(1, by=OFFICER, NoticeSentOn="")
    (finding,) = [one for one in council.drift().findings("register") if one["code"] == "notice-missing"]
    assert (finding["case_ref"], finding["severity"]) == ("RC-1", "critical")
    assert council.apply().exit_code == 0
    assert met_by(council, OFFICER) == {OFFICER: "delivered"}


@pytest.mark.story("F2")
@pytest.mark.requirement("M-22", "M-24", "Y1-22")
def test_f02_a_block_of_the_whole_council_is_told_justified_and_reviewed(council: Any) -> None:
    """Manchester: a council-wide block that he found out about 17 months later; not told, not reviewed."""
    whole = {
        "Scope": "Whole council",
        "ScopeReason": "",
        "EndsOn": "2027-08-31",
        "NextReviewOn": "2027-02-01",
    }
    council.in_force(council.case("RC-1", Addresses=PAT, **whole))
    line = judged(council)
    assert "ScopeReason" in " ".join(one["message"] for one in line["warnings"])
    council.clock("2027-02-02T09:00:00Z")
    assert "review-overdue" in codes(judged(council)["warnings"])
    council.clock("2027-09-01T09:00:00Z")
    assert met_by(council, OFFICER) == {OFFICER: "delivered"}


@pytest.mark.story("F2", "F22")
def test_f02_a_rule_of_ours_that_no_decision_stands_behind_is_critical(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT))
    (rule,) = council.ours().values()
    council.edit(1, by=OFFICER, Title="RC-2026-900")
    council.apply()
    council.cmdlet(
        "New-TransportRule",
        Name="RC-1 Redirect to single contact",
        From=[PAT],
        RedirectMessageTo=[CONTACT],
        Comments=rule["Comments"],
    )
    found = council.drift()
    (orphan,) = found.findings("orphan")
    assert (found.exit_code, orphan["case_ref"], orphan["severity"]) == (2, "RC-1", "critical")


@pytest.mark.story("F7")
@pytest.mark.requirement("T-8", "Y1-12", "M-54")
def test_f07_the_letter_says_which_policy_it_is_and_how_to_challenge(council: Any, tmp_path: Path) -> None:
    """Anglesey: not told that the decision was under the policy, and so not told of the appeal."""
    told = {"PersonName": "Petronella Quill", "ContactDetails": "1 Quill Lane", "NoticeSentOn": "2026-09-04"}
    council.in_force(council.case("RC-1", Addresses=PAT, **told))
    folder = tmp_path / "letters"
    ask = ("letter", "RC-1", "--language", "en", "--output-dir", str(folder))
    refused = council.shell(*ask, **{**LETTERS, "LETTERS__POLICY_NAME": ""})
    assert (refused.exit_code, list(folder.glob("*"))) == (3, [])
    assert "policy" in refused.stdout
    assert council.shell(*ask, **LETTERS).exit_code == 0
    (page,) = (path.read_text(encoding="utf-8") for path in folder.glob("*.html"))
    assert "Restricted contact policy" in page
    assert "Ombudsman" in page
    assert "If you disagree" in page


@pytest.mark.story("F8")
@pytest.mark.requirement("M-53")
def test_f08_a_policy_without_a_right_of_review_is_said_to_be_at_fault(council: Any) -> None:
    """Cheshire West and Chester: fault for having no right of review."""
    council.plant(council.case("RC-1", Addresses=PAT))
    found = council.run("validate", settings={"POLICY__PROFILE": "managed-register"}).document
    assert "profile-no-challenge" in codes(found["policy_warnings"])
    found = council.run("validate", settings={"POLICY__PROFILE": "wrexham"}).document
    assert "profile-no-challenge" not in codes(found["policy_warnings"])


# --- ends, and is over when it ends ---


@pytest.mark.story("F3")
@pytest.mark.requirement("M-28")
def test_f03_mail_is_open_again_when_the_restriction_is_over(council: Any) -> None:
    """Hounslow: after his ban was lifted he had to telephone, because his mail was still blocked."""
    council.in_force(council.case("RC-1", Addresses=PAT, Measure="Refuse with notice", EndsOn="2027-03-07"))
    council.clock("2027-03-08T00:00:00Z")
    assert met_by(council, OFFICER) == {OFFICER: "delivered"}
    assert council.apply().exit_code == 0
    assert council.ours() == {}


@pytest.mark.story("F3")
@pytest.mark.parametrize("over", ["lifted", "ended"])
def test_f03_a_rule_that_outlives_its_decision_is_critical(council: Any, over: str) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, EndsOn="2027-03-07"))
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, ExpiryDate=None)
    if over == "lifted":
        council.edit(1, by=OFFICER, Status="Lifted")
    else:
        council.clock("2027-03-08T00:00:00Z")
    assert met_by(council, OFFICER) == {OFFICER: "redirected"}
    found = council.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["case_ref"], finding["severity"]) == (2, "RC-1", "critical")
    assert council.apply().exit_code == 0
    assert met_by(council, OFFICER) == {OFFICER: "delivered"}


@pytest.mark.story("F4")
@pytest.mark.requirement("M-22", "M-28")
@pytest.mark.parametrize(("ends_on", "code"), [("", "end-missing"), ("2076-09-07", "too-long")])
def test_f04_nobody_is_banned_for_life(council: Any, ends_on: str, code: str) -> None:
    """Devon: a lifetime ban with no end date and no review."""
    council.plant(council.case("RC-1", Addresses=PAT, EndsOn=ends_on))
    (refused,) = council.apply().refused["RC-1"]
    assert refused == code or refused.startswith("end")
    assert council.ours() == {}


@pytest.mark.story("F5", "F6")
@pytest.mark.requirement("M-49", "M-51", "Y1-22")
def test_f05_a_review_that_is_not_done_is_found_and_extends_nothing(council: Any) -> None:
    """Eastbourne and Anglesey: the review that the policy promised left no trace, or was not done."""
    council.in_force(council.case("RC-1", Addresses=PAT, EndsOn="2027-03-07", NextReviewOn="2027-02-01"))
    council.clock("2027-02-02T09:00:00Z")
    assert "review-overdue" in codes(judged(council)["warnings"])
    overdue = [one for one in council.drift().findings("register") if one["code"] == "review-overdue"]
    assert [(one["case_ref"], one["severity"]) for one in overdue] == [("RC-1", "high")]
    council.clock("2027-03-08T00:00:00Z")
    assert met_by(council, OFFICER) == {OFFICER: "delivered"}


@pytest.mark.story("F6")
def test_f06_the_report_says_what_the_restriction_is_and_how_long_it_lasts(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, EndsOn="2027-03-07", NextReviewOn="2027-02-01"))
    (live,) = council.drift().document["live"]
    assert (live["measure"], live["ends_on"], live["next_review_on"]) == (
        "Redirect to single contact",
        "2027-03-07",
        "2027-02-01",
    )


@pytest.mark.story("F5")
@pytest.mark.parametrize("by", ["clerk@ash.example", "director@ash.example"])
def test_f05_only_a_review_that_an_approver_recorded_extends(council: Any, by: str) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, EndsOn="2027-03-07"))
    extend = {"Title": "RC-1", "Kind": "Scheduled review", "Outcome": "Extend", "NewEndsOn": "2027-06-07"}
    council.add(by=by, title=REVIEWS, DecidedOn="2026-11-23", **extend)
    assert council.apply().exit_code == 0
    council.clock("2027-03-08T00:00:00Z")
    expected = "redirected" if by.startswith("director") else "delivered"
    assert met_by(council, OFFICER) == {OFFICER: expected}


# --- the process cannot be skipped ---


@pytest.mark.story("F9")
@pytest.mark.requirement("Y0-6", "Y0-9", "Y1-9", "Y1-23", "W-14", "M-2")
@pytest.mark.parametrize(
    ("skipped", "code"),
    [
        ({"WarningGivenOn": ""}, "warning-missing"),
        ({"EqualityConsideredOn": ""}, "equality-not-considered"),
        ({"AdjustmentNeedsEmail": "Not asked"}, "adjustment-not-asked"),
        ({"Grounds": []}, "grounds-missing"),
        ({"ChannelsOpen": []}, "no-channel-open"),
        ({"CouncillorRoute": ""}, "councillor-route-missing"),
        ({"NoticeSentOn": ""}, "notice-missing"),
    ],
)
def test_f09_no_step_can_be_skipped_and_no_option_skips_it(
    council: Any, skipped: dict[str, Any], code: str
) -> None:
    """Surrey: the process was not followed, and the restriction had to be lifted."""
    council.plant(council.case("RC-1", Addresses=PAT, **skipped))
    assert council.apply().refused == {"RC-1": [code]}
    assert council.heal().exit_code == 0
    assert council.shell("apply", "--json", "--plan-id", council.plan().document["plan_id"]).exit_code == 0
    assert council.ours() == {}
    assert met_by(council, OFFICER) == {OFFICER: "delivered"}


# --- what must stay open ---


@pytest.mark.story("F10")
@pytest.mark.requirement("M-7", "M-17", "T-10")
@pytest.mark.parametrize("measure", TAKE_MAIL_AWAY)
def test_f10_safeguarding_is_reached_under_every_measure(council: Any, measure: str) -> None:
    """Cumbria: a safeguarding report was not considered while contact was restricted."""
    council.in_force(council.case("RC-1", Addresses=PAT, Measure=measure))
    met = met_by(council, PROTECTED, OFFICER)
    assert (met[PROTECTED], len(council.folder(PROTECTED, "Inbox"))) == ("delivered", 1)
    assert met[OFFICER] != "delivered"


@pytest.mark.story("F10")
@pytest.mark.parametrize("measure", ["Redirect to single contact", "Junk in named mailboxes"])
def test_f10_safeguarding_is_reached_even_if_a_case_names_it(council: Any, measure: str) -> None:
    scope = f"{PROTECTED}\nplanning@ash.example"
    council.in_force(council.case("RC-1", Addresses=PAT, Measure=measure, Scope=NAMED, ScopeMailboxes=scope))
    council.mail(PAT, [PROTECTED])
    assert len(council.folder(PROTECTED, "Inbox")) == 1
    assert "scope-names-protected" in codes(judged(council)["warnings"])


@pytest.mark.story("F10")
@pytest.mark.requirement("W-13", "M-40")
@pytest.mark.parametrize("reader", ["", "nobody@ash.example", "benefits@ash.example"])
def test_f10_filed_mail_has_a_mailbox_that_is_read(council: Any, reader: str) -> None:
    case = council.case("RC-1", Addresses=PAT, Measure="File without reply", SpocMailbox=reader)
    council.plant(case)
    assert list(council.apply().refused) == ["RC-1"]
    assert met_by(council, OFFICER) == {OFFICER: "delivered"}


@pytest.mark.story("F12")
@pytest.mark.requirement("Y1-23", "Y1-24")
@pytest.mark.parametrize("measure", TAKE_MAIL_AWAY)
def test_f12_mail_to_councillors_is_not_subject_to_it(council: Any, measure: str) -> None:
    """Horowhenua's repair: mail to councillors is not subject, and councillors may ask for it."""
    council.in_force(council.case("RC-1", Addresses=PAT, Measure=measure))
    assert met_by(council, OFFICER, *council.councillors) == {
        OFFICER: "rejected" if measure == "Refuse with notice" else "redirected",
        **dict.fromkeys(council.councillors, "delivered"),
    }


@pytest.mark.story("F12")
@pytest.mark.parametrize("exemption", ["ExceptIfSentTo", "ExceptIfSentToMemberOf"])
def test_f12_capturing_councillors_by_accident_alarms(council: Any, exemption: str) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT))
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, **{exemption: []})
    found = council.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["severity"], finding["changed_by"]) == (2, "critical", "E Admin")
    assert council.heal().exit_code == 0
    assert met_by(council, COUNCILLOR, PROTECTED) == {COUNCILLOR: "delivered", PROTECTED: "delivered"}


@pytest.mark.story("F15")
@pytest.mark.requirement("Y0-3", "Y1-17")
def test_f15_a_councillors_copy_is_theirs_and_the_diverted_one_is_unaltered(council: Any) -> None:
    """Liverpool: mail to a councillor was diverted and forwarded with officers' comments."""
    council.in_force(council.case("RC-1", Addresses=PAT))
    council.mail(PAT, [OFFICER], [COUNCILLOR])
    (own,) = council.folder(COUNCILLOR, "Inbox")
    (diverted,) = council.folder(CONTACT, "Inbox")
    assert own["rules"] == []
    for part in ("from", "to", "cc", "subject", "message_id"):
        assert diverted[part] == own[part]


@pytest.mark.story("F21")
@pytest.mark.requirement("W-3", "M-46", "Y1-10")
def test_f21_other_peoples_mail_is_not_caught(council: Any) -> None:
    """Cheshire West v Pickthall: mails in the names of others, and a single contact called interception."""
    council.in_force(council.case("RC-1", Addresses=PAT, AdvocateAddresses="helper@advice.example"))
    council.edit(1, by=OFFICER, Addresses=f"{PAT}\nfriend@post.example")
    assert council.apply().exit_code == 0
    for sender in ("friend@post.example", "helper@advice.example", "pat@other.example"):
        assert met_by(council, OFFICER, sender=sender) == {OFFICER: "delivered"}
    assert judged(council)["waiting"] == ["Addresses"]


@pytest.mark.story("F21")
def test_f21_an_advocate_is_never_restricted(council: Any) -> None:
    council.plant(council.case("RC-1", Addresses=PAT, AdvocateAddresses=f"Helper <{PAT}>"))
    assert council.apply().refused == {"RC-1": ["advocate-address"]}


@pytest.mark.story("F23")
@pytest.mark.requirement("Y0-9", "M-21")
@pytest.mark.parametrize("measure", ["Refuse with notice", "File without reply"])
def test_f23_an_adjustment_that_needs_email_is_kept(council: Any, measure: str) -> None:
    """Barnet, Doncaster, Luton, BCP: agreed communication adjustments were not kept, or not recorded."""
    case = council.case("RC-1", Addresses=PAT, Measure=measure, AdjustmentNeedsEmail="Yes")
    case["versions"][0]["fields"] |= {"Stage": "None", "EndsOn": "2027-03-06"}
    council.plant(case)
    assert "adjustment-needs-email" in codes(judged(council)["warnings"])
    council.plant(case, settings={"POLICY__PROFILE": "tamworth"})
    assert "adjustment-needs-email" in council.apply().refused["RC-1"]
    assert met_by(council, OFFICER) == {OFFICER: "delivered"}


# --- councillors choose for themselves ---


@pytest.mark.story("F14")
def test_f14_a_choice_does_not_outlast_the_term(council: Any) -> None:
    """Scarborough: filtering that councillors did not know of rested on a resolution eight years old."""
    a, *_ = council.councillors
    term = {"POLICY__TERM_ENDS_ON": "2027-05-06"}
    council.in_force(choices=[council.choice(a, PAT, "Move to folder")], settings=term)
    assert "6 May 2027" in council.inbox_rules(a)[0]["displayName"]
    council.clock("2027-05-06T22:59:00Z")
    assert council.apply().changes == []
    council.clock("2027-05-06T23:00:00Z")
    assert council.apply().exit_code == 0
    assert council.inbox_rules(a) == []


@pytest.mark.story("F16")
@pytest.mark.requirement("Y1-24", "Y1-25")
def test_f16_a_choice_is_the_councillors_to_see_and_to_take_back(council: Any) -> None:
    """Wirral: "I don't want my name added to the filter list. It will be my decision"."""
    a, b, *_ = council.councillors
    council.in_force(choices=[council.choice(a, PAT, "Move to folder")])
    (rule,) = council.inbox_rules(a)
    assert rule["displayName"].startswith("Set aside") or "Set aside" in rule["displayName"]
    assert PAT not in rule["displayName"]
    council.mail(PAT, [a, b])
    assert (len(council.folder(a, "Set aside")), len(council.folder(b, "Inbox"))) == (1, 1)
    council.delete(1, title=CHOICES, by=a)
    assert council.apply().exit_code == 0
    council.mail(PAT, [a])
    assert len(council.folder(a, "Inbox")) == 1


@pytest.mark.story("F17")
@pytest.mark.parametrize("asks", ["cllr.c@ash.example", "officer@ash.example", "director@ash.example"])
def test_f17_nobody_else_has_a_councillors_mail_filtered(council: Any, asks: str) -> None:
    """Conwy: group leaders were said to have had officers block a member's mail."""
    council.plant(choices=[council.choice(asks, PAT, "Junk Email", OnBehalfOf=COUNCILLOR)])
    applied = council.apply()
    assert applied.document["choices"] == {"live": 0, "refused": 1}
    assert council.inbox_rules(COUNCILLOR) == []


@pytest.mark.story("F17")
def test_f17_nobody_else_changes_a_choice_that_a_councillor_made(council: Any) -> None:
    council.in_force(choices=[council.choice(COUNCILLOR, PAT, "Category only")])
    council.edit(1, by="cllr.c@ash.example", title=CHOICES, Handling="Junk Email")
    council.apply()
    council.mail(PAT, [COUNCILLOR])
    assert council.folder(COUNCILLOR, "Junk Email") == []


@pytest.mark.story("F17")
def test_f17_an_officer_cannot_capture_a_councillor_through_a_case(council: Any) -> None:
    fields = {"Scope": NAMED, "ScopeMailboxes": f"{COUNCILLOR}\nplanning@ash.example"}
    opted = {"CouncillorRoute": "Councillor opted in", "WardCouncillors": [COUNCILLOR]}
    council.in_force(council.case("RC-1", Addresses=PAT, **fields, **opted))
    assert met_by(council, COUNCILLOR) == {COUNCILLOR: "delivered"}


# --- who is told what ---


@pytest.mark.story("F19")
@pytest.mark.requirement("Y1-21", "M-26")
def test_f19_names_stay_in_the_register(council: Any) -> None:
    """Clift v Slough: a register entry was e-mailed to 66 officers."""
    case = council.case("RC-1", Addresses=PAT, PersonName="Petronella Quill", ContactDetails="1 Quill Lane")
    council.plant(case)
    said = [council.run("validate"), council.plan(), council.apply(), council.drift()]
    rules = json.dumps(council.rules())
    for text in (rules, *(f"{one.stdout}{one.stderr}" for one in said)):
        assert "Quill" not in text
    assert all("Volume" not in text.title() for text in (rules,))


@pytest.mark.story("F18", "F19")
def test_f18_mails_carry_the_reference_and_nobody_is_named(council: Any) -> None:
    """Bournemouth and Slough: mails that named the person went to councillors and to 66 officers."""
    person = {"PersonName": "Petronella Quill", "CaseOwner": OFFICER, "NextReviewOn": "2026-11-20"}
    made = council.case("RC-1", Addresses=PAT, EndsOn="2026-11-24", **person)
    proposed = council.case("RC-2", Addresses="other@post.example", PersonName="Petronella Quill")
    proposed["versions"].pop()
    council.plant(made, proposed, choices=[council.choice(COUNCILLOR, PAT, "Junk Email")])
    council.apply(settings=NOTIFY)
    council.shell("reviews", "--json", **NOTIFY)
    received = {upn: council.folder(upn, "Inbox") for upn in (*EVERYBODY, *council.councillors)}
    assert received.pop(COUNCILLOR)
    assert received.pop(OFFICER)
    assert received.pop("director@ash.example")
    assert [upn for upn, mails in received.items() if mails and upn not in MAY_BE_TOLD] == []
    told = [mail for upn in (*EVERYBODY, *council.councillors) for mail in council.folder(upn, "Inbox")]
    assert not any("Quill" in json.dumps(mail) for mail in told)
    about_cases = [mail for upn in EVERYBODY for mail in council.folder(upn, "Inbox")]
    assert not any("post.example" in json.dumps(mail) for mail in about_cases)


@pytest.mark.story("F22")
@pytest.mark.requirement("Y1-18", "W-12")
def test_f22_every_rejection_goes_back_to_a_decision(council: Any) -> None:
    """Isle of Wight: the council said that it took "no active decision" to reject residents' mail."""
    council.in_force(council.case("RC-1", Addresses=PAT, Measure="Refuse with notice"))
    (copy,) = council.mail(PAT, [OFFICER])
    assert "RC-1" in copy["ndr"]
    assert copy["rules"] == ["RC-1 Refuse with notice"]
    told = council.run("explain", address=PAT, recipients=(OFFICER,)).document
    assert (told["case_refs"], told["copies"][0]["outcome"]) == (["RC-1"], "rejected")
    (live,) = council.drift().document["live"]
    assert (live["case_ref"], live["state"]) == ("RC-1", "in_step")


@pytest.mark.story("F2", "F22")
def test_f22_a_block_that_somebody_made_by_hand_is_critical(council: Any) -> None:
    """Blocks from before the program, which nobody decided, told or reviews, are found and left untouched."""
    council.in_force(council.case("RC-1", Addresses=PAT))
    council.cmdlet(
        "New-TransportRule",
        Name="Blocked in 2022",
        From=["someone@post.example"],
        RejectMessageReasonText="No.",
    )
    before = council.rules()["Blocked in 2022"]
    found = council.drift()
    (orphan,) = found.findings("orphan")
    assert (found.exit_code, orphan["rule"], orphan["severity"]) == (2, "Blocked in 2022", "critical")
    assert council.apply().exit_code == 0
    assert council.rules()["Blocked in 2022"] == before


# --- nobody is forgotten on the list ---


@pytest.mark.story("F25")
@pytest.mark.requirement("M-52")
def test_f25_a_closed_case_is_due_for_deletion_and_says_so_until_it_is_gone(council: Any) -> None:
    """25,000 people on cautionary lists, one of them for almost ten years."""
    council.in_force(council.case("RC-1", Addresses=PAT, CaseOwner=OFFICER))
    council.edit(1, by=OFFICER, Status="Closed")
    assert council.apply().exit_code == 0
    council.shell("reviews", "--json")
    assert council.shell("retention", "--json").exit_code == 0
    council.clock("2027-11-24T09:00:00Z")
    due = council.shell("retention", "--json")
    assert (due.exit_code, [one["state"] for one in due.document["queue"]]) == (2, ["due"])
    assert council.shell("retention", "--approve", "--json").exit_code == 0
    assert council.run("validate").document["cases"] == []


@pytest.mark.story("F5", "F6")
def test_f05_whoever_must_review_is_told_until_it_is_done(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, CaseOwner=OFFICER, NextReviewOn="2027-02-01"))
    council.clock("2027-02-02T09:00:00Z")
    overdue = council.shell("reviews", "--json", **NOTIFY)
    tasks = {one["kind"]: one for one in overdue.document["tasks"]}
    assert (overdue.exit_code, tasks["review-overdue"]["urgency"]) == (2, "overdue")
    assert {one["role"] for one in overdue.document["notices"] if one["kind"] == "review-overdue"}
    assert council.folder(OFFICER, "Inbox")
