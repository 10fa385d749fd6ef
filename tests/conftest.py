"""The sandbox as a fixture: started once per worker, planted anew for every test that asks for it."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

# One for all calls: each client of its own would read the system's certificates anew, for plain HTTP.
_HTTP = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))


class SandboxHandle:
    """What a test does to the running sandbox. `env` is client.env with a ledger of the test's own."""

    def __init__(self, running: RunningSandbox, ledger: Path) -> None:
        self.running = running
        self.tenant = running.tenant
        self.authority = running.authority
        self.base = running.base
        self.state = running.state
        self._ledger = ledger

    @property
    def env(self) -> dict[str, str]:
        return {**self.running.env, "M365_RESTRICT_LEDGER__URL": f"sqlite:///{self._ledger}"}

    @property
    def plain_base(self) -> str:
        return f"http://127.0.0.1:{self.running.ports.http}"

    def seed(self, document: Mapping[str, Any]) -> None:
        self.running.seed(document)

    def control(
        self, method: str, path: str, json: Any = None, *, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Call `/sandbox/{path}` over plain HTTP."""
        url = f"{self.plain_base}/sandbox/{path.lstrip('/')}"
        return _HTTP.request(method, url, json=json, params=params)

    def requests(self) -> list[dict[str, Any]]:
        """The Graph and Exchange requests since the last look."""
        found: list[dict[str, Any]] = self.control("GET", "requests").json()["requests"]
        return found

    def token(self, role: str, *, resource: str = "https://graph.microsoft.com", seconds: int = 3600) -> str:
        """A token as the authority issues it, without signing in."""
        tenant = self.tenant.document["id"]
        return self.authority.issue(
            self.authority.applications[role],
            resource=resource,
            tenant=tenant,
            issuer=f"{self.base}/{tenant}/v2.0",
            seconds=seconds,
        )

    def graph(
        self,
        method: str,
        path: str,
        *,
        role: str = "reader",
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Call `/v1.0/{path}` over plain HTTP as one of the applications."""
        sent = {"Authorization": f"Bearer {self.token(role)}", **(headers or {})}
        url = path if path.startswith("http") else f"{self.plain_base}/v1.0/{path.lstrip('/')}"
        return _HTTP.request(method, url, json=json, params=params, headers=sent)

    def cmdlet(self, cmdlet: str, parameters: Mapping[str, Any], *, role: str = "reader") -> httpx.Response:
        """Call InvokeCommand over plain HTTP as one of the applications."""
        token = self.token(role, resource="https://outlook.office365.com")
        url = f"{self.plain_base}/adminapi/beta/{self.tenant.document['id']}/InvokeCommand"
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}
        return httpx.post(
            url, json=body, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30
        )


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One sandbox for the whole worker, over HTTPS, HTTP and SMTP on free ports."""
    state = tmp_path_factory.mktemp("sandbox")
    with RunningSandbox(SandboxOptions(state=state, http_port=0, smtp_port=0)) as running:
        yield running


@pytest.fixture
def sandbox(
    running_sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SandboxHandle:
    """The sandbox, empty, without faults, trusted by this test's clients."""
    running_sandbox.faults.clear()
    running_sandbox.seed({})
    running_sandbox.log.take()
    certificates = str(running_sandbox.state / "ca.pem")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, certificates)
    return SandboxHandle(running_sandbox, tmp_path / "ledger.db")


@pytest.fixture(scope="session")
def read_powershell() -> Callable[[str], Any]:
    """The text of a script to what PowerShell would make of it (`powershell_script.Script`)."""
    path = Path(__file__).with_name("powershell_script.py")
    spec = importlib.util.spec_from_file_location("powershell_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    read: Callable[[str], Any] = module.Script
    return read
