"""Mails through real azure-identity, msgraph-sdk and HTTPS into the sandbox's mailboxes."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.notify.notice import Notice, NoticeKind, Role
from m365_restrict.reconcile import reconcile
from m365_restrict.report.verb import Verb
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.telling.mail_post import ToldKind, ToldOutcome
from m365_restrict.telling.tell import notice_post
from m365_restrict.tenant.session import open_readers, open_writers
from settings import load_settings
from settings.clock import build_clock
from settings.run_options import run_options
from settings.tenant_options import tenant_options

CONTACTS, REVIEWS, CHOICES = "Restricted contacts", "Restriction reviews", "Councillor mail choices"
OWNER, DIRECTOR, DEPUTY, OFFICER = (
    f"{name}@ash.example" for name in ("owner", "director", "deputy", "officer")
)
CLLR_A, CLLR_B = "cllr.a@ash.example", "cllr.b@ash.example"
SENDER = "restrictions@ash.example"
PERSON, PERSON_NAME = "p.person@mailpost.example", "Pat Person"
SITE = "https://council.sharepoint.example/sites/democracy"

_CASE = {
    "ItemType": "Person",
    "PersonName": PERSON_NAME,
    "Addresses": PERSON,
    "AddressShared": "No",
    "Measure": "Redirect to single contact",
    "Scope": "Whole council",
    "SpocMailbox": "contact@ash.example",
    "EffectiveFrom": "2026-11-30",
    "EndsOn": "2027-03-28",
    "ChannelsOpen": ["Post", "Telephone"],
    "CouncillorRoute": "Not affected",
    "Grounds": ["Threats"],
    "WarningGivenOn": "2026-07-01",
    "LesserMeasuresConsidered": "A warning letter, twice.",
    "EqualityConsideredOn": "2026-08-20",
    "AdjustmentNeedsEmail": "No",
    "NoticeSentOn": "2026-11-20",
    "NextReviewOn": "2027-02-01",
    "CaseOwner": OWNER,
    "Status": "Proposed",
}
_MAILBOXES = ["officer", "owner", "director", "deputy", "contact", "restrictions", "monitoring", "planning",
              "parks", "cllr.a", "cllr.b"]  # fmt: skip


class World:
    """The council in the sandbox, and one run of the program with its mails."""

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox
        self.settings: dict[str, str] = {}
        self._runs = 0

    def plant(self, *cases: dict[str, Any], choices: tuple[dict[str, Any], ...] = (), **seed: Any) -> None:
        """Items are their first versions; choices carry `by`."""
        items = [{"created_by": OFFICER, "versions": [_version(OFFICER, one)]} for one in cases]
        made = [
            {"created_by": one["by"], "versions": [_version(one["by"], {**one, "by": None})]}
            for one in choices
        ]
        self.sandbox.seed(
            {
                "now": "2026-11-23T09:00:00Z",
                "tenant": {"accepted_domains": ["ash.example"], "behaviour": seed.pop("behaviour", {})},
                "users": [{"upn": f"{name}@ash.example"} for name in _MAILBOXES],
                "groups": [{"address": "councillors@ash.example", "members": [CLLR_A, CLLR_B]}],
                "lists": {CONTACTS: {"items": items}, REVIEWS: {}, CHOICES: {"items": made}},
                "settings": {
                    "POLICY__APPROVERS": f"{DIRECTOR},{DEPUTY}",
                    "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
                    "POLICY__PROTECTED_MAILBOXES": "monitoring@ash.example",
                    "NOTIFY__SENDER": SENDER,
                    "NOTIFY__SITE_URL": SITE,
                },
                **seed,
            }
        )

    def run(self, act: Any = None, **changes: str) -> Any:
        """One `apply` with its mails; what was told, or `act(run, found, writers)` after it."""
        return asyncio.run(self._run(act, changes))

    async def _run(self, act: Any, changes: dict[str, str]) -> Any:
        env = {**self.sandbox.env, **{f"M365_RESTRICT_{name}": value for name, value in changes.items()}}
        ours = {name: value for name, value in env.items() if name.startswith("M365_RESTRICT_")}
        settings = load_settings(ours, None)
        options = tenant_options(settings)
        self._runs += 1
        holder = Holder(holder=f"run-{self._runs}", host="here", pid=1)
        with (
            open_ledger(settings.ledger.url) as ledger,
            ledger.lease(holder, seconds=60, clock=lambda: datetime.now(UTC)) as lease,
        ):
            async with open_readers(options) as readers:
                run = Run(
                    verb=Verb.APPLY,
                    run_id=holder.holder,
                    now=build_clock(settings).now(),
                    options=run_options(settings),
                    readers=readers,
                    ledger=ledger,
                    progress=lambda _: None,
                    writing=Writing(
                        open_writers=lambda: open_writers(options, readers.in_flight),
                        approve=lambda _: True,
                        lease=lease,
                    ),
                )
                found = await reconcile(run)
                if act is None:
                    return found.told
                async with open_writers(options, readers.in_flight) as writers:
                    return await act(run, found, writers)

    def sent(self) -> list[dict[str, Any]]:
        """Every mail of the program's own, with its words."""
        return self.sandbox.control("GET", "sent").json()["sent"]

    def inbox(self, upn: str) -> list[str]:
        """Subjects in a mailbox's Inbox."""
        folders = self.sandbox.control("GET", f"mailboxes/{upn}").json()["folders"]
        return [mail["subject"] for one in folders if one["path"] == "Inbox" for mail in one["messages"]]

    def edit(self, item: int, *, by: str, title: str = CONTACTS, **fields: Any) -> None:
        answer = self.sandbox.control("POST", f"list/{title}/{item}", {"by": by, "fields": fields})
        assert answer.is_success, answer.text

    def write(self, to: str, *, times: int = 1, sender: str = PERSON) -> None:
        """The person writes to somebody."""
        email = EmailMessage()
        email["From"], email["To"], email["Subject"] = sender, to, "Hello"
        email.set_content("Hello.")
        body = {"raw": email.as_string(), "envelope_from": sender, "recipients": [to]}
        for _ in range(times):
            self.sandbox.control("POST", "mail", body).raise_for_status()

    def clock(self, now: str) -> None:
        self.sandbox.control("POST", "clock", {"now": now}).raise_for_status()


