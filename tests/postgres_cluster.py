"""A PostgreSQL server for the tests: of this process alone, on the loopback, gone when the tests have ended.

Debian's `postgresql` has all that it needs; the service that comes with it is not used. Where there is none,
the tests that need one are skipped, and with REQUIRE_POSTGRES=1 (`.ci/run`) they fail.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pg8000.native
import pytest

from m365_restrict.ledger.ledger import open_ledger

_TEMPLATE = "new_ledger"
_MISSING = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
_USER, _PASSWORD = "ledger", "not-a-secret"
# A language's order of letters, as most councils' servers have one: the ledger must not depend on it.
_INITDB = ("--no-sync", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions")
_LANGUAGE = ("--locale-provider=icu", "--icu-locale=en-GB")
_SETTINGS = {
    # Nothing is forced to the disk; what was committed is with the system: a stop at once loses none of it.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}


def binaries() -> Path | None:
    """The folder of the newest installed server, None where there is none."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parent.parent.name)
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass
class Cluster:
    """A running server. `folder` holds its files, its socket and its log."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    made: int = 0
    has_template: bool = False

    def url(self, database: str, *, password: str = _PASSWORD) -> str:
        return f"postgresql://{_USER}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> Any:
        """What a statement answers, as the owner of everything."""
        with closing(
            pg8000.native.Connection(
                _USER, "127.0.0.1", database, self.port, _PASSWORD, ssl_context=False, timeout=60
            )
        ) as connection:
            return connection.run(statement)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The URL of a new database, which goes at the end whoever is still connected."""
        self.made += 1
        name = f"test_{os.getpid()}_{self.made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def ledger(self) -> Iterator[str]:
        """As `database`, with the tables of a new ledger in it, which are made once."""
        if not self.has_template:
            self.run(f"CREATE DATABASE {_TEMPLATE}")
            open_ledger(self.url(_TEMPLATE)).close()
            self.has_template = True
        with self.database(_TEMPLATE) as url:
            yield url

    def tool(self, name: str, *arguments: str) -> None:
        """Run one of the programs that come with the server."""
        found = binaries()
        assert found is not None
        subprocess.run([found / name, *arguments], check=True, timeout=120)

    def encrypt(self, certificate: Any) -> None:
        """Have the server prove itself with a certificate of trustme's, from now on."""
        key = self.folder / "data" / "server.key"
        certificate.private_key_and_cert_chain_pem.write_to_path(str(key))
        key.chmod(0o600)
        os.chown(key, *_owner())
        self.run(f"ALTER SYSTEM SET ssl_cert_file = '{key}'")
        self.run(f"ALTER SYSTEM SET ssl_key_file = '{key}'")
        self.run("ALTER SYSTEM SET ssl = on")
        self.stop()
        self.start_again()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
        self.process.wait(timeout=60)

    def start_again(self) -> None:
        """After `stop`: the same files and port."""
        self.process = _serve(self.folder, self.port)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server for the block. Skips the test, or fails it, where none is installed."""
    found = binaries()
    if found is None:
        if os.environ.get("REQUIRE_POSTGRES") == "1":
            pytest.fail(f"REQUIRE_POSTGRES=1, and {_MISSING[0].lower()}{_MISSING[1:]}")
        pytest.skip(_MISSING)
    # Not below pytest's own folders, which only their owner may enter: a server never runs as root.
    folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
    try:
        secret = folder / "password"
        secret.write_text(_PASSWORD)
        for path in (folder, secret):
            os.chown(path, *_owner())
        initdb = [found / "initdb", "-D", folder / "data", "-U", _USER, f"--pwfile={secret}", *_INITDB]
        _run([*initdb, *(_LANGUAGE if _knows_languages(found) else ())])
        running = _started(folder)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _knows_languages(found: Path) -> bool:
    """Whether a database may have a language that the system need not know: from PostgreSQL 15 on."""
    told = subprocess.run([found / "initdb", "--version"], check=True, capture_output=True, text=True).stdout
    number = re.search(r"\d+", told)
    return number is not None and int(number[0]) >= 15


def _started(folder: Path) -> Cluster:
    for _ in range(5):  # another process may take the free port before the server does
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        try:
            return Cluster(folder, port, _serve(folder, port))
        except RuntimeError as error:
            failed = error
    raise failed


def _serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    found = binaries()
    assert found is not None
    settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [found / "postgres", "-D", folder / "data", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_identity(),
        )
    probe = [found / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while process.poll() is None:
        if subprocess.run(probe, check=False).returncode == 0:
            return process
    raise RuntimeError((folder / "log").read_text()[-2000:])


def _run(command: list[Any]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, **_identity())
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])


def _owner() -> tuple[int, int]:
    """Who runs the server: whoever runs the tests, but Debian's own account in place of root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    account = pwd.getpwnam("postgres")
    return account.pw_uid, account.pw_gid


def _identity() -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    user, group = _owner()
    return {"user": user, "group": group, "extra_groups": [], "cwd": "/"}
