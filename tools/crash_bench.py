"""Kills the program at one point of a run, lets it run again, and holds the end against an undisturbed run.

The program is a process of its own that is killed with SIGKILL: while a request waits for its answer
(`Moment.ANSWER`: the sandbox has carried the request out), when one arrives (`Moment.ARRIVAL`: nothing of it
is done), or before a transaction of its ledger (`Moment.TRANSACTION`).
"""

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import httpx
from crash_council import ADMIN, COUNCIL, BenchCouncil, sender_of

from m365_restrict.sandbox.request_log import LoggedRequest, RequestLog
from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

Json: TypeAlias = Any

_PREFIX = "M365_RESTRICT_"
# Without these the program signs in with secrets, a sixth of a second faster than with certificates.
_SECRETS = {f"{_PREFIX}AUTH__{role}__CERTIFICATE_PATH": "" for role in ("READER", "WRITER")}
_OF_THE_MOMENT = {
    "Guid",
    "Identity",
    "DistinguishedName",
    "ImmutableId",
    "WhenChanged",
    "id",
    "ExchangeVersion",
}
_FURTHER_RUNS = 2


class Moment(StrEnum):
    """When the program is killed."""

    ANSWER = "after request"
    ARRIVAL = "before request"
    TRANSACTION = "before transaction"


@dataclass(frozen=True)
class Point:
    """One place of death: the n-th request or transaction of the run."""

    moment: Moment
    number: int

    def __str__(self) -> str:
        return f"{self.moment.value} {self.number}"


@dataclass(frozen=True)
class Verdict:
    """What became of one point. `runs` is how many further runs it took; no `failures` is as it must be.

    `repeated` counts mails that went out once more because nobody lived to note that they had gone.
    """

    point: Point
    runs: int
    repeated: int
    failures: tuple[str, ...]


class KillingLog(RequestLog):
    """The sandbox's log of requests, which ends a process when a request arrives or has been carried out."""

    def __init__(self) -> None:
        """Begin with nobody to kill."""
        super().__init__()
        self._at: Point | None = None
        self.victim = 0
        self.dead = threading.Event()
        self.arrived = self.answered = 0

    def arm(self, point: Point | None) -> None:
        """Count anew, and kill at this point."""
        self._at = point
        self.arrived = self.answered = 0
        self.dead.clear()

    @contextmanager
    def recording(self, method: str, path: str, *, carrier: bool = False) -> Iterator[LoggedRequest]:
        """As in `RequestLog`."""
        self.arrived += 1
        self._kill_if(Point(Moment.ARRIVAL, self.arrived))
        with super().recording(method, path, carrier=carrier) as entry:
            yield entry
        self.answered += 1
        self._kill_if(Point(Moment.ANSWER, self.answered))

    def _kill_if(self, point: Point) -> None:
        if point == self._at:
            self._at = None
            os.kill(self.victim, signal.SIGKILL)
            self.dead.wait(10)  # no answer may reach it, not even one that is on its way


