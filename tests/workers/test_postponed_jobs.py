"""What a machine lacks for a while, storage, memory or processes, costs no job."""

from pathlib import Path
from typing import Any

import pytest

from engine.photos.decode import Photo
from jobs.errors import BlobsFailed
from jobs.records.job import State
from jobs.redis import keyspace
from models.decode_size import Decode
from pictures.decoding.decoder_pool import NoDecoder
from tests.jobs.conftest import JobHarness
from tests.workers.conftest import WorkerHarness


def failing(error: Exception) -> Decode:
    def fail(*_: object, **__: object) -> Photo:
        raise error

    return fail


def make_due(worker: WorkerHarness) -> None:
    """As time does."""
    for job_id in worker.harness.client.zrange(keyspace.DELAYED, 0, -1):
        worker.harness.client.zadd(keyspace.DELAYED, {str(job_id): 0}, xx=True)


def _no_space(*_: object) -> None:
    raise BlobsFailed("cannot store 9 bytes: No space left on device")


def test_a_machine_that_cannot_decode_now_loses_no_job(
    harness: JobHarness, home: Path, leaf_jpeg: bytes
) -> None:
    worker = WorkerHarness(harness, home, failing(NoDecoder("no process can be started")))
    job = worker.submit(leaf_jpeg)
    worker.run()
    waiting = worker.ended(job)
    assert (waiting.state, waiting.attempts) == (State.QUEUED, 0)
    make_due(worker)
    again = WorkerHarness(harness, home)
    again.run()
    assert again.ended(job).state is State.SUCCEEDED


def test_a_job_for_which_no_process_decodes_waits_for_minutes_not_for_a_day(
    harness: JobHarness, home: Path, leaf_jpeg: bytes
) -> None:
    worker = WorkerHarness(harness, home, failing(NoDecoder("no process can be started")))
    job = worker.submit(leaf_jpeg)
    seconds, _ = harness.client.time()
    harness.client.hset(keyspace.JOB + job.id, "postponed_at", seconds * 1000 - 700_000)
    worker.run()
    error = worker.ended(job).error
    assert error is not None
    assert "no process can be started" in error["detail"]


def test_a_job_that_takes_more_memory_than_there_is_is_tried_alone_until_its_attempts_are_over(
    harness: JobHarness, home: Path, leaf_jpeg: bytes
) -> None:
    """It waited for a day, in front of a worker that had nothing else to do."""
    worker = WorkerHarness(harness, home, failing(MemoryError()))
    job = worker.submit(leaf_jpeg)
    for _ in range(3):  # each retry sends a notification, at which a worker drains again
        worker.pipeline.drain()
        worker.pipeline._wait_until_finished()
    worker.run()
    ended = worker.ended(job)
    assert (ended.state, ended.attempts) == (State.FAILED, 3)
    assert ended.error is not None
    assert "MemoryError" in ended.error["detail"]


def test_a_job_that_met_a_moment_without_memory_succeeds_alone(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, short = worker.blobs.put_all, [MemoryError()]

    def put_all(*given: Any) -> None:
        if short:
            raise short.pop()
        store(*given)

    jobs = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(2)]
    monkeypatch.setattr(worker.blobs, "put_all", put_all)
    worker.pipeline.drain()
    worker.pipeline._wait_until_finished()
    worker.run()
    assert {worker.ended(job).state for job in jobs} == {State.SUCCEEDED}
    assert sorted(worker.ended(job).attempts for job in jobs) == [1, 2]


def test_a_job_waits_for_a_photo_store_that_is_away_and_loses_no_attempt_by_it(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: everything can be read."""
    job = worker.submit(leaf_jpeg)
    with monkeypatch.context() as full:
        full.setattr(worker.blobs, "put_all", _no_space)
        for _ in range(6):
            worker.pipeline.drain()
            worker.pipeline._wait_until_finished()
            waiting = worker.ended(job)
            assert (waiting.state, waiting.attempts) == (State.QUEUED, 0)
            assert worker.harness.queue.count_waiting() == 0, "no worker is to be busy with it"
            make_due(worker)
    worker.run()
    assert (worker.ended(job).state, worker.ended(job).attempts) == (State.SUCCEEDED, 1)


def test_a_job_waits_for_a_disk_that_is_not_mounted(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    job = worker.submit(leaf_jpeg)
    away = worker.home.rename(worker.home.with_name("away"))
    worker.pipeline.drain()
    worker.pipeline._wait_until_finished()
    assert worker.ended(job).state is State.QUEUED
    away.rename(worker.home)
    make_due(worker)
    worker.run()
    assert worker.ended(job).state is State.SUCCEEDED
