"""The sandbox as a fixture: started once per worker, planted anew for every test that asks for it."""

import gc
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.logs.log_lines import LogFormat, begin_logging
from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

# One for all calls: each client of its own would read the system's certificates anew, for plain HTTP.
_HTTP = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))

SCAN: pytest.StashKey[Any] = pytest.StashKey()
KEPT: pytest.StashKey[int] = pytest.StashKey()


def _beside(name: str) -> ModuleType:
    """A module that lies beside this file."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


behaviour_switch = _beside("behaviour_switch")
ASKED_BEHAVIOUR: dict[str, Any] = behaviour_switch.read(os.environ.get(behaviour_switch.VARIABLE, ""))


def pytest_report_header() -> str | None:
    """Which tenant the tests meet, where it is not the usual one."""
    return f"tenant.behaviour: {ASKED_BEHAVIOUR}" if ASKED_BEHAVIOUR else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is about another answer than the one asked for."""
    config.stash[KEPT] = behaviour_switch.skip_what_is_about_another(items, ASKED_BEHAVIOUR)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How many tests were asked for other answers and kept their own."""
    if kept := config.stash.get(KEPT, 0):
        terminalreporter.write_line(f"Kept an answer of their own: {kept} tests.")


def pytest_collection_finish() -> None:
    """Look through what was loaded for no garbage any more: 2,000 modules stay until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


class SandboxHandle:
    """What a test does to the running sandbox. `env` is client.env with a ledger of the test's own.

    `behaviour` is what the tenant answers in every seed that does not say otherwise.
    """

    def __init__(
        self, running: RunningSandbox, ledger: Path, scan: Any, behaviour: Mapping[str, Any] = ASKED_BEHAVIOUR
    ) -> None:
        self.running = running
        self.behaviour = behaviour
        self.scan = scan
        self.tenant = running.tenant
        self.authority = running.authority
        self.base = running.base
        self.state = running.state
        self.ledger_url = f"sqlite:///{ledger}"

    @property
    def env(self) -> dict[str, str]:
        return {**self.running.env, "M365_RESTRICT_LEDGER__URL": self.ledger_url}

    @property
    def plain_base(self) -> str:
        return f"http://127.0.0.1:{self.running.ports.http}"

    def seed(self, document: Mapping[str, Any]) -> None:
        """Plant the tenant anew, and look through what the one before it leaves behind."""
        self.scan.tenant(self.tenant)
        self.running.seed(behaviour_switch.answered(document, self.behaviour))
        self.scan.planted.plant(document)

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


@pytest.fixture(scope="session")
def new_ledger(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Puts a ledger that holds nothing at a path.

    One for the whole worker goes through every migration; the others are copies of it.
    """
    made = tmp_path_factory.mktemp("new-ledger") / "ledger.db"
    open_ledger(f"sqlite:///{made}").close()

    def _copied(path: Path) -> Path:
        return Path(shutil.copy(made, path))

    return _copied


@pytest.fixture
def sandbox(
    running_sandbox: RunningSandbox,
    new_ledger: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> SandboxHandle:
    """The sandbox, empty, without faults, trusted by this test's clients."""
    behaviour = {**ASKED_BEHAVIOUR, **behaviour_switch.of_markers(request.node)}
    scan = request.config.stash[SCAN].current
    ledger = tmp_path / "ledger.db"
    if request.node.get_closest_marker("first_start") is None:
        new_ledger(ledger)
    handle = SandboxHandle(running_sandbox, ledger, scan, behaviour)
    running_sandbox.faults.clear()
    handle.seed({})
    running_sandbox.log.start_over()
    certificates = str(running_sandbox.state / "ca.pem")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, certificates)
    return handle


def pytest_configure(config: pytest.Config) -> None:
    """Look through what every test leaves behind (`scan/scan_plugin.py`)."""
    folder = str(Path(__file__).with_name("scan"))
    sys.path.insert(0, folder)
    try:
        from scan_plugin import ScanPlugin
    finally:
        sys.path.remove(folder)
    config.stash[SCAN] = ScanPlugin()
    config.pluginmanager.register(config.stash[SCAN], "scan")


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    """Whoever had a run log in this process leaves no handler and no level to the next test."""
    yield
    begin_logging(LogFormat.PLAIN, "info")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Any]:
    """A PostgreSQL server for the whole worker (`postgres_cluster.Cluster`), started when first asked for."""
    with _beside("postgres_cluster").cluster() as running:
        yield running


@pytest.fixture
def own_cluster() -> Iterator[Any]:
    """A PostgreSQL server for one test alone, which may stop it."""
    with _beside("postgres_cluster").cluster() as running:
        yield running


@pytest.fixture
def postgres_url(postgres_cluster: Any) -> Iterator[str]:
    """LEDGER__URL of an empty PostgreSQL database of this test's own."""
    with postgres_cluster.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """LEDGER__URL of a new ledger of this test's own: the test is run on either database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    with request.getfixturevalue("postgres_cluster").ledger() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """As `ledger_url`, but no table is there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def read_powershell() -> Callable[[str], Any]:
    """The text of a script to what PowerShell would make of it (`powershell_script.Script`)."""
    read: Callable[[str], Any] = _beside("powershell_script").Script
    return read
