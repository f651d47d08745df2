"""A worker that has just worked is woken by the next job, without a notification."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jobs.blobs import blob_names
from jobs.records.job import State
from jobs.redis import keyspace
from jobs.redis.store import ALIVE_SECONDS
from tests.jobs.conftest import JobHarness, a_job
from tests.workers.conftest import WorkerHarness, until
from workers.standby import Standby

LONG = 4.0  # less than what a client of Redis waits for an answer


@pytest.fixture
def standby(worker: WorkerHarness) -> Iterator[Standby]:
    """Of a worker that has worked; stopped at the end."""
    standby = Standby(worker.harness.queue, worker.pipeline, "w", LONG)
    standby.start()
    standby.drain()
    until(lambda: standing(worker.harness) == ["w"])
    yield standby
    standby.stop()
    worker.pipeline.close()


def standing(harness: JobHarness) -> list[str]:
    return list(map(str, harness.client.zrange(keyspace.STANDBY, 0, -1)))


@pytest.mark.usefixtures("standby")
def test_the_next_jobs_wake_it_one_after_the_other(worker: WorkerHarness, leaf_jpeg: bytes) -> None:
    for _ in range(3):
        job = a_job()
        worker.blobs.put(job.id, blob_names.ORIGINAL, leaf_jpeg)  # before it wakes the worker
        worker.harness.ask(lambda store, job=job: store.enqueue(job))  # type: ignore[misc]
        until(lambda job=job: worker.ended(job).state is State.SUCCEEDED)  # type: ignore[misc]
        until(lambda: standing(worker.harness) == ["w"])
    assert worker.harness.notifier.notified == 0


def test_one_that_works_on_a_notified_job_does_not_stand_by(
    worker: WorkerHarness, standby: Standby
) -> None:
    with worker.pipeline._draining:  # as while it works
        notified = threading.Thread(target=standby.drain)
        notified.start()
        until(lambda: not standing(worker.harness))
        worker.harness.enqueue()
        assert worker.harness.notifier.notified == 1
    notified.join()


def test_one_that_has_stopped_is_not_waited_for(worker: WorkerHarness, standby: Standby) -> None:
    standby.stop()
    until(lambda: not standing(worker.harness))
    worker.harness.enqueue()
    assert worker.harness.notifier.notified == 1


def test_a_job_wakes_only_the_worker_that_stood_by_last(harness: JobHarness) -> None:
    woken = dict[str, bool]()

    def stand_by(name: str, seconds: float) -> None:
        woken[name] = harness.queue.stand_by(name, seconds)

    threads = [threading.Thread(target=stand_by, args=given) for given in (("a", 2), ("b", 4))]
    for number, thread in enumerate(threads, 1):
        thread.start()
        until(lambda number=number: len(standing(harness)) == number)  # type: ignore[misc]
    harness.enqueue()
    for thread in threads:
        thread.join()
    assert woken == {"a": False, "b": True}
    assert harness.notifier.notified == 0


def test_one_that_died_standing_by_is_forgotten_in_time(harness: JobHarness) -> None:
    harness.queue._scripts["stand_by"](args=[keyspace.PREFIX, "dead", 50])
    time.sleep(0.1)
    harness.enqueue()
    assert harness.notifier.notified == 1
    assert standing(harness) == []


def test_a_job_that_comes_as_the_time_runs_out_is_taken(harness: JobHarness) -> None:
    """It has woken the worker, which has given up waiting."""
    harness.queue._scripts["stand_by"](args=[keyspace.PREFIX, "w", 60_000])
    harness.enqueue()
    assert harness.queue._was_woken("w")


def test_a_job_that_comes_while_all_workers_work_sends_no_notification(
    harness: JobHarness,
) -> None:
    harness.queue.begin_work("w")
    harness.queue.heartbeat("w")
    harness.enqueue()
    assert harness.notifier.notified == 0
    harness.queue.heartbeat("one that rests")
    harness.enqueue()
    assert harness.notifier.notified == 1


def test_one_that_was_woken_works(harness: JobHarness) -> None:
    harness.queue.heartbeat("w")
    harness.queue._scripts["stand_by"](args=[keyspace.PREFIX, "w", 60_000])
    for _ in range(2):
        harness.enqueue()
    assert harness.notifier.notified == 0


@pytest.mark.parametrize("rest", ["stand_by", "hand_on"])
def test_one_that_is_about_to_rest_oversleeps_no_job(harness: JobHarness, rest: str) -> None:
    """It has claimed none, and then one came."""
    harness.queue.begin_work("w")
    harness.queue.heartbeat("w")
    harness.enqueue()
    if rest == "stand_by":
        assert harness.queue.stand_by("w", LONG) is False
    else:
        harness.queue.hand_on("w")
    assert harness.notifier.notified == 1
    harness.client.delete(keyspace.NOTIFIED)  # as three seconds later
    harness.enqueue()
    assert harness.notifier.notified == 2


@pytest.mark.parametrize("lives", [True, False])
def test_only_one_that_lives_is_trusted_to_claim_again(harness: JobHarness, *, lives: bool) -> None:
    harness.queue.begin_work("w")
    harness.client.zadd(keyspace.WORKING, {"w": time.time() - ALIVE_SECONDS - 1})
    harness.queue.heartbeat("w" if lives else "one that rests")
    harness.enqueue()
    assert harness.notifier.notified == (0 if lives else 1)


def test_one_does_not_stand_by_while_jobs_wait_that_are_for_others(harness: JobHarness) -> None:
    """Those that serve none of them would wake one another without end."""
    harness.enqueue()
    assert harness.queue.stand_by("w", LONG) is False
    assert standing(harness) == []


def other_stands_by(harness: JobHarness) -> None:
    """Beside the one that does, which has begun a moment later and is woken before it."""
    found: Any = harness.client.zrange(keyspace.STANDBY, 0, -1, withscores=True)
    (_, until_when), *_ = found
    harness.client.zadd(keyspace.STANDBY, {"other": until_when - 1})


def is_other_woken(harness: JobHarness) -> bool:
    return bool(harness.client.llen(keyspace.WAKE + "other"))


def test_one_that_is_woken_as_it_stops_wakes_another(
    worker: WorkerHarness, standby: Standby
) -> None:
    other_stands_by(worker.harness)
    worker.pipeline.stop()
    job = worker.harness.enqueue()
    until(lambda: is_other_woken(worker.harness))
    standby.stop()
    assert worker.ended(job).state is State.QUEUED


def test_what_had_woken_one_that_has_stopped_wakes_another(worker: WorkerHarness) -> None:
    worker.harness.queue._scripts["stand_by"](args=[keyspace.PREFIX, "v", 60_000])
    other_stands_by(worker.harness)
    worker.harness.enqueue()
    assert not is_other_woken(worker.harness)
    Standby(worker.harness.queue, worker.pipeline, "v").stop()
    assert is_other_woken(worker.harness)
