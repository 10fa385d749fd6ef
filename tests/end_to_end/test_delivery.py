"""Reports delivered over the wire: by mail, library and Teams, to whom, how often, and what failures do."""

import contextlib
import io
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest

from m365_restrict.cli.report import ReportOrder, run_report
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.report.edition import Edition, Period
from m365_restrict.reporting.request import ReportRequest
from m365_restrict.telling.undelivered import undelivered

_SECRETS = {"AUTH__READER__CERTIFICATE_PATH": "", "AUTH__WRITER__CERTIFICATE_PATH": ""}
RULE = "RC-1 Redirect to single contact"
ICT, CLERK, IAO, CHAIR = (f"{name}@ash.example" for name in ("admin", "clerk", "director", "deputy"))
_ADDRESS = re.compile(r"[^\s<>\"'/]+@[^\s<>\"'/]+")


class Post:
    """Runs of `report --deliver`, and what arrived."""

    def __init__(self, council: Any) -> None:
        self.council, self.sandbox = council, council.sandbox
        self.settings: dict[str, str] = {
            "NOTIFY__SENDER": "assistant@ash.example",
            "NOTIFY__LIBRARY": "Reports",
            "DELIVERY__ICT__TO": ICT,
        }
        self.said = ""

    def workflow(self, role: str) -> str:
        return f"{self.sandbox.plain_base}/sandbox/workflow?sig={role}-key"

    def deliver(self, settings: Mapping[str, str] | None = None, **asked: Any) -> int:
        """One run that delivers; its exit code."""
        given = {**_SECRETS, **self.settings, **(settings or {})}
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            order = ReportOrder(request=ReportRequest(**asked), deliver=True)
            env = {**self.sandbox.env, **{f"M365_RESTRICT_{name}": one for name, one in given.items()}}
            code = run_report(order, env)
        self.said = err.getvalue()
        self.sandbox.scan.said(out.getvalue(), self.said)
        return code

    def daily(self, day: int, settings: Mapping[str, str] | None = None) -> int:
        self.council.clock(f"2026-11-{day}T09:00:00Z")
        return self.deliver(settings, period=Period.DAILY)

    def mails(self, to: str = ICT) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.control("GET", "sent").json()["sent"]
        return [one for one in found if one["to"] == [to]]

    def last(self, to: str = ICT) -> str:
        """The last mail, words alone."""
        return re.sub(r"<[^>]+>", " ", self.mails(to)[-1]["content"])

    def files(self) -> dict[str, dict[str, Any]]:
        found = self.sandbox.control("GET", "library").json()["files"]
        return {one["path"]: one for one in found}

    def cards(self) -> list[dict[str, Any]]:
        return list(self.sandbox.control("GET", "workflow").json()["cards"])

    def not_covered(self) -> list[Any]:
        with open_ledger(self.sandbox.env["M365_RESTRICT_LEDGER__URL"]) as ledger:
            return list(undelivered(ledger))


@pytest.fixture
def post(council: Any) -> Post:
    """Two cases in force, and an administrator who sends the mail of one elsewhere."""
    council.in_force(
        council.case("RC-1", CaseOwner="officer@ash.example"),
        council.case("RC-2", Measure="Refuse with notice"),
    )
    council.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
    return Post(council)


def capture_councillors(post: Post) -> None:
    """An administrator sends away mail to everybody, councillors and single contact alike."""
    changed: dict[str, Any] = {"RedirectMessageTo": ["out@elsewhere.example"]}
    changed |= {"ExceptIfSentTo": [], "ExceptIfSentToMemberOf": []}
    post.council.cmdlet("Set-TransportRule", Identity=RULE, **changed)


