"""The README's "same by hand", typed into a real shell: a sandbox in one terminal, the program in another."""

import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
try:
    import command_blocks
finally:
    sys.path.remove(str(HERE.parent))

_PATIENCE = 120
_LISTED = [
    one["begins"]
    for one in tomllib.loads((HERE.parent / "data" / "command_blocks_not_run.toml").read_text())["block"]
    if one["page"] == "README.md"
]


def _typed() -> list[command_blocks.Block]:
    """Every block of the README that is not named as one that is not run."""
    found = [
        one for one in command_blocks.blocks() if one.page == "README.md" and one.language != "powershell"
    ]
    return [one for one in found if not one.commands[0].startswith(tuple(_LISTED))]


def _free_ports(count: int) -> list[str]:
    taken = [socket.socket() for _ in range(count)]
    try:
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [str(one.getsockname()[1]) for one in taken]
    finally:
        for one in taken:
            one.close()


class Terminal:
    """A folder as `make demo` leaves it, and a shell in it. Ports are free ones in place of those shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        self._ports = dict(zip(("8443", "2525"), _free_ports(2), strict=True))
        kept = {name: text for name, text in os.environ.items() if not name.startswith("M365_RESTRICT")}
        self._environ = {**kept, "no_proxy": "localhost,127.0.0.1", "PYTHONUNBUFFERED": "1"}

    def begins(self, command: str, **pipes: Any) -> subprocess.Popen[str]:
        command = re.sub(r"\b(8443|2525)\b", lambda shown: self._ports[shown[0]], command)
        begun: subprocess.Popen[str] = subprocess.Popen(
            ["bash", "-c", command], cwd=self.folder, env=self._environ, text=True, **pipes
        )
        return begun

    def answers_yes(self, command: str) -> tuple[int, str]:
        """Run a command at a terminal at which somebody says yes; its exit code and what it printed."""
        ours, theirs = pty.openpty()
        seen: list[bytes] = []
        reader = threading.Thread(target=_drain, args=(ours, seen), daemon=True)
        try:
            os.write(ours, b"y\n")
            process = self.begins(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs)
            reader.start()
            out, _ = process.communicate(timeout=_PATIENCE)
        finally:
            os.close(theirs)
        reader.join(timeout=_PATIENCE)
        os.close(ours)
        return process.returncode, out + b"".join(seen).decode(errors="replace")


def _drain(stream: int, seen: list[bytes]) -> None:
    with suppress(OSError):  # how a terminal ends whose other side has gone
        while chunk := os.read(stream, 4096):
            seen.append(chunk)


@contextmanager
def _sandbox(terminal: Terminal, block: command_blocks.Block) -> Iterator[None]:
    """The block that begins the sandbox: its last command goes on in its terminal."""
    process = terminal.begins("set -e\n" + "\n".join([*block.commands[:-1], f"exec {block.commands[-1]}"]),
                              stdout=subprocess.PIPE)  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready https://localhost:")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README calls curl, which is not installed here")
def test_the_same_by_hand(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    first, *later = _typed()
    with _sandbox(terminal, first):
        for block in later:
            for command in block.commands:
                code, printed = terminal.answers_yes(command)
                told = re.search(r"#.*?exit (?:code )?(\d)", _line(block, command))
                assert code == (int(told[1]) if told else 0), f"{command}\n{printed}"


def _line(block: command_blocks.Block, command: str) -> str:
    """The line as the page shows it, with the comment that says how it ends."""
    return next((one for one in block.text.splitlines() if one.startswith(command)), command)