def _version(by: str, fields: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in fields.items() if name != "by"}
    return {"at": "2026-11-20T10:00:00Z", "by": by, "fields": shown}


def _case(reference: str = "RC-2026-014", **fields: Any) -> dict[str, Any]:
    return {**_CASE, "Title": reference, **fields}


def _choice(
    by: str, sender: str = "noisy@mailpost.example", handling: str = "Junk Email", **more: Any
) -> Any:
    return {"by": by, "Title": sender, "Handling": handling, **more}


@pytest.fixture
def world(sandbox) -> World:
    return World(sandbox)


class TestApprovers:
    def test_each_approver_gets_one_mail_and_nobody_else_any(self, world):
        world.plant(_case())
        told = world.run()
        assert [(one.kind, one.about, one.outcome) for one in told] == [
            (ToldKind.PROPOSAL, "RC-2026-014", ToldOutcome.SENT)
        ] * 2
        got = {upn: world.inbox(f"{upn}@ash.example") for upn in _MAILBOXES}
        subject = "Case RC-2026-014 waits for your decision"
        assert {upn: mails for upn, mails in got.items() if mails} == {
            "director": [subject],
            "deputy": [subject],
        }

    @pytest.mark.requirement("Y1-16")
    def test_the_mail_holds_six_lines_and_a_link(self, world):
        world.plant(_case())
        world.run()
        words = world.sent()[0]["content"]
        for line in (
            "What happens: e-mail goes to the single contact instead",
            "Whose mail: the whole council&#x27;s. Sender addresses: 1.",
            "Councillors: their mail is not affected.",
            "How long: from 30 November 2026 up to and including 28 March 2027.",
            "What stays open: Post, Telephone.",
            "Told in writing: on 20 November 2026.",
            f'href="{SITE}/Lists/Restricted%20contacts/DispForm.aspx?ID=1"',
            "Nothing else is missing.",
        ):
            assert line in words

    @pytest.mark.story("F18", "F19")
    def test_no_mail_names_the_person_their_address_or_the_grounds(self, world):
        world.plant(_case(EqualityConsideredOn=None, NoticeSentOn=None))
        world.run()
        words = " ".join(mail["subject"] + mail["content"] for mail in world.sent())
        assert len(world.sent()) == 3
        for private in (PERSON, PERSON_NAME, "mailpost", "Threats"):
            assert private not in words

    def test_a_proposal_is_told_once(self, world):
        world.plant(_case())
        world.run()
        assert world.run() == ()

    def test_a_save_by_the_tool_is_no_new_version_of_the_proposal(self, world):
        world.plant(_case())
        world.run()
        world.edit(1, by="app:m365-restrict", EnforcementStatus="Not in force")
        assert world.run() == ()

    @pytest.mark.parametrize("again", [{"EndsOn": "2027-02-28"}, {"Status": "Withdrawn"}])
    def test_a_changed_or_repeated_proposal_is_told_again(self, world, again):
        world.plant(_case())
        world.run()
        world.edit(1, by=OFFICER, **again)
        world.edit(1, by=OFFICER, Status="Proposed")
        assert [one.outcome for one in world.run()] == [ToldOutcome.SENT] * 2

    def test_the_proposer_is_left_out_where_somebody_else_may_decide(self, world):
        world.plant(_case())
        world.edit(1, by=DIRECTOR, EndsOn="2027-02-28")
        world.run()
        assert [mail["to"] for mail in world.sent()] == [[DEPUTY]]

    def test_what_is_missing_is_said(self, world):
        world.plant(_case(EqualityConsideredOn=None))
        world.run()
        mail = next(mail for mail in world.sent() if mail["to"] == [DIRECTOR])
        assert "EqualityConsideredOn" in mail["content"]


