"""What is erased, when, and by whom; on every store."""

import logging
from collections.abc import Callable

import pytest

from jobs.blobs import blob_names, open_blobs
from jobs.blobs.sweeper import Sweeper
from jobs.metrics import Counters
from jobs.ports import BlobStore, Outcome
from jobs.records.job import Job, State, new_id
from jobs.redis import keyspace
from jobs.redis.keyspace import SWEEP_LOCK
from jobs.settings import SharedSettings
from tests.jobs.conftest import JobHarness

DONE = Outcome(State.SUCCEEDED, result={"predictions": []})
NAMES = (blob_names.ORIGINAL, blob_names.PHOTO)


class Floor:
    """What the sweeper sweeps. `sweep` is one pass, whoever swept last."""

    def __init__(self, harness: JobHarness, blobs: BlobStore) -> None:
        self.harness, self.blobs, self.counters = harness, blobs, Counters()

    def sweeper(self, interval: float = 600, grace: float = 86_400) -> Sweeper:
        return Sweeper(self.harness.client, self.blobs, self.counters, interval, grace)

    def sweep(self, grace: float = 86_400) -> None:
        self.harness.client.delete(SWEEP_LOCK)
        self.sweeper(grace=grace).run()

    def waiting(self) -> Job:
        job = self.harness.enqueue()
        self.blobs.put(job.id, blob_names.ORIGINAL, b"1")
        return job

    def finished(self) -> Job:
        job = self.waiting()
        (claim,) = self.harness.queue.claim(1)
        self.blobs.put(job.id, blob_names.PHOTO, b"2")
        self.harness.queue.finish(claim, DONE)
        return job

    def expire(self, job: Job) -> None:
        """As time does: the record goes, its tombstone stays."""
        self.harness.client.delete(keyspace.JOB + job.id)

    def left(self, job_id: str) -> list[str]:
        return [name for name in NAMES if self.blobs.has(job_id, name)]


@pytest.fixture
def floor(harness: JobHarness, blobs: BlobStore) -> Floor:
    return Floor(harness, blobs)


def test_what_jobs_need_stays(floor: Floor) -> None:
    done, waiting = floor.finished(), floor.waiting()
    floor.sweep(grace=0)
    assert floor.left(waiting.id) == [blob_names.ORIGINAL]
    assert floor.left(done.id) == [blob_names.PHOTO]


def test_a_job_that_has_expired_leaves_nothing(floor: Floor) -> None:
    done, other = floor.finished(), floor.finished()
    floor.expire(done)
    floor.sweep()
    assert not floor.left(done.id)
    assert done.id not in floor.blobs.list_jobs(done.id[:1])
    assert floor.left(other.id) == [blob_names.PHOTO]
    assert floor.counters.take()["swept_total|expired"] == 1


def _cancel(floor: Floor, job: Job) -> None:
    floor.harness.ask(lambda store: store.cancel(job.id))


def _lose_workers(floor: Floor, job: Job) -> None:
    for _ in range(3):
        floor.harness.queue.claim(1)
        floor.harness.client.zadd(keyspace.LEASES, {job.id: 0})
        floor.harness.queue.reap()


@pytest.mark.parametrize("end", [_cancel, _lose_workers])
def test_the_photo_of_a_job_that_ends_without_a_worker_is_erased(
    floor: Floor, end: Callable[[Floor, Job], None]
) -> None:
    job = floor.waiting()
    end(floor, job)
    assert floor.harness.find(job.id).state.is_terminal
    floor.sweeper().run()
    assert not floor.left(job.id)
    assert not floor.harness.client.exists(keyspace.ENDED)


def test_what_a_killed_worker_stored_of_an_erased_job_is_swept(floor: Floor) -> None:
    done = floor.finished()
    floor.harness.ask(lambda store: store.mark_erased(done.id))
    floor.blobs.put(done.id, blob_names.PHOTO, b"late")
    floor.sweep()
    assert not floor.left(done.id)
    assert floor.counters.take()["swept_total|erased"] == 1


