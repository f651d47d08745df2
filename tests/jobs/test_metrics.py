"""What is counted, and that it reaches Redis."""

import threading
from typing import Any

import pytest
from redis import ConnectionError as NoConnection
from redis import Redis
from redis.client import Pipeline

from jobs import metrics
from jobs.metrics import METRICS, Counters
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import backlog, keyspace
from jobs.redis.backlog import Backlog, read_backlog
from jobs.redis.queue import MeteredQueue
from tests.jobs.conftest import CountingNotifier, JobHarness

DONE = Outcome(State.SUCCEEDED, result={"predictions": []}, timings_ms={"decode": 7.0})


@pytest.fixture
def queue(harness: JobHarness) -> MeteredQueue:
    return MeteredQueue(harness.client, CountingNotifier(), 1, 3, Counters())


def saved(harness: JobHarness) -> dict[str, str]:
    counts: dict[Any, Any] = harness.client.hgetall(keyspace.COUNTS)
    return counts


def seen(harness: JobHarness) -> Backlog:
    return read_backlog(harness.client.eval(backlog.SCRIPT, 0, *map(str, backlog.ARGUMENTS)))


def test_a_value_on_a_bound_is_inside_it() -> None:
    counters = Counters()
    for value in (1, 2, 3, 257):
        counters.observe("batch_photos", value)
    assert counters.take() == {
        "batch_photos|0": 1,
        "batch_photos|1": 1,
        "batch_photos|2": 1,
        "batch_photos|9": 1,
        "batch_photos|sum": 263,
    }


def test_nothing_is_lost_between_threads() -> None:
    counters = Counters()

    def work() -> None:
        for _ in range(1000):
            counters.count("model_loads_total", "m")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.take() == {"model_loads_total|m": 4000}


def test_a_batch_is_counted_with_the_next_sign_of_life(
    harness: JobHarness, queue: MeteredQueue
) -> None:
    for _ in range(3):
        harness.enqueue()
    for claim in queue.claim(8):
        queue.finish(claim, DONE)
    queue.heartbeat("w")
    counts = saved(harness)
    assert counts["job_attempts_total"] == "3"
    assert counts["batch_photos|2"] == "1"
    assert counts["jobs_ended_total|succeeded"] == "3"
    assert float(counts["job_stage_seconds|decode|sum"]) == pytest.approx(0.021)
    for stage in ("queued", "total"):
        assert 0 <= float(counts[f"job_stage_seconds|{stage}|sum"]) < 60


def test_counts_that_could_not_be_saved_are_saved_later(
    harness: JobHarness, queue: MeteredQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.enqueue()
    queue.claim(1)
    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "execute", _no_connection)
        with pytest.raises(NoConnection):
            queue.heartbeat("w")
    assert "job_attempts_total" not in saved(harness)
    queue.deregister("w")
    assert saved(harness)["job_attempts_total"] == "1"


def _no_connection(_: "Redis") -> None:
    raise NoConnection("gone")


def test_every_end_is_counted_once_whoever_brings_it(
    harness: JobHarness, queue: MeteredQueue
) -> None:
    jobs = [harness.enqueue() for _ in range(3)]
    queue.finish(queue.claim(1)[0], DONE)
    queue.finish(queue.claim(1)[0], Outcome(State.FAILED, error={"type": "x"}))
    for _ in range(2):
        harness.ask(lambda store: store.cancel(jobs[2].id))
    ended = {name: count for name, count in saved(harness).items() if name.startswith("jobs_ended")}
    assert ended == {f"jobs_ended_total|{end}": "1" for end in ("succeeded", "failed", "canceled")}


def test_a_failure_is_counted_by_its_type_whoever_brings_it(
    harness: JobHarness, queue: MeteredQueue
) -> None:
    for error in ({"type": "/problems/undecodable-photo"}, {"type": "/problems/explain-failed"}):
        harness.enqueue()
        queue.finish(queue.claim(1)[0], Outcome(State.FAILED, error=error))
    job = harness.enqueue()
    for _ in range(3):
        queue.claim(1)
        harness.client.zadd("cropshield:1:leases", {job.id: 1})
        queue.reap()
    counts = saved(harness)
    for name in ("undecodable-photo", "explain-failed", "worker-lost"):
        assert counts[f"job_failures_total|{name}"] == "1"
    assert counts["jobs_ended_total|failed"] == "3"


def test_a_verdict_is_counted_by_model_once_its_result_is_kept(
    harness: JobHarness, queue: MeteredQueue
) -> None:
    for _ in range(2):
        harness.enqueue()
    first, second = queue.claim(2)
    found = Outcome(State.SUCCEEDED, result={"verdict": "unknown"})
    queue.finish(first, found)
    harness.ask(lambda store: store.cancel(second.job.id))
    queue.finish(second, found)
    queue.heartbeat("w")
    assert saved(harness)[f"verdicts_total|{first.job.model.id}|unknown"] == "1"


def test_a_job_whose_worker_was_lost_is_counted_as_recovered(
    harness: JobHarness, queue: MeteredQueue
) -> None:
    harness.enqueue()
    (claim,) = queue.claim(1)
    harness.client.zadd("cropshield:1:leases", {claim.job.id: 1})
    queue.reap()
    assert saved(harness)["recoveries_total"] == "1"


def test_the_backlog_tells_what_waits_and_how_long(
    harness: JobHarness, queue: MeteredQueue
) -> None:
    old = harness.enqueue(priority="bulk")
    harness.enqueue(priority="bulk")
    harness.enqueue()
    queue.heartbeat("w")
    harness.client.hincrby(f"cropshield:1:job:{old.id}", "created_at", -90_000)
    found = seen(harness)
    assert {name: queue.jobs for name, queue in found.queues.items()} == {
        "retry": 0,
        "interactive": 1,
        "bulk": 2,
    }
    assert 90 <= found.queues["bulk"].oldest_seconds < 150
    assert found.queues["retry"].oldest_seconds == 0
    assert (found.waiting, found.running, found.workers) == (3, 0, 1)
    queue.claim(1)
    assert seen(harness).running == 1


def test_whatever_is_saved_has_a_metric(harness: JobHarness, queue: MeteredQueue) -> None:
    harness.enqueue()
    queue.finish(queue.claim(1)[0], DONE)
    queue.heartbeat("w")
    assert {metrics.split(name)[0] for name in saved(harness)} <= set(METRICS)
