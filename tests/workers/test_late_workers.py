"""A worker that has lost its job leaves behind neither a result nor a picture."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jobs.blobs import blob_names
from jobs.records.job import State
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness
from tests.workers.conftest import WorkerHarness
from workers.job_steps import WorkItem


def late_item(worker: WorkerHarness, leaf_jpeg: bytes) -> WorkItem:
    """A job explained, and not yet ended, by a worker whose lease then runs out."""
    worker.submit(leaf_jpeg)
    (claim,) = worker.harness.queue.claim(1)
    item = worker.steps.load(WorkItem(claim))
    worker.steps.explain([item])
    worker.harness.client.zadd(keyspace.LEASES, {claim.job.id: 0})
    worker.harness.queue.reap()
    return item


def end_elsewhere(worker: WorkerHarness, *, then_erase: bool = False) -> None:
    other = WorkerHarness(worker.harness, worker.home)
    other.run()
    if then_erase:
        for job_id in other.blobs.list_jobs("[0-9a-f]"):
            worker.harness.ask(lambda store, job_id=job_id: store.mark_erased(job_id))  # type: ignore[misc]
            worker.blobs.erase(job_id)


def stored(worker: WorkerHarness) -> list[str]:
    return sorted(path.name.partition(".")[2] for path in worker.home.glob("???/*"))


def while_storing(
    worker: WorkerHarness, monkeypatch: pytest.MonkeyPatch, do: Callable[[], None]
) -> None:
    """Have `do` happen between a late worker's look at its lease and its writing."""
    store = worker.blobs.put_all

    def put_all(job_id: str, pictures: Any) -> None:
        do()
        store(job_id, pictures)

    monkeypatch.setattr(worker.blobs, "put_all", put_all)


def test_a_lost_lease_drops_the_result_and_keeps_the_photo(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    job = worker.submit(leaf_jpeg)
    late = worker.harness.queue.claim(1)
    worker.harness.queue.release(late)
    item = worker.steps.load(WorkItem(late[0]))
    worker.steps.explain([item])
    worker.steps.finish(item)
    assert worker.ended(job).state is State.QUEUED
    assert worker.blobs.get(job.id, blob_names.ORIGINAL) == leaf_jpeg


def test_a_late_worker_brings_nothing_of_an_erased_job_back(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    item = late_item(worker, leaf_jpeg)
    end_elsewhere(worker, then_erase=True)
    assert stored(worker) == []
    worker.steps.finish(item)
    assert stored(worker) == []


def test_what_a_late_worker_writes_after_the_erasure_is_gone_again_at_once(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It held its lease when it looked."""
    worker.submit(leaf_jpeg)
    (claim,) = worker.harness.queue.claim(1)
    item = worker.steps.load(WorkItem(claim))
    worker.steps.explain([item])

    def lose_it() -> None:
        worker.harness.client.zadd(keyspace.LEASES, {claim.job.id: 0})
        worker.harness.queue.reap()
        end_elsewhere(worker, then_erase=True)

    while_storing(worker, monkeypatch, lose_it)
    worker.steps.finish(item)
    assert worker.ended(claim.job).erased
    assert stored(worker) == []


def test_a_late_worker_leaves_the_pictures_of_the_one_that_took_over(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.submit(leaf_jpeg)
    (claim,) = worker.harness.queue.claim(1)
    item = worker.steps.load(WorkItem(claim))
    worker.steps.explain([item])

    def lose_it() -> None:
        worker.harness.client.zadd(keyspace.LEASES, {claim.job.id: 0})
        worker.harness.queue.reap()
        end_elsewhere(worker)

    while_storing(worker, monkeypatch, lose_it)
    worker.steps.finish(item)
    assert stored(worker) == ["maps-2.npy", "overlay-2-0.jpg", "photo.jpg"]


def test_a_job_that_was_canceled_while_it_ran_leaves_no_picture(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    job = worker.submit(leaf_jpeg)
    (claim,) = worker.harness.queue.claim(1)
    worker.harness.ask(lambda store: store.cancel(job.id))
    item = worker.steps.load(WorkItem(claim))
    worker.steps.explain([item])
    worker.steps.finish(item)
    assert worker.ended(job).state is State.CANCELED
    assert stored(worker) == []


def test_an_answer_of_redis_that_is_lost_loses_no_picture(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends the command that ends the job again, and is told that it has ended."""
    worker.submit(leaf_jpeg)
    finish = worker.harness.queue.finish

    def twice(*args: Any) -> State | None:
        finish(*args)
        return finish(*args)

    monkeypatch.setattr(worker.harness.queue, "finish", twice)
    worker.run()
    assert {"maps-1.npy", "overlay-1-0.jpg", "photo.jpg"} <= set(stored(worker))


def test_with_replicas_a_worker_leaves_the_photo_of_a_job_that_might_have_to_be_run_again(
    harness: JobHarness, home: Path, leaf_jpeg: bytes
) -> None:
    worker = WorkerHarness(harness, home, replicas=1)
    jobs = [worker.submit(leaf_jpeg), worker.submit(b"no photo")]
    worker.run()
    assert [worker.ended(job).state for job in jobs] == [State.SUCCEEDED, State.FAILED]
    assert all(worker.blobs.has(job.id, blob_names.ORIGINAL) for job in jobs)


def test_with_replicas_a_worker_whose_job_is_unknown_erases_its_own_pictures_alone(
    harness: JobHarness, home: Path, leaf_jpeg: bytes
) -> None:
    worker = WorkerHarness(harness, home, replicas=1)
    job = worker.submit(leaf_jpeg)
    (claim,) = harness.queue.claim(1)
    item = worker.steps.load(WorkItem(claim))
    worker.steps.explain([item])
    store = worker.blobs.put_all

    def store_then_fail_over(job_id: str, blobs: Mapping[str, bytes]) -> None:
        store(job_id, blobs)
        harness.client.delete(keyspace.JOB + job_id)  # as an older primary knows it

    worker.blobs.put_all = store_then_fail_over  # type: ignore[method-assign]
    worker.steps.finish(item)
    assert worker.blobs.has(job.id, blob_names.ORIGINAL)
    assert not worker.blobs.has(job.id, blob_names.maps_name(1))