class TestOneOpenItem:
    def test_new_then_continuing_then_fixed_then_silence_over_four_days(self, post: Post) -> None:
        post.daily(24)
        first = post.last()
        assert "New (2)" in first
        assert "RC-1, high (rule-drifted): Someone edited one of our rules in the tenant." in first
        assert "ICT, by 26 November 2026." in first
        post.daily(25)
        assert "There is nothing new." in post.last()
        assert "2 findings that you were told of before still stand." in post.last()
        assert "rule-drifted" not in post.last()
        assert post.council.heal().exit_code == 0
        post.daily(26)
        assert "RC-1, was high: rule-drifted is no longer found." in post.last()
        assert "1 finding that you were told of before still stands." in post.last()
        post.daily(27)
        assert "rule-drifted" not in post.last()
        assert len(post.mails()) == 4

    def test_the_same_day_is_not_told_twice_but_for_what_is_new(self, post: Post) -> None:
        post.daily(24)
        post.daily(24)
        assert len(post.mails()) == 1
        assert "nothing was sent" in post.said
        post.council.cmdlet("Disable-TransportRule", Identity="RC-2 Refuse with notice")
        post.daily(24)
        assert len(post.mails()) == 2
        assert "RC-2, high (rule-drifted)" in post.last()
        assert "RC-1" not in post.last()

    def test_a_finding_that_comes_back_is_new_again(self, post: Post) -> None:
        post.daily(24)
        post.council.heal()
        post.daily(25)
        post.council.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
        post.daily(26)
        assert "New (1)" in post.last()

    def test_what_could_not_be_read_is_not_told_as_put_right(self, post: Post) -> None:
        post.daily(24)
        post.council.fault("status", status=403, times=50, cmdlet="Get-TransportRule")
        post.daily(25)
        assert "could not look at everything" in post.last()
        assert "no longer found" not in post.last()
        post.sandbox.control("DELETE", "faults")
        post.daily(26)
        assert "no longer found: " not in post.last()
        assert "rule-drifted" not in post.last()


class TestAtOnce:
    def test_a_run_tells_what_is_critical_once_and_says_when_it_is_put_right(self, post: Post) -> None:
        everybody = {f"DELIVERY__{role}__TO": to for role, to in (("GOVERNANCE", CLERK), ("IAO", IAO))}
        post.deliver(everybody)
        assert post.mails() == []
        assert post.files() == {}
        capture_councillors(post)
        post.deliver(everybody)
        post.deliver(everybody)
        for to in (ICT, CLERK, IAO):
            (mail,) = post.mails(to)
            assert mail["subject"] == "Restricted contacts: 1 new critical finding"
        post.council.heal()
        post.deliver(everybody)
        assert [one["subject"] for one in post.mails()][1:] == [
            "Restricted contacts: 1 critical finding put right"
        ]

    def test_the_digest_does_not_repeat_what_was_told_at_once(self, post: Post) -> None:
        capture_councillors(post)
        post.deliver()
        critical = re.search(r"critical \(([a-z-]+)\)", post.last())
        assert critical is not None
        post.daily(24)
        assert critical[1] not in post.last()


