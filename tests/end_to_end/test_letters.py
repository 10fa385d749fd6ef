"""Letters through the sandbox: on request, and drafted to the library when a case is decided."""

import asyncio
import base64
import contextlib
import io
import json
from pathlib import Path

import pytest
from docx import Document
from jsonschema import Draft202012Validator

from m365_restrict.cli.letter import LetterRequest, run_letter
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.letters.drafting import draft_letters
from m365_restrict.letters.letter_run import LetterOrder
from m365_restrict.reconcile import reconcile
from m365_restrict.report.letters.codes import LetterCode
from m365_restrict.report.letters.kinds import LetterKind, LetterLanguage
from m365_restrict.report.verb import Verb
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.session import open_readers, open_writers
from settings.clock import build_clock
from settings.load import load_settings
from settings.run_options import run_options
from settings.tenant_options import tenant_options

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "letter.json"
K, L = LetterKind, LetterLanguage
TOLD = {"PersonName": "Pat Person", "ContactDetails": "1 High Street\nAshbourne"}
WELSH = {"POLICY__PROFILE": "wrexham", "LETTERS__WELSH_CHECKED_BY": "A. Translator"}
WELSH |= {"LETTERS__WELSH_CHECKED_ON": "2026-09-01"}
SETTINGS = {
    "NOTIFY__LIBRARY": "Letters",
    "LETTERS__COUNCIL_NAME": "Ash Council",
    "LETTERS__COUNCIL_NAME_CY": "Cyngor Ash",
    "LETTERS__ADDRESS": "Town Hall, Ash",
    "LETTERS__TELEPHONE": "01632 960000",
    "LETTERS__SIGNATORY_TITLE": "Director of Services",
    "LETTERS__SIGNATORY_TITLE_CY": "Cyfarwyddwr Gwasanaethau",
    "LETTERS__POLICY_NAME": "Contact policy",
    "LETTERS__POLICY_NAME_CY": "Polisi cyswllt",
    "LETTERS__POLICY_URL": "https://ash.example/policy",
    "LETTERS__SERVICE_ROUTE": "Telephone us.",
    "LETTERS__SERVICE_ROUTE_CY": "Ffoniwch ni.",
    "LETTERS__COMPLAINT_ROUTE": "Write to us.",
    "LETTERS__COMPLAINT_ROUTE_CY": "Ysgrifennwch atom.",
    "LETTERS__ADJUSTMENTS_ROUTE": "Ask for the equality officer.",
    "LETTERS__ADJUSTMENTS_ROUTE_CY": "Gofynnwch am y swyddog cydraddoldeb.",
}


class Office:
    """Asks for letters and drafts them, with settings of its own."""

    def __init__(self, council, folder: Path) -> None:
        self.council = council
        self.folder = folder
        self.settings = dict(SETTINGS)

    @property
    def env(self) -> dict[str, str]:
        return {**self.council.sandbox.env, **{f"M365_RESTRICT_{k}": v for k, v in self.settings.items()}}

    def ask(self, reference: str, kind: LetterKind = K.DECISION, language: LetterLanguage | None = None):
        request = LetterRequest(
            order=LetterOrder(reference=reference, kind=kind, language=language),
            folder=self.folder,
            output="json",
        )
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = run_letter(request, self.env, lambda _: None)
        document = json.loads(out.getvalue())
        assert not list(Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(document))
        assert document["exit_code"] == code
        return document

    def refusal(self, *asked) -> str:
        document = self.ask(*asked)
        assert document["exit_code"] == 3
        assert document["files"] == []
        return document["refused"][0]["code"]

    def draft(self, run_id: str = "run-1"):
        """What came of one run: the notes by item, and the documents that the run drafted."""
        return asyncio.run(self._drafts(run_id))

    async def _drafts(self, run_id: str):
        settings = load_settings(self.env, None)
        tenant = tenant_options(settings)
        with open_ledger(settings.ledger.url) as ledger:
            async with open_readers(tenant) as readers, open_writers(tenant, readers.in_flight) as writers:
                run = Run(
                    verb=Verb.PLAN,
                    run_id=run_id,
                    now=build_clock(settings).now(),
                    options=run_options(settings),
                    readers=readers,
                    ledger=ledger,
                    progress=lambda _: None,
                )
                found = await reconcile(run)
                return await draft_letters(run, found, writers)

    def filed(self) -> dict[str, bytes]:
        files = self.council.sandbox.control("GET", "library").json()["files"]
        return {one["path"].rsplit("/", 1)[-1]: base64.b64decode(one["content"]) for one in files}


@pytest.fixture
def office(council, tmp_path) -> Office:
    return Office(council, tmp_path / "letters")


