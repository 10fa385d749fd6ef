"""Hold what the product asks and the sandbox answers against Microsoft's description and library models.

Prints the requests and answers that were checked and the violations; exits 1 where there is one, where a
client that we did not write fails, or where an address of the sandbox was not met.

Usage: python tools/contract_check.py [--python INTERPRETER] [--javascript FOLDER]

The description (graph-v1.0-2026.closed.json) is not part of this repository: M365_RESTRICT_OPENAPI names it,
else it is looked for in ../shared/data. INTERPRETER has python O365, FOLDER gets the packages of
tests/contract/clients.
"""

import argparse
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import contract_clients as clients
from contract_council import Council, SceneFailed
from contract_description import Description
from contract_judge import Findings, answers_only, described, modelled, unmet
from contract_recording import Exchanged, Recording
from contract_scenes import EVERY, Scene

from m365_restrict.sandbox.run import RunningSandbox, SandboxOptions

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT.parent / "shared" / "data" / "graph-v1.0-2026.closed.json"
_SHOWN = 40


def main() -> int:
    """Play, judge and print; the exit code."""
    options = _options()
    logging.getLogger("m365_restrict").setLevel(logging.CRITICAL)
    ours, theirs = Recording(), Recording()
    try:
        record(EVERY, ours)
    except SceneFailed as failed:
        say(f"FAILED {failed}")
        return 1
    failures = _clients(options, theirs)
    failures += [f"{address} was met by no scene" for address in unmet(ours.exchanged)]
    found = _judged(ours.exchanged, theirs.exchanged)
    for problem in [*failures, *found.violations[:_SHOWN]]:
        say(f"FAILED {problem}")
    say(str(found))
    return 1 if failures or found.violations else 0


def record(scenes: Iterable[Scene], recording: Recording) -> None:
    """Play scenes in a sandbox of their own."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        options = SandboxOptions(state=state / "tenant", http_port=0)
        with (
            RunningSandbox(options, through=recording.around) as running,
            closing(Council(running, state)) as council,
        ):
            for scene in scenes:
                scene(council)


def description_file() -> Path | None:
    """Where the official description is; None where there is none on this computer."""
    named = os.environ.get("M365_RESTRICT_OPENAPI")
    path = Path(named) if named else PLACE
    return path if path.is_file() else None


def say(text: str) -> None:
    """One line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path, default=ROOT / ".venv-contract" / "bin" / "python")
    parser.add_argument("--javascript", type=Path, default=ROOT / ".venv-contract" / "javascript")
    return parser.parse_args()


def _clients(options: argparse.Namespace, recording: Recording) -> list[str]:
    """Let each client work; what went wrong."""
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        sandbox = SandboxOptions(state=Path(folder), http_port=0)
        with RunningSandbox(sandbox, through=recording.around) as running:
            failures += _client(
                "python O365",
                lambda: clients.python_client(running, options.python),
                clients.python_expected(),
            )
            failures += _client(
                "the JavaScript client",
                lambda: clients.javascript_client(running, options.javascript),
                clients.javascript_expected(),
            )
    return failures


def _client(name: str, work: Callable[[], dict[str, Any]], expected: dict[str, Any]) -> list[str]:
    try:
        wrong = clients.wrong(work(), expected)
    except clients.ClientMissing as missing:
        say(f"SKIPPED {name}: {missing}.")
        return []
    except clients.ClientFailed as failed:
        wrong = [str(failed)]
    if not wrong:
        say(f"{name} signs in, reads and writes.")
    return [f"{name}: {one}" for one in wrong]


def _judged(ours: list[Exchanged], theirs: list[Exchanged]) -> Findings:
    """What both judges say: all that the models were asked, and the violations that either found."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's models warn of themselves
        found, of_others = modelled(ours), answers_only(modelled, theirs)
    say(f"The models of Microsoft's library: {found}{_of_others(of_others)}.")
    every = [found, of_others]
    path = description_file()
    if path is None:
        say(
            f"SKIPPED Microsoft's description: it is neither at {PLACE} nor named by M365_RESTRICT_OPENAPI, "
            "so the models were asked alone."
        )
    else:
        every += _by_description(Description(path), ours, theirs)
    violations = [problem for one in every for problem in one.violations]
    return Findings(found.requests, found.answers + of_others.answers, violations)


def _by_description(
    description: Description, ours: list[Exchanged], theirs: list[Exchanged]
) -> list[Findings]:
    found = described(ours, description)
    of_others = answers_only(lambda recorded: described(recorded, description), theirs)
    say(f"Microsoft's description: {found}{_of_others(of_others)}.")
    say(f"  Not described there: {', '.join(f'{name} ({count})' for name, count in found.left.items())}.")
    return [found, of_others]


def _of_others(found: Findings) -> str:
    return f"; answers to clients of others {found.answers}, violations {len(found.violations)}"


if __name__ == "__main__":
    sys.exit(main())
