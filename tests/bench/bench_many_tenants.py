"""Fifty councils in one process: against what the limit of each permits, and against the memory of five."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench_canned import Canned, canned, kept, site_of, tenant_id
from bench_council import Size
from bench_frame import Order, Result, interleaved
from bench_no_change import expect_nothing, in_step
from bench_tenant import LATENCY_MS, MOST, Ran, ran

AT_ONCE = 8
TITLE = "Fifty councils in one process"
METHOD = f"""\
One council with 20 cases and a choice of each of 100 councillors is brought in step, and what a plan is
answered is recorded. A server that costs little CPU then gives these answers to as many tenants as there are
councils, each {LATENCY_MS} ms late and with {MOST} requests in flight for each tenant; every council has its
own settings and ledger. Measured is `m365-restrict plan --all --json` as a whole process, with the usual
{AT_ONCE} councils at work at once. What the limit permits is four requests at a time of each of these."""

_PREFIX = "M365_RESTRICT_"
MOST_MEMORY, MOST_GROWTH, LEAST_SHARE = 250, 1.5, 0.95
NOW = "2026-11-23T09:00:00Z"


def measure(order: Order) -> Sequence[Result]:
    """Time of fifty, and their memory against that of five."""
    many, few = order.of(50, 4), order.of(5, 2)
    with _county(order) as county:
        peaks: dict[str, list[float]] = {"many": [], "few": []}
        cpu: list[float] = []

        def _take(name: str, councils: int) -> float:
            done = county.run(councils)
            peaks[name].append(done.peak_mb)
            if name == "many":
                cpu.append(done.cpu)
            return done.wall

        taken = interleaved(order.samples, many=lambda: _take("many", many), few=lambda: _take("few", few))
        counts = county.server.counts()
    runs = order.samples * (many + few)
    each = counts["served"] / runs
    permitted = many / min(many, AT_ONCE) * each / MOST * LATENCY_MS / 1000
    walls = taken["many"]
    shares = [spent / wall for spent, wall in zip(cpu, walls, strict=True)]
    bound_by_cpu = min(shares) >= LEAST_SHARE
    time = Result(
        name=f"no-change plan of {many} councils in one process",
        unit="s",
        samples=walls,
        reference="four requests in flight per tenant permit",
        reference_samples=(permitted,),
        bound="at least 95 % of what the limit permits, or the CPU bound named",
        met=bound_by_cpu or permitted / sorted(walls)[len(walls) // 2] >= LEAST_SHARE,
        limit="one Python process has one core: parsing, judging and recording each council's answers",
        beside={
            "requests of each council": f"{each:.0f}",
            "refused, most in flight for a tenant": f"{counts['refused']}, {counts['peak']}",
            "CPU time of the process": " ".join(f"{one:.1f}" for one in cpu) + " s",
            "share of one core in use": " ".join(f"{one:.0%}" for one in shares),
            f"{few} councils": " ".join(f"{one:.1f}" for one in taken["few"]) + " s",
        },
    )
    memory = Result(
        name=f"peak memory of {many} councils against {few}",
        unit="MB",
        samples=tuple(peaks["many"]),
        reference=f"{few} councils",
        reference_samples=tuple(peaks["few"]),
        bound=f"at most {MOST_GROWTH} × that of {few}, and under {MOST_MEMORY} MB",
        met=max(peaks["many"]) < MOST_MEMORY and max(peaks["many"]) <= MOST_GROWTH * min(peaks["few"]),
        limit="the answers of the councils at work, TENANTS__AT_ONCE of them",
    )
    return [time, memory]


class _County:
    """A folder of councils that one server answers."""

    def __init__(self, folder: Path, env: Mapping[str, str], server: Canned, size: Size) -> None:
        self.server = server
        self._folder, self._env, self._size = folder, env, size

    def run(self, councils: int) -> Ran:
        """Plan for this many of them."""
        tenants = self._folder / "tenants"
        shutil.rmtree(tenants, ignore_errors=True)
        tenants.mkdir()
        for number in range(councils):
            settings = self._settings(number)
            lines = "".join(f"{key}={value}\n" for key, value in settings.items())
            (tenants / f"t{number:02}.env").write_text(lines, "utf-8")
        command = [
            sys.executable,
            "-m",
            "m365_restrict",
            "plan",
            "--all",
            "--json",
            "--tenants",
            str(tenants),
        ]
        base = {key: value for key, value in self._env.items() if not key.startswith(_PREFIX)}
        done = ran(command, {**base, f"{_PREFIX}TENANTS__AT_ONCE": str(AT_ONCE)})
        statuses = {one["status"] for one in done.document["tenants"]}
        if done.exit_code != 0 or statuses != {"in_step"}:
            raise RuntimeError(f"{done.exit_code} {statuses} {self.server.counts()} {done.stderr[-3000:]}")
        return done

    def _settings(self, number: int) -> dict[str, str]:
        ledger = self._folder / f"{number}.db"
        shutil.copyfile(self._folder / "tenant" / "ledger.db", ledger)
        own = {
            "GRAPH__BASE_URL": f"{self.server.base}/{tenant_id(number)}/v1.0",
            "AUTH__TENANT_ID": tenant_id(number),
            "REGISTER__SITE": site_of(number),
            "LEDGER__URL": f"sqlite:///{ledger}",
        }
        env = {key: value for key, value in self._env.items() if key.startswith(_PREFIX)}
        return {**env, **{f"{_PREFIX}{key}": value for key, value in own.items()}}


@contextmanager
def _county(order: Order) -> Iterator[_County]:
    size = Size(cases=order.of(20, 2), councillors=order.of(100, 10), choices_each=1)
    state, file = order.folder / "tenant", order.folder / "answers.json"
    with in_step(state, size, latency_ms=0) as council:
        council.look(keeping=True)
        expect_nothing(council.run("plan", "--json"))
        saw, env, port = council.look(), council.env, urlsplit(council.base).port or 0
    own = {"recorded_tenant": env[f"{_PREFIX}AUTH__TENANT_ID"], "site": env[f"{_PREFIX}REGISTER__SITE"]}
    file.write_text(json.dumps(kept(saw, **own, port=port, now=NOW)), "utf-8")
    with canned(file, state, port) as server:
        yield _County(order.folder, env, server, size)
