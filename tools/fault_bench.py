"""Injects one fault into a run, lets it run again, and holds the end against an undisturbed run.

The program is a process of its own, its waits pass at once and are written down (`fault_clock`).
"""

import json
import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeAlias

from crash_bench import CrashBench
from crash_council import ADMIN
from fault_council import COUNCIL, COUNCILLORS, FOREIGN_RULES, OWN_RULE
from fault_rules import End, Trial, code_of, end_of, needs_one_run, stops
from fault_steps import FAULTS, RETRY_AFTER, TIMEOUT_SECONDS, Kind
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from m365_restrict.sandbox.faults import Asked, FaultKind, FaultMatch, read_faults
from m365_restrict.sandbox.lost_answers import answered
from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

Json: TypeAlias = Any

_ALWAYS = 100_000
_REFUSED_BEFORE_IT_BEGAN = frozenset({401, 429})
_FIRST_REFUSAL = 400
_CREATIONS = ("New-TransportRule",)
_CREATING_PATHS = re.compile(r"/(messageRules|folders|sendMail|items)$")
_WRITE = re.compile(r"^(New|Set|Enable|Disable|Remove)-")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What became of one trial. `code` is how the run that met the fault ended, `runs` how many it took.

    `waited` is how many seconds that run would have waited, `repeated` how many mails went out twice. No
    `failures` is as it must be.
    """

    trial: Trial
    code: int
    runs: int
    repeated: int
    waited: float
    failures: tuple[str, ...]


@dataclass
class Arrival:
    """One request as it came. `status` is what was answered, None where nothing was."""

    asked: Asked
    status: int | None = None

    @property
    def writes(self) -> bool:
        """Whether it may change a rule."""
        if self.asked.cmdlet:
            return _WRITE.match(self.asked.cmdlet) is not None
        return "/messageRules" in self.asked.path and self.asked.method != "GET"

    @property
    def creates(self) -> bool:
        """Whether doing it twice makes two."""
        path = self.asked.path
        return self.asked.cmdlet in _CREATIONS or (
            self.asked.method == "POST" and _CREATING_PATHS.search(path) is not None
        )

    @property
    def label(self) -> str:
        """What it is counted as."""
        return self.asked.cmdlet or f"{self.asked.method} {self.asked.path}"


class FaultBench(CrashBench):
    """The bench: `try_one` for one fault, `stop_at` for one signal."""

    def __init__(self, state: Path) -> None:
        """Work in an empty folder."""
        super().__init__(state, replace(COUNCIL, move_on=self._move_on))
        self._waits = state / "waits"
        self._arrivals: list[Arrival] = []
        self._revoke_at: FaultMatch | None = None
        self._revoked = False
        self._later: tuple[FaultMatch, Sequence[Mapping[str, Json]]] | None = None
        self._signal: tuple[FaultMatch, signal.Signals] | None = None
        self._gaps_met: list[str] = []
        self._watching = False

    def __enter__(self) -> Self:
        """As in `CrashBench`; then every step must have been made by the undisturbed run."""
        super().__enter__()
        self._usual = Counter(one.label for one in self._arrivals if one.creates)
        self._strangers = self._foreign()
        self._watching = True
        return self

    def try_one(self, trial: Trial) -> Found:
        """Meet the fault, then go on without it."""
        self._set_back()
        self._inject(trial)
        late = {
            "GRAPH__TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
            "EXCHANGE__TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
        }
        code = self._run("apply", "--approve", settings=late if trial.kind is Kind.LATE else None,
                         waits=self._waits)  # fmt: skip
        document = self._read_document()
        waits = [float(line) for line in self._waits.read_text(encoding="utf-8").split()]
        failures = [
            *self._judge_requests(trial),
            *_judge_waits(trial, waits),
            *_judge_end(trial, code, document),
        ]
        if stops(end_of(trial)) and any(one.writes for one in self._arrivals):
            failures.append("it wrote before it stopped")
        self._sandbox.faults.clear()
        problems, runs = self._problems(code), 1
        if problems:
            problems, runs = self._problems(self._run("apply", "--approve")), 2
        if (runs == 1) < needs_one_run(end_of(trial)):
            failures.append("the same run did not do everything")
        mails = self._mails()
        repeated = (mails - self._wanted_mails).total()
        if repeated != (end_of(trial) is End.TWICE):
            failures.append(f"{repeated} mails went out twice")
        failures += [f"the mail {one} was never sent" for one in self._wanted_mails - mails]
        failures += dict.fromkeys([*self._gaps_met, *self._gaps()])
        if self._foreign() != self._strangers:
            failures.append("a rule that is not ours was touched")
        return Found(
            trial=trial,
            code=code,
            runs=runs,
            repeated=repeated,
            waited=sum(waits),
            failures=(*failures, *problems),
        )

    def stop_at(self, match: Mapping[str, str], number: signal.Signals) -> tuple[int, Json, list[str]]:
        """Send the signal while such a request is answered: the exit code, the document, and failures."""
        self._set_back()
        self._signal = (FaultMatch(**match), number)
        code = self._run("apply", "--approve")
        document = self._read_document()
        failures = [] if self._signal is None else ["the signal was never sent"]
        failures += dict.fromkeys([*self._gaps_met, *self._gaps()])
        self._forget()
        problems = self._problems(self._run("apply", "--approve"))
        mails = self._mails()
        if mails != self._wanted_mails:
            problems.append("the mails are not those of an undisturbed run")
        return code, document, [*failures, *problems]

    def _build_sandbox(self) -> RunningSandbox:
        options = SandboxOptions(state=self._state / "tenant", http_port=0)
        return RunningSandbox(options, log=self._log, through=self._through)

    def _move_on(self, running: RunningSandbox) -> None:
        self._earlier = running.tenant.store.snapshot()
        COUNCIL.move_on(running)

    def _set_back(self) -> None:
        super()._set_back()
        store = self._sandbox.tenant.store
        store.restore(self._earlier)
        self._sandbox.past.remember()
        store.restore(self._before)
        self._forget()

    def _forget(self) -> None:
        self._sandbox.faults.clear()
        self._revoke_at = self._later = self._signal = None
        self._revoked = False
        self._gaps_met = []

    def _run(self, *arguments: str, **options: Any) -> int:  # noqa: ANN401 (as the base's)
        self._arrivals = []
        return super()._run(*arguments, **options)

    def _inject(self, trial: Trial) -> None:
        step = trial.step
        if trial.kind is Kind.REVOKED:
            self._revoke_at = FaultMatch(**step.match)
            if step.after:
                self._revoke_at, self._later = None, (FaultMatch(**step.after), ())
                self._revoke_next = FaultMatch(**step.match)
            self._add([step.with_fault] if step.with_fault else [])
            return
        fault = {**FAULTS[trial.kind], "match": step.match, "times": _ALWAYS if trial.lasting else 1}
        if trial.kind is Kind.DROPPED:
            fault["parameter"] = step.drops
        if step.after:
            self._later = (FaultMatch(**step.after), [fault])
        else:
            self._add([step.with_fault, fault] if step.with_fault else [fault])

    def _add(self, faults: Sequence[Mapping[str, Json]]) -> None:
        self._sandbox.faults.add(read_faults([dict(one) for one in faults]))

    def _through(self, app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith("/sandbox"):
                await app(scope, receive, send)
                return
            arrival = _arrival_of(scope)
            self._arrivals.append(arrival)
            self._on_arrival(arrival)

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    arrival.status = message["status"]
                    self._on_answer(arrival)
                await send(message)

            if arrival.asked.path.endswith("/oauth2/v2.0/token"):
                await self._sign_in(app, scope, receive, noted, arrival)
            else:
                await app(scope, receive, noted)

        return serve

    async def _sign_in(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, arrival: Arrival
    ) -> None:
        """The sandbox's faults are Graph's and Exchange's; here they hit the token endpoint too."""
        faults = self._sandbox.faults

        async def answer() -> Response:
            fault = faults.take(FaultKind.STATUS, arrival.asked)
            if fault is not None:
                return JSONResponse({"error": "temporarily_unavailable"}, fault.code, fault.headers)
            return await _captured(app, scope, receive)

        response = await answered(Request(scope, receive), arrival.asked, faults, answer)
        await response(scope, receive, send)

    def _on_arrival(self, arrival: Arrival) -> None:
        if self._revoke_at is not None and self._revoke_at.hits(arrival.asked):
            self._revoke_at, self._revoked = None, True
            authority = self._sandbox.authority
            for application in authority.applications.values():
                authority.revoke(application.client_id)

    def _on_answer(self, arrival: Arrival) -> None:
        if not self._watching:
            return
        if self._later is not None and self._later[0].hits(arrival.asked):
            faults, self._later = self._later[1], None
            if faults:
                self._add(faults)
            else:
                self._revoke_at = self._revoke_next
        if self._signal is not None and self._signal[0].hits(arrival.asked):
            number, self._signal = self._signal[1], None
            os.kill(self._log.victim, number)
        if arrival.writes:
            self._gaps_met += self._gaps()

    def _judge_requests(self, trial: Trial) -> Iterator[str]:
        if not self._was_met(trial):
            yield "the fault was never met"
        made = Counter(
            one.label for one in self._arrivals if one.creates and one.status not in _REFUSED_BEFORE_IT_BEGAN
        )
        for label, number in made.items():
            if number > self._usual[label]:
                yield f"{label} was asked {number} times, not {self._usual[label]}"

    def _was_met(self, trial: Trial) -> bool:
        if trial.kind is Kind.REVOKED:
            return self._revoked
        match, kind = FaultMatch(**trial.step.match), FaultKind(FAULTS[trial.kind]["do"])
        hit = [one for one in self._arrivals if match.hits(one.asked)]
        if trial.lasting:
            return any(one.status is None or one.status >= _FIRST_REFUSAL for one in hit)
        return (
            self._later is None
            and all(self._sandbox.faults.waits(kind, one.asked) is None for one in hit)
            and bool(hit)
        )

    def _problems(self, code: int) -> list[str]:
        ended = [] if code == 0 else [f"it ended with {code}: {self._error()}"]
        return ended + self._differences()

    def _error(self) -> str:
        document = self._read_document()
        reasons = [one["reason"] for one in document.get("changes", ()) if one["outcome"] == "failed"]
        error = document.get("error") or {}
        return str(error.get("message") or " ".join(reasons) or document.get("unknown") or "")[:600]

    def _read_document(self) -> dict[str, Json]:
        try:
            read: dict[str, Json] = json.loads(self._document())
        except ValueError:
            return {}
        return read

    def _remembered(self) -> dict[str, Json]:
        told = "SELECT kind, subject, recipient, state, sent_state FROM told ORDER BY 1, 2, 3"
        with closing(sqlite3.connect(self._ledger)) as ledger:
            return {**super()._remembered(), "who was told": ledger.execute(told).fetchall()}

    def _foreign(self) -> list[Json]:
        """The rules that are not ours, to the last property."""
        rules = self._call("cmdlet", {"by": ADMIN, "cmdlet": "Get-TransportRule", "parameters": {}})["value"]
        found = [_unplaced(rule) for rule in rules if rule["Name"] in FOREIGN_RULES]
        asked = {"method": "GET", "path": "/me/mailFolders/inbox/messageRules", "body": None}
        for upn in COUNCILLORS:
            owned = self._call(f"holder/{upn}", asked)["value"]
            found += [rule for rule in owned if rule["displayName"] == OWN_RULE]
        return found


