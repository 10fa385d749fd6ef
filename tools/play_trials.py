"""Write docs/trials/: a governance officer, a director, a councillor and an auditor do what they came for.

The first three have only the lists and mail; the auditor has a copy of the ledger (`auditor_trial.py`).
Plays each story in a sandbox. What people do goes through the control API as edits of list items; the
program runs as its job does, with nobody watching. What they see is copied from the lists and mailboxes.

Usage: python tools/play_trials.py [FOLDER]
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import auditor_trial
from trial_notebook import Council, Notebook

from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS
from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "trials"

OFFICER, DIRECTOR = "officer@ashbourne.example", "director@ashbourne.example"
COUNCILLOR, PERSON = "cllr.b@ashbourne.example", "writer@mailpost.example"
SEED: dict[str, Any] = {
    "now": "2026-11-23T09:00:00Z",
    "tenant": {"accepted_domains": ["ashbourne.example"]},
    "users": [
        {"upn": OFFICER, "display_name": "Governance Officer"},
        {"upn": DIRECTOR, "display_name": "Director"},
        {"upn": COUNCILLOR, "display_name": "Councillor B", "folders": ["Set aside"]},
        {"upn": "planning@ashbourne.example", "mailbox": "shared"},
        {"upn": "contact@ashbourne.example", "mailbox": "shared"},
        {"upn": "restrict@ashbourne.example", "mailbox": "shared"},
    ],
    "groups": [{"address": "councillors@ashbourne.example", "members": [COUNCILLOR]}],
    "lists": {"Restricted contacts": {}, "Restriction reviews": {}, "Councillor mail choices": {}},
    "settings": {
        "POLICY__APPROVERS": DIRECTOR,
        "POLICY__COUNCILLORS_GROUP": "councillors@ashbourne.example",
        "NOTIFY__SENDER": "restrict@ashbourne.example",
    },
}


def play(council: Council) -> dict[str, str]:
    """The whole story; the pages by name."""
    officer = Notebook(
        council, OFFICER, "a governance officer", "She has the list *Restricted contacts* and her mail."
    )
    director = Notebook(
        council, DIRECTOR, "a director", "He has the list *Restricted contacts* and his mail."
    )
    councillor = Notebook(
        council,
        COUNCILLOR,
        "a councillor",
        "She has the list *Councillor mail choices* and her mail, on a phone.",
    )
    case = _propose(council, officer)
    _approve(council, director, case)
    _tell(council, officer, case)
    _answer(officer, case)
    _lift(council, director, case)
    _choose(council, councillor)
    return {
        "governance-officer.md": officer.text(),
        "director.md": director.text(),
        "councillor.md": councillor.text(),
    }


_CASE = RESTRICTED_CONTACTS
_STATE = ("Status", "EnforcementStatus", "EnforcementNote")


def _propose(council: Council, officer: Notebook) -> str:
    officer.heading("Add a case and see what is missing")
    case = officer.does(
        _CASE,
        "She opens the list, presses New, fills in what she knows and saves.",
        {
            "Title": "RC-2026-031",
            "ItemType": "Person",
            "Addresses": PERSON,
            "Measure": "Redirect to single contact",
            "CaseOwner": OFFICER,
            "Status": "Draft",
        },
    )
    council.program_runs()
    officer.says("After the next run she looks again.")
    officer.sees_item(_CASE, case, *_STATE)
    officer.reads_mail()
    council.clock("2026-11-23T14:30:00Z")
    officer.heading("Complete it and propose it")
    officer.does(
        _CASE,
        "She fills in what the list asked for.",
        {
            "PersonName": "A. N. Other",
            "AddressShared": "No",
            "Scope": "Whole council",
            "ScopeReason": "Writes to every team about one matter.",
            "SpocMailbox": "contact@ashbourne.example",
            "EffectiveFrom": "2026-12-01",
            "EndsOn": "2027-05-31",
            "ChannelsOpen": ["Post", "Telephone"],
            "CouncillorRoute": "Not affected",
            "Grounds": ["Very high volume of contact"],
            "DecisionDocId": "DOC-1234",
            "RequestingService": "Planning",
            "Stage": "None",
            "WarningGivenOn": "2026-10-01",
            "LesserMeasuresConsidered": "A named officer answered for three months.",
            "EqualityConsideredOn": "2026-11-20",
            "AdjustmentNeedsEmail": "No",
            "SupportServicesContacted": "Not applicable",
            "LanguagePreference": "English",
            "Status": "Proposed",
        },
        case,
    )
    council.program_runs()
    officer.sees_item(_CASE, case, *_STATE)
    officer.reads_mail()
    return case


def _approve(council: Council, director: Notebook, case: str) -> None:
    director.heading("Approve a case")
    director.reads_mail()
    council.clock("2026-11-24T10:00:00Z")
    director.says("He opens the case, reads it, and presses Approve, which saves the item as himself.")
    director.does(_CASE, "What is saved:", {"Status": "Approved"}, case)
    council.program_runs()
    director.says("After the next run:")
    director.sees_item(_CASE, case, *_STATE)


def _tell(council: Council, officer: Notebook, case: str) -> None:
    officer.heading("Tell the person")
    officer.says("The director has approved. The view *Waiting for letter* shows the case.")
    officer.reads_mail()
    council.clock("2026-11-25T09:00:00Z")
    officer.does(
        _CASE,
        "She posts the letter and records it.",
        {"NoticeSentOn": "2026-11-25", "NoticeMethod": "First class post", "NoticeDocId": "DOC-1240"},
        case,
    )
    council.program_runs()
    officer.sees_item(_CASE, case, *_STATE)
    council.clock("2026-12-01T09:00:00Z")
    council.program_runs()
    officer.says("On 1 December:")
    officer.sees_item(_CASE, case, *_STATE)


def _answer(officer: Notebook, case: str) -> None:
    officer.heading("Answer: who approved this, when were they told, when is it reviewed?")
    officer.sees_history(_CASE, case, "Status")
    officer.sees_item(_CASE, case, "NoticeSentOn", "NoticeMethod", "NoticeDocId", "NextReviewOn", "EndsOn")


def _lift(council: Council, director: Notebook, case: str) -> None:
    director.heading("See that it works")
    director.says("The person writes to planning and to a councillor:")
    director.sees_copies(council.write_mail("planning@ashbourne.example", COUNCILLOR))
    council.clock("2026-12-14T09:00:00Z")
    director.heading("Lift it")
    director.does(
        _CASE, "He sets the status and saves. Nobody else needs to agree.", {"Status": "Lifted"}, case
    )
    council.program_runs()
    director.sees_item(_CASE, case, *_STATE)
    director.says("The person writes again:")
    director.sees_copies(council.write_mail("planning@ashbourne.example", COUNCILLOR))


def _choose(council: Council, councillor: Notebook) -> None:
    councillor.heading("Junk a sender")
    councillor.says("First, what happens to her mail when she chooses nothing:")
    councillor.sees_copies(council.write_mail(COUNCILLOR))
    choice = councillor.does(
        CHOICES, "She adds a row with two fields.", {"Title": PERSON, "Handling": "Junk Email"}
    )
    council.program_runs()
    councillor.sees_item(CHOICES, choice, "ChoiceStatus", "ChoiceNote")
    councillor.reads_mail()
    councillor.says("The sender writes to her:")
    councillor.sees_copies(council.write_mail(COUNCILLOR))
    councillor.heading("Undo it")
    councillor.says("She deletes the row.")
    council.ask("DELETE", f"list/{CHOICES.title}/{choice}?by={COUNCILLOR}")
    council.program_runs()
    councillor.reads_mail()
    councillor.says("The sender writes to her once more:")
    councillor.sees_copies(council.write_mail(COUNCILLOR))
    councillor.heading("Who else was told?")
    others = [
        one for upn in (OFFICER, DIRECTOR) for one in council.mails_to(upn) if "choice" in one["subject"]
    ]
    councillor.says(f"Mails about her choice to the officer or the director: {len(others)}.")


@contextlib.contextmanager
def _running() -> Iterator[RunningSandbox]:
    with tempfile.TemporaryDirectory() as state:
        options = SandboxOptions(state=Path(state), http_port=0)
        with RunningSandbox(options) as running:
            yield running


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with _running() as sandbox:
        pages = play(Council(sandbox, SEED, PERSON))
    with _running() as sandbox, tempfile.TemporaryDirectory() as handed_over:
        council = Council(sandbox, auditor_trial.SEED, auditor_trial.PERSON)
        pages["auditor.md"] = auditor_trial.play(council, Path(handed_over))
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
