"""The state as Prometheus metrics. No label names a person, an address, a mailbox or a case."""

import platform
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from m365_restrict import __version__
from m365_restrict.errors import RestrictError
from m365_restrict.health.source import HealthSource
from m365_restrict.health.state import HealthState, JobState
from m365_restrict.tenant.sign_in_way import SignInWay

_PREFIX = "m365_restrict_"
_TENANT = "tenant"
Sample: TypeAlias = tuple[tuple[str, ...], float | None]
"""The values of a metric's labels, and its value; None where it is not known."""
Samples: TypeAlias = Callable[[HealthState], Iterable[Sample]]
_LATE = frozenset({JobState.OVERDUE, JobState.SILENT})


def exposition(source: HealthSource, accept: str) -> tuple[str, bytes]:
    """The content type that suits an Accept header, and the metrics as they are now."""
    registry = CollectorRegistry()
    registry.register(_StateCollector(source))
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(accept)
    return content_type, encode(registry)


class _StateCollector(Collector):
    """Asks for the state of each council once for all metrics."""

    def __init__(self, source: HealthSource) -> None:
        self._source = source

    def describe(self) -> Iterable[Metric]:
        """Nothing: the ledger is not read to register."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every metric."""
        build = GaugeMetricFamily(
            f"{_PREFIX}build_info", "The version that answers.", labels=["version", "python"]
        )
        build.add_metric([__version__, platform.python_version()], 1)
        yield build
        pulse = self._source.pulse
        if pulse is not None:
            yield GaugeMetricFamily(
                f"{_PREFIX}scheduler_loop_age_seconds",
                "Seconds since the scheduler's loop last turned.",
                value=pulse.age(),
            )
        states, readable = self._states()
        yield readable
        for name, about, labels, samples in _GAUGES:
            family = GaugeMetricFamily(f"{_PREFIX}{name}", about, labels=[_TENANT, *labels])
            for tenant, state in states.items():
                for values, value in samples(state):
                    if value is not None:
                        family.add_metric([tenant, *values], value)
            yield family
        yield _runs(states)

    def _states(self) -> tuple[dict[str, HealthState], Metric]:
        states: dict[str, HealthState] = {}
        readable = GaugeMetricFamily(
            f"{_PREFIX}state_readable",
            "Whether settings and ledger could be read; where not, nothing else is told.",
            labels=[_TENANT],
        )
        for tenant, council in self._source.councils.items():
            try:
                states[tenant] = council.state()
            except RestrictError:
                readable.add_metric([tenant], 0)
            else:
                readable.add_metric([tenant], 1)
        return states, readable


def _runs(states: dict[str, HealthState]) -> Metric:
    family = CounterMetricFamily(
        f"{_PREFIX}runs", "Runs that the ledger knows, by how they ended.", labels=[_TENANT, "verb", "status"]
    )
    for tenant, state in states.items():
        for one in state.runs:
            family.add_metric([tenant, one.verb, one.status], one.count)
    return family


def _seconds(instant: datetime | None) -> float | None:
    return None if instant is None else instant.timestamp()


def _headroom(state: HealthState, *, limit: bool) -> Iterator[Sample]:
    room = state.headroom
    if room is None:
        return
    parts = {
        "rules": room.rules,
        "pattern_characters": room.pattern_characters,
        "largest_rule": room.largest_rule,
    }
    for name, use in parts.items():
        if use is not None:
            yield (name,), use.limit if limit else use.used


_GAUGES: tuple[tuple[str, str, tuple[str, ...], Samples], ...] = (
    (
        "job_last_success_timestamp_seconds",
        "When the job last ended having done its work.",
        ("job_name",),
        lambda state: (((one.job.value,), _seconds(one.last_success)) for one in state.jobs),
    ),
    (
        "job_last_start_timestamp_seconds",
        "When the job last began.",
        ("job_name",),
        lambda state: (((one.job.value,), _seconds(one.last_began)) for one in state.jobs),
    ),
    (
        "job_last_exit_code",
        "The exit code with which the job last ended.",
        ("job_name",),
        lambda state: (((one.job.value,), one.last_exit_code) for one in state.jobs),
    ),
    (
        "job_next_due_timestamp_seconds",
        "When the job is next due.",
        ("job_name",),
        lambda state: (((one.job.value,), _seconds(one.next_due)) for one in state.jobs),
    ),
    (
        "job_overdue",
        "1 where the job was due and has not succeeded since.",
        ("job_name",),
        lambda state: (((one.job.value,), float(one.state in _LATE)) for one in state.jobs),
    ),
    (
        "job_silent",
        "1 where that has been so for longer than HEALTH__SILENCE_HOURS.",
        ("job_name",),
        lambda state: (((one.job.value,), float(one.state is JobState.SILENT)) for one in state.jobs),
    ),
    (
        "job_running",
        "1 while the job is at work.",
        ("job_name",),
        lambda state: (((one.job.value,), float(one.running)) for one in state.jobs),
    ),
    (
        "live_cases",
        "Cases in force when a run last wrote.",
        (),
        lambda state: [((), float(state.live_cases))],
    ),
    (
        "findings",
        "Open findings of the last comparison; accepted ones are not counted.",
        ("class", "severity"),
        lambda state: (((one.class_, one.severity), one.count) for one in state.findings.counts),
    ),
    (
        "findings_timestamp_seconds",
        "When that comparison was made.",
        (),
        lambda state: [((), _seconds(state.findings.at))],
    ),
    (
        "last_run_requests",
        "Requests to Graph and Exchange of the last run of the verb.",
        ("verb",),
        lambda state: (((one.verb,), one.requests) for one in state.traffic),
    ),
    (
        "last_run_throttled_requests",
        "How many of them were answered with 429.",
        ("verb",),
        lambda state: (((one.verb,), one.throttled) for one in state.traffic),
    ),
    (
        "transport_rule_use",
        "What is used of the organisation's limits on transport rules, rules of others included.",
        ("limit",),
        lambda state: _headroom(state, limit=False),
    ),
    (
        "transport_rule_limit",
        "Those limits.",
        ("limit",),
        lambda state: _headroom(state, limit=True),
    ),
    (
        "certificate_expiry_timestamp_seconds",
        "When the certificate ends that the application signs in with.",
        ("application",),
        lambda state: (((one.role,), _seconds(one.ends_at)) for one in state.sign_in),
    ),
    (
        "certificate_days_left",
        "Whole days until then.",
        ("application",),
        lambda state: (((one.role,), one.days_left) for one in state.sign_in),
    ),
    (
        "client_secret_in_use",
        "1 where the application signs in with a secret.",
        ("application",),
        lambda state: (((one.role,), float(one.kind is SignInWay.SECRET)) for one in state.sign_in),
    ),
    ("ledger_bytes", "Size of the ledger.", (), lambda state: [((), state.ledger.bytes)]),
    ("frozen", "1 while a freeze stands.", (), lambda state: [((), float(state.freeze is not None))]),
    (
        "overrides_standing",
        "Guards that may be passed.",
        (),
        lambda state: [((), float(len(state.overrides)))],
    ),
    ("waivers_standing", "Accepted differences.", (), lambda state: [((), float(len(state.waivers)))]),
    (
        "needs_attention",
        "Things that somebody should see to, as `status` says them.",
        ("code",),
        lambda state: (
            ((code,), float(sum(one.code.value == code for one in state.attention)))
            for code in sorted({one.code.value for one in state.attention})
        ),
    ),
)
