"""The same plan against what an engineer would write with msgraph-sdk."""

from collections.abc import Sequence

from bench_council import Size
from bench_frame import Listing, Order, Result
from bench_no_change import HERE, Samples, in_step

TITLE = "A plan that changes nothing, against typed models"
METHOD = """\
The council is that of the plan that changes nothing. The reference (b) is what an engineer would write with
msgraph-sdk's typed models, one call after another: it reads the lists with the versions of each item, who is
who, and the rules of each mailbox, and remembers nothing between two runs."""

SDK = HERE / "reference_sdk.py"
LEAST_TIMES = 10


def measure(order: Order) -> Sequence[Result]:
    """The one row."""
    size = Size(cases=order.of(200, 3), councillors=order.of(100, 10))
    with in_step(order.folder / "tenant", size) as council:
        taken = Samples(order, council, order.folder / "none")
        shown = (Listing(title="Reference (b)", code=SDK.read_text("utf-8")),)
        return [
            taken.against("msgraph-sdk, one call after another (b)", [str(SDK)], LEAST_TIMES, shown),
        ]
