"""A plan carried out on the sandbox over HTTP by the real clients, without the main path around it."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from m365_restrict.apply import apply_changes
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Change, Observed, Plan
from m365_restrict.plan.difference import difference
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan
from m365_restrict.register.case import Measure
from m365_restrict.rules.normalise import folder_names, observe_inbox_rule, observe_transport_rule
from m365_restrict.tenant.session import TenantReaders, TenantWriters, open_readers, open_writers
from m365_restrict.writes.write_outcome import ChangeOutcome, Tools
from settings import Settings, load_settings
from settings.tenant_options import tenant_options

JUNK = "planning@ash.example"
HOLDER = "cllr.b@ash.example"
FOLDERS = ("junkemail", "Set aside")
_PEOPLE = ("contact", "officer", "planning", "cllr.b", "monitoring")
# A secret signs in faster than a certificate.
_SECRETS = {"AUTH__READER__CERTIFICATE_PATH": "", "AUTH__WRITER__CERTIFICATE_PATH": ""}


class Desk:
    """Plans by the unit tests' council, written to the sandbox. `entries` is what apply had recorded."""

    def __init__(self, sandbox: Any, council: Any) -> None:
        self.sandbox, self.council = sandbox, council
        self.settings: dict[str, str] = {}
        self.applied: dict[str, Applied] = {}
        self.recorded: list[ChangeOutcome] = []
        self.cases: list[Any] = []
        self.choices: list[Any] = []
        self.mailboxes = (JUNK, HOLDER)
        self.before_each: Callable[[], None] = lambda: None

    def seed(self, **behaviour: Any) -> None:
        users = [{"upn": f"{name}@ash.example", "folders": ["Set aside"]} for name in _PEOPLE]
        foreign = [{"Name": f"Foreign {n}", "SubjectContainsWords": [f"w{n}"], "SetSCL": 5} for n in (1, 2)]
        self.sandbox.seed(
            {
                "now": "2026-11-23T09:00:00Z",
                "tenant": {"accepted_domains": ["ash.example"], "behaviour": behaviour},
                "users": users,
                "groups": [
                    {"address": "councillors@ash.example", "members": [HOLDER]},
                    {"address": "team@ash.example", "members": ["officer@ash.example"]},
                ],
                "settings": {
                    "POLICY__APPROVERS": "officer@ash.example",
                    "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
                },
                "transport_rules": [{"by": "officer@ash.example", "parameters": one} for one in foreign],
            }
        )

    def behave(self, **behaviour: Any) -> None:
        """Let the tenant behave otherwise from now on."""
        store, document = self.sandbox.tenant.store, self.sandbox.tenant.document
        store.put("tenant", "tenant", {**document, "behaviour": {**document["behaviour"], **behaviour}})

    def junk(self, reference: str, **more: Any) -> Any:
        """A case that goes into the junk folder of one mailbox."""
        more = {"scope_mailboxes": (JUNK,), "spoc_mailbox": "", **more}
        return self.council.case(reference, Measure.JUNK, **more)

    def tools(self, readers: TenantReaders, writers: TenantWriters, folders: Any) -> Tools:
        """What apply works with."""
        return Tools(
            readers=readers,
            writers=writers,
            instance_id="ash-1",
            folders=folders,
            record=self._record,
            progress=lambda _outcome: None,
            still_ours=self.before_each,
        )

    def plan(self, **more: Any) -> Plan:
        """What is to be done for `cases` and `choices` by what the sandbox holds."""
        desired = self.council.compile(self.cases, self.choices)
        given = self.council.compare(desired, self, self.applied.values(), **more)
        return build_plan(
            difference(given), guards=(), observed=given.observed, source_version="1", place=Place.LAST
        )

    def observed(self) -> Observed:
        return self._with_readers(self._observe)

    def carry_out(self, plan: Plan, changes: Sequence[Change] | None = None) -> list[tuple[str, str]]:
        """Apply a plan, or only some of its changes; (name, result) of each, as it was recorded."""
        self.recorded.clear()
        going = plan.allowed if changes is None else changes

        async def _apply(readers: TenantReaders, tenant: Any) -> None:
            async with open_writers(tenant, readers.in_flight) as writers:
                tools = self.tools(readers, writers, await self._folders(readers))
                done = await apply_changes(going, tools, planned=plan.allowed, line=plan.difference.line)
                assert not self.recorded or {id(one) for one in done} == {id(one) for one in self.recorded}

        self._with_readers(_apply)
        return self.results

    @property
    def results(self) -> list[tuple[str, str]]:
        return [(one.change.name.split(" Redirect")[0], one.result.value) for one in self.recorded]

    def in_step(self) -> bool:
        return self.plan().changes == ()

    def rules(self) -> dict[str, dict[str, Any]]:
        """All transport rules by name, in their order."""
        body = {"by": "officer@ash.example", "cmdlet": "Get-TransportRule", "parameters": {}}
        answer = self.sandbox.control("POST", "cmdlet", body).json()["value"]
        return {rule["Name"]: rule for rule in sorted(answer, key=lambda rule: rule["Priority"])}

    def inbox_rules(self, mailbox: str) -> list[dict[str, Any]]:
        path = f"holder/{mailbox}"
        body = {"method": "GET", "path": "/me/mailFolders/inbox/messageRules", "body": None}
        found: list[dict[str, Any]] = self.sandbox.control("POST", path, body).json()["value"]
        return found

    def fault(self, do: str, *, times: int = 1, **more: Any) -> None:
        entry = {"do": do, "times": times} | {
            key: more.pop(key) for key in ("status", "ms", "retry_after", "parameter") if key in more
        }
        answer = self.sandbox.control("POST", "faults", [{**entry, "match": more}])
        assert answer.is_success, answer.text

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.requests()
        return found

    def _record(self, outcome: ChangeOutcome) -> None:
        self.recorded.append(outcome)
        if outcome.applied is not None:
            self.applied[outcome.change.key] = outcome.applied
        elif outcome.gone:
            self.applied.pop(outcome.change.key, None)

    async def _observe(self, readers: TenantReaders, _: Any) -> Observed:
        transport = await readers.transport_rules.list_rules()
        assert not isinstance(transport, Unknown), transport
        folders, inbox = await self._folders(readers), {}
        for mailbox in self.mailboxes:
            raw = await readers.inbox_rules.list_rules(mailbox)
            assert not isinstance(raw, Unknown), raw
            names = folder_names(folders[mailbox])
            found = (
                observe_inbox_rule(rule, mailbox=mailbox, instance_id="ash-1", folders=names) for rule in raw
            )
            inbox[mailbox] = tuple(rule for rule in found if rule)
        return Observed(tuple(observe_transport_rule(rule) for rule in transport), inbox)

    async def _folders(self, readers: TenantReaders) -> dict[str, dict[str, str]]:
        return {
            mailbox: {name: str(await readers.inbox_rules.folder_id(mailbox, name)) for name in FOLDERS}
            for mailbox in self.mailboxes
        }

    def loaded_settings(self) -> Settings:
        changed = {f"M365_RESTRICT_{name}": value for name, value in {**_SECRETS, **self.settings}.items()}
        return load_settings({**self.sandbox.env, **changed}, None)

    def _with_readers(self, work: Callable[[TenantReaders, Any], Any]) -> Any:
        tenant = tenant_options(self.loaded_settings())

        async def _run() -> Any:
            async with open_readers(tenant) as readers:
                return await work(readers, tenant)

        return asyncio.run(_run())


