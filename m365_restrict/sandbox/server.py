"""The application that both listeners serve, and the listeners themselves."""

import asyncio
import errno
import socket
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from m365_restrict.sandbox.control import Control
from m365_restrict.sandbox.exchange_endpoint import ExchangeEndpoint
from m365_restrict.sandbox.graph.endpoint import GraphEndpoint
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.token_endpoint import TokenEndpoint
from m365_restrict.sandbox.workflow import WorkflowEndpoint

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_ATTEMPTS = 20


class PortTaken(Exception):
    """A port that cannot be listened on."""


def build_application(services: Services) -> Starlette:
    """Graph, Exchange, identity and control as one ASGI application."""
    return Starlette(
        routes=[
            Route("/v1.0/{path:path}", GraphEndpoint(services).serve, methods=_METHODS),
            *ExchangeEndpoint(services).routes(),
            *Control(services).routes(),
            *WorkflowEndpoint(services).routes(),
            *TokenEndpoint(services).routes(),
        ]
    )


def loopback_sockets(port: int) -> list[socket.socket]:
    """Sockets on 127.0.0.1 and, where the machine has it, ::1, on the same port; 0 takes a free one."""
    for _ in range(_ATTEMPTS):
        first = _bind(socket.AF_INET, "127.0.0.1", port)
        try:
            return [first, _bind(socket.AF_INET6, "::1", first.getsockname()[1])]
        except PortTaken:
            first.close()
            if port:
                raise
        except OSError:
            return [first]
    raise PortTaken("No port is free on both 127.0.0.1 and ::1.")


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # With the protocol named, asyncio sets TCP_NODELAY; without it every answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(f"Port {port} on {host} cannot be used: {error.strerror}.") from error
        raise
    return listener


class _Listener(uvicorn.Server):
    """A uvicorn server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.listening.set()


class Listeners:
    """HTTPS and plain HTTP on one event loop in a thread of its own."""

    def __init__(
        self, application: ASGIApp, certificate: Path,
        https: list[socket.socket], http: list[socket.socket],
    ) -> None:  # fmt: skip
        """Take sockets that are already bound."""
        self._served = [(_listener(application, certificate), https)]
        if http:
            self._served.append((_listener(application, None), http))
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    def start(self) -> None:
        """Return when every listener accepts connections."""
        self._thread.start()
        for listener, _ in self._served:
            while not listener.listening.wait(timeout=0.2):
                if not self._thread.is_alive():
                    raise RuntimeError("the sandbox's listeners ended before they began")

    def stop(self) -> None:
        """End all listeners and wait for them."""
        for listener, _ in self._served:
            listener.should_exit = True
        self._thread.join(timeout=10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        await asyncio.gather(*(listener.serve(sockets=sockets) for listener, sockets in self._served))


def _listener(application: ASGIApp, certificate: Path | None) -> _Listener:
    return _Listener(
        uvicorn.Config(
            application,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
            ssl_certfile=certificate,
        )
    )
