"""The trial of an auditor: a council that has run the program for ten weeks, and what its ledger proves.

The council's jobs run on the sandbox as its scheduler would start them. The auditor then has a copy of the
ledger and the filed reports, and no setting, credential or network: her commands are given none.
"""

import contextlib
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from auditor_words import ANSWERS, CONCLUSION, INTRODUCTION
from click.testing import Result
from trial_notebook import Council
from typer.testing import CliRunner

from m365_restrict.cli.app import app
from m365_restrict.register.columns import RESTRICTED_CONTACTS, REVIEWS

OFFICER, DIRECTOR = "officer@wexcombe.example", "director@wexcombe.example"
ASSET_OWNER, ADMIN = "asset.owner@wexcombe.example", "exchange.admin@wexcombe.example"
COUNCILLOR, CONTACT = "cllr.m@wexcombe.example", "contact@wexcombe.example"
PLANNING, SENDER = "planning@wexcombe.example", "restrict@wexcombe.example"
PERSON = "first.writer@mailpost.example"
SAMPLED, OTHER = "RC-2026-041", "RC-2026-042"
SEED: dict[str, Any] = {
    "now": "2026-11-23T09:00:00Z",
    "tenant": {"accepted_domains": ["wexcombe.example"]},
    "users": [
        *({"upn": upn} for upn in (OFFICER, DIRECTOR, ASSET_OWNER, ADMIN, COUNCILLOR)),
        *({"upn": upn, "mailbox": "shared"} for upn in (CONTACT, PLANNING, SENDER)),
    ],
    "groups": [{"address": "councillors@wexcombe.example", "members": [COUNCILLOR]}],
    "lists": {"Restricted contacts": {}, "Restriction reviews": {}, "Councillor mail choices": {}},
    "settings": {
        "POLICY__APPROVERS": DIRECTOR,
        "POLICY__COUNCILLORS_GROUP": "councillors@wexcombe.example",
        "NOTIFY__SENDER": SENDER,
    },
}
_CASE: dict[str, Any] = {
    "ItemType": "Person",
    "AddressShared": "No",
    "Scope": "Whole council",
    "ScopeReason": "Writes to every team about one matter.",
    "ChannelsOpen": ["Post", "Telephone"],
    "CouncillorRoute": "Not affected",
    "Grounds": ["Very high volume of contact"],
    "DecisionDocId": "DOC-2201",
    "RequestingService": "Planning",
    "CaseOwner": OFFICER,
    "Stage": "None",
    "WarningGivenOn": "2026-10-12",
    "LesserMeasuresConsidered": "A named officer answered for three months.",
    "EqualityConsideredOn": "2026-11-20",
    "AdjustmentNeedsEmail": "No",
    "SupportServicesContacted": "Not applicable",
    "LanguagePreference": "English",
}
_CASES = {
    SAMPLED: {
        **_CASE,
        "Title": SAMPLED,
        "Addresses": PERSON,
        "Measure": "Redirect to single contact",
        "SpocMailbox": CONTACT,
        "EffectiveFrom": "2026-12-01",
        "EndsOn": "2027-01-31",
    },
    OTHER: {
        **_CASE,
        "Title": OTHER,
        "Addresses": "second.writer@mailpost.example",
        "Measure": "Refuse with notice",
        "EffectiveFrom": "2026-12-07",
        "EndsOn": "2027-05-31",
    },
}
#: Enforce ran at 06:00 and drift at 18:00. A council runs them every day; these days are enough to tell it.
_DAYS = (
    "2026-11-25", "2026-11-26", "2026-12-01", "2026-12-07", "2026-12-14", "2026-12-15", "2027-01-04",
    "2027-01-31", "2027-02-01",
)  # fmt: skip
_REVIEW_DAYS = ("2027-01-04", "2027-02-01")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_BODIES = re.compile(r",? and \d+ bodies")
_WRITER = "00000000-0000-4000-8000-000000000001"
FORGERY = (
    "UPDATE approval_evidence SET saved_at = '2026-11-20 10:00:00' WHERE item_id = '2' AND version = '2.0'"
)


def play(council: Council, folder: Path) -> str:
    """Ten weeks of a council, then the audit; the page. `folder` gets the ledger's copy and the reports."""
    months = _Months(council, folder)
    months.pass_by()
    writer = council.environ["M365_RESTRICT_AUTH__WRITER__CLIENT_ID"]
    return _Audit(folder, writer, months.hash_mailed).page()


