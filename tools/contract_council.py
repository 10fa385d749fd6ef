"""An invented council in a sandbox, the program at work on it, and calls of Graph by hand."""

import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from crash_council import CrashCouncil

from m365_restrict.cli.app import app
from m365_restrict.cli.doctor import DoctorRequest, run_doctor
from m365_restrict.doctor.document import Doing
from m365_restrict.sandbox.run import RunningSandbox

Json: TypeAlias = Any

_PREFIX = "M365_RESTRICT_"
_DOCUMENTS = {"LETTERS__COUNCIL_NAME": "Ash Council", "NOTIFY__LIBRARY": "Letters"}
_GRAPH = "https://graph.microsoft.com"

CONTRACT_ROLES = {
    "reader": {"add_roles": [
        "ConfigurationMonitoring.ReadWrite.All", "AuditLogsQuery.Read.All", "Sites.Manage.All",
        "Domain.Read.All", "User.Read.All", "GroupMember.Read.All", "Mail.ReadBasic.All",
        "MailboxSettings.ReadWrite", "ExchangeMessageTrace.Read.All", "Mail.Send", "Mail.ReadWrite",
        "MailboxFolder.ReadWrite.All", "Files.ReadWrite.All",
    ]},
}  # fmt: skip
"""What the application of calls by hand may do: everything."""


class SceneFailed(Exception):
    """A scene did not go as the council's story wants it, so nothing can be said of what was not asked."""


class Council:
    """The council of `make crash` in a sandbox, the program at work on it, and calls of Graph by hand."""

    def __init__(self, running: RunningSandbox, state: Path) -> None:
        """`state` is an empty folder for ledgers and letters."""
        self._running, self._state = running, state
        self._http = httpx.Client(trust_env=False, timeout=30)
        self._ledgers = 0
        self._settings: dict[str, str] = {}

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def plant(self, document: Mapping[str, Json], **settings: str) -> None:
        """A new tenant and a new ledger."""
        self._running.seed(document)
        self._ledgers += 1
        ledger = f"sqlite:///{self._state / f'ledger-{self._ledgers}.db'}"
        folder = str(self._state)  # else a script is written to wherever this is run
        self._settings = {"LEDGER__URL": ledger, "SCRIPT__FOLDER": folder, **_DOCUMENTS, **settings}

    def runs(self, *arguments: str, codes: frozenset[int] = frozenset({0}), **settings: str) -> None:
        """One verb; `SceneFailed` where its exit code is another than `codes`."""
        out, err = io.StringIO(), io.StringIO()
        with self.environment(**settings), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = app([*arguments], standalone_mode=False)
        if int(code or 0) not in codes:
            raise SceneFailed(f"{' '.join(arguments)} ended with {code}. {err.getvalue()}{out.getvalue()}")

    def examines(self, doing: Doing) -> None:
        """`doctor`, with an answer of DNS of our own."""

        async def hosts(_domain: str) -> tuple[str, ...]:
            return ("ash-example.mail.protection.outlook.com",)

        request = DoctorRequest(doing=doing, answers={}, output="json", resolver=hosts)
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), self.environment() as env:
            run_doctor(request, env)

    @contextlib.contextmanager
    def environment(self, **settings: str) -> Iterator[dict[str, str]]:
        """The process's environment as client.env has it, with this council's settings."""
        changed = {f"{_PREFIX}{name}": value for name, value in {**self._settings, **settings}.items()}
        before = dict(os.environ)
        # Other settings of ours are of another tenant, and M365_RESTRICT_OPENAPI is none of the product's.
        for name in [name for name in before if name.startswith(_PREFIX)]:
            del os.environ[name]
        os.environ.update({**self._running.env, **changed})
        try:
            yield dict(os.environ)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def control(self, method: str, path: str, body: Json = None) -> Json:
        """A call of the control API."""
        answer = self._http.request(method, f"{self._plain}/sandbox/{path}", json=body)
        if not answer.is_success:
            raise SceneFailed(f"{method} {path} was answered {answer.text}")
        return answer.json() if answer.content else None

    def graph(
        self, method: str, path: str, body: Json = None, *,
        status: int = 200, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
    ) -> Json:  # fmt: skip
        """A call of Graph by hand; `SceneFailed` where its status is another."""
        url = path if path.startswith("http") else f"{self._plain}/v1.0/{path}"
        sent = {"Authorization": f"Bearer {self._token()}", **(headers or {})}
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = self._http.request(method, url, params=query, headers=sent, **content)
        if answer.status_code != status:
            raise SceneFailed(f"{method} {path} was answered {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def people_move_on(self) -> None:
        """Forty changes in the lists."""
        CrashCouncil(self._running).move_on()

    @property
    def site(self) -> str:
        """The register's site, as an address of Graph."""
        return f"sites/{self._running.env[f'{_PREFIX}REGISTER__SITE']}:"

    @property
    def folder(self) -> Path:
        """Where letters may be written."""
        return self._state

    @property
    def _plain(self) -> str:
        return f"http://127.0.0.1:{self._running.ports.http}"

    def _token(self) -> str:
        authority, tenant = self._running.authority, self._running.tenant.document["id"]
        return authority.issue(
            authority.applications["reader"], resource=_GRAPH, tenant=tenant,
            issuer=f"{self._running.base}/{tenant}/v2.0", seconds=600,
        )  # fmt: skip