class TestLikelyEffect:
    def _said(self, world) -> str:
        world.run()
        return next(mail["content"] for mail in world.sent() if mail["to"] == [DIRECTOR])

    def test_the_counts_of_ninety_days(self, world):
        world.plant(_case())
        for now, to, times in (
            ("2026-08-20T09:00:00Z", "planning@ash.example", 5),
            ("2026-09-01T09:00:00Z", "planning@ash.example", 3),
            ("2026-10-15T12:00:00Z", "parks@ash.example", 4),
            ("2026-11-22T09:00:00Z", CLLR_A, 2),
            ("2026-11-22T10:00:00Z", "monitoring@ash.example", 1),
            ("2026-11-22T11:00:00Z", "contact@ash.example", 1),
        ):
            world.clock(now)
            world.write(to, times=times)
        world.write("planning@ash.example", times=7, sender="somebody.else@mailpost.example")
        world.clock("2026-11-23T09:00:00Z")
        assert (
            "In 90 days this address wrote 11 messages to 5 mailboxes: 8 would have gone to the single "
            "contact, 3 to councillors and protected mailboxes untouched."
        ) in self._said(world)

    def test_mail_to_a_group_counts_for_its_members(self, world):
        world.plant(_case())
        world.write("councillors@ash.example")
        assert "wrote 2 messages to 2 mailboxes: 0 would have gone to the single contact, 2 to" in self._said(
            world
        )

    def test_mailboxes_outside_the_scope_are_told_apart(self, world):
        named = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "planning@ash.example"}
        world.plant(_case(Measure="Junk in named mailboxes", **named))
        world.write("planning@ash.example", times=2)
        world.write("parks@ash.example")
        assert (
            "3 messages to 2 mailboxes: 2 would have gone to Junk Email, 1 to mailboxes that the case does "
            "not cover untouched."
        ) in self._said(world)

    def test_nothing_seen_says_check_the_spelling(self, world):
        world.plant(_case())
        assert "no message from this address was seen. Check the spelling" in self._said(world)

    def test_one_address_of_two_unseen(self, world):
        world.plant(_case(Addresses=f"{PERSON}\np.persn@mailpost.example"))
        world.write("planning@ash.example")
        said = self._said(world)
        assert "In 90 days these 2 addresses wrote 1 message to 1 mailbox: 1 would have gone" in said
        assert "From 1 of the 2 addresses no message was seen" in said

    def test_not_granted_is_said(self, world):
        world.plant(_case(), behaviour={"message_trace": False})
        world.write("planning@ash.example")
        assert "was not granted ExchangeMessageTrace.Read.All" in self._said(world)

    def test_a_proposal_without_a_measure_says_so(self, world):
        world.plant(_case(Measure=None))
        said = self._said(world)
        assert "no measure is picked yet" in said
        assert "it can be told once the measure" in said

    def test_a_single_contact_that_does_not_exist_is_missing(self, world):
        world.plant(_case(SpocMailbox="nobody@ash.example"))
        said = self._said(world)
        assert "What is missing" in said
        assert "nobody@ash.example" not in said


