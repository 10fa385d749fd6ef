"""Starts the program over and over in a child process each, without importing it each time.

Reads one order a line as JSON on standard input: `arguments`, `environment`, `output` (a file for both
streams), `die_before_transaction` (0 for never) and `waits` (a file that waits are noted in, which then pass
at once; "" lets them last). Answers each with two lines: the child's process id,
and how it ended (the exit code, or minus the number of the signal). What the first child imported by and by
every later one has from the beginning.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from m365_restrict.cli.app import run


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(order)
        _say(child)
        _, status = os.waitpid(child, 0)
        _import_as(_modules_of(order))
        _say(os.waitstatus_to_exitcode(status))


def _become(order: Mapping[str, Any]) -> None:
    """Be the program in this process, as the console script is, and end with its code."""
    target = os.open(order["output"], os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(order["environment"])
    if order["die_before_transaction"]:
        _die_before(order["die_before_transaction"])
    if order["waits"]:
        _quicken(Path(order["waits"]))
    sys.argv = ["m365-restrict", *order["arguments"]]
    code = 1
    try:
        code = run()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        if not order["die_before_transaction"]:
            _modules_of(order).write_text("\n".join(sys.modules), encoding="utf-8")
        os._exit(code)


def _quicken(noted: Path) -> None:
    from fault_clock import quicken  # noqa: PLC0415 (it imports what only some children need)

    quicken(noted)


def _modules_of(order: Mapping[str, Any]) -> Path:
    return Path(f"{order['output']}.modules")


def _import_as(child: Path) -> None:
    """Import what a child had imported when it ended."""
    if child.exists():
        for name in child.read_text(encoding="utf-8").splitlines():
            if name not in sys.modules:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
        child.unlink()


def _die_before(transaction: int) -> None:
    """Die as SIGKILL kills, when the ledger is to be written for the n-th time."""
    begun = 0

    def count(connection: Connection) -> None:
        nonlocal begun
        if connection.get_execution_options().get("writes", False):
            begun += 1
            if begun == transaction:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "begin", count)


def _say(value: int) -> None:
    sys.stdout.write(f"{value}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
