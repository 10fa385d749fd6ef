"""Write docs/fidelity.md: what the sandbox imitates, from which fact, how sure.

Usage: python tools/write_fidelity.py [PATH]

The addresses, cmdlets, switches and faults come from the sandbox itself; the facts and how sure they are from
tools/fidelity_rows.toml. What has no row there is an error, and so is a row for what is not there.
"""

import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from m365_restrict.sandbox.faults import FaultKind
from m365_restrict.sandbox.graph.routing import ROUTES, Route
from m365_restrict.sandbox.seed import Behaviour
from m365_restrict.sandbox.store import Store
from m365_restrict.sandbox.tenant import SandboxTenant

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "fidelity.md"
ROWS = Path(__file__).with_name("fidelity_rows.toml")

_INTRODUCTION = """\
# How true the sandbox is

No Microsoft 365 tenant can be reached from where this is built. The sandbox imitates what is known of one;
this page lists each address and cmdlet with the fact it follows and how sure that fact is: *documented* by
Microsoft, *measured* on a real tenant by somebody, *reported* by practitioners, or *inferred* by us.
Nothing here was tried on a tenant of ours: `doctor --probe` and the canary settle in yours what they can.
This page is written by `make fidelity` from the sandbox itself.
"""

_TESTED = """\
The tests are run under the other answers as well. `make behaviours` gives one answer at a time to the tests
that it may touch (`tools/behaviour_rows.toml`). `python tools/behaviour_table.py --together` runs every
end-to-end test but the longest in as few tenants as give all answers, many at a time. A test about one
answer says so and why; it is skipped where another one is asked for alone, and keeps its own among many.
"""


class UnmatchedRow(Exception):
    """The rows and the sandbox disagree; the message names what has no partner."""


def page(rows: Mapping[str, Any]) -> str:
    """The page as Markdown, or `UnmatchedRow`."""
    _match("switch", Behaviour.model_fields, rows["behaviour"])
    tenant = SandboxTenant.over(Store(Path(":memory:")))
    _match("cmdlet", tenant.exchange.cmdlets(), rows["cmdlets"])
    _match("module", {_module(route) for route in ROUTES}, rows["graph"])
    return "\n".join(
        [
            _INTRODUCTION,
            *_section("Microsoft Graph", "address|what is imitated|fact|how sure", _graph(rows["graph"])),
            *_section(
                "Other addresses", "address|what is imitated|fact|how sure", _others(rows["endpoints"])
            ),
            *_section(
                "Cmdlets", "cmdlet|fact|how sure", ((f"`{n}`", *r) for n, r in rows["cmdlets"].items())
            ),
            *_section(
                "What nobody knows",
                "`tenant.behaviour`|question|usual answer|fact",
                _switches(rows),
                text=_TESTED,
            ),
            *_section("Faults that can be injected", "fault|what happens", _faults()),
            *_section("Left out", "what|fact|why that does no harm", ((n, *r) for n, r in _left_out(rows))),
        ]
    )


def _match(kind: str, there: Iterable[str], rows: Iterable[str]) -> None:
    missing, extra = sorted(set(there) - set(rows)), sorted(set(rows) - set(there))
    if missing or extra:
        raise UnmatchedRow(f"For each {kind} one row: without a row {missing}, without a {kind} {extra}.")


def _section(title: str, heads: str, rows: Iterable[tuple[str, ...]], *, text: str = "") -> list[str]:
    columns = heads.split("|")
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    above = [f"## {title}", "", *([text] if text else [])]
    return [*above, "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|", *lines, ""]


def _graph(rows: Mapping[str, Mapping[str, str]]) -> Iterable[tuple[str, ...]]:
    for route in sorted(ROUTES, key=lambda one: (one.segments, one.method)):
        row = rows[_module(route)]
        yield f"`{route.method} /{'/'.join(route.segments)}`", _first(route), row["facts"], row["sure"]


def _others(rows: Mapping[str, Mapping[str, str]]) -> Iterable[tuple[str, ...]]:
    return ((f"`{name}`", row["what"], row["facts"], row["sure"]) for name, row in rows.items())


def _switches(rows: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    for name, field in Behaviour.model_fields.items():
        question, fact = rows["behaviour"][name]
        usual = getattr(field.default, "value", field.default)
        yield f"`{name}`", question, f"`{usual}`", fact


def _faults() -> Iterable[tuple[str, ...]]:
    return ((f"`{kind.value}`", kind.meaning) for kind in FaultKind)


def _left_out(rows: Mapping[str, Any]) -> Iterable[tuple[str, list[str]]]:
    found: Mapping[str, list[str]] = rows["left_out"]
    return found.items()


def _module(route: Route) -> str:
    return route.handler.__module__.rpartition(".")[2]


def _first(route: Route) -> str:
    """The first paragraph of the handler's docstring."""
    return (route.handler.__doc__ or "").split("\n\n")[0]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main(arguments: list[str]) -> int:
    """Write the page; the exit code is that of the process."""
    rows = tomllib.loads(ROWS.read_text(encoding="utf-8"))
    target = Path(arguments[0]) if arguments else PAGE
    target.write_text(page(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
