"""Fifty councils in one process: against what the limit of each permits, and against the memory of five."""

import json
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench_canned import Canned, canned, kept, site_of, tenant_id
from bench_council import Size
from bench_frame import Listing, Order, Result, interleaved
from bench_no_change import expect_nothing, in_step
from bench_tenant import LATENCY_MS, MOST, Ran, ran

AT_ONCE = 8
TITLE = "Fifty councils in one process"
METHOD = f"""\
One council with 20 cases and a choice of each of 100 councillors is brought in step, and what a plan is
answered is recorded. A server that costs little CPU then gives these answers to as many tenants as there are
councils, each {LATENCY_MS} ms late and with {MOST} requests in flight for each tenant; every council has its
own settings and ledger. Measured is `m365-restrict plan --all --json` as a whole process, with the usual
{AT_ONCE} councils at work at once. What the limit permits is four requests at a time of each of these,
without a gap. Where the process has used up one core in place of that, the profile says on what: a further
run of a few councils, one at a time, whose time counts nowhere."""

HERE = Path(__file__).parent
PROFILED = HERE / "profiled_councils.py"
_PREFIX = "M365_RESTRICT_"
MOST_MEMORY, MOST_GROWTH = 250, 1.5
LEAST_OF_PERMITTED, LEAST_SHARE = 0.95, 0.90
NOW = "2026-11-23T09:00:00Z"


def measure(order: Order) -> Sequence[Result]:
    """Time of fifty, and their memory against that of five."""
    many, few = order.of(50, 4), order.of(5, 2)
    with _county(order) as county:
        done: dict[str, list[Ran]] = {"many": [], "few": []}

        def _take(name: str, councils: int) -> float:
            done[name].append(county.run(councils))
            return done[name][-1].wall

        interleaved(order.samples, many=lambda: _take("many", many), few=lambda: _take("few", few))
        counts = county.server.counts()
        profile = county.profile(few)
    each = counts["served"] / (order.samples * (many + few))
    permitted = many / min(many, AT_ONCE) * each / MOST * LATENCY_MS / 1000
    beside = {
        "requests of each council": f"{each:.0f}",
        "refused, most in flight for a tenant": f"{counts['refused']}, {counts['peak']}",
    }
    return [_time(done["many"], done["few"], permitted, beside, profile), _memory(done["many"], done["few"])]


def _time(
    many: Sequence[Ran], few: Sequence[Ran], permitted: float, beside: Mapping[str, str], profile: str
) -> Result:
    """Wall time against what the limit permits; or one core used up, and on what."""
    walls = tuple(one.wall for one in many)
    shares = [one.cpu / one.wall for one in many]
    councils = len(many[0].document["tenants"])
    of_permitted = permitted / statistics.median(walls)
    return Result(
        name=f"no-change plan of {councils} councils in one process",
        unit="s",
        samples=walls,
        reference="four requests in flight per tenant permit",
        reference_samples=(permitted,),
        bound=f"at least {LEAST_OF_PERMITTED:.0%} of what the limit permits, or {LEAST_SHARE:.0%} of one "
        "core in use and the profile printed",
        met=of_permitted >= LEAST_OF_PERMITTED
        or (statistics.median(shares) >= LEAST_SHARE and bool(profile)),
        limit="one Python process has one core, and a run now and then waits for one answer alone",
        beside={
            **beside,
            "of what the limit permits": f"{of_permitted:.0%}",
            "share of one core in use": " ".join(f"{one:.0%}" for one in shares),
            "CPU time of the process": " ".join(f"{one.cpu:.1f}" for one in many) + " s",
            "CPU time of each further council": f"{_of_each(many, few):.2f} s",
            f"{len(few[0].document['tenants'])} councils": " ".join(f"{one.wall:.1f}" for one in few) + " s",
        },
        listings=(Listing(title="Where the councils' CPU time goes", code=profile),),
    )


def _of_each(many: Sequence[Ran], few: Sequence[Ran]) -> float:
    """CPU seconds of one more council, the start of the process left out."""
    more = statistics.median(one.cpu for one in many) - statistics.median(one.cpu for one in few)
    return more / (len(many[0].document["tenants"]) - len(few[0].document["tenants"]))


def _memory(many: Sequence[Ran], few: Sequence[Ran]) -> Result:
    peaks, least = [one.peak_mb for one in many], min(one.peak_mb for one in few)
    councils, fewer = len(many[0].document["tenants"]), len(few[0].document["tenants"])
    return Result(
        name=f"peak memory of {councils} councils against {fewer}",
        unit="MB",
        samples=tuple(peaks),
        reference=f"{fewer} councils",
        reference_samples=tuple(one.peak_mb for one in few),
        bound=f"at most {MOST_GROWTH} × that of {fewer}, and under {MOST_MEMORY} MB",
        met=max(peaks) < MOST_MEMORY and max(peaks) <= MOST_GROWTH * least,
        limit=f"the answers of the councils at work, {AT_ONCE} of many and all of the few",
    )


class _County:
    """A folder of councils that one server answers."""

    def __init__(self, folder: Path, env: Mapping[str, str], server: Canned) -> None:
        self.server = server
        self._folder, self._env = folder, env

    def run(self, councils: int) -> Ran:
        """Plan for this many of them."""
        return self._planned(councils, ["-m", "m365_restrict"], at_once=AT_ONCE)

    def profile(self, councils: int) -> str:
        """Where their CPU time goes, of this many one after another."""
        file = self._folder / "profile.txt"
        self._planned(councils, [str(PROFILED), str(file)], at_once=1)
        return file.read_text("utf-8")

    def _planned(self, councils: int, program: Sequence[str], *, at_once: int) -> Ran:
        tenants = self._folder / "tenants"
        shutil.rmtree(tenants, ignore_errors=True)
        tenants.mkdir()
        for number in range(councils):
            lines = "".join(f"{key}={value}\n" for key, value in self._settings(number).items())
            (tenants / f"t{number:02}.env").write_text(lines, "utf-8")
        base = {key: value for key, value in self._env.items() if not key.startswith(_PREFIX)}
        done = ran(
            [sys.executable, *program, "plan", "--all", "--json", "--tenants", str(tenants)],
            {**base, f"{_PREFIX}TENANTS__AT_ONCE": str(at_once)},
        )
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
        yield _County(order.folder, env, server)