class _Months:
    """The council at work."""

    def __init__(self, council: Council, folder: Path) -> None:
        self._council, self._folder = council, folder
        self._items: dict[str, str] = {}
        self.hash_mailed = ""

    def pass_by(self) -> None:
        """Every day on which something happens."""
        self._decide()
        for day in _DAYS:
            self._council.clock(f"{day}T06:00:00Z")
            self._job("apply", "--approve")
            if day in _REVIEW_DAYS:
                self._job("reviews")
            self._council.clock(f"{day}T15:20:00Z")
            self._later_that_day(day)
            self._council.clock(f"{day}T18:00:00Z")
            self._job("drift")
        self._job("ledger", "backup", str(self._folder / "ledger.db"))

    def _decide(self) -> None:
        for reference, fields in _CASES.items():
            self._items[reference] = self._council.save(
                RESTRICTED_CONTACTS, OFFICER, {**fields, "Status": "Proposed"}
            )
        self._council.clock("2026-11-24T10:00:00Z")
        for item in self._items.values():
            self._council.save(RESTRICTED_CONTACTS, DIRECTOR, {"Status": "Approved"}, item)

    def _later_that_day(self, day: str) -> None:
        council = self._council
        match day:
            case "2026-11-25":
                told = {"NoticeSentOn": day, "NoticeMethod": "First class post", "NoticeDocId": "DOC-2240"}
                for item in self._items.values():
                    council.save(RESTRICTED_CONTACTS, OFFICER, told, item)
            case "2026-12-07":
                for _ in range(3):
                    council.write_mail(PLANNING)
                self._read_mail()
            case "2026-12-14":
                rule = {"Identity": f"{SAMPLED} Redirect to single contact", "Confirm": False}
                disabled = {"by": ADMIN, "cmdlet": "Disable-TransportRule", "parameters": rule}
                council.ask("POST", "cmdlet", disabled)
            case "2027-01-04":
                self._file_report("2026-12")
                self.hash_mailed = self._job("verify-ledger").partition("ends with ")[2][:64]
                council.clock("2027-01-11T11:00:00Z")
                council.save(REVIEWS, ASSET_OWNER, _SIGN_OFF)
            case "2027-02-01":
                self._file_report("2027-01")

    def _read_mail(self) -> None:
        """The single contact's officers read what has come."""
        asked = {"method": "GET", "path": "/mailFolders/inbox/messages"}
        for message in self._council.ask("POST", f"holder/{CONTACT}", asked)["value"]:
            read = {
                "method": "PATCH",
                "path": f"/mailFolders/inbox/messages/{message['id']}",
                "body": {"isRead": True},
            }
            self._council.ask("POST", f"holder/{CONTACT}", read)

    def _file_report(self, month: str) -> None:
        self._job("report", "--period", "monthly", "--output", str(self._folder / f"{month}.txt"))

    def _job(self, *typed: str) -> str:
        return run_typed(typed, self._council.environ).stdout


def run_typed(typed: Sequence[str], environ: Mapping[str, str]) -> Result:
    """What one command printed, and how it ended."""
    with contextlib.redirect_stderr(io.StringIO()):
        return CliRunner().invoke(app, list(typed), env=dict(environ), catch_exceptions=False)


_SIGN_OFF = {
    "Title": "2026-12",
    "Kind": "Report sign-off",
    "OfficerTitle": "Information Asset Owner",
    "DecidedOn": "2027-01-11",
    "Considerations": "The rule that was switched off in December is explained by CHG-318.",
}