class TestForWhom:
    def test_each_role_gets_its_own_pack_and_no_other(self, post: Post) -> None:
        named = {
            "DELIVERY__GOVERNANCE__TO": f"{CLERK},officer@ash.example",
            "DELIVERY__IAO__TO": IAO,
            "DELIVERY__BOARD__TO": CHAIR,
        }
        for period in (Period.WEEKLY, Period.MONTHLY, Period.QUARTERLY):
            post.deliver(named, period=period)
        subjects = {to: [one["subject"] for one in post.mails(to)] for to in (ICT, CLERK, IAO, CHAIR)}
        assert subjects == {
            ICT: [],
            CLERK: ["Restricted contacts: report of the week (16 November 2026 to 22 November 2026)"],
            IAO: ["Restricted contacts: report of the month (1 October 2026 to 31 October 2026)"],
            CHAIR: ["Restricted contacts: report of the quarter (1 July 2026 to 30 September 2026)"],
        }
        assert len(post.mails("officer@ash.example")) == 1
        assert {path.rpartition("/")[2] for path in post.files()} == {
            "weekly-compliance-2026-11-16.html",
            "monthly-compliance-2026-10-01.html",
            "quarterly-board-2026-07-01.html",
        }

    @pytest.mark.parametrize(
        ("least", "told"), [("critical", False), ("high", True), ("medium", True), ("low", True)]
    )
    def test_nobody_is_told_of_less_than_they_want(self, post: Post, least: str, told: bool) -> None:
        post.deliver({"DELIVERY__ICT__SEVERITY": least}, period=Period.DAILY)
        assert ("rule-drifted" in post.last()) is told

    def test_one_edition_alone_may_be_asked_for(self, post: Post) -> None:
        both = {"DELIVERY__ICT__PACKS": "monthly", "DELIVERY__IAO__TO": IAO}
        post.deliver(both, period=Period.MONTHLY, edition=Edition.ICT)
        assert (len(post.mails()), len(post.mails(IAO))) == (1, 0)

    def test_the_year_is_told_in_published_figures_alone(self, post: Post) -> None:
        post.deliver({"DELIVERY__BOARD__TO": CHAIR, "DELIVERY__BOARD__PACKS": "annual"}, period=Period.ANNUAL)
        assert "ready" in post.last(CHAIR)
        assert "RC-1" not in post.last(CHAIR)
        (path,) = post.files()
        assert path.endswith("/annual-public-2025-04-01.html")


class TestLibrary:
    def test_reports_are_filed_by_month_with_their_history_and_linked(self, post: Post) -> None:
        post.daily(24)
        path = "Reports/m365-restrict/2026/11/daily-ict-2026-11-23.html"
        filed = post.files()[path]
        assert filed["contentType"].startswith("text/html")
        assert b"RC-1" in b64decode(filed["content"])
        assert f'href="{filed["webUrl"]}"' in post.mails()[0]["content"]
        post.council.cmdlet("Disable-TransportRule", Identity="RC-2 Refuse with notice")
        post.daily(24)
        assert post.files()[path]["versions"] == 2
        post.daily(25)
        assert len(post.files()) == 2

    def test_another_library_than_that_of_letters(self, post: Post) -> None:
        post.deliver({"DELIVERY__LIBRARY": "For the board"}, period=Period.QUARTERLY)
        assert [path.split("/")[0] for path in post.files()] == ["For the board"]

    def test_without_a_library_the_mail_says_how_to_make_it(self, post: Post) -> None:
        post.deliver({"NOTIFY__LIBRARY": ""}, period=Period.DAILY)
        assert post.files() == {}
        assert "no library is set" in post.last()


class TestTeams:
    def test_a_channel_gets_a_card_with_the_same_news_and_the_link(self, post: Post) -> None:
        settings = {"DELIVERY__ICT__WORKFLOW_URL": post.workflow("ict"), "DELIVERY__ICT__TO": ""}
        post.daily(24, settings)
        (posted,) = post.cards()
        assert posted["query"] == "sig=ict-key"
        card = posted["card"]
        assert card["actions"][0]["url"] == next(iter(post.files().values()))["webUrl"]
        assert "rule-drifted" in json.dumps(card)
        post.daily(25, settings)
        assert "rule-drifted" not in json.dumps(post.cards()[1])
        assert post.mails() == []

    def test_one_that_is_busy_is_asked_again(self, post: Post) -> None:
        match = {"path_regex": "^/sandbox/workflow$"}
        fault = {"match": match, "do": "status", "status": 429, "retry_after": 0, "times": 2}
        post.sandbox.control("POST", "faults", [fault])
        post.daily(24, {"DELIVERY__ICT__WORKFLOW_URL": post.workflow("ict")})
        assert len(post.cards()) == 1

    def test_its_address_is_in_nothing_that_is_said_or_kept(self, post: Post, caplog: Any) -> None:
        caplog.set_level(0)
        url = post.workflow("ict")
        fault = {"match": {"path_regex": "workflow"}, "do": "status", "status": 400, "times": 1}
        post.sandbox.control("POST", "faults", [fault])
        post.daily(24, {"DELIVERY__ICT__WORKFLOW_URL": url})
        post.daily(25, {"DELIVERY__ICT__WORKFLOW_URL": url})
        assert len(post.cards()) == 1
        ours = [one.getMessage() for one in caplog.records if not one.name.startswith("uvicorn")]
        assert "ict-key" not in post.said + "".join(ours)
        database = post.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///")
        with open(database, "rb") as file:  # noqa: PTH123
            assert b"ict-key" not in file.read()


