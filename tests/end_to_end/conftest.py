"""An invented council in the sandbox, and all that somebody outside the program can do to it and see of it.

Nothing here looks into the program: verbs are run as the command line runs them, and what they
did is read from exit codes, JSON documents and the sandbox's control API.
"""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import httpx
import jsonschema
import pytest

from m365_restrict.cli.life import LifeRequest, run_retention, run_reviews
from m365_restrict.cli.request import Request
from m365_restrict.cli.run import run_verb
from m365_restrict.report.verb import Verb

NOW = "2026-11-23T09:00:00Z"
CONTACTS, REVIEWS, CHOICES = "Restricted contacts", "Restriction reviews", "Councillor mail choices"
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
CANARY_NOT_PASSED = "canary-not-passed"
COUNCILLORS = [f"cllr.{letter}@ash.example" for letter in "abcdefghijkl"]

_CASE = {
    "ItemType": "Person",
    "PersonName": "P Person",
    "AddressShared": "No",
    "Measure": "Redirect to single contact",
    "Scope": "Whole council",
    "SpocMailbox": "contact@ash.example",
    "EffectiveFrom": "2026-09-07",
    "EndsOn": "2027-03-28",
    "ChannelsOpen": ["Post", "Telephone"],
    "CouncillorRoute": "Not affected",
    "Grounds": ["Unreasonable volume"],
    "WarningGivenOn": "2026-07-01",
    "LesserMeasuresConsidered": "A warning letter, twice.",
    "EqualityConsideredOn": "2026-08-20",
    "AdjustmentNeedsEmail": "No",
    "NoticeSentOn": "2026-09-04",
    "NextReviewOn": "2027-02-01",
}

_USERS: list[dict[str, Any]] = [
    {"upn": "officer@ash.example", "display_name": "A Officer"},
    {"upn": "director@ash.example", "display_name": "B Director"},
    {"upn": "deputy@ash.example", "display_name": "C Deputy"},
    {"upn": "clerk@ash.example", "display_name": "D Clerk"},
    {"upn": "admin@ash.example", "display_name": "E Admin"},
    {"upn": "assistant@ash.example", "display_name": "F Assistant"},
    {"upn": "caseworker@ash.example"},
    {"upn": "surveyor@ash.example"},
    {"upn": "planning@ash.example", "mailbox": "shared"},
    {"upn": "parks@ash.example", "mailbox": "shared"},
    {"upn": "housing@ash.example", "mailbox": "shared"},
    {"upn": "contact@ash.example", "mailbox": "shared", "aliases": ["contact.point@ash.example"]},
    {"upn": "safeguarding@ash.example", "mailbox": "shared"},
    {"upn": "monitoring@ash.example"},
    *({"upn": upn, "folders": ["Set aside"]} for upn in COUNCILLORS),
]

_GROUPS = [
    {"address": "councillors@ash.example", "members": COUNCILLORS},
    {"address": "benefits@ash.example", "kind": "security", "members": ["caseworker@ash.example"]},
]

FOREIGN = [
    {"Name": "Disclaimer", "ApplyHtmlDisclaimerText": "<p>Council</p>", "SentToScope": "NotInOrganization"},
    {"Name": "Tender mail", "SentTo": ["parks@ash.example"], "SubjectContainsWords": ["tender"],
     "PrependSubject": "[Tender] "},
    {"Name": "Known spam", "SenderDomainIs": ["bulk.example"], "SetSCL": 9},
    {"Name": "Old supplier", "From": ["old@supplier.example"],
     "RedirectMessageTo": ["planning@ash.example"], "Enabled": False},
]  # fmt: skip

_SETTINGS = {
    "POLICY__APPROVERS": "director@ash.example,deputy@ash.example",
    "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
    "POLICY__PROTECTED_MAILBOXES": "monitoring@ash.example,safeguarding@ash.example",
}

# A secret signs in a sixth of a second faster than a certificate; `shell` keeps to the certificates.
_SECRETS = {"AUTH__READER__CERTIFICATE_PATH": "", "AUTH__WRITER__CERTIFICATE_PATH": ""}


