"""A plan that finds nothing to change: how long it takes and what it asks, against three references."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path

from bench_council import Size, seed
from bench_frame import Listing, Order, Result, interleaved
from bench_recording import recording_of, written
from bench_tenant import LATENCY_MS, MOST, Ran, Saw, Tenant, ran, tenant

TITLE = "A plan that changes nothing"
METHOD = f"""\
The sandbox runs in a process of its own, answers each Graph and Exchange request {LATENCY_MS} ms late, and
refuses a request that would be one more than {MOST} in flight. A first run puts 200 cases and 300 choices of
100 councillors in force and remembers the ids of folders, a second remembers the version histories; measured
is `m365-restrict plan --json` after that, as a whole process. Taken off its time, and off the floor's, is the
start-up: the time until its first request. The floor (a) is a process that imports only an HTTP client: it
replays the recorded requests of such a plan under the same limit and parses the JSON; a request that names
something from an answer waits for that answer. (c) is the floor with one request in flight, as scripts go
through mailboxes."""

HERE = Path(__file__).parent
FLOOR = HERE / "reference_floor.py"
MOST_RATIO = 1.25
_PAGE, _FILTERED = 200, 20


def measure(order: Order) -> Sequence[Result]:
    """All rows."""
    size = Size(cases=order.of(200, 3), councillors=order.of(100, 10))
    with in_step(order.folder / "tenant", size) as council:
        recorded, second = _recorded(council)
        file = order.folder / "recording.json"
        file.write_text(written(recording_of(recorded, council, str(council.state / "ca.pem"))), "utf-8")
        taken = Samples(order, council, file)
        return [
            taken.against_floor(),
            taken.against("one mailbox at a time (c)", [str(FLOOR), str(file), "1"], 1),
            requests_row(recorded, size),
            histories_row(second),
            folders_row(second),
        ]


@contextmanager
def in_step(state: Path, size: Size, *, latency_ms: int = LATENCY_MS) -> Iterator[Tenant]:
    """A council with everything in force and remembered, behind the latency."""
    with tenant(state, seed=seed(size), latency_ms=0) as fast:
        first = fast.run("apply", "--approve", "--json")
        if first.exit_code != 0:
            raise RuntimeError(first.stdout or first.stderr)
        expect_nothing(fast.run("plan", "--json"))
    with tenant(state, latency_ms=latency_ms) as slow:
        yield slow


def expect_nothing(done: Ran) -> Ran:
    """The run, if it found nothing to change."""
    if done.exit_code != 0 or done.document["changes"]:
        raise RuntimeError(f"the plan ended with {done.exit_code}: {done.stderr}")
    return done


def _recorded(council: Tenant) -> tuple[Saw, Saw]:
    """What a plan asked, twice: the second is the one of which no history may be asked."""
    council.look(keeping=True)
    expect_nothing(council.run("plan", "--json"))
    first = council.look(keeping=True)
    expect_nothing(council.run("plan", "--json"))
    return first, council.look()


class Samples:
    """Processes measured against each other in one tenant."""

    def __init__(self, order: Order, council: Tenant, file: Path) -> None:
        self._order, self._council, self._file = order, council, file
        self._cpu: dict[str, list[float]] = {}
        self._first: dict[str, list[float]] = {}

    def against_floor(self) -> Result:
        """Wall time from the first request on, against the floor's."""
        floor = [str(FLOOR), str(self._file), str(MOST)]
        taken = interleaved(
            self._order.samples,
            ours=lambda: self._after_start("ours", self._plan()),
            floor=lambda: self._after_start("floor", self._script(floor)),
        )
        result = Result(
            name="no-change plan from its first request on, against the floor (a)",
            unit="s",
            samples=taken["ours"],
            reference="the floor",
            reference_samples=taken["floor"],
            bound=f"at most {MOST_RATIO} × the floor",
            met=False,
            limit="this process's CPU time, which the waits for answers hide only in part",
            beside=self._beside("ours", "floor"),
            listings=(Listing(title="The floor (a) and (c)", code=FLOOR.read_text("utf-8")),),
        )
        return _judged(result, (result.ratio or 0) <= MOST_RATIO)

    def against(
        self, name: str, script: list[str], times: float, listings: tuple[Listing, ...] = ()
    ) -> Result:
        """Wall time of the whole process, against that of a script; it is to be so many times faster."""
        taken = interleaved(
            self._order.samples,
            ours=lambda: self._plan().wall,
            theirs=lambda: self._script(script).wall,
        )
        result = Result(
            name=f"no-change plan as a whole process, against {name}",
            unit="s",
            samples=taken["ours"],
            reference=name,
            reference_samples=taken["theirs"],
            bound=f"at least {times:g} × faster" if times > 1 else "faster",
            met=False,
            limit="four requests in flight, and the start-up of a Python process",
            listings=listings,
        )
        return _judged(result, (result.ratio or 0) * times <= 1)

    def _plan(self) -> Ran:
        self._council.look(keeping=True)
        return expect_nothing(self._council.run("plan", "--json"))

    def _script(self, script: list[str]) -> Ran:
        self._council.look(keeping=True)
        done = ran([sys.executable, *script], self._council.env)
        if done.exit_code != 0:
            raise RuntimeError(done.stderr)
        return done

    def _after_start(self, name: str, done: Ran) -> float:
        """The seconds from the first request on, which is a sign-in."""
        start = min(one.began for one in self._council.look().seen) - done.began
        self._cpu.setdefault(name, []).append(done.cpu)
        self._first.setdefault(name, []).append(start)
        return done.wall - start

    def _beside(self, *names: str) -> Mapping[str, str]:
        told = {}
        for name in names:
            told[f"CPU time of the whole process, {name}"] = _middle(self._cpu[name])
            told[f"start-up until the first request, {name}"] = _middle(self._first[name])
        return told