class TestFailures:
    def test_a_mail_that_fails_is_kept_told_and_sent_by_the_next_run_of_any_kind(self, post: Post) -> None:
        post.council.fault("status", status=500, times=1, path_regex="sendMail")
        other = {"DELIVERY__ICT__TO": f"{ICT},{CLERK}", "DELIVERY__ICT__PACKS": "monthly"}
        assert post.deliver(other, period=Period.MONTHLY) == 2
        assert (len(post.mails(ICT)), len(post.mails(CLERK))) == (0, 1)
        assert "Not delivered: the report 'monthly' to ICT by mail." in post.said
        (told,) = post.not_covered()
        assert told.scope == "Reports by mail to ICT"
        assert "@" not in f"{told.scope} {told.reason} {told.next_step}"
        post.deliver(other)
        assert (len(post.mails(ICT)), len(post.mails(CLERK))) == (1, 1)
        assert "report of the month" in post.mails()[0]["subject"]
        assert "RC-1, high (rule-drifted)" in post.last()
        assert post.not_covered() == []

    def test_digests_that_wait_become_one(self, post: Post) -> None:
        post.council.fault("status", status=500, times=2, path_regex="sendMail")
        post.daily(24)
        post.daily(25)
        assert len(post.not_covered()) == 1
        post.daily(26)
        (mail,) = post.mails()
        assert mail["subject"] == "Restricted contacts: report of the day (25 November 2026)"
        assert "New (2)" in post.last()
        assert post.not_covered() == []

    def test_a_library_that_fails_stops_no_mail_and_is_filed_later(self, post: Post) -> None:
        post.council.fault("status", status=403, times=1, path_regex="content")
        post.daily(24)
        assert post.files() == {}
        assert "could not be filed" in post.last()
        assert [one.scope for one in post.not_covered()] == ["Reports filed in the library"]
        post.deliver()
        assert [path.rpartition("/")[2] for path in post.files()] == ["daily-ict-2026-11-23.html"]
        assert (len(post.mails()), post.not_covered()) == (1, [])

    def test_a_channel_that_fails_is_posted_to_by_the_next_run(self, post: Post) -> None:
        settings = {"DELIVERY__ICT__WORKFLOW_URL": post.workflow("ict")}
        fault = {"match": {"path_regex": "workflow"}, "do": "status", "status": 404, "times": 1}
        post.sandbox.control("POST", "faults", [fault])
        post.daily(24, settings)
        assert (post.cards(), len(post.mails())) == ([], 1)
        post.deliver(settings)
        assert (len(post.cards()), len(post.mails())) == (1, 1)

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"NOTIFY__SENDER": ""}, "NOTIFY__SENDER is not set"),
            ({"DELIVERY__ICT__TO": "someone@elsewhere.example"}, "not in a domain of the council"),
            ({"AUTH__WRITER__CLIENT_SECRET": "wrong"}, ""),
            ({"AUTH__WRITER__CLIENT_ID": ""}, ""),
        ],
    )
    def test_what_keeps_mail_from_being_sent_stops_no_run(
        self, post: Post, settings: dict[str, str], says: str
    ) -> None:
        assert post.deliver({"NOTIFY__LIBRARY": "", **settings}, period=Period.DAILY) == 2
        assert "Not delivered" in post.said
        assert says in post.said
        assert "elsewhere.example" not in post.said
        assert post.sandbox.control("GET", "sent").json()["sent"] == []

    def test_who_is_named_no_more_is_waited_for_no_more(self, post: Post) -> None:
        post.council.fault("status", status=500, times=1, path_regex="sendMail")
        post.daily(24)
        assert len(post.not_covered()) == 1
        post.deliver({"DELIVERY__ICT__TO": CLERK})
        assert post.not_covered() == []
        assert post.mails() == []


