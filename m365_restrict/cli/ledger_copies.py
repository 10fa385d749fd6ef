"""`ledger backup` and `ledger restore`: a copy kept elsewhere, and putting one back."""

import os
import secrets
import socket
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from m365_restrict.errors import RestrictError
from m365_restrict.ledger.copies import CopyFacts, back_up, restore
from m365_restrict.ledger.lease import Holder
from settings.load import load_settings
from settings.model import Settings


def write_backup(target: Path, env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Copy the ledger to a new file; the exit code."""

    def _act(settings: Settings) -> str:
        facts = back_up(settings.ledger.url, target)
        return (
            f"{target} holds {_held(facts)}. It holds addresses and who approved what: keep it as "
            "you keep the ledger."
        )

    return _with_settings(_act, env_file, environ)


def put_back(copy: Path, env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Put a copy in the ledger's place; the exit code."""

    def _act(settings: Settings) -> str:
        now = datetime.now(UTC)
        holder = Holder(holder=f"restore-{secrets.token_hex(3)}", host=socket.gethostname(), pid=os.getpid())
        facts, aside = restore(
            settings.ledger.url, copy, holder=holder, seconds=settings.lease.seconds, now=now
        )
        kept = f" The ledger of before is {aside}: delete it when it is no longer needed." if aside else ""
        return (
            f"{copy} is in place: {_held(facts)}.{kept} Next: `m365-restrict plan`. What was written "
            "since is found in the tenant by its stamp and taken over."
        )

    return _with_settings(_act, env_file, environ)


def _held(facts: CopyFacts) -> str:
    last = f" (the last began at {facts.last_run} UTC)" if facts.last_run else ""
    return f"a whole ledger, with rules: {facts.rules}, runs: {facts.runs}{last}"


def _with_settings(act: Callable[[Settings], str], env_file: Path | None, environ: Mapping[str, str]) -> int:
    try:
        print(act(load_settings(environ, env_file)))
    except RestrictError as error:
        print(f"{error.message}\n{error.advice}", file=sys.stderr)
        return int(error.exit_code)
    return 0
