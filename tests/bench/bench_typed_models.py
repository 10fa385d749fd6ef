"""The same plan against what an engineer would write with msgraph-sdk."""

import sys
from collections.abc import Sequence
from statistics import median

from bench_council import Size
from bench_frame import Listing, Order, Result
from bench_no_change import HERE, expect_nothing, in_step
from bench_tenant import Ran, Tenant, ran

_THEIRS = 2
TITLE = "A plan that changes nothing, against typed models"
METHOD = f"""\
The council is that of the plan that changes nothing. The reference (b) is what an engineer would write with
msgraph-sdk's typed models, one call after another: it reads the lists with the versions of each item, who is
who, and the rules of each mailbox, and remembers nothing between two runs. Both are measured as whole
processes. (b) takes minutes, so it is run {_THEIRS} times: before the plans and after them."""

SDK = HERE / "reference_sdk.py"
LEAST_TIMES = 10


def measure(order: Order) -> Sequence[Result]:
    """The one row."""
    size = Size(cases=order.of(200, 3), councillors=order.of(100, 10))
    with in_step(order.folder / "tenant", size) as council:
        council.look()
        before = _theirs(council)
        asked = council.look().served
        ours = [expect_nothing(council.run("plan", "--json")) for _ in range(order.samples)]
        planned = council.look().served // order.samples
        theirs = (before, *(_theirs(council) for _ in range(order.of(_THEIRS, 1) - 1)))
    reference = tuple(one.wall for one in theirs)
    walls = tuple(one.wall for one in ours)
    return [
        Result(
            name="no-change plan as a whole process, against msgraph-sdk, one call after another (b)",
            unit="s",
            samples=walls,
            reference="msgraph-sdk, one call after another (b)",
            reference_samples=reference,
            bound=f"at least {LEAST_TIMES} × faster",
            met=median(walls) * LEAST_TIMES <= median(reference),
            limit="four requests in flight, and the start-up of a Python process",
            beside={
                "times faster": f"{median(reference) / median(walls):.1f}",
                "requests, ours and theirs": f"{planned}, {asked}",
                "CPU time, ours and theirs": f"{_cpu(ours):.1f} s, {_cpu(theirs):.1f} s",
            },
            listings=(Listing(title="Reference (b)", code=SDK.read_text("utf-8")),),
        ),
    ]


def _theirs(council: Tenant) -> Ran:
    done = ran([sys.executable, str(SDK)], council.env)
    if done.exit_code != 0:
        raise RuntimeError(done.stderr[-2000:])
    return done


def _cpu(runs: Sequence[Ran]) -> float:
    return median(one.cpu for one in runs)
