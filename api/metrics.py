"""`/metrics`: the saved counts, and the state of Redis now, in the text format of Prometheus."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobs import metrics
from jobs.metrics import METRICS, Counters, Metric
from jobs.redis import backlog, keyspace
from jobs.redis.backlog import Backlog

Samples = Mapping[tuple[str, ...], float]


class Metrics:
    """The counters of an API process, and the exposition of those of all processes."""

    def __init__(self, redis: "Redis") -> None:
        self.counters, self._redis = Counters(), redis

    async def save(self) -> None:
        """Raises RedisError; the counts are then saved with the next ones."""
        counts = self.counters.take()
        if not counts:
            return
        try:
            async with self._redis.pipeline() as pipe:
                metrics.add_to(pipe, counts)
                await pipe.execute()
        except (RedisError, OSError):
            self.counters.put_back(counts)
            raise

    async def text(self) -> bytes:
        """The exposition. Without Redis it says only that Redis is down."""
        try:
            await self.save()
            saved: dict[Any, Any] = await self._redis.hgetall(keyspace.COUNTS)
            reply = await self._redis.eval(backlog.SCRIPT, 0, *map(str, backlog.ARGUMENTS))
        except (RedisError, OSError):
            return exposition({}, None)
        return exposition(saved, backlog.read_backlog(reply))


def exposition(saved: Mapping[str, str], now: Backlog | None) -> bytes:
    """The metrics in the text format of Prometheus. `now` is None when Redis does not answer."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(saved, now))
    return generate_latest(registry)


class _Snapshot(Collector):
    """The values of one moment, in the order of the table."""

    def __init__(self, saved: Mapping[str, str], now: Backlog | None) -> None:
        self._live, self._answers = _gauges(now), now is not None
        self._saved: dict[str, dict[tuple[str, ...], float]] = {name: {} for name in METRICS}
        for field, value in saved.items():
            name, labels = metrics.split(field)
            self._saved.setdefault(name, {})[labels] = float(value)

    def collect(self) -> Iterator[Family]:
        for metric in METRICS.values():
            if metric.live and metric.name in self._live:
                yield _gauge(metric, self._live[metric.name])
            elif self._answers and not metric.live:
                build = _histogram if metric.kind == "histogram" else _counter
                yield build(metric, self._saved[metric.name])


def _gauges(now: Backlog | None) -> dict[str, Samples]:
    if now is None:
        return {"redis_up": {(): 0}}
    return {
        "redis_up": {(): 1},
        "workers": {(): now.workers},
        "queue_jobs": {(name,): queue.jobs for name, queue in now.queues.items()},
        "queue_oldest_seconds": {
            (name,): queue.oldest_seconds for name, queue in now.queues.items()
        },
        "jobs_running": {(): now.running},
    }


def _gauge(metric: Metric, samples: Samples) -> Family:
    family = GaugeMetricFamily(metric.full_name, metric.help, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, value)
    return family


def _counter(metric: Metric, samples: Samples) -> Family:
    family = CounterMetricFamily(metric.full_name, metric.help, labels=metric.labels)
    for labels, value in (dict.fromkeys(_shown(metric), 0.0) | dict(samples)).items():
        family.add_metric(labels, value)
    return family


def _histogram(metric: Metric, samples: Samples) -> Family:
    family = HistogramMetricFamily(metric.full_name, metric.help, labels=metric.labels)
    bounds = [*map(str, metric.buckets), "+Inf"]
    given = (labels[: len(metric.labels)] for labels in samples)
    for labels in dict.fromkeys((*_shown(metric), *given)):
        counts = [samples.get((*labels, str(i)), 0) for i in range(len(bounds))]
        buckets = list(zip(bounds, accumulate(counts), strict=True))
        family.add_metric(labels, buckets, samples.get((*labels, "sum"), 0))
    return family


def _shown(metric: Metric) -> list[tuple[str, ...]]:
    """The label values that are there from the start."""
    return [(value,) for value in metric.known] if metric.labels else [()]