class CrashBench:
    """A sandbox, the program's fork server, and a council at the moment before its changes."""

    def __init__(self, state: Path, council: BenchCouncil = COUNCIL) -> None:
        """Work in an empty folder."""
        self._state = state
        self._council = council
        self._log = KillingLog()
        self._ledger = state / "program.db"
        self._ready = state / "ready.db"
        self._output = state / "output.json"

    def __enter__(self) -> Self:
        """Start everything, put the council in force, make the changes, and run once undisturbed."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)  # the killed break off mid-request
        self._sandbox = self._build_sandbox()
        self._sandbox.start()
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{self._sandbox.ports.http}/sandbox/", trust_env=False, timeout=30
        )
        server = Path(__file__).with_name("crash_fork_server.py")
        self._server = subprocess.Popen(  # noqa: S603 (our own script)
            [sys.executable, str(server)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._sandbox.seed(self._council.seed())
        self._must_succeed()
        self._council.move_on(self._sandbox)
        self._copy_ledger(self._ledger, self._ready)
        self._before = self._sandbox.tenant.store.snapshot()
        self._outcomes_before = self._outcomes()
        self._set_back()
        self._log.arm(None)
        changes = self._must_succeed()["changes"]
        if len(changes) != self._council.changes:
            raise AssertionError(f"the council has {len(changes)} changes, not {self._council.changes}")
        self.requests = self._log.answered
        self._wanted = self._end_state()
        self._wanted_mails = self._mails()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started."""
        if self._server.stdin is not None:
            self._server.stdin.close()
        self._server.wait(30)
        if self._server.stdout is not None:
            self._server.stdout.close()
        self._http.close()
        self._sandbox.stop()

    def _build_sandbox(self) -> RunningSandbox:
        return RunningSandbox(SandboxOptions(state=self._state / "tenant", http_port=0), log=self._log)

    def try_point(self, point: Point) -> Verdict | None:
        """Die there and go on; None where the run ended before it came to that point."""
        self._set_back()
        if self._run("apply", "--approve", point=point) != -signal.SIGKILL:
            return None
        failures = [*self._gaps()]
        runs = 0
        problems = ["it did not run again"]
        while problems and runs < _FURTHER_RUNS:
            runs += 1
            code = self._run("apply", "--approve")
            failures += self._gaps()
            problems = [] if code == 0 else [f"further run {runs} ended with {code}: {self._last_words()}"]
            problems += self._differences()
        mails = self._mails()
        failures += [f"the mail {key} was never sent" for key in (self._wanted_mails - mails)]
        repeated = (mails - self._wanted_mails).total()
        return Verdict(point, runs, repeated, (*failures, *problems))

    def _must_succeed(self) -> dict[str, Json]:
        code = self._run("apply", "--approve")
        if code != 0:
            raise AssertionError(f"a run without disturbance ended with {code}: {self._last_words()}")
        document: dict[str, Json] = json.loads(self._document())
        return document

    def _run(
        self,
        *arguments: str,
        point: Point | None = None,
        settings: Mapping[str, str] | None = None,
        waits: Path | None = None,
    ) -> int:
        """One run of the program in a process of its own; how it ended."""
        here = point if point is not None and point.moment is not Moment.TRANSACTION else None
        self._log.arm(here)
        plain = f"http://127.0.0.1:{self._sandbox.ports.http}"
        environment = {
            **self._sandbox.env,
            **_SECRETS,
            f"{_PREFIX}GRAPH__BASE_URL": f"{plain}/v1.0",
            f"{_PREFIX}EXCHANGE__BASE_URL": plain,
            f"{_PREFIX}LEDGER__URL": f"sqlite:///{self._ledger}",
            **{f"{_PREFIX}{name}": value for name, value in (settings or {}).items()},
        }
        order = {
            "arguments": [*arguments, "--json"],
            "environment": {**environment, "PATH": os.environ.get("PATH", "")},
            "output": str(self._output),
            "die_before_transaction": point.number if point is not None and here is None else 0,
            "waits": str(waits or ""),
        }
        # The child cannot ask for anything before its process id is known: it has to import and sign in.
        self._log.victim = self._ask_server(json.dumps(order))
        ended = self._answer_of_server()
        self._log.dead.set()
        return ended

    def _ask_server(self, order: str) -> int:
        if self._server.stdin is None:
            raise AssertionError("the fork server has no standard input")
        self._server.stdin.write(order + "\n")
        self._server.stdin.flush()
        return self._answer_of_server()

    def _answer_of_server(self) -> int:
        if self._server.stdout is None:
            raise AssertionError("the fork server has no standard output")
        return int(self._server.stdout.readline())

    def _document(self) -> str:
        text = self._output.read_text(encoding="utf-8")
        return text[text.find("\n{") + 1 : text.rfind("}") + 1] if not text.startswith("{") else text

    def _last_words(self) -> str:
        return self._output.read_text(encoding="utf-8")[-600:]

    def _set_back(self) -> None:
        """The tenant and the ledger as they were before the changes."""
        self._sandbox.tenant.store.restore(self._before)
        self._sandbox.past.forget()
        self._copy_ledger(self._ready, self._ledger)

    def _copy_ledger(self, source: Path, target: Path) -> None:
        for path in (target, *(target.with_name(target.name + end) for end in ("-wal", "-shm"))):
            path.unlink(missing_ok=True)
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)

    def _end_state(self) -> dict[str, Json]:
        """Rules, items and what the ledger says of them, without what differs from run to run."""
        rules = self._call("cmdlet", {"by": ADMIN, "cmdlet": "Get-TransportRule", "parameters": {}})["value"]
        path = "/me/mailFolders/inbox/messageRules"
        inboxes = {
            upn: self._call(f"holder/{upn}", {"method": "GET", "path": path, "body": None})["value"]
            for upn in self._council.councillors
        }
        return {
            "transport rules": [_lasting(rule) for rule in rules],
            **{
                f"inbox rules of {upn}": sorted((_lasting(one) for one in of_one), key=str)
                for upn, of_one in inboxes.items()
            },
            **self._lists(),
            **self._remembered(),
            "outcomes": self._outcomes(),
        }

    def _lists(self) -> dict[str, Json]:
        lists = self._sandbox.tenant.lists
        found: dict[str, Json] = {}
        for title in lists.titles():
            document = lists.find(title) or {}
            for item_id in lists.item_ids(document):
                item = lists.item(document, item_id) or {"versions": [{"fields": {}}]}
                found[f"item {item_id} of {title}"] = item["versions"][-1]["fields"]
        return found

    def _remembered(self) -> dict[str, Json]:
        rules = (
            "SELECT key, kind, mailbox, name, properties, saved, holder_ended FROM applied_rules ORDER BY key"
        )
        lives = "SELECT item_id, case_reference, measure, ends_on FROM live_cases ORDER BY item_id"
        with closing(sqlite3.connect(self._ledger)) as ledger:
            return {
                "what the ledger says of rules": ledger.execute(rules).fetchall(),
                "what the ledger says of cases": ledger.execute(lives).fetchall(),
                "the lease": ledger.execute("SELECT holder FROM lease").fetchall(),
            }

    def _differences(self) -> list[str]:
        found = self._end_state()
        return [
            f"{name} ended otherwise: {_first_difference(found.get(name), self._wanted.get(name))}"
            for name in sorted(found.keys() | self._wanted.keys())
            if found.get(name) != self._wanted.get(name)
        ]

    def _gaps(self) -> list[str]:
        now = {number: self._outcome(sender_of(number)) for number in self._council.held}
        return [
            f"mail of RC-{number} was {now[number]}, not {self._outcomes_before[number]}"
            for number in now
            if now[number] != self._outcomes_before[number]
        ]

    def _outcomes(self) -> dict[int, list[str]]:
        return {number: self._outcome(sender_of(number)) for number in self._council.cases}

    def _outcome(self, sender: str) -> list[str]:
        """What becomes of one message to an officer."""
        email = EmailMessage()
        email["From"], email["To"], email["Subject"] = sender, "parks@ash.example", "A question"
        email.set_content("Hello.")
        copies = self._sandbox.tenant.delivery.deliver(email.as_bytes(), sender, ["parks@ash.example"])[
            "copies"
        ]
        return [f"{copy['outcome']} {copy['mailbox']}" for copy in copies]

    def _mails(self) -> Counter[str]:
        sent = self._http.get("sent").json()["sent"]
        return Counter(json.dumps(_lasting_mail(mail), sort_keys=True) for mail in sent)

    def _call(self, path: str, body: Mapping[str, Json]) -> Json:
        answer = self._http.post(path, json=dict(body))
        answer.raise_for_status()
        return answer.json()


def _lasting(rule: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in rule.items() if name not in _OF_THE_MOMENT}


def _lasting_mail(mail: Mapping[str, Json]) -> dict[str, Json]:
    return {name: mail.get(name) for name in ("to", "subject")}


def _first_difference(found: Json, wanted: Json) -> str:
    if isinstance(found, list) and isinstance(wanted, list):
        pairs = [(one, other) for one, other in zip(found, wanted, strict=False) if one != other]
        if pairs:
            return _first_difference(*pairs[0])
        return f"{len(found)} entries instead of {len(wanted)}"
    if isinstance(found, dict) and isinstance(wanted, dict):
        names = [name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)]
        return "; ".join(
            f"{name} is {found.get(name)!r}, not {wanted.get(name)!r}" for name in sorted(names, key=str)[:3]
        )
    return f"{found!r} instead of {wanted!r}"[:600]