def test_a_job_that_was_canceled_after_an_attempt_leaves_nothing(floor: Floor) -> None:
    job = floor.waiting()
    floor.blobs.put(job.id, blob_names.PHOTO, b"of an attempt that came to nothing")
    _cancel(floor, job)
    floor.sweeper().run()
    assert not floor.left(job.id)


def test_a_photo_whose_record_is_yet_to_come_stays_for_the_grace_period(floor: Floor) -> None:
    job_id = new_id()
    floor.blobs.put(job_id, blob_names.ORIGINAL, b"1")
    floor.sweep()
    floor.sweep()
    assert floor.left(job_id) == [blob_names.ORIGINAL]
    floor.harness.client.zincrby(keyspace.ORPHANS, -86_400_000, job_id)
    floor.sweep()
    assert not floor.left(job_id)
    assert floor.counters.take()["swept_total|orphan"] == 1
    assert not floor.harness.client.exists(keyspace.ORPHANS)


def test_a_photo_whose_record_came_late_is_suspected_no_longer(floor: Floor) -> None:
    job = floor.waiting()
    floor.harness.client.zadd(keyspace.ORPHANS, {job.id: 1})
    floor.sweep(grace=1_000_000_000)
    assert floor.harness.client.zscore(keyspace.ORPHANS, job.id) is None
    assert floor.left(job.id) == [blob_names.ORIGINAL]


def test_one_process_sweeps_at_a_time(floor: Floor) -> None:
    floor.sweeper().run()
    done = floor.finished()
    floor.expire(done)
    floor.sweeper().run()
    assert floor.left(done.id)
    assert 590_000 < floor.harness.client.pttl(SWEEP_LOCK) <= 600_000


def test_a_short_sweep_is_continued_by_the_next(floor: Floor) -> None:
    for shard in "01":
        floor.blobs.put(shard + new_id()[1:], blob_names.ORIGINAL, b"1")
    for left in (1, 1, 0):  # the first erases and is out of time, the second finds no more there
        floor.sweeper(interval=0.001, grace=0).run()
        assert len(floor.blobs.list_jobs("0")) == 0
        assert len(floor.blobs.list_jobs("1")) == left
        floor.harness.client.delete(SWEEP_LOCK)


def test_a_stopped_sweeper_returns_at_once(floor: Floor) -> None:
    for shard in "01":
        floor.blobs.put(shard + new_id()[1:], blob_names.ORIGINAL, b"1")
    sweeper = floor.sweeper(grace=0)
    sweeper.stop()
    sweeper.run()
    assert len(floor.blobs.list_jobs("1")) == 1


def test_a_finished_job_without_pictures_is_told_of_and_kept(
    floor: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    fine, bare, erased = floor.finished(), floor.finished(), floor.finished()
    for job in (bare, erased):
        floor.blobs.erase(job.id)
    floor.harness.client.hset(keyspace.JOB + erased.id, "erased", 1)
    with caplog.at_level(logging.WARNING):
        floor.sweep()
    assert "1 of 3 records have no stored pictures" in caplog.text
    assert floor.harness.find(bare.id).state is State.SUCCEEDED
    assert floor.harness.find(fine.id).state is State.SUCCEEDED


def test_blobs_in_redis_go_with_their_record_and_never_before(
    harness: JobHarness, redis_url: str
) -> None:
    floor = Floor(harness, open_blobs(SharedSettings(redis_url=redis_url, blobs="redis")))
    job = floor.waiting()
    blobs, record = keyspace.BLOBS + job.id, keyspace.JOB + job.id
    assert harness.client.ttl(blobs) == -1
    (claim,) = harness.queue.claim(1)
    floor.blobs.put(job.id, blob_names.PHOTO, b"2")
    assert harness.client.ttl(blobs) == -1
    harness.queue.finish(claim, DONE)
    assert harness.client.ttl(blobs) == harness.client.ttl(record) > 0
    for key in (blobs, record):
        harness.client.pexpire(key, 0)
    assert not floor.left(job.id)
    floor.sweep()
    assert job.id not in floor.blobs.list_jobs(job.id[:1])