class TestOwners:
    def test_the_owner_is_told_what_is_missing_once_per_change(self, world):
        world.plant(_case(EqualityConsideredOn=None))
        world.run()
        assert world.inbox(OWNER) == ["Case RC-2026-014: something is missing"]
        world.run()
        world.edit(1, by=OFFICER, AdjustmentNeedsEmail="Not asked")
        world.run()
        assert len(world.inbox(OWNER)) == 2

    def test_what_is_missing_again_is_told_again(self, world):
        world.plant(_case(EqualityConsideredOn=None))
        world.run()
        world.edit(1, by=OFFICER, EqualityConsideredOn="2026-08-20")
        world.run()
        world.edit(1, by=OFFICER, EqualityConsideredOn=None)
        world.run()
        assert len(world.inbox(OWNER)) == 2

    def test_a_draft_is_left_in_peace(self, world):
        world.plant(_case(Status="Draft", EqualityConsideredOn=None))
        assert world.run() == ()

    def test_an_edit_that_waits_is_told(self, world):
        world.plant(_case())
        world.edit(1, by=DIRECTOR, Status="Approved")
        world.edit(1, by=OFFICER, EndsOn="2027-08-28")
        world.run()
        assert "your later edit waits for an approver" in world.sent()[-1]["content"]
        assert world.sent()[-1]["to"] == [OWNER]

    def test_a_case_without_an_owner_is_said(self, world):
        world.plant(_case(EqualityConsideredOn=None, CaseOwner=None))
        told = world.run()
        assert (told[-1].kind, told[-1].outcome) == (ToldKind.MISSING, ToldOutcome.NOT_SENT)
        assert "nobody" in told[-1].reason


