"""A sandbox in a process of its own that allows so many requests in flight, and can be asked what it saw.

Run as a script it is that process; `Tenant` starts and stops it. Graph and Exchange requests beyond
`--most` at once are refused with 429, as Outlook refuses them (graph.md 5).
"""

import argparse
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

LATENCY_MS, MOST = 40, 4
_SERVICES = ("/v1.0/", "/adminapi/")
_KEPT_HEADERS = frozenset({"accept", "content-type", "prefer", "consistencylevel", "accept-language"})


@dataclass
class Seen:
    """One request with its answer; times are of the machine's monotonic clock."""

    method: str
    url: str
    headers: dict[str, str]
    began: float
    body: str = ""
    status: int = 0
    answer: str = ""
    ended: float = 0.0

    @property
    def is_service(self) -> bool:
        """Whether Graph or Exchange was asked, and not the authority or the clock."""
        return self.url.startswith(_SERVICES)


@dataclass
class Watch:
    """The application in between: counts what is in flight, refuses what is too much, keeps what it saw."""

    within: ASGIApp
    most: int
    refuse_every: int = 0
    retry_after: int = 1
    in_flight: int = 0
    peak: int = 0
    refused: int = 0
    injected: int = 0
    served: int = 0
    seen: list[Seen] = field(default_factory=list)
    keeping: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = str(scope.get("path", ""))
        if scope["type"] != "http":
            await self.within(scope, receive, send)
        elif path == "/bench":
            await self._told(receive, send)
        elif path.startswith(_SERVICES):
            await self._counted(scope, receive, send)
        elif path.startswith("/sandbox"):
            await self.within(scope, receive, send)
        else:
            await self._kept(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        self.served += 1
        try:
            if self.in_flight > self.most:
                self.refused += 1
                await _throttle(send, self.retry_after)
            elif self.refuse_every and self.served % self.refuse_every == 0:
                self.injected += 1
                await _throttle(send, self.retry_after)
            else:
                await self._kept(scope, receive, send)
        finally:
            self.in_flight -= 1

    async def _kept(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.keeping:
            await self.within(scope, receive, send)
            return
        query = scope["query_string"].decode()
        url = (scope.get("raw_path") or b"").decode() + (f"?{query}" if query else "")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        kept = {name: value for name, value in headers.items() if name in _KEPT_HEADERS}
        seen = Seen(scope["method"], url, kept, time.monotonic())
        bodies: list[bytes] = []
        answers: list[bytes] = []

        async def _receive() -> Message:
            message = await receive()
            bodies.append(message.get("body", b""))
            return message

        async def _send(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            answers.append(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                seen.ended = time.monotonic()
            await send(message)

        await self.within(scope, _receive, _send)
        seen.body, seen.answer = b"".join(bodies).decode(), b"".join(answers).decode("utf-8", "replace")
        self.seen.append(seen)

    async def _told(self, receive: Receive, send: Send) -> None:
        """Tell what was seen since the last time, and take the orders for what comes now."""
        order = json.loads((await receive()).get("body") or b"{}")
        told = {
            "seen": [asdict(one) for one in self.seen],
            "peak": self.peak,
            "refused": self.refused,
            "injected": self.injected,
            "served": self.served,
        }
        self.seen, self.peak, self.refused, self.injected, self.served = [], 0, 0, 0, 0
        self.keeping = bool(order.get("keeping"))
        self.refuse_every = int(order.get("refuse_every", 0))
        self.retry_after = int(order.get("retry_after", 1))
        await _answer(send, 200, told, {})


async def _throttle(send: Send, retry_after: int) -> None:
    told = {"code": "ApplicationThrottled", "message": "Application is over its MailboxConcurrency limit."}
    await _answer(send, 429, {"error": told}, {"retry-after": str(retry_after)})


async def _answer(send: Send, status: int, body: object, headers: Mapping[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    content = json.dumps(body).encode()
    raw += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


@dataclass(frozen=True)
class Saw:
    """What the tenant saw between two looks."""

    seen: tuple[Seen, ...]
    peak: int
    refused: int
    injected: int
    served: int

    @property
    def asked(self) -> tuple[Seen, ...]:
        """The requests of Graph and Exchange, in the order in which they began."""
        return tuple(sorted((one for one in self.seen if one.is_service), key=lambda one: one.began))


@dataclass
class Tenant:
    """A sandbox process that stands while the block lasts."""

    state: Path
    base: str
    process: "subprocess.Popen[str]"

    @property
    def env(self) -> dict[str, str]:
        """The settings of client.env and nothing of the caller's."""
        lines = (self.state / "client.env").read_text("utf-8").splitlines()
        told = dict(line.split("=", 1) for line in lines if line)
        return {**{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}, **told}

    def look(self, *, keeping: bool = False, refuse_every: int = 0, retry_after: int = 1) -> Saw:
        """What came since the last look; from now on, keep the requests or refuse every so manieth."""
        order = {"keeping": keeping, "refuse_every": refuse_every, "retry_after": retry_after}
        url = f"{self.base}/bench"
        answer = httpx.request(
            "POST",
            url,
            json=order,
            verify=ssl.create_default_context(cafile=str(self.state / "ca.pem")),
            timeout=60,
        ).json()
        return Saw(tuple(Seen(**one) for one in answer.pop("seen")), **answer)

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> "Ran":
        """The program in a process of its own."""
        return ran([sys.executable, "-m", "m365_restrict", *arguments], {**self.env, **(env or {})})


@dataclass(frozen=True)
class Ran:
    """A process that has ended: seconds of wall and CPU time, its peak memory, and when it was started."""

    exit_code: int
    stdout: str
    stderr: str
    began: float
    wall: float
    cpu: float
    peak_mb: float

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON document."""
        found: dict[str, Any] = json.loads(self.stdout)
        return found


def ran(command: list[str], env: Mapping[str, str]) -> Ran:
    """Run a process to its end and measure it."""
    began = time.monotonic()
    with subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        texts: dict[str, str] = {}
        readers = [
            threading.Thread(target=lambda name=name, pipe=pipe: texts.update({name: pipe.read()}))
            for name, pipe in (("out", process.stdout), ("err", process.stderr))
        ]
        for reader in readers:
            reader.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        for reader in readers:
            reader.join()
    seconds = usage.ru_utime + usage.ru_stime
    return Ran(process.returncode, texts["out"], texts["err"], began, wall, seconds, usage.ru_maxrss / 1024)


@contextmanager
def tenant(
    state: Path, *, seed: Mapping[str, Any] | None = None, latency_ms: int = LATENCY_MS, most: int = MOST
) -> Iterator[Tenant]:
    """A sandbox process over this folder; its port is a free one. Ended by its id at the end of the block."""
    state.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "--state", str(state)]
    command += ["--latency-ms", str(latency_ms), "--most", str(most)]
    if seed is not None:
        file = state / "seed.json"
        file.write_text(json.dumps(seed), "utf-8")
        command += ["--seed", str(file)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError("the sandbox did not start")
        (state / "seed.json").unlink(missing_ok=True)
        yield Tenant(state, line.split()[1], process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()


def main() -> int:
    """The sandbox's process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--seed", type=Path)
    parser.add_argument("--latency-ms", type=int, default=LATENCY_MS)
    parser.add_argument("--most", type=int, default=MOST)
    given = parser.parse_args()
    options = SandboxOptions(state=given.state, seed=given.seed, latency_ms=given.latency_ms)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with RunningSandbox(options, through=lambda application: Watch(application, given.most)) as running:
        sys.stdout.write(f"ready {running.base}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
