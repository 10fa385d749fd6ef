"""`freeze` and `unfreeze`: stop everything but openings, with the reason on record."""

import getpass
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from m365_restrict.errors import RestrictError
from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.ledger import Ledger, open_ledger
from settings.load import load_settings


def freeze(reason: str, env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Hold back everything but openings from the next run on; the exit code."""

    def _begin(ledger: Ledger) -> str:
        ledger.freezes.begin(Freeze(reason=reason, set_by=getpass.getuser(), since=datetime.now(UTC)))
        return (
            f"Frozen: {reason}. What the register opens is still opened; everything else waits. "
            "Lift it with `m365-restrict unfreeze`."
        )

    return _with_ledger(_begin, env_file, environ)


def unfreeze(env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Let runs write again; the exit code."""

    def _end(ledger: Ledger) -> str:
        stood = ledger.freezes.end()
        if stood is None:
            return "Nothing was frozen."
        since = f"{stood.since:%Y-%m-%d %H:%M} UTC"
        return f"Unfrozen. It was frozen by {stood.set_by} since {since}: {stood.reason}."

    return _with_ledger(_end, env_file, environ)


def _with_ledger(act: Callable[[Ledger], str], env_file: Path | None, environ: Mapping[str, str]) -> int:
    try:
        settings = load_settings(environ, env_file)
        with open_ledger(settings.ledger.url) as ledger:
            print(act(ledger))
    except RestrictError as error:
        print(f"{error.message}\n{error.advice}", file=sys.stderr)
        return int(error.exit_code)
    return 0
