"""/healthz, /readyz and /metrics over HTTP, on a thread of their own beside whatever else works."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_restrict.errors import ConfigurationError
from m365_restrict.health.metrics import exposition
from m365_restrict.health.options import HealthOptions
from m365_restrict.health.source import HealthSource, Unready

_AT_ONCE = 16
"""Questions that are answered at once; more are refused with 503, whoever asks."""
_STOP_SECONDS = 5
_TURN_SECONDS = 4.0
"""How long an answer about the ledger waits for the one before: a server that is cut off is waited for much
longer than watchers ask again, and whoever waits takes a place from /healthz."""
_NO_STORE = {"Cache-Control": "no-store"}
_UNREADY, _OK = 503, 200


@dataclass
class _Faces:
    """The three answers. Each is given on a thread of its own, one at a time: the ledger is read once."""

    options: HealthOptions
    source: HealthSource
    reading: threading.Lock = field(default_factory=threading.Lock)

    def healthz(self, _request: Request) -> Response:
        """Whether the process lives and the loop that it watches still turns."""
        pulse = self.source.pulse
        stuck = pulse is not None and pulse.age() > self.options.loop.total_seconds()
        return JSONResponse(
            {"status": "stuck" if stuck else "ok"}, _UNREADY if stuck else _OK, headers=_NO_STORE
        )

    def readyz(self, _request: Request) -> Response:
        """Whether a run could work: settings and ledger can be used."""
        with self._turn() as mine:
            if not mine:
                return _busy()
            found = self.source.unready()
        body = {"status": "unready" if found else "ok", "problems": [_told(one) for one in found]}
        return JSONResponse(body, _UNREADY if found else _OK, headers=_NO_STORE)

    def metrics(self, request: Request) -> Response:
        """The state in numbers."""
        with self._turn() as mine:
            if not mine:
                return _busy()
            content_type, body = exposition(self.source, request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type, **_NO_STORE})

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Whether the ledger is this answer's to read; not where the one before has not come back."""
        mine = self.reading.acquire(timeout=_TURN_SECONDS)
        try:
            yield mine
        finally:
            if mine:
                self.reading.release()


def application(options: HealthOptions, source: HealthSource) -> Starlette:
    """The ASGI application."""
    faces = _Faces(options, source)
    return Starlette(
        routes=[
            Route("/healthz", faces.healthz),
            Route("/readyz", faces.readyz),
            Route("/metrics", faces.metrics),
        ]
    )


@contextmanager
def serve(options: HealthOptions, source: HealthSource) -> Iterator[str]:
    """Answer on a thread for the duration of a block; gives the address, such as http://127.0.0.1:9464.

    Raises ConfigurationError where the port cannot be opened. Signals are left to whoever opened the block.
    """
    listening = _listen(options)
    config = uvicorn.Config(
        application(options, source),
        log_config=None,
        access_log=False,
        lifespan="off",
        limit_concurrency=_AT_ONCE,
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="health", daemon=True)
    thread.start()
    try:
        yield _address(listening)
    finally:
        server.should_exit = True
        thread.join(2 * _STOP_SECONDS)
        listening.close()


def _listen(options: HealthOptions) -> socket.socket:
    try:
        # The first of what the name stands for: an address of either family.
        found = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":  # on Windows it would let two processes have the port
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen()
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        raise ConfigurationError(
            f"Port {options.port} of {options.host} cannot be opened: {error.strerror or error}.",
            advice="Set HEALTH__PORT and HEALTH__HOST to a port that nobody uses, on this computer.",
        ) from error
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _busy() -> Response:
    return JSONResponse({"status": "busy", "problems": []}, _UNREADY, headers=_NO_STORE)


def _told(one: Unready) -> dict[str, str]:
    return {"tenant": one.tenant, "code": one.code, "message": one.message}
