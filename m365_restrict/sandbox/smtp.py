"""Mail in: an SMTP server on the loopback addresses that hands every message to the sandbox's post."""

import asyncio
import socket
import threading
import weakref
from collections.abc import Sequence
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session

_ACCEPTED = "250 2.6.0 Message accepted; a refusal follows as a report"
_ADDRESSES = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_PORT_ATTEMPTS = 20
_CLOSING_ROUND = 0.05


class Post(Protocol):
    """Whatever takes messages: `sandbox.delivery.Delivery`."""

    def deliver(self, raw: bytes, envelope_from: str, recipients: Sequence[str]) -> dict[str, Any]:
        """Deliver one message."""
        ...


class _Handler:
    """Exchange refuses after it has accepted, so every message is taken (exchange.md 2.5)."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's own name and signature
        """Hand over the bytes as they came."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
        recipients = [str(recipient) for recipient in envelope.rcpt_tos]
        await asyncio.to_thread(self._post.deliver, raw, (envelope.mail_from or "").strip("<>"), recipients)
        return _ACCEPTED


class SmtpServer:
    """An SMTP server on 127.0.0.1 and, where the machine has it, ::1. Port 0 takes a free one."""

    def __init__(self, delivery: Post, port: int = 0) -> None:
        """Prepare; nothing listens before `start`."""
        self._delivery = delivery
        self._asked_port = port
        self._sockets: list[socket.socket] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._servers: list[asyncio.Server] = []
        self._sessions: weakref.WeakSet[SMTP] = weakref.WeakSet()

    @property
    def port(self) -> int:
        """The port in use once started; before that, the one asked for."""
        return int(self._sockets[0].getsockname()[1]) if self._sockets else self._asked_port

    def start(self) -> None:
        """Listen. OSError when the port is taken; once this returns, connections are served."""
        self._sockets = _listening(self._asked_port)
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._thread = threading.Thread(target=loop.run_forever, name="sandbox-smtp", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), loop).result()

    def stop(self) -> None:
        """Stop listening and end open conversations. Nothing happens when it was not started."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        self._loop = self._thread = None
        self._servers, self._sockets = [], []

    def _session(self) -> SMTP:
        session = SMTP(
            _Handler(self._delivery), hostname="localhost", ident="sandbox tenant", enable_SMTPUTF8=True
        )
        self._sessions.add(session)
        return session

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._servers = [await loop.create_server(self._session, sock=each) for each in self._sockets]

    async def _close(self) -> None:
        """Accept no more, end every conversation, then close.

        The order matters: asyncio drops a connection without closing it when its server is
        closed while the connection is being accepted.
        """
        loop = asyncio.get_running_loop()
        for listening in self._sockets:
            loop.remove_reader(listening)
        await self._end_conversations()
        for server in self._servers:
            server.close()

    async def _end_conversations(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        while others:
            for session in list(self._sessions):
                if session.transport is not None:
                    session.transport.close()
            await asyncio.wait(others, timeout=_CLOSING_ROUND)
            others = asyncio.all_tasks() - {asyncio.current_task()}


def _listening(port: int) -> list[socket.socket]:
    """One socket for each loopback address, on the same port."""
    for attempt in range(_PORT_ATTEMPTS):
        opened: list[socket.socket] = []
        try:
            for family, address in _ADDRESSES:
                if family == socket.AF_INET6 and not _has_loopback_6():
                    continue
                opened.append(_bound(family, address, opened[0].getsockname()[1] if opened else port))
        except OSError:
            for each in opened:
                each.close()
            if port or attempt == _PORT_ATTEMPTS - 1:
                raise
        else:
            return opened
    return []


def _bound(family: int, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


def _has_loopback_6() -> bool:
    try:
        _bound(socket.AF_INET6, "::1", 0).close()
    except OSError:
        return False
    return True
