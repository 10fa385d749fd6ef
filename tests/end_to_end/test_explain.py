"""`explain`: one address, or one saved message; who approved what, and why a stranger may look listed."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

PAT = "pat.person@post.example"
OFFICER, PLANNING, CONTACT = "officer@ash.example", "planning@ash.example", "contact@ash.example"
RULE = "RC-1 Redirect to single contact"
SECRET = "about the drains in Mill Lane"


def because(told: Any) -> str:
    return "\n".join(told.document["because"])


def ask(council: Any, address: str, *recipients: str, **more: Any) -> Any:
    return council.run("explain", address=address, recipients=recipients or (OFFICER,), **more)


@pytest.fixture
def pat(council: Any) -> Any:
    council.in_force(council.case("RC-1", Addresses=PAT))
    return council


class TestAListedAddress:
    def test_it_says_which_rule_which_case_who_approved_and_until_when(self, pat: Any) -> None:
        told = because(ask(pat, PAT))
        assert (
            "Case RC-1: Redirect to single contact, whole council, approved by director@ash.example on "
            "3 September 2026, until 28 March 2027."
        ) in told
        assert f"The rule '{RULE}' carries out case RC-1." in told

    def test_one_of_every_kind_by_default(self, council: Any) -> None:
        council.in_force(council.case("RC-1", Addresses=PAT, AllowedRecipients=PLANNING))
        told = council.run("explain", address=PAT).document
        got = {one["recipient"]: one["outcome"] for one in told["copies"]}
        assert got == {
            "any.other.mailbox@ash.example": "redirected",
            "cllr.a@ash.example": "delivered",
            "monitoring@ash.example": "delivered",
            CONTACT: "delivered",
            PLANNING: "delivered",
        }

    def test_the_ledger_alone_tells_the_same_kinds(self, council: Any) -> None:
        council.in_force(council.case("RC-1", Addresses=PAT, AllowedRecipients=PLANNING))
        tenant, ledger = (council.run("explain", address=PAT, from_ledger=so) for so in (False, True))
        copies = [
            {(one["recipient"], one["outcome"]) for one in told.document["copies"]}
            for told in (tenant, ledger)
        ]
        assert copies[0] == copies[1]
        assert "approved by director@ash.example on 3 September 2026" in because(ledger)

    def test_the_ledger_knows_junk_cases(self, council: Any) -> None:
        junk = {"Measure": "Junk in named mailboxes", "Scope": "Named mailboxes or services"}
        council.in_force(council.case("RC-1", Addresses=PAT, ScopeMailboxes=PLANNING, **junk))
        copies = council.run("explain", address=PAT, from_ledger=True).document["copies"]
        assert {one["recipient"]: one["folder"] for one in copies} == {
            "any.other.mailbox@ash.example": "Inbox",
            PLANNING: "Junk Email",
        }

    def test_audit_mode_is_said(self, council: Any) -> None:
        council.plant(council.case("RC-1", Addresses=PAT), settings={"RULES__MODE": "audit"})
        council.apply()
        assert "RULES__MODE is audit" in because(ask(council, PAT))

    def test_somebody_elses_rule_is_called_that(self, pat: Any) -> None:
        pat.cmdlet(
            "New-TransportRule", Name="Old redirect", From=[PAT], RedirectMessageTo=[PLANNING], Priority=0
        )
        assert "The rule 'Old redirect' is not this program's" in because(ask(pat, PAT))

    def test_a_condition_that_cannot_be_told_is_named(self, pat: Any) -> None:
        rule = {"Name": "Big", "AttachmentSizeOver": "10 MB", "Quarantine": True, "Priority": 0}
        pat.cmdlet("New-TransportRule", **rule)
        assert "Whether the rule 'Big' acts cannot be told (AttachmentSizeOver" in because(ask(pat, PAT))

    def test_block_lists_are_not_asked_for(self, pat: Any) -> None:
        pat.requests()
        ask(pat, PAT)
        assert "Get-TenantAllowBlockListItems" not in {one["cmdlet"] for one in pat.requests()}


class TestAStranger:
    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("pat.persom@post.example", "It is one letter away from an address of case RC-1."),
            ("pat.person+news@post.example", "It is another spelling of an address of case RC-1"),
            ("someone@post.example", "It shares its domain with an address of case RC-1"),
            ("pat.person@other.example", "It has the same name before the @ as an address of case RC-1"),
            ("officer@ash.example", "It is an address of the council's own"),
        ],
    )
    def test_it_is_like_somebody(self, pat: Any, address: str, said: str) -> None:
        told = ask(pat, address)
        assert (told.exit_code, told.document["case_refs"]) == (0, [])
        assert told.document["copies"][0]["outcome"] == "delivered"
        assert said in because(told)
        assert PAT not in because(told)

    def test_nothing_is_like_it(self, pat: Any) -> None:
        told = ask(pat, "nobody@else.example")
        assert told.document["because"] == [
            "No case in force names this address, so no rule of the register acts on its mail.",
            "Councillors' own choices are never shown here.",
        ]

    @pytest.mark.parametrize(
        ("fields", "why"),
        [
            ({"Status": "Draft"}, "it is a draft"),
            ({"Status": "Lifted"}, "it has ended"),
            ({"EffectiveFrom": "2026-12-01"}, "it begins on 1 December 2026"),
            ({"Grounds": []}, "it is refused (ground"),
        ],
    )
    def test_its_case_is_not_in_force(self, council: Any, fields: dict[str, Any], why: str) -> None:
        council.plant(council.case("RC-1", Addresses=PAT))
        council.edit(1, by="director@ash.example", **fields)
        assert f"Case RC-1 names it: {why}" in because(ask(council, PAT))

    def test_its_address_waits_for_approval(self, pat: Any) -> None:
        pat.edit(1, by=OFFICER, Addresses=f"{PAT}\nnew@post.example")
        assert "Case RC-1 names it: the edit waits for approval." in because(ask(pat, "new@post.example"))

    @pytest.mark.parametrize("entry", ["nobody@else.example", "else.example"])
    def test_a_block_list_stops_it(self, pat: Any, entry: str) -> None:
        pat.cmdlet(
            "New-TenantAllowBlockListItems", ListType="Sender", Block=True, Entries=[entry], NoExpiration=True
        )
        assert "It stands in the Tenant Allow/Block List" in because(ask(pat, "nobody@else.example"))

    def test_a_block_list_that_cannot_be_read_is_unknown(self, pat: Any) -> None:
        pat.fault("status", status=403, times=9, cmdlet="Get-HostedContentFilterPolicy")
        told = ask(pat, "nobody@else.example")
        assert told.exit_code == 4
        assert told.document["unknown"]


class Post:
    """Saves messages and asks about them."""

    def __init__(self, council: Any, folder: Path) -> None:
        self.council, self.path = council, folder / "message.eml"

    def ask(self, *headers: str, to: tuple[str, ...] = (), envelope: str | None = None, **more: Any) -> Any:
        lines = [*headers, f"Subject: {SECRET}", "", f"Dear all, {SECRET}", "From: body@post.example"]
        self.path.write_bytes("\r\n".join(lines).encode() + b"\r\n\xff\xfe\x00")
        return self.council.run("explain", message=self.path, recipients=to, envelope_from=envelope, **more)


@pytest.fixture
def post(pat: Any, tmp_path: Path) -> Post:
    return Post(pat, tmp_path)


TO = f"To: {OFFICER}, Contact <{CONTACT}>"
FROM = f"From: P Person <{PAT}>"


class TestAMessage:
    def test_its_recipients_are_those_of_its_headers(self, post: Post) -> None:
        told = post.ask(FROM, TO, f"Cc: {PLANNING}").document
        got = [(one["recipient"], one["outcome"]) for one in told["copies"]]
        assert got == [(OFFICER, "redirected"), (CONTACT, "delivered"), (PLANNING, "redirected")]
        assert (told["address"], told["case_refs"]) == (PAT, ["RC-1"])

    def test_recipients_may_be_given(self, post: Post) -> None:
        told = post.ask(FROM, TO, to=(PLANNING,)).document
        assert [one["recipient"] for one in told["copies"]] == [PLANNING]

    def test_without_recipients_one_of_each_kind_is_taken(self, post: Post) -> None:
        assert len(post.ask(FROM).document["copies"]) == 4

    def test_nothing_of_its_content_is_shown_or_kept(self, post: Post) -> None:
        json_told, text_told = post.ask(FROM, TO), post.ask(FROM, TO, output="text")
        for told in (json_told, text_told):
            assert "drains" not in told.stdout + told.stderr
            assert "body@post.example" not in told.stdout
        url = post.council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///")
        with sqlite3.connect(url) as ledger:
            assert not any("drains" in line for line in ledger.iterdump())
        ledger.close()

    def test_its_subject_counts_for_somebody_elses_rule(self, post: Post) -> None:
        post.council.cmdlet(
            "New-TransportRule", Name="Drains", SubjectContainsWords=["drains"], Quarantine=True, Priority=0
        )
        assert post.ask(FROM, TO).document["copies"][0]["outcome"] == "quarantined"

    def test_it_is_answered_as_the_post_does(self, post: Post) -> None:
        told = post.ask(FROM, f"To: {OFFICER}, {CONTACT}").document["copies"]
        sent = post.council.mail(PAT, [OFFICER, CONTACT], header=f"P Person <{PAT}>")
        assert [(one["outcome"], one["mailbox"]) for one in told] == [
            (one["outcome"], one["mailbox"]) for one in sent
        ]

    @pytest.mark.parametrize(
        ("headers", "said", "cases"),
        [
            ([FROM, "From: other@post.example"], "The message has 2 From fields", ["RC-1"]),
            ([f"From: other@post.example, {PAT}"], "Its From fields hold 2 addresses", ["RC-1"]),
            ([f"From: Residents: {PAT};"], "is written as a group", ["RC-1"]),
            (["Return-Path: <bounce@list.example>", FROM], "Its envelope sender is another", ["RC-1"]),
            (["Return-Path: <>", FROM], "Its envelope has no sender", ["RC-1"]),
            (
                [f"Return-Path: <{PAT}>", "From: list@list.example"],
                "which is an address of case RC-1. Rules look at From alone",
                [],
            ),
            (
                [f'From: "{PAT}" <other@else.example>'],
                "The name shown beside From holds an address of case RC-1",
                [],
            ),
            (
                ["From: other@else.example", f"Reply-To: {PAT}"],
                "Its Reply-To is an address of case RC-1; rules do not look there.",
                [],
            ),
        ],
    )
    def test_what_is_odd_about_its_headers_is_said(
        self, post: Post, headers: list[str], said: str, cases: list[str]
    ) -> None:
        told = post.ask(*headers, TO)
        assert told.document["case_refs"] == cases
        assert said in because(told)
        assert "drains" not in because(told)

    def test_the_envelope_counts_where_the_settings_say_so(self, post: Post) -> None:
        settings = {"RULES__SENDER_LOCATION": "header_or_envelope"}
        told = post.ask("From: list@list.example", TO, envelope=PAT, settings=settings)
        assert told.document["case_refs"] == ["RC-1"]
        assert "Rules look at both." in because(told)

    @pytest.mark.parametrize("headers", [["To: officer@ash.example"], ["From: nobody"], ["no header at all"]])
    def test_a_message_without_a_sender_ends_with_5(self, post: Post, headers: list[str]) -> None:
        post.path.write_text("\n".join([*headers, "", "text"]))
        assert post.council.run("explain", message=post.path).exit_code == 5

    def test_a_file_that_is_not_there_ends_with_5(self, pat: Any, tmp_path: Path) -> None:
        told = pat.run("explain", message=tmp_path / "none.eml")
        assert told.exit_code == 5
        assert "cannot be read" in told.document["error"]["message"]

    def test_the_ledger_alone_explains_a_message_too(self, post: Post) -> None:
        told = post.ask(FROM, f"To: {PLANNING}", from_ledger=True).document
        assert told["copies"][0]["outcome"] == "redirected"


def test_on_the_command_line(pat: Any, tmp_path: Path) -> None:
    saved = tmp_path / "message.eml"
    saved.write_text(f"{FROM}\n{TO}\n\ntext\n")
    assert pat.shell("explain", "--message", str(saved), "--json").document["case_refs"] == ["RC-1"]
    assert pat.shell("explain", PAT, "--message", str(saved)).exit_code == 64