class Sandbox(Protocol):
    """What these tests use of the root fixture `sandbox`."""

    env: dict[str, str]
    behaviour: Mapping[str, Any]
    plain_base: str
    state: Any
    tenant: Any
    scan: Any

    def seed(self, document: Mapping[str, Any]) -> None: ...
    def control(self, method: str, path: str, json: Any = None, *, params: Any = None) -> httpx.Response: ...
    def graph(self, method: str, path: str, *, params: Any = None) -> httpx.Response: ...


@dataclass(frozen=True)
class Answer:
    """What a verb left behind: its exit code, its document and everything that it printed."""

    exit_code: int
    document: dict[str, Any]
    stdout: str
    stderr: str

    @property
    def changes(self) -> list[dict[str, Any]]:
        return self.document["changes"]

    @property
    def refused(self) -> dict[str, list[str]]:
        """The codes by case."""
        found: dict[str, list[str]] = {}
        for one in self.document["refused"]:
            found.setdefault(one["case_ref"], []).append(one["code"])
        return found

    def findings(self, *classes: str) -> list[dict[str, Any]]:
        """The findings, of these classes alone where any are named.

        Left out is `canary-not-passed`: it stands in every report of this council, which enforces and has
        sent no canary, and has tests of its own (`TestStandingFinding` in test_doctor.py).
        """
        found = [one for one in self.document["findings"] if one["code"] != CANARY_NOT_PASSED]
        return [one for one in found if not classes or one["class"] in classes]


def case(reference: str, *, by: str = "director@ash.example", **fields: Any) -> dict[str, Any]:
    """An item that the officer proposed and `by` approved; without addresses it gets one of its own."""
    addresses = f"{reference.lower()}@post.example"
    proposed = {**_CASE, "Title": reference, "Addresses": addresses, "Status": "Proposed", **fields}
    later = {"at": "2026-09-03T15:00:00Z", "by": by, "fields": {"Status": "Approved"}}
    first = {"at": "2026-09-01T10:00:00Z", "by": "officer@ash.example", "fields": proposed}
    return {"created_by": "officer@ash.example", "versions": [first, later]}


def choice(by: str, sender: str, handling: str, **fields: Any) -> dict[str, Any]:
    """A councillor's item about one sender."""
    saved = {"Title": sender, "Handling": handling, **fields}
    return {"created_by": by, "versions": [{"at": "2026-10-01T10:00:00Z", "by": by, "fields": saved}]}