def _unplaced(rule: Mapping[str, Json]) -> dict[str, Json]:
    """Without its place, which moves when rules of ours come and go."""
    return {name: value for name, value in rule.items() if name != "Priority"}


def _arrival_of(scope: Scope) -> Arrival:
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    path = (
        "/v1.0/" + scope["path"].removeprefix("/v1.0").lstrip("/")
        if "/v1.0/" in scope["path"]
        else scope["path"]
    )
    query = scope.get("query_string", b"").decode()
    return Arrival(Asked(scope["method"], path, query, headers.get("x-cmdletname")))


async def _captured(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """The answer of the application, not sent yet."""
    start: Message = {}
    body = bytearray()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    response = Response(bytes(body), start["status"])
    response.raw_headers = start["headers"]
    return response


def _judge_waits(trial: Trial, waits: Sequence[float]) -> Iterator[str]:
    """Retry-After is never shortened, and nobody waits where waiting cannot help."""
    if trial.kind is Kind.BUSY and (not waits or min(waits) < RETRY_AFTER):
        yield f"the waits were {waits[:5]}, not {RETRY_AFTER} seconds or more"


def _judge_end(trial: Trial, code: int, document: Mapping[str, Json]) -> Iterator[str]:
    """Whether the run that met the fault ended as the rule says."""
    end = end_of(trial)
    if code != code_of(end):
        yield f"it ended with {code}, not {code_of(end)} ({end.value})"
    failed = [one for one in document.get("changes", ()) if one["outcome"] == "failed"]
    # An opening is tried whatever is not known (design.md 2), and Exchange may refuse it then.
    if bool(failed) != (end is End.ITEM) and end is not End.GUARDED:
        yield f"{len(failed)} changes failed, which is not '{end.value}'"
    if bool(document.get("unknown")) != (end in (End.UNKNOWN, End.GUARDED)):
        yield f"{len(document.get('unknown') or ())} scopes were unknown, which is not '{end.value}'"