def review(reference: str, by: str = "director@ash.example", **fields) -> dict:
    saved = {
        "Title": reference,
        "Kind": "Scheduled review",
        "DecidedOn": "2026-11-20",
        "Considerations": "No contact since October.",
        **fields,
    }
    return {"created_by": by, "versions": [{"at": "2026-11-20T09:00:00Z", "by": by, "fields": saved}]}


# --- on request -------------------------------------------------------------------------------------------


@pytest.mark.requirement("Y1-12", "Y1-19", "M-34")
def test_a_decision_letter_is_written_from_the_register(council, office):
    council.plant(council.case("RC-1", Grounds=["Threats"], **TOLD))
    document = office.ask("rc-1")
    assert document["exit_code"] == 0
    assert document["language"] == "en"
    docx, html = sorted(office.folder.iterdir())
    assert [docx.name, html.name] == [f"RC-1_decision_2026-09-04_en.{ending}" for ending in ("docx", "html")]
    text = "\n".join(one.text for one in Document(str(docx)).paragraphs)
    for said in ("Pat Person", "Threats", "up to and including 28 March 2027", "B Director"):
        assert said in text


def test_the_document_of_the_verb_names_nobody(council, office):
    council.plant(council.case("RC-1", **TOLD))
    assert "Pat" not in json.dumps(office.ask("RC-1"))


@pytest.mark.parametrize(
    ("preference", "language"), [("Welsh", "cy"), ("English", "en"), ("Both", "both"), ("Unknown", "both")]
)
def test_the_language_follows_the_case_where_the_policy_writes_welsh(council, office, preference, language):
    office.settings |= WELSH
    council.plant(council.case("RC-1", Grounds=["Threats"], LanguagePreference=preference, **TOLD))
    assert office.ask("RC-1")["language"] == language


def test_welsh_that_nobody_has_checked_is_refused(council, office):
    office.settings |= {**WELSH, "LETTERS__WELSH_CHECKED_BY": ""}
    council.plant(council.case("RC-1", Grounds=["Threats"], **TOLD))
    assert office.refusal("RC-1", K.DECISION, L.WELSH) == LetterCode.WELSH_NOT_CHECKED
    assert office.ask("RC-1", K.DECISION, L.ENGLISH)["exit_code"] == 0


def test_a_case_without_a_name_is_refused_and_says_the_column(council, office):
    council.plant(council.case("RC-1", PersonName="", ContactDetails="1 High Street"))
    missing = office.ask("RC-1")["refused"][0]["missing"]
    assert [one["where"] for one in missing] == ["column PersonName (Name)"]


def test_an_unknown_case_is_refused(council, office):
    council.plant(council.case("RC-1"))
    assert office.refusal("RC-2") == LetterCode.CASE_NOT_FOUND


def test_a_case_that_its_proposer_approved_has_no_letter(council, office):
    council.plant(council.case("RC-1", by="officer@ash.example", **TOLD))
    assert office.refusal("RC-1") == LetterCode.CASE_NOT_APPROVED


def test_a_tightening_edit_that_nobody_approved_is_not_told(council, office):
    council.plant(council.case("RC-1", NoticeSentOn="", **TOLD))
    assert office.ask("RC-1")["exit_code"] == 0
    council.edit(1, by="officer@ash.example", EndsOn="2027-06-30")
    assert office.refusal("RC-1") == LetterCode.CASE_NOT_APPROVED


def test_a_live_case_has_no_lift_letter_and_a_lifted_one_no_reminder(council, office):
    council.plant(council.case("RC-1", **TOLD))
    assert office.refusal("RC-1", K.LIFT) == LetterCode.NOT_LIFTED
    assert office.ask("RC-1", K.REMINDER)["exit_code"] == 0
    council.edit(1, by="officer@ash.example", Status="Lifted")
    assert office.refusal("RC-1", K.REMINDER) == LetterCode.NOT_IN_FORCE
    assert office.ask("RC-1", K.LIFT)["exit_code"] == 0
    lift = next(
        path
        for path in office.folder.iterdir()
        if path.name.startswith("RC-1_lift") and path.suffix == ".html"
    )
    assert "It does not apply from 23 November 2026." in lift.read_text()


def test_a_suspended_case_has_no_lift_letter(council, office):
    council.plant(council.case("RC-1", **TOLD))
    council.edit(1, by="officer@ash.example", Status="Suspended")
    assert office.refusal("RC-1", K.LIFT) == LetterCode.NOT_LIFTED


