"""`health serve`, and what a scheduler serves: the HTTP face of one installation, or of many councils."""

import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from m365_restrict.cli.status import state_now
from m365_restrict.cli.streams import tell
from m365_restrict.errors import ConfigurationError, LedgerError, RestrictError
from m365_restrict.health.options import HealthOptions
from m365_restrict.health.pulse import Pulse
from m365_restrict.health.source import Council, HealthSource
from m365_restrict.health.state import HealthState
from m365_restrict.ledger.ledger import open_ledger
from settings.load import load_settings


@dataclass(frozen=True, kw_only=True)
class ServeRequest:
    """Where to listen, None for what the settings say; and of whom to tell.

    With `every` of each council of the folder, with `tenant` of one of them, else of the installation whose
    settings `env_file` and the environment hold.
    """

    host: str | None = None
    port: int | None = None
    env_file: Path | None = None
    tenant: str | None = None
    tenants: Path | None = None
    every: bool = False


def serve_health(request: ServeRequest, environ: Mapping[str, str]) -> int:
    """Answer until stopped; the exit code."""
    stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    try:
        files = _files(request, environ)
        options = _options(files.values(), environ)
        chosen = replace(
            options,
            host=options.host if request.host is None else request.host,
            port=options.port if request.port is None else request.port,
        )
        from m365_restrict.health.server import serve  # loads the web server

        councils = {name: _council(file, environ) for name, file in files.items()}
        with serve(chosen, HealthSource(councils=councils)) as address:
            sys.stdout.write(f"ready {address}\n")
            sys.stdout.flush()
            while not stop.wait(1.0):
                continue
    except RestrictError as error:
        tell(f"{error.message}\n{error.advice}")
        return int(error.exit_code)
    return 0


def health_of_schedule(
    env_file: Path | None, environ: Mapping[str, str], pulse: Pulse
) -> AbstractContextManager[str]:
    """The HTTP face beside a scheduler whose loop beats `pulse`; "" and nothing where HEALTH__PORT is 0."""
    options = load_settings(environ, env_file).health.options()
    if not options.port:
        return nullcontext("")
    from m365_restrict.health.server import serve

    return serve(options, HealthSource(councils={"": _council(env_file, environ)}, pulse=pulse))


def health_of_schedules(
    files: Mapping[str, Path | None], environ: Mapping[str, str], pulse: Pulse
) -> AbstractContextManager[str]:
    """The same beside the schedulers of several councils, by their names: one port for all of them."""
    options = _options(files.values(), environ)
    if not options.port:
        return nullcontext("")
    from m365_restrict.health.server import serve

    councils = {name: _council(file, environ) for name, file in files.items()}
    return serve(options, HealthSource(councils=councils, pulse=pulse))


def _files(request: ServeRequest, environ: Mapping[str, str]) -> Mapping[str, Path | None]:
    """The settings file of each council by its name; "" names the only one."""
    if not request.every and request.tenant is None:
        return {"": request.env_file}
    from settings.tenants_folder import find_folder

    folder = find_folder(request.tenants, environ)
    if request.tenant is not None:
        return {request.tenant: folder.one(request.tenant).file}
    return {one.name: one.file for one in folder.tenants}


def _options(files: Iterable[Path | None], environ: Mapping[str, str]) -> HealthOptions:
    """Those of the first council whose settings can be used: the port is one for all of them."""
    problem: ConfigurationError | None = None
    for file in files:
        try:
            return load_settings(environ, file).health.options()
        except ConfigurationError as error:
            problem = problem or error
    raise problem or AssertionError("there is a council")


def _council(env_file: Path | None, environ: Mapping[str, str]) -> Council:
    """What is asked of one. Settings are read anew each time: the next job reads them too."""

    def _state() -> HealthState:
        return state_now(load_settings(environ, env_file))

    def _prove() -> None:
        url = load_settings(environ, env_file).ledger.url
        with open_ledger(url, read_only=True) as ledger:
            problem = ledger.figures.problem()
        if problem is not None:
            raise LedgerError("No run could write to the ledger.", code=problem)

    return Council(state=_state, prove=_prove)