def test_nothing_is_delivered_where_nobody_is_named(post: Post) -> None:
    assert post.deliver({"DELIVERY__ICT__TO": "", "NOTIFY__LIBRARY": ""}, period=Period.DAILY) == 2
    assert "Nothing was delivered" in post.said
    assert post.sandbox.control("GET", "sent").json()["sent"] == []


def test_without_the_option_nothing_leaves_and_the_writer_is_not_opened(post: Post) -> None:
    post.council.requests()
    env = {f"M365_RESTRICT_{name}": one for name, one in {**_SECRETS, **post.settings}.items()}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run_report(ReportOrder(request=ReportRequest(period=Period.DAILY)), {**post.sandbox.env, **env})
    assert (post.mails(), post.files(), post.council.writes()) == ([], {}, [])


def test_the_writer_does_nothing_but_file_and_mail(post: Post) -> None:
    post.council.requests()
    post.daily(24)
    assert [one["path"].rpartition("/")[2] for one in post.council.writes()] == ["content", "sendMail"]


def test_no_person_is_in_any_mail_card_or_file_name(post: Post) -> None:
    """An administrator of this name did it, to mailboxes of these; the case is about this person."""
    capture_councillors(post)
    settings = {
        "DELIVERY__ICT__WORKFLOW_URL": post.workflow("ict"),
        "DELIVERY__ICT__SEVERITY": "low",
        "DELIVERY__IAO__TO": IAO,
    }
    for period in (Period.RUN, Period.DAILY, Period.MONTHLY):
        post.deliver(settings, period=period)
    sent = post.sandbox.control("GET", "sent").json()["sent"]
    told = [f"{one['subject']} {one['content']}" for one in sent] + [json.dumps(post.cards()), *post.files()]
    assert len(sent) == 4, [one["subject"] for one in sent]
    for text in told:
        assert _ADDRESS.findall(text) == []
        for word in ("E Admin", "P Person", "B Director", "post.example", "elsewhere", "parks", "contact@"):
            assert word not in text


def test_the_ledger_proves_what_was_delivered_and_the_run_can_be_performed_again(post: Post) -> None:
    post.council.fault("status", status=500, times=1, path_regex="sendMail")
    post.daily(24)
    post.daily(25)
    with open_ledger(post.sandbox.env["M365_RESTRICT_LEDGER__URL"], read_only=True) as ledger:
        proof, (run, *_) = ledger.evidence.prove(), ledger.runs.latest(verb="report")
    assert proof.problems == ()
    answer = post.council.shell("replay", run.run_id, "--json")
    assert (answer.exit_code, answer.document["same"]) == (0, True), answer.stderr


def test_the_command_line_delivers_and_writes_the_file_as_well(post: Post, tmp_path: Any) -> None:
    page = tmp_path / "day.html"
    settings = {**post.settings, "DELIVERY__ICT__WORKFLOW_URL": post.workflow("ict")}
    asked = ("report", "--period", "daily", "--deliver", "--output", str(page))
    answer = post.council.shell(*asked, **settings)
    assert answer.exit_code == 2, answer.stderr
    assert page.exists()
    assert (len(post.mails()), len(post.cards()), len(post.files())) == (1, 1, 1)