class TestHolders:
    def test_the_holder_alone_is_told_what_happens_until_when_and_how_to_stop(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        told = world.run()
        assert [(one.about, one.outcome) for one in told] == [("choice 1", ToldOutcome.SENT)]
        assert [mail["to"] for mail in world.sent()] == [[CLLR_B]]
        words = world.sent()[0]["content"]
        for line in (
            "goes to your Junk Email folder",
            "deletes what is in it after 30 days",
            "up to and including 20 November 2027",
            "To stop at any time",
            "Nobody else is told",
        ):
            assert line in words
        assert "noisy" not in words

    def test_a_choice_is_told_once(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        world.run()
        assert world.run() == ()

    @pytest.mark.parametrize(
        ("change", "subject"),
        [
            ({"Handling": "Category only"}, "Your mail choice 1 is in place"),
            ({"EndsOn": "2027-01-31"}, "Your mail choice 1 is in place"),
            ({"Handling": "Leave in Inbox"}, "Your mail choice 1 has ended"),
            ({"Handling": "Move to folder", "FolderName": "Nowhere"}, "Your mail choice 1 has ended"),
        ],
    )
    def test_every_change_is_told(self, world, change, subject):
        world.plant(choices=(_choice(CLLR_B),))
        world.run()
        world.edit(1, by=CLLR_B, title=CHOICES, **change)
        world.run()
        assert world.inbox(CLLR_B) == ["Your mail choice 1 is in place", subject]

    def test_a_choice_that_was_never_in_place_is_refused(self, world):
        world.plant(choices=(_choice(CLLR_B, handling="Move to folder", FolderName="Nowhere"),))
        world.run()
        assert world.inbox(CLLR_B) == ["Your mail choice 1 is not carried out"]
        assert "The folder is not in the holder&#x27;s mailbox." in world.sent()[0]["content"]

    def test_a_deleted_choice_has_ended_once(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        world.run()
        world.sandbox.control("DELETE", f"list/{CHOICES}/1", params={"by": CLLR_B})
        world.run()
        assert world.run() == ()
        assert "It was deleted from the list" in world.sent()[-1]["content"]

    def test_a_choice_past_its_last_day_has_ended(self, world):
        world.plant(choices=(_choice(CLLR_B, EndsOn="2026-11-30"),))
        world.run()
        world.clock("2026-12-01T09:00:00Z")
        world.run()
        assert "Its last day has passed" in world.sent()[-1]["content"]

    def test_leaving_the_group_ends_it(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        world.run()
        left = world.sandbox.tenant.directory.find_group("councillors@ash.example")
        world.sandbox.tenant.store.put("groups", left["id"], {**left, "members": [CLLR_A]})
        world.run()
        assert "It can no longer be carried out" in world.sent()[-1]["content"]
        assert _rules(world, CLLR_B) == []

    def test_suspension_ends_it(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        world.run()
        account = world.sandbox.tenant.directory.find(CLLR_B)
        world.sandbox.tenant.store.put("users", account["id"], {**account, "enabled": False})
        world.run()
        assert _rules(world, CLLR_B) == []

    def test_a_successor_at_the_same_address_is_told_nothing_and_inherits_nothing(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        world.run()
        store, account = world.sandbox.tenant.store, world.sandbox.tenant.directory.find(CLLR_B)
        for kind in ("users", "folders", "inbox_rules"):
            document = store.get(kind, account["id"]) or {}
            store.delete(kind, account["id"])
            store.put(kind, "5a5a5a5a-0000-4000-8000-000000000001", _renewed(kind, document))
        world.run()
        assert len(world.sent()) == 1
        assert _rules(world, CLLR_B) == []

    def test_what_the_holder_did_in_outlook_stands_and_is_told_once(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        world.run()
        rule = _rules(world, CLLR_B)[0]["id"]
        _outlook(world, CLLR_B, "DELETE", f"/me/mailFolders/inbox/messageRules/{rule}")
        world.run()
        world.run()
        assert [mail["subject"] for mail in world.sent()][1:] == ["Your mail choice 1 has ended"]
        assert _rules(world, CLLR_B) == []

    def test_a_choice_whose_rule_failed_is_not_told_as_in_place(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        fault = {"match": {"method": "POST", "path_regex": "messageRules"}, "do": "status", "status": 403}
        world.sandbox.control("POST", "faults", [fault])
        assert world.run() == ()
        assert [one.outcome for one in world.run()] == [ToldOutcome.SENT]

    def test_the_same_as_the_council_says_that_officers_will_read(self, world):
        world.plant(
            _case(EffectiveFrom="2026-11-20"),
            choices=(_choice(CLLR_B, "RC-2026-014", "Same as the council"),),
        )
        world.edit(1, by=DIRECTOR, Status="Approved")
        world.run()
        mine = [mail["content"] for mail in world.sent() if mail["to"] == [CLLR_B]]
        assert len(mine) == 1
        assert "officers will read it" in mine[0]

    def test_councillors_who_could_not_be_read_end_no_choice(self, world):
        world.plant(choices=(_choice(CLLR_B),))
        world.run()
        fault = {"match": {"path_regex": "transitiveMembers"}, "do": "status", "status": 403, "times": 5}
        world.sandbox.control("POST", "faults", [fault])
        assert world.run() == ()


class TestSending:
    def test_without_a_sender_nothing_is_sent_and_that_is_said(self, world):
        world.plant(_case(), choices=(_choice(CLLR_B),))
        told = world.run(NOTIFY__SENDER="")
        assert {one.outcome for one in told} == {ToldOutcome.NOT_SENT}
        assert "NOTIFY__SENDER is not set" in told[0].reason
        assert world.sent() == []

    @pytest.mark.parametrize("status", [403, 500, 503])
    def test_a_failure_is_recorded_tried_once_and_due_again_in_the_next_run(self, world, status):
        world.plant(choices=(_choice(CLLR_B),))
        fault = {"match": {"path_regex": "sendMail"}, "do": "status", "status": status}
        world.sandbox.control("POST", "faults", [fault])
        world.sandbox.requests()
        assert [one.outcome for one in world.run()] == [ToldOutcome.FAILED]
        tried = Counter(one["path"].rpartition("/")[2] for one in world.sandbox.requests())
        assert tried["sendMail"] == 1
        assert [one.outcome for one in world.run()] == [ToldOutcome.SENT]
        assert len(world.inbox(CLLR_B)) == 1

    def test_no_mail_leaves_the_council(self, world):
        world.plant(_case(EqualityConsideredOn=None), users=[
            *({"upn": f"{name}@ash.example"} for name in _MAILBOXES if name != "owner"),
            {"upn": OWNER, "aliases": []},
        ])  # fmt: skip
        told = world.run(POLICY__COUNCIL_DOMAINS="elsewhere.example")
        assert {one.outcome for one in told} == {ToldOutcome.NOT_SENT}
        assert world.sent() == []


class TestNotices:
    def _notice(self, **changes: Any) -> Notice:
        values = {
            "kind": NoticeKind.ENDING,
            "to_role": Role.CASE_OWNER,
            "recipients": (OWNER, DIRECTOR),
            "case_ref": "RC-2026-014",
            "subject_key": "28",
            "facts": {"days_left": 28, "ends_on": datetime(2027, 3, 28, tzinfo=UTC).date()},
        }
        return Notice(**{**values, **changes})

    def test_every_recipient_gets_it(self, world):
        world.plant(_case(Status="Draft"))
        outcomes = world.run(lambda *parts: notice_post(*parts).send([self._notice()]))
        assert [one.sent for one in outcomes] == [True]
        assert [mail["to"] for mail in world.sent()] == [[OWNER], [DIRECTOR]]
        assert world.sent()[0]["subject"] == "Case RC-2026-014 ends on 28 March 2027"
        assert "DispForm.aspx?ID=1" in world.sent()[0]["content"]

    def test_after_a_failure_only_the_missing_recipient_gets_it(self, world):
        world.plant(_case(Status="Draft"))
        world.sandbox.control(
            "POST", "faults", [{"match": {"path_regex": "sendMail"}, "do": "status", "status": 500}]
        )

        async def send(*parts: Any) -> Any:
            return await notice_post(*parts).send([self._notice()])

        assert [one.sent for one in world.run(send)] == [False]
        assert [one.sent for one in world.run(send)] == [True]
        assert [len(world.inbox(one)) for one in (OWNER, DIRECTOR)] == [1, 1]

    def test_nobody_known_is_not_sent(self, world):
        world.plant(_case(Status="Draft"))

        async def send(*parts: Any) -> Any:
            return await notice_post(*parts).send([self._notice(recipients=())])

        assert [(one.sent, "nobody" in one.reason) for one in world.run(send)] == [(False, True)]


def _rules(world: World, upn: str) -> list[dict[str, Any]]:
    return _outlook(world, upn, "GET", "/me/mailFolders/inbox/messageRules")["value"]


def _outlook(world: World, upn: str, method: str, path: str) -> Any:
    answer = world.sandbox.control("POST", f"holder/{upn}", {"method": method, "path": path})
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def _renewed(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    if kind == "users":
        return {**document, "id": "5a5a5a5a-0000-4000-8000-000000000001"}
    return document
