"""Starting and stopping a sandbox: as the verb `sandbox`, or inside a test or the demo."""

import json
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import trustme
from starlette.types import ASGIApp

from m365_restrict.sandbox.certificates import issue_server_certificate, load_authority
from m365_restrict.sandbox.client_env import client_settings, write_client_env
from m365_restrict.sandbox.faults import BadFault, Faults, read_faults
from m365_restrict.sandbox.identity import Authority
from m365_restrict.sandbox.past import Past
from m365_restrict.sandbox.planting import plant
from m365_restrict.sandbox.request_log import RequestLog
from m365_restrict.sandbox.seed import BadSeed, Seed, read_seed
from m365_restrict.sandbox.server import Listeners, PortTaken, build_application, loopback_sockets
from m365_restrict.sandbox.services import Ports, Services
from m365_restrict.sandbox.smtp import SmtpServer
from m365_restrict.sandbox.store import Json, Store
from m365_restrict.sandbox.tenant import SandboxTenant

_EXIT_CONFIGURATION = 5

Read = TypeVar("Read")
Wrapper: TypeAlias = Callable[[ASGIApp], ASGIApp]


@dataclass(frozen=True)
class SandboxOptions:
    """How to start. Port 0 takes a free one; `http_port` and `smtp_port` None leave that listener out."""

    state: Path
    port: int = 0
    http_port: int | None = None
    smtp_port: int | None = None
    seed: Path | None = None
    latency_ms: int = 0
    faults: Path | None = None


class SandboxNotStarted(Exception):
    """The sandbox cannot start; the message is a plain sentence."""


class RunningSandbox:
    """A sandbox in this process; as a context manager it listens inside the block."""

    def __init__(
        self, options: SandboxOptions, *, log: RequestLog | None = None, through: Wrapper | None = None
    ) -> None:
        """Take the options; nothing happens before `start`.

        `log` may do more than log; `through` wraps the application, for example to look at what it answers.
        """
        self._options = options
        self._through = through or (lambda application: application)
        self.log = log or RequestLog()
        self.state = options.state.resolve()

    def start(self) -> None:
        """Listen, or raise `SandboxNotStarted`."""
        options = self._options
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        seed = _read(options.seed, read_seed)
        faults = _read(options.faults, read_faults)
        self._store = Store(self.state / "tenant.db")
        certification = load_authority(self.state)
        self.authority = Authority(self.state, certification)
        self.tenant = SandboxTenant.over(self._store)
        self.faults = Faults()
        self.faults.add(faults or [])
        self.past = Past(self._store)
        self._smtp: SmtpServer | None = None
        self._sockets: list[socket.socket] = []
        try:
            self._begin(seed, certification)
        except (BadSeed, PortTaken, OSError) as error:
            for bound in self._sockets:
                bound.close()
            self._release()
            raise SandboxNotStarted(str(error)) from error

    def stop(self) -> None:
        """Stop listening and release the state folder."""
        self._listeners.stop()
        self._release()

    def _release(self) -> None:
        if self._smtp is not None:
            self._smtp.stop()
        self._store.close()

    def __enter__(self) -> "RunningSandbox":
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def base(self) -> str:
        """The HTTPS address."""
        return f"https://localhost:{self.ports.https}"

    @property
    def env(self) -> dict[str, str]:
        """The lines of client.env."""
        return client_settings(self.state, self.ports.https, self.tenant, self.authority)

    def seed(self, document: Mapping[str, Any]) -> None:
        """Replace the tenant, as `POST /sandbox/seed` does; `BadSeed` when it cannot be."""
        self.plant(read_seed(document))

    def plant(self, seed: Seed) -> None:
        """Replace the tenant by a seed that was read, and rewrite client.env."""
        self.past.forget()
        plant(self.tenant, seed, setup_client_id=self.authority.applications["setup"].client_id)
        self._grant()
        write_client_env(self.state / "client.env", self.env)

    def _grant(self) -> None:
        """Give the applications what the tenant says, and make them known in its Exchange."""
        self.authority.grant(self.tenant.document.get("applications", {}))
        for known in self.authority.registrations():
            self._store.put("applications", known["client_id"], known)

    def _begin(self, seed: Seed | None, certification: trustme.CA) -> None:
        options = self._options
        https = loopback_sockets(options.port)
        self._sockets += https
        http = [] if options.http_port is None else loopback_sockets(options.http_port)
        self._sockets += http
        if options.smtp_port is not None:
            self._smtp = SmtpServer(self.tenant.delivery, options.smtp_port)
            self._smtp.start()
        self.ports = Ports(
            https=https[0].getsockname()[1],
            http=http[0].getsockname()[1] if http else None,
            smtp=self._smtp.port if self._smtp is not None else None,
        )
        if seed is not None or not self.tenant.document:
            self.plant(seed or Seed())
        else:
            self._grant()
            write_client_env(self.state / "client.env", self.env)
        services = Services(
            tenant=self.tenant,
            authority=self.authority,
            faults=self.faults,
            log=self.log,
            past=self.past,
            latency_seconds=options.latency_ms / 1000,
            plant=self.plant,
            ports=lambda: self.ports,
        )
        certificate = issue_server_certificate(certification, self.state)
        application = self._through(build_application(services))
        self._listeners = Listeners(application, certificate, https, http)
        self._listeners.start()


def run_sandbox(options: SandboxOptions) -> int:
    """Run until SIGTERM or Ctrl-C; returns the exit code. One line on standard output when ready."""
    asked_to_stop = threading.Event()
    running = RunningSandbox(options)
    try:
        running.start()
    except SandboxNotStarted as error:
        sys.stderr.write(f"The sandbox did not start. {error}\n")
        return _EXIT_CONFIGURATION
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: asked_to_stop.set())
    sys.stdout.write(f"ready {running.base}\n")
    sys.stdout.flush()
    asked_to_stop.wait()
    running.stop()
    return 0


def _read(path: Path | None, reader: Callable[[Json], Read]) -> Read | None:
    if path is None:
        return None
    try:
        return reader(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SandboxNotStarted(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise SandboxNotStarted(f"{path} is not JSON: {error}.") from error
    except (BadSeed, BadFault) as error:
        raise SandboxNotStarted(str(error)) from error
