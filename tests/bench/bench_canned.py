"""Many tenants that answer what one answered: a server that costs little, so that the client is measured.

Run as a script it is the server's process. It takes the recorded tenant's place at its port and certificate.
Tenant number n is addressed by an id of its own, in Graph's base URL, in Exchange's paths and at the
authority; in what is asked that id is read as the recorded one, and in answers it is put in its place.
"""

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from bench_tenant import LATENCY_MS, MOST, Saw, Seen

_SPACE = uuid.UUID("6d336f4e-8a4e-5a0d-8a44-0d3a2a3d2f11")
_HOST = "localhost"


def tenant_id(number: int) -> str:
    """The id of tenant number n."""
    return str(uuid.uuid5(_SPACE, str(number)))


def site_of(number: int) -> str:
    """Its site."""
    return f"t{number}.example:/sites/democracy"


def kept(saw: Saw, *, recorded_tenant: str, site: str, port: int, now: str) -> dict[str, Any]:
    """The file that the server reads."""
    answers = {_key(one): {"status": one.status, "body": one.answer} for one in saw.seen}
    return {"answers": answers, "tenant": recorded_tenant, "site": site, "port": port, "now": now}


def _key(one: Seen) -> str:
    if one.url.endswith("/oauth2/v2.0/token"):
        return _sign_in_key(one.url, one.body)
    return f"{one.method} {one.url} {one.body}"


def _sign_in_key(url: str, body: str) -> str:
    return f"{url} {parse_qs(body).get('scope')}"


@dataclass
class Answers:
    """What was recorded, and what has been asked since."""

    told: dict[str, Any]
    latency: float
    most: int
    in_flight: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(
        default_factory=lambda: {"served": 0, "refused": 0, "missed": 0, "peak": 0}
    )
    missed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Know the tenants by their ids."""
        self.ids = {tenant_id(number): number for number in range(1000)}
        self.base = f"https://{_HOST}:{self.told['port']}"

    async def answer(self, method: str, url: str, body: str) -> tuple[int, bytes]:
        """Status and body."""
        if url == "/bench":
            return 200, json.dumps({**self.counts, "what": self.missed[:5]}).encode()
        if url.startswith("/sandbox/clock"):
            return 200, json.dumps({"now": self.told["now"]}).encode()
        segments = url.split("/")
        asked_id = next((one for one in segments[1:5] if one in self.ids), "")
        if url.startswith((f"/{asked_id}/v1.0/", "/adminapi/")):
            return await self._counted(asked_id, method, url, body)
        return self._found(asked_id, method, url, body)

    async def _counted(self, asked_id: str, method: str, url: str, body: str) -> tuple[int, bytes]:
        now = self.in_flight.get(asked_id, 0) + 1
        self.in_flight[asked_id] = now
        self.counts["served"] += 1
        self.counts["peak"] = max(self.counts["peak"], now)
        try:
            if now > self.most:
                self.counts["refused"] += 1
                return 429, b'{"error":{"code":"ApplicationThrottled","message":"Too many at once."}}'
            await asyncio.sleep(self.latency)
            return self._found(asked_id, method, url, body)
        finally:
            self.in_flight[asked_id] -= 1

    def _found(self, asked_id: str, method: str, url: str, body: str) -> tuple[int, bytes]:
        number = self.ids.get(asked_id, 0)
        url = (
            url.removeprefix(f"/{asked_id}") if "/v1.0/" in url and not url.startswith("/adminapi/") else url
        )
        url = url.replace(asked_id or "-", self.told["tenant"]).replace(site_of(number), self.told["site"])
        key = _sign_in_key(url, body) if url.endswith("/oauth2/v2.0/token") else f"{method} {url} {body}"
        found = self.told["answers"].get(key)
        if found is None:
            self.counts["missed"] += 1
            self.missed.append(key[:300])
            return 404, b'{"error":{"code":"NotRecorded","message":"This was not recorded."}}'
        text = found["body"].replace(f"{self.base}/v1.0", f"{self.base}/{asked_id}/v1.0")
        return found["status"], text.replace(self.told["tenant"], asked_id).encode()


async def serve(answers: Answers, certificate: Path) -> None:
    """Listen until the process is ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def _connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, url, _ = head.split(" ", 2)
                lines = (line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
                headers = {name.lower(): value.strip() for name, value in lines}
                body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
                status, content = await answers.answer(method, url, body)
                lead = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
                writer.write(f"{lead}content-length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    ports = {"port": answers.told["port"], "ssl": context, "limit": 2**20}
    server = await asyncio.start_server(_connection, ["127.0.0.1", "::1"], **ports)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


@dataclass(frozen=True)
class Canned:
    """The server as its user sees it."""

    base: str
    ca_file: Path

    def counts(self) -> dict[str, Any]:
        """What it served since it was started, refused, and did not know."""
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        found: dict[str, Any] = httpx.get(f"{self.base}/bench", verify=trust).json()
        return found


@contextmanager
def canned(file: Path, state: Path, port: int) -> Iterator[Canned]:
    """The server's process, with the certificate of the sandbox whose folder this is."""
    command = [sys.executable, __file__, str(file), str(state / "server.pem")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        if not process.stdout or process.stdout.readline() != "ready\n":
            raise RuntimeError("the server of canned answers did not start")
        yield Canned(f"https://{_HOST}:{port}", state / "ca.pem")
    finally:
        process.kill()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()


def main() -> None:
    """The server's process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("certificate", type=Path)
    given = parser.parse_args()
    told = json.loads(given.file.read_text("utf-8"))
    asyncio.run(serve(Answers(told, LATENCY_MS / 1000, MOST), given.certificate))


if __name__ == "__main__":
    main()