def test_a_case_past_its_last_day_has_ended_the_day_after(council, office):
    council.plant(council.case("RC-1", EndsOn="2026-11-01", **TOLD))
    office.ask("RC-1", K.LIFT)
    page = next(path for path in office.folder.iterdir() if path.suffix == ".html")
    assert "It does not apply from 2 November 2026." in page.read_text()


@pytest.mark.parametrize(
    ("by", "fields", "code"),
    [
        ("director@ash.example", {"Outcome": "Keep"}, None),
        ("director@ash.example", {"Outcome": "Extend", "NewEndsOn": "2027-05-01"}, None),
        ("officer@ash.example", {"Outcome": "Extend", "NewEndsOn": "2027-05-01"},
         LetterCode.EXTENSION_NOT_APPROVED),
        ("director@ash.example", {"Outcome": "Pending"}, LetterCode.REVIEW_NOT_DECIDED),
        ("director@ash.example", {"Outcome": "Lift"}, LetterCode.NOT_LIFTED),
        ("director@ash.example", {"Outcome": "Keep", "Kind": "Annual log review"},
         LetterCode.REVIEW_NOT_DECIDED),
    ],
)  # fmt: skip
@pytest.mark.requirement("M-50")
def test_a_review_is_told_once_it_has_taken_effect(council, office, by, fields, code):
    council.plant(council.case("RC-1", **TOLD), reviews=[review("RC-1", by, **fields)])
    document = office.ask("RC-1", K.REVIEW)
    assert [one["code"] for one in document["refused"]] == ([code] if code else [])


def test_a_folder_that_cannot_be_written_is_a_plain_error(council, office):
    council.plant(council.case("RC-1", **TOLD))
    office.folder.write_text("a file")
    document = office.ask("RC-1")
    assert document["exit_code"] == 5
    assert "Give another --output-dir." in document["error"]["advice"]


# --- drafted to the library ---------------------------------------------------------------------------------


@pytest.mark.requirement("Y1-19")
def test_an_approved_case_without_notice_gets_its_letter_once(council, office):
    council.plant(council.case("RC-1", NoticeSentOn="", **TOLD))
    made = office.draft()
    assert [(one.case_reference, one.kind) for one in made.drafted] == [("RC-1", "decision")]
    assert sorted(office.filed()) == ["RC-1_decision_2026-11-23_en.docx", "RC-1_decision_2026-11-23_en.html"]
    (line,) = made.notes["1"]
    assert made.drafted[0].document_url in line
    assert "Pat" not in line
    again = office.draft("run-2")
    assert again.drafted == ()
    assert again.notes == made.notes


def test_a_case_that_has_its_notice_gets_no_letter(council, office):
    council.plant(council.case("RC-1", NoticeDocId="DOC-7", **TOLD), council.case("RC-2", NoticeSentOn=""))
    council.edit(2, by="officer@ash.example", Status="Proposed")
    assert office.draft().notes == {}
    assert office.filed() == {}


def test_without_a_library_nothing_is_drafted_and_no_name_is_read(council, office):
    office.settings["NOTIFY__LIBRARY"] = ""
    council.plant(council.case("RC-1", NoticeSentOn="", **TOLD))
    council.requests()
    assert office.draft().notes == {}
    assert not [one for one in council.requests() if one["path"].endswith("/items/1/fields")]


def test_what_is_missing_is_told_in_the_case(council, office):
    council.plant(council.case("RC-1", NoticeSentOn="", PersonName=""))
    made = office.draft()
    assert [reference for reference, _ in made.refused] == ["RC-1"]
    assert "The decision letter is not drafted." in made.notes["1"][0]
    assert "column PersonName (Name)" in made.notes["1"][0]
    council.edit(1, by="officer@ash.example", **TOLD)
    assert len(office.draft("run-2").drafted) == 1


def test_a_library_that_fails_is_told_and_tried_again(council, office):
    council.plant(council.case("RC-1", NoticeSentOn="", **TOLD))
    council.fault("status", status=403, times=5, path_regex="/content$")
    made = office.draft()
    assert made.drafted == ()
    assert "The next run tries again." in made.notes["1"][0]
    council.sandbox.control("DELETE", "faults")
    assert len(office.draft("run-2").drafted) == 1


def test_a_template_that_cannot_be_used_is_told_and_stops_nothing(council, office, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "decision.txt").write_text("{% if %}")
    office.settings["LETTERS__TEMPLATES"] = str(own)
    council.plant(council.case("RC-1", NoticeSentOn="", **TOLD))
    assert "decision.txt, line 1" in office.draft().notes["1"][0]