def requests_row(saw: Saw, size: Size) -> Result:
    """The requests of a run against the formula."""
    terms = formula(size)
    expected, asked = sum(terms.values()), len(saw.asked)
    return Result(
        name="requests of a no-change plan",
        unit="requests",
        samples=(asked,),
        bound=f"exactly {expected}, by the formula",
        met=asked == expected and saw.refused == 0,
        limit="one question for each mailbox's rules, and 20 people to a question",
        beside={
            "formula": " + ".join(f"{count} {name}" for name, count in terms.items()) + f" = {expected}",
            "most in flight": str(saw.peak),
            "refused for being too many at once": str(saw.refused),
        },
    )


def histories_row(saw: Saw) -> Result:
    """The version histories that a second run asks for."""
    asked = sum("/versions" in one.url for one in saw.asked)
    return Result(
        name="version histories that the next plan asks for",
        unit="requests",
        samples=(asked,),
        bound="none",
        met=asked == 0,
        limit="nothing: a history is asked for where an item has changed since it was read",
    )


def folders_row(saw: Saw) -> Result:
    """The folders that a second run asks for."""
    asked = sum(asks_for_folder(one.url) for one in saw.asked)
    return Result(
        name="folders that the next plan asks for",
        unit="requests",
        samples=(asked,),
        bound="none",
        met=asked == 0,
        limit="nothing: a folder is asked for where its rule does not show the id it had, and once a day",
    )


def asks_for_folder(url: str) -> bool:
    """Whether a request asks for a folder of a mailbox, and not for the rules in it."""
    return "/mailFolders" in url and "/messageRules" not in url


def formula(size: Size) -> dict[str, int]:
    """What a no-change plan of `bench_council` asks, by what it asks about."""
    rows = (size.cases + 1, 1, size.choices + 1)  # Each with the row that proves the list.
    return {
        "site": 1,
        "lists": len(rows),
        "columns of the lists": len(rows),
        "pages of items": sum(ceil(row / _PAGE) for row in rows),
        "histories of changed items": 0,
        "approver": 1,
        "councillors' group and its members": 2,
        "accepted domains": 1,
        "councillors' group, protected mailbox and single contact as recipients": 3,
        "the single contact's mailbox": 1,
        "recipients, 20 at a time": ceil(size.councillors / _FILTERED),
        "senders, 20 at a time": ceil(size.cases / _FILTERED),
        "folders that are not remembered": 0,
        "transport rules and their limits": 2,
        "mailboxes": size.councillors,
    }


def _judged(result: Result, met: bool) -> Result:
    return Result(**{**vars(result), "met": met})


def _middle(figures: Sequence[float]) -> str:
    ordered = sorted(figures)
    return f"{ordered[len(ordered) // 2]:.2f} s ({ordered[0]:.2f} to {ordered[-1]:.2f})"