class _Audit:
    """What the auditor types, reads and concludes."""

    def __init__(self, folder: Path, writer: str, hash_mailed: str) -> None:
        self._folder = folder
        self._lines = [INTRODUCTION]
        self._hashes: dict[str, str] = {hash_mailed: "HASH-1"}
        self._renamed = {writer: _WRITER, **_numbered_runs(folder / "ledger.db")}

    def page(self) -> str:
        """The audit, question by question."""
        self._is_it_whole()
        self._sample()
        self._one_case()
        self._before_and_after()
        self._again()
        self._mail_and_signature()
        self._forgery()
        self._lines.append(CONCLUSION)
        return "\n".join(self._lines)

    def _is_it_whole(self) -> None:
        self._says("## Is this the ledger that stood there on 4 January, and has nobody altered it?")
        self._types("verify-ledger", "--expect", "HASH-1")
        self._says(
            "It ends elsewhere now, because runs were added. The entry of 4 January is still in it, "
            "and with it all that came before."
        )

    def _sample(self) -> None:
        self._says("## Which cases were in force in December and January?")
        self._types("history", "--on", "2026-12-01", "--until", "2027-01-31")
        self._says(f"She samples {SAMPLED}, because it has ended.")

    def _one_case(self) -> None:
        self._says("## Who approved it, was the person told first, when was its rule made, when did it stop?")
        self._types("history", "--case", SAMPLED)
        self._says(ANSWERS)

    def _before_and_after(self) -> None:
        self._says("## What was in force on its last day, and on the day after?")
        self._types("history", "--on", "2027-01-31")
        self._types("history", "--on", "2027-02-01")

    def _again(self) -> None:
        self._says("## Do the runs say the same when they are performed again?")
        self._says("The run that made it, the drift that found it switched off, the first after its end:")
        typed = ["history", "--json", "--case", SAMPLED, "--ledger", str(self._folder / "ledger.db")]
        case = json.loads(run_typed(typed, {}).stdout)
        looks = [one["run_id"] for one in case["looks"] if one["state"] in {"differs", "not_in_force"}]
        for run in (case["written"][0]["run_id"], *looks):
            self._types("replay", run)

    def _mail_and_signature(self) -> None:
        self._says("## Did it act on mail?")
        self._says("The report of December, as it was filed, says of the case:")
        self._reads("2026-12.txt", f"{SAMPLED}: ", "Single contact ")
        self._says("## Who signed the reports?")
        self._types("history", "--case", "2026-12")
        self._says("January is not signed yet; its report says by when:")
        self._reads("2027-01.txt", "Sign-off: ", "Status: ")

    def _forgery(self) -> None:
        self._says("## Would she have seen it, had somebody altered the record?")
        self._says("She copies the ledger and moves the approval to an earlier day in the copy:")
        shutil.copy(self._folder / "ledger.db", self._folder / "altered.db")
        with contextlib.closing(sqlite3.connect(self._folder / "altered.db")) as altered, altered:
            altered.execute(FORGERY)
        self._prints(f'$ sqlite3 altered.db "{FORGERY}"')
        self._types("verify-ledger", ledger="altered.db")

    def _says(self, text: str) -> None:
        self._lines.append(f"{text}\n")

    def _types(self, *typed: str, ledger: str = "ledger.db") -> None:
        known = {short: whole for whole, short in self._hashes.items()}
        really = [*(known.get(one, one) for one in typed), "--ledger", str(self._folder / ledger)]
        done = run_typed(really, {})
        command = f"$ m365-restrict {' '.join(typed)} --ledger {ledger}"
        self._prints(f"{command}\n{done.stdout.rstrip()}")

    def _reads(self, name: str, first: str, end: str) -> None:
        """The lines of a filed report from one that begins so to one that begins otherwise."""
        lines = (self._folder / name).read_text(encoding="utf-8").splitlines()
        start = next(at for at, line in enumerate(lines) if line.startswith(first))
        stop = next(at for at, line in enumerate(lines) if at > start and line.startswith((end, "RC-")))
        self._prints("\n".join(lines[start:stop]))

    def _prints(self, text: str) -> None:
        for found, name in self._renamed.items():
            text = text.replace(found, name)
        for one in _HASH.findall(text):
            text = text.replace(one, self._hashes.setdefault(one, f"HASH-{len(self._hashes) + 1}"))
        self._lines.append(f"```text\n{_BODIES.sub(' and … bodies', text)}\n```\n")


def _numbered_runs(ledger: Path) -> dict[str, str]:
    """Every run's id and a short one that stays the same, in the order in which they were made."""
    asked = "SELECT run_id, started_at FROM runs ORDER BY rowid"
    with contextlib.closing(sqlite3.connect(ledger)) as opened:
        rows = opened.execute(asked).fetchall()
    moments = [(run, datetime.fromisoformat(started)) for run, started in rows]
    return {run: f"{at:%Y%m%dT%H%M%SZ}-{number:06d}" for number, (run, at) in enumerate(moments, 1)}