def test_a_decided_review_is_drafted_until_the_person_is_told(council, office):
    decided = review("RC-1", Outcome="Keep")
    council.plant(council.case("RC-1", NoticeDocId="DOC-7", **TOLD), reviews=[decided])
    assert [one.kind for one in office.draft().drafted] == ["review"]
    council.edit(1, by="officer@ash.example", title="Restriction reviews", OutcomeToldOn="2026-11-23")
    assert office.draft("run-2").notes == {}


def test_a_lifted_case_gets_its_letter_from_the_run_that_sees_it_end(council, office):
    council.in_force(council.case("RC-1", NoticeDocId="DOC-7", **TOLD))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    made = office.draft()
    assert [one.kind for one in made.drafted] == ["lift"]
    council.apply()
    assert office.draft("run-2").notes == made.notes


def applied(council, office, verb: str = "apply"):
    answer = council.run(verb, settings=office.settings, approve=True)
    assert answer.exit_code == 0, answer.document
    return answer


UPLOAD = {"status": 403, "times": 9, "path_regex": "/content$"}


def test_a_lift_letter_whose_upload_fails_is_drafted_by_a_later_run(council, office):
    council.in_force(council.case("RC-1", NoticeDocId="DOC-7", **TOLD))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    council.fault("status", **UPLOAD)
    applied(council, office)
    assert office.filed() == {}
    council.sandbox.control("DELETE", "faults")
    applied(council, office)
    assert sorted(office.filed()) == ["RC-1_lift_2026-11-23_en.docx", "RC-1_lift_2026-11-23_en.html"]


def test_a_lift_letter_that_lacks_a_fact_is_drafted_once_it_is_there(council, office):
    council.in_force(council.case("RC-1", NoticeDocId="DOC-7", **{**TOLD, "PersonName": ""}))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    applied(council, office)
    council.edit(1, by="officer@ash.example", **TOLD)
    applied(council, office)
    assert len(office.filed()) == 2


@pytest.mark.parametrize("how", ["suspended", "saved over", "opened by hand"])
def test_a_case_that_stopped_before_it_ended_has_its_letter_once(council, office, how):
    council.in_force(council.case("RC-1", NoticeDocId="DOC-7", **TOLD))
    if how == "opened by hand":
        opened = council.shell("open", "RC-1", "--reason", "in error", "--json", **office.settings)
        assert opened.exit_code == 0, opened.document
    else:
        council.edit(1, by="officer@ash.example", Status="Suspended")
    if how == "saved over":
        council.edit(1, by="officer@ash.example", Status="Approved")
    applied(council, office)
    applied(council, office)
    assert office.filed() == {}
    council.edit(1, by="officer@ash.example", Status="Lifted")
    applied(council, office)
    applied(council, office)
    assert sorted(office.filed()) == ["RC-1_lift_2026-11-23_en.docx", "RC-1_lift_2026-11-23_en.html"]


def test_a_case_that_stopped_and_came_back_has_one_letter_for_each_end(council, office):
    council.in_force(council.case("RC-1", NoticeDocId="DOC-7", **TOLD))
    council.edit(1, by="officer@ash.example", Status="Suspended")
    applied(council, office)
    council.edit(1, by="director@ash.example", Status="Approved")
    applied(council, office)
    council.edit(1, by="officer@ash.example", Status="Lifted")
    applied(council, office)
    assert len(office.filed()) == 2
    council.clock("2026-12-01T09:00:00Z")
    council.edit(1, by="officer@ash.example", Status="Closed", Addresses="other@post.example")
    applied(council, office)
    assert len(office.filed()) == 2


def test_an_end_that_healing_saw_first_still_has_its_letter(council, office):
    council.in_force(council.case("RC-1", NoticeDocId="DOC-7", **TOLD))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    applied(council, office, "heal")
    applied(council, office)
    assert len(office.filed()) == 2


@pytest.mark.parametrize("kind", ["decision", "review"])
def test_any_letter_whose_upload_fails_is_drafted_by_a_later_run(council, office, kind):
    notice = {"NoticeSentOn": ""} if kind == "decision" else {"NoticeDocId": "DOC-7"}
    reviews = [review("RC-1", Outcome="Keep")] if kind == "review" else []
    council.plant(council.case("RC-1", **TOLD, **notice), reviews=reviews)
    council.fault("status", **UPLOAD)
    assert office.draft().drafted == ()
    council.sandbox.control("DELETE", "faults")
    assert [one.kind for one in office.draft("run-2").drafted] == [kind]


def test_a_case_lifted_before_the_tool_knew_it_gets_no_letter(council, office):
    council.plant(council.case("RC-1", NoticeDocId="DOC-7", **TOLD))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    assert office.draft().notes == {}