@pytest.fixture
def desk(sandbox: Any, council: Any) -> Desk:
    """The desk at which plans are carried out; two rules of others stand first."""
    made = Desk(sandbox, council)
    made.seed()
    return made


# Given a request's method, path and body, and the sandbox's answer: the status and body to pass on.
PassOn = Callable[[str, str, bytes, httpx.Response], tuple[int, bytes]]


@contextmanager
def between(base: str, pass_on: PassOn) -> Iterator[str]:
    """A server before the sandbox that passes requests on, and their answers as `pass_on` says."""

    class _Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            passed = {key: value for key, value in self.headers.items() if key.lower() != "host"}
            passed["accept-encoding"] = "identity"
            answer = httpx.request(
                self.command, base + self.path, content=body, headers=passed, trust_env=False
            )
            status, content = pass_on(self.command, self.path, body, answer)
            self.send_response(status)
            self.send_header("content-type", answer.headers.get("content-type", "application/json"))
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 (http.server's names)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def put_between(desk: Desk) -> Iterator[Callable[[PassOn], None]]:
    """Put a server between the desk and its sandbox."""
    with ExitStack() as stack:

        def _put(pass_on: PassOn) -> None:
            address = stack.enter_context(between(desk.sandbox.plain_base, pass_on))
            desk.settings |= {"GRAPH__BASE_URL": f"{address}/v1.0", "EXCHANGE__BASE_URL": address}

        yield _put


@pytest.fixture
def answered_503(
    put_between: Callable[[PassOn], None],
) -> Callable[[Callable[[str, str, bytes], bool]], None]:
    """Let the first wanted request be carried out and answered with 503 all the same."""

    def _answer(wanted: Callable[[str, str, bytes], bool]) -> None:
        pending = [True]

        def _pass_on(method: str, path: str, body: bytes, answer: httpx.Response) -> tuple[int, bytes]:
            if not pending or not answer.is_success or not wanted(method, path, body):
                return answer.status_code, answer.content
            pending.clear()
            return 503, b""

        put_between(_pass_on)

    return _answer


@pytest.fixture
def shown_by_name(put_between: Callable[[PassOn], None]) -> Callable[[dict[str, str]], None]:
    """Let Exchange show these addresses as names wherever a rule holds them (exchange.md 7.1 row 15)."""

    def _show(names: dict[str, str]) -> None:
        def _pass_on(_method: str, _path: str, body: bytes, answer: httpx.Response) -> tuple[int, bytes]:
            content = answer.content
            for address, name in names.items() if b"Get-TransportRule" in body else ():
                content = content.replace(f'"{address}"'.encode(), f'"{name}"'.encode())
            return answer.status_code, content

        put_between(_pass_on)

    return _show