class Council:
    """The council: its register, its Exchange, its mailboxes, its post, and the program at work on it."""

    case = staticmethod(case)
    choice = staticmethod(choice)
    councillors = tuple(COUNCILLORS)
    users = tuple(_USERS)
    groups = tuple(_GROUPS)
    schemas = SCHEMAS

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._stated: frozenset[str] = frozenset()

    def plant(
        self,
        *cases: Mapping[str, Any],
        choices: Iterable[Mapping[str, Any]] = (),
        reviews: Iterable[Mapping[str, Any]] = (),
        behaviour: Mapping[str, Any] | None = None,
        settings: Mapping[str, str] | None = None,
        lists: Mapping[str, Mapping[str, Any]] | None = None,
        without: Iterable[str] = (),
        **seed: Any,
    ) -> None:
        """Seed the tenant anew. `lists` adds to what a list is; other keys replace those of the seed.

        `without` names lists that do not exist at all.
        """
        self._stated = frozenset(behaviour or {})
        items = {CONTACTS: list(cases), REVIEWS: list(reviews), CHOICES: list(choices)}
        items = {title: entries for title, entries in items.items() if title not in set(without)}
        made = {title: {"items": entries, **(lists or {}).get(title, {})} for title, entries in items.items()}
        self.sandbox.seed(
            {
                "now": NOW,
                "tenant": {"accepted_domains": ["ash.example"], "behaviour": dict(behaviour or {})},
                "users": _USERS,
                "groups": _GROUPS,
                "lists": made,
                "transport_rules": [{"by": "admin@ash.example", "parameters": one} for one in FOREIGN],
                "settings": {**_SETTINGS, **(settings or {})},
                **seed,
            }
        )

    def run(self, verb: str, *, settings: Mapping[str, str] | None = None, **options: Any) -> Answer:
        """Run a verb as the command line does, in this process."""
        changed = {f"M365_RESTRICT_{name}": value for name, value in {**_SECRETS, **(settings or {})}.items()}
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            request = Request(verb=Verb(verb), **{"output": "json", **options})
            code = run_verb(request, {**self.sandbox.env, **changed})
        self.sandbox.scan.said(out.getvalue(), err.getvalue())
        return _answer(code, out.getvalue(), err.getvalue())

    def plan(self, **options: Any) -> Answer:
        return self.run("plan", **options)

    def apply(self, **options: Any) -> Answer:
        return self.run("apply", **{"approve": True, **options})

    def heal(self, **options: Any) -> Answer:
        return self.run("heal", **{"approve": True, **options})

    def drift(self, **options: Any) -> Answer:
        return self.run("drift", **options)

    def shell(self, *arguments: str, **variables: str) -> Answer:
        """Run the program in a process of its own, with client.env as its file of settings."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT")}
        env |= {f"M365_RESTRICT_{name}": value for name, value in variables.items()}
        env["M365_RESTRICT_LEDGER__URL"] = self.sandbox.env["M365_RESTRICT_LEDGER__URL"]
        command = [sys.executable, "-m", "m365_restrict", *arguments]
        command += ["--env-file", str(self.sandbox.state / "client.env")]
        done = subprocess.run(
            command,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        self.sandbox.scan.said(done.stdout, done.stderr)
        return _answer(done.returncode, done.stdout, done.stderr)

    def in_force(self, *cases: Mapping[str, Any], **seed: Any) -> None:
        """Seed and apply, so that a test can begin from a council in step."""
        self.plant(*cases, **seed)
        done = self.apply()
        assert done.exit_code == 0, done.document
        self.requests()

    def requests(self) -> list[dict[str, Any]]:
        """The Graph and Exchange requests since the last look."""
        return self._ask("GET", "requests")["requests"]

    def writes(self) -> list[dict[str, Any]]:
        """Those of them that would change anything."""
        return [one for one in self.requests() if is_write(one)]

    def rule_writes(self) -> list[dict[str, Any]]:
        """The same without the notes that the program keeps in the register."""
        return [one for one in self.writes() if "/lists/" not in one["path"]]

    def cmdlet(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        """An administrator in Exchange, who gives senders, ends and no value as this tenant takes them."""
        if "From" in parameters and self.sender_field != "From":
            named = parameters.pop("From") or []
            inside = [one for one in named if one.endswith("@ash.example")]
            parameters = ({"From": named} if inside else self.senders(*named)) | parameters
        takes = {"null": None, "empty_list": []}.get(self.sandbox.tenant.behaviour.clears_with, ...)
        if takes is not ... and cmdlet.startswith("Set-"):
            parameters = {name: takes if one in (None, []) else one for name, one in parameters.items()}
        if parameters.get("ExpiryDate") and self.sandbox.tenant.behaviour.expiry_offset == "ignored":
            parameters["ExpiryDate"] = self._by_its_clock(parameters["ExpiryDate"])
        body = {"by": "admin@ash.example", "cmdlet": cmdlet, "parameters": parameters}
        answer = self.sandbox.control("POST", "cmdlet", body)
        assert answer.is_success, answer.text
        return answer.json().get("value", []) if answer.content else []

    def _by_its_clock(self, instant: str) -> str:
        """An instant as the tenant's own clock shows it, for a service that takes no heed of offsets."""
        zone = ZoneInfo(self.sandbox.tenant.document["time_zone"])
        return f"{datetime.fromisoformat(instant).astimezone(zone):%Y-%m-%dT%H:%M:%SZ}"

    def rules(self) -> dict[str, dict[str, Any]]:
        """All transport rules by name, in their order."""
        return {rule["Name"]: rule for rule in self.cmdlet("Get-TransportRule")}

    @property
    def sender_field(self) -> str:
        """By what rules name senders in this tenant."""
        return "From" if self.sandbox.tenant.behaviour.from_external else "FromAddressMatchesPatterns"

    def senders(self, *addresses: str) -> dict[str, list[str]]:
        """These senders as a parameter of a rule in this tenant."""
        if self.sender_field == "From":
            return {"From": [*addresses]}
        start, end = ("^", "$") if self.sandbox.tenant.behaviour.caret_anchors else (r"\A", r"\Z")
        escaped = (address.replace(".", "\\.") for address in addresses)
        return {self.sender_field: [f"{start}{one}{end}" for one in escaped]}

    @staticmethod
    def named(rule: Mapping[str, Any]) -> list[str]:
        """The addresses of the senders that a rule of ours names, in whichever way the tenant takes them."""
        patterns = [
            re.sub(r"^(\^|\\A)|(\$|\\Z)$", "", one) for one in rule["FromAddressMatchesPatterns"] or ()
        ]
        return rule["From"] or [one.replace("\\", "") for one in patterns]

    def ours(self) -> dict[str, dict[str, Any]]:
        """The transport rules that the council's administrators did not make."""
        foreign = {rule["Name"] for rule in FOREIGN}
        return {name: rule for name, rule in self.rules().items() if name not in foreign}

    def holder(self, upn: str, method: str, path: str, body: Any = None) -> Any:
        """A mailbox owner in Outlook."""
        answer = self.sandbox.control("POST", f"holder/{upn}", {"method": method, "path": path, "body": body})
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def inbox_rules(self, upn: str) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = self.holder(upn, "GET", "/me/mailFolders/inbox/messageRules")["value"]
        return rules

    def edit(self, item: int, *, by: str, title: str = CONTACTS, **fields: Any) -> None:
        """Somebody saves an item of a list."""
        self._ask("POST", f"list/{title}/{item}", {"by": by, "fields": fields})

    def add(self, *, by: str, title: str = CONTACTS, **fields: Any) -> str:
        """Somebody adds an item to a list; its id."""
        return str(self._ask("POST", f"list/{title}", {"by": by, "fields": fields})["id"])

    def delete(self, item: int, *, by: str = "officer@ash.example", title: str = CONTACTS) -> None:
        """Somebody deletes an item of a list."""
        answer = self.sandbox.control("DELETE", f"list/{title}/{item}", params={"by": by})
        assert answer.is_success, answer.text

    def join(self, group: str, members: Sequence[str]) -> None:
        """Give a group other members, which the control API has no call for."""
        store = self.sandbox.tenant.store
        for key, document in store.all("groups"):
            if document["address"] == group:
                store.put("groups", key, {**document, "members": list(members)})

    def fault(self, do: str, *, times: int = 1, status: int | None = None, **match: str) -> None:
        """Inject a fault."""
        entry = {"match": match, "do": do, "times": times}
        self._ask("POST", "faults", [entry if status is None else {**entry, "status": status}])

    def clock(self, now: str) -> None:
        """Set the tenant's time."""
        self._ask("POST", "clock", {"now": now})

    def mail(
        self, sender: str, to: Sequence[str], cc: Sequence[str] = (), *, header: str | None = None
    ) -> list[dict[str, Any]]:
        """Send a message; its copies as the sandbox answers them."""
        email = EmailMessage()
        email["To"], email["Cc"] = ", ".join(to), ", ".join(cc)
        email["Subject"], email["Message-ID"] = "A question", "<one@post.example>"
        email.set_content("Hello.")
        raw = f"From: {header or sender}\r\n{email.as_string()}"
        body = {"raw": raw, "envelope_from": sender, "recipients": [*to, *cc]}
        with self.settled():
            copies: list[dict[str, Any]] = self._ask("POST", "mail", body)["copies"]
        return copies

    @contextlib.contextmanager
    def settled(self) -> Iterator[None]:
        """When rules act, where they take time in the tenant that all tests were asked to run in."""
        asked = self.sandbox.behaviour.keys() - self._stated
        if asked.isdisjoint({"propagation_minutes", "propagation_lags"}):
            yield
            return
        now = self._ask("GET", "clock")["now"]
        changes = [entry.get("heard", now) for _, entry in self.sandbox.tenant.store.all("transport_history")]
        self.clock(max(map(datetime.fromisoformat, [now, *changes])).isoformat())
        yield
        self.clock(now)

    def folder(self, upn: str, path: str) -> list[dict[str, Any]]:
        """The messages in one folder of a mailbox."""
        folders = self._ask("GET", f"mailboxes/{upn}")["folders"]
        return [message for one in folders if one["path"] == path for message in one["messages"]]

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.sandbox.control(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()


def _answer(code: int, stdout: str, stderr: str) -> Answer:
    document = json.loads(stdout) if stdout.startswith("{") else {}
    return Answer(code, document, stdout, stderr)


def is_write(request: Mapping[str, Any]) -> bool:
    """Whether a logged request would change the tenant."""
    if request["cmdlet"]:
        return not request["cmdlet"].startswith("Get-")
    return request["method"] != "GET"


@pytest.fixture
def council(sandbox: Any) -> Council:
    """The council in a sandbox that is empty until it is planted."""
    return Council(sandbox)


class Life:
    """The council as time passes: `reviews` and `retention` day by day, and what they leave behind."""

    #: Who the notices come from and to whom they go where nobody acts: for `plant(settings=...)`.
    settings: Mapping[str, str] = {
        "NOTIFY__SENDER": "contact@ash.example",
        "NOTIFY__MONITORING_OFFICER": "monitoring@ash.example",
    }

    def __init__(self, council: Council) -> None:
        self.council = council

    def on(self, day: str) -> None:
        """Nine in the morning of that day, in winter; ten in summer."""
        self.council.clock(f"{day}T09:00:00Z")

    def reviews(self, day: str | None = None, **settings: str) -> dict[str, Any]:
        """Run `reviews` on that day; its document."""
        if day:
            self.on(day)
        return self._run(run_reviews, LifeRequest(output="json"), settings)

    def retention(self, *, approve: bool = False) -> dict[str, Any]:
        """Run `retention`; its document."""
        return self._run(run_retention, LifeRequest(output="json", approve=approve), {})

    def sent(self, day: str) -> list[tuple[str, str]]:
        """The notices of that day's run as (kind, role), the weekly lists left out."""
        notices = self.reviews(day)["notices"]
        assert all(one["sent"] for one in notices), notices
        return sorted((one["kind"], one["role"]) for one in notices if one["kind"] != "worklist")

    def item(self, title: str, number: int) -> dict[str, Any]:
        """An item as Graph shows it."""
        lists = f"sites/{self.council.sandbox.env['M365_RESTRICT_REGISTER__SITE']}:/lists"
        path, expand = f"{lists}/{title}/items/{number}", {"$expand": "fields"}
        found: dict[str, Any] = self.council.sandbox.graph("GET", path, params=expand).json()
        return found

    def ledger_file(self) -> Path:
        """Where the ledger is."""
        return Path(self.council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///"))

    def _run(self, verb: Any, request: LifeRequest, settings: Mapping[str, str]) -> dict[str, Any]:
        changed = {f"M365_RESTRICT_{name}": value for name, value in {**_SECRETS, **settings}.items()}
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            verb(request, {**self.council.sandbox.env, **changed})
        self.council.sandbox.scan.said(out.getvalue(), err.getvalue())
        document: dict[str, Any] = json.loads(out.getvalue())
        assert document["error"] is None, (document["error"], err.getvalue())
        name = document["schema"].split("/")[1]
        jsonschema.validate(document, json.loads((SCHEMAS / f"{name}.json").read_text()))
        return document


@pytest.fixture
def life(council: Council) -> Life:
    """The council through time, with nothing planted yet."""
    return Life(council)
