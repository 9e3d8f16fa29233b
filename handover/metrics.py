"""What Prometheus is told. Each figure is one that somebody would look at when woken up; docs/operations.md says what for.

Several processes add up their figures in the files of PROMETHEUS_MULTIPROC_DIR, which the supervisor sets before they
start. What concerns the whole installation is asked of the database when it is wanted.
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from handover.history.store import Store, Unavailable

TURN_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
OutboxAge = Callable[[], Awaitable[float | None]]  # seconds that the oldest item waits; None: nothing waits


class Metrics:
    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.outbox_age: OutboxAge | None = None  # set by whoever has an outbox
        self.beside: Callable[[], list[Metric]] = list  # figures of others, as they are when they are asked for
        started = Gauge("wegwijs_start_time_seconds", "When the service was started", registry=registry, multiprocess_mode="livemin")
        started.set(time.time())
        self.resident_sockets = Gauge("wegwijs_resident_sockets", "Open sockets", registry=registry, multiprocess_mode="livesum")
        self.consoles = Gauge("wegwijs_consoles", "Open staff consoles", registry=registry, multiprocess_mode="livesum")
        self.bot_up = Gauge("wegwijs_bot_up", "1 if the bot answers", registry=registry, multiprocess_mode="livemax")
        self.bus_up = Gauge("wegwijs_bus_up", "1 if other processes are heard", registry=registry, multiprocess_mode="livemin")
        self.lag = Gauge("wegwijs_loop_lag_seconds", "How late the loop was", registry=registry, multiprocess_mode="livemax")
        self.answer_seconds = Histogram("wegwijs_bot_answer_seconds", "From asking the bot to its answer", registry=registry)
        self.turn_seconds = Histogram(
            "wegwijs_turn_seconds", "From what a client sent to its acknowledgement", registry=registry, buckets=TURN_BUCKETS
        )
        self.bot_failures = Counter("wegwijs_bot_failures", "Questions without an answer in time", registry=registry)
        self.failed_handovers = Counter("wegwijs_handovers_failed", "Asked for a person, and none came", ["why"], registry=registry)
        self.unavailable = Counter("wegwijs_unavailable", "What could not be stored", registry=registry)
        self.dropped = Counter("wegwijs_sockets_dropped", "Sockets that we closed", ["why"], registry=registry)

    async def text(self, store: Store, now: datetime) -> bytes:
        """All of it, in Prometheus' format."""
        registry = self._registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        here = CollectorRegistry()
        here.register(_Asked([*await _of_the_installation(store, now), *await self._of_the_outbox(), *self.beside()]))
        return generate_latest(registry) + generate_latest(here)

    async def _of_the_outbox(self) -> list[Metric]:
        if self.outbox_age is None:
            return []
        try:
            age = await self.outbox_age()
        except Unavailable:
            return []
        return [GaugeMetricFamily("wegwijs_outbox_age_seconds", "How long the oldest item waits", value=age or 0.0)]


class _Asked(Collector):
    """Figures that were asked for just now."""

    def __init__(self, figures: list[Metric]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        return iter(self._figures)


async def _of_the_installation(store: Store, now: datetime) -> list[Metric]:
    """Nothing when the database is away: that has a figure of its own, `wegwijs_unavailable_total`."""
    try:
        waiting, oldest = await store.waiting_by_team(), await store.oldest_waiting_by_team()
        due = await store.longest_due(now)
    except Unavailable:
        return []
    count = GaugeMetricFamily("wegwijs_waiting", "Conversations that wait for staff", labels=["team"])
    age = GaugeMetricFamily("wegwijs_queue_age_seconds", "How long the first of the queue waits", labels=["team"])
    for team, number in waiting.items():
        count.add_metric([team], number)
        age.add_metric([team], max((now - oldest[team]).total_seconds(), 0) if team in oldest else 0)
    late = max((now - due).total_seconds(), 0) if due else 0.0
    return [
        count, age, GaugeMetricFamily("wegwijs_timer_lateness_seconds", "How late the oldest time limit is", value=late),
    ]  # fmt: skip
