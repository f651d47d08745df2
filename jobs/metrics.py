"""Every metric of the service, and the counts of one process until they are saved in Redis.

Workers have no HTTP port, so each process saves its counts to one hash in Redis, from which any API
process answers `/metrics`. What ends a job is counted inside the queue's scripts.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

from jobs.records.job import State
from jobs.redis.keyspace import COUNTS

NAMESPACE = "cropshield_"
QUEUE_NAMES = ("retry", "interactive", "bulk")
STAGES = ("queued", "decode", "inference", "explain", "render", "total")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


@dataclass(frozen=True)
class Metric:
    """`known`: values of its label that are shown from the start, at zero.

    A `live` metric is read when somebody asks; the others are counted.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        return NAMESPACE + self.name

    @property
    def live(self) -> bool:
        return self.kind == "gauge"


METRICS = {
    metric.name: metric
    for metric in (
        Metric("redis_up", "gauge", "1 when Redis answers; without it nothing else is known."),
        Metric("workers", "gauge", "Workers that gave a sign of life within 10 s."),
        Metric("queue_jobs", "gauge", "Jobs that wait.", ("queue",)),
        Metric("queue_oldest_seconds", "gauge", "Age of the oldest job that waits.", ("queue",)),
        Metric("jobs_running", "gauge", "Jobs that a worker holds."),
        Metric(
            "jobs_ended_total",
            "counter",
            "Jobs that reached an end.",
            ("state",),
            tuple(state.value for state in State if state.is_terminal),
        ),
        Metric("job_failures_total", "counter", "Jobs that failed, by why.", ("type",)),
        Metric(
            "verdicts_total",
            "counter",
            "Photos explained, by how far the answer is to be relied on.",
            ("model", "verdict"),
        ),
        Metric("job_attempts_total", "counter", "Jobs taken by a worker, repeats included."),
        Metric("recoveries_total", "counter", "Jobs queued again because their worker was lost."),
        Metric("cache_hits_total", "counter", "Jobs answered by the result of an identical one."),
        Metric(
            "batch_photos",
            "histogram",
            "Photos taken at once.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        ),
        Metric(
            "job_stage_seconds",
            "histogram",
            "Time that a succeeded job spent in a stage.",
            ("stage",),
            STAGES,
            _SECONDS,
        ),
        Metric("working_seconds_total", "counter", "Seconds in which workers had work."),
        Metric("model_seconds_total", "counter", "Seconds of them in which a model ran."),
        Metric("out_of_memory_total", "counter", "Batches that did not fit into memory."),
        Metric("model_loads_total", "counter", "Models loaded by a worker.", ("model",)),
        Metric(
            "swept_total",
            "counter",
            "Leftovers removed by the sweeper.",
            ("what",),
            ("expired", "erased", "orphan", "part"),
        ),
        Metric(
            "webhooks_total",
            "counter",
            "Attempts to call a `callback_url`.",
            ("outcome",),
            ("received", "failed", "given_up"),
        ),
        Metric(
            "http_requests_total",
            "counter",
            "Requests answered.",
            ("method", "route", "status"),
        ),
        Metric(
            "http_request_seconds",
            "histogram",
            "Time from a request's head to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
        ),
        Metric("http_received_bytes_total", "counter", "Bytes of requests' bodies.", ("route",)),
        Metric("http_sent_bytes_total", "counter", "Bytes of answers' bodies.", ("route",)),
    )
}
_SEPARATOR = "|"
Counts = Mapping[str, float]


def field(name: str, *labels: str) -> str:
    """The hash field of a count: the metric, its labels, and for a histogram the bucket."""
    return _SEPARATOR.join((name, *labels))


def split(name: str) -> tuple[str, tuple[str, ...]]:
    """Metric and labels of a hash field."""
    metric, *labels = name.split(_SEPARATOR)
    return metric, tuple(labels)


class Counters:
    """What a process has counted and not saved yet. For use from several threads."""

    def __init__(self) -> None:
        self._counts: dict[str, float] = defaultdict(int)
        self._lock = Lock()

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        with self._lock:
            self._counts[field(name, *labels)] += by

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Count `value` in its bucket; the last bucket has no upper bound."""
        bucket = bisect_left(METRICS[name].buckets, value)
        stem = field(name, *labels)
        with self._lock:
            self._counts[f"{stem}|{bucket}"] += 1
            self._counts[f"{stem}|sum"] += value

    def take(self) -> Counts:
        """Return all counts, and begin again at zero."""
        with self._lock:
            taken, self._counts = self._counts, defaultdict(int)
        return taken

    def put_back(self, counts: Counts) -> None:
        """Add counts again that could not be saved."""
        with self._lock:
            for name, count in counts.items():
                self._counts[name] += count


def add_to(pipe: Any, counts: Counts) -> None:
    """Queue commands on a pipeline, blocking or async, that add the counts to the saved ones."""
    for name, count in counts.items():
        if isinstance(count, int):
            pipe.hincrby(COUNTS, name, count)
        else:
            pipe.hincrbyfloat(COUNTS, name, round(count, 6))
