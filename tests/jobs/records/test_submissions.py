"""Sent twice, made once: ids of the client's choice, and keys."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.errors import BeingReceived, IdTaken, JobGone, KeyReused, QueueFull
from jobs.ports import Outcome
from jobs.records import submissions
from jobs.records.job import State, new_id
from jobs.records.options import JobOptions
from jobs.records.submissions import Submission, Submitted
from jobs.redis import keyspace
from jobs.redis.connections import connect_async
from jobs.redis.store import RedisJobStore
from jobs.service import JobService
from jobs.webhooks.outbox import WebhookOutbox
from models.catalog import Catalog
from tests.jobs.conftest import JobHarness, a_job

T = TypeVar("T")
Call = Callable[[JobService], Coroutine[Any, Any, T]]


class Counter:
    """A service on a real Redis and disk; `submit` is one whole request."""

    def __init__(self, harness: JobHarness, home: Path, photo: bytes) -> None:
        self.harness, self.blobs, self.photo = harness, DiskBlobs(home), photo

    def ask(self, call: Call[T]) -> T:
        async def run() -> T:
            redis = connect_async(self.harness.url)
            store = RedisJobStore(redis, self.harness.notifier, 5, 3)
            try:
                return await call(
                    JobService(store, self.blobs, Catalog(), WebhookOutbox(redis), 10**6)
                )
            finally:
                await redis.aclose()

        return asyncio.run(run())

    def submit(self, submission: Submission, photo: bytes = b"", **options: Any) -> Submitted:
        async def request(service: JobService) -> Submitted:
            async with service.receiving(submission):
                data = photo or self.photo
                return await service.submit(data, JobOptions(**options), submission)

        return self.ask(request)

    def finish_one(self) -> str:
        (claim,) = self.harness.queue.claim(1)
        self.blobs.put(claim.job.id, blob_names.PHOTO, b"photo")
        self.blobs.put(claim.job.id, blob_names.maps_name(1), b"maps")
        self.harness.queue.finish(claim, Outcome(State.SUCCEEDED, result={"explanations": []}))
        return claim.job.id

    def expire(self, job_id: str) -> None:
        """As time does: record and key go, the tombstone stays."""
        key: Any = self.harness.client.hget(keyspace.JOB + job_id, "key")
        self.harness.client.delete(keyspace.JOB + job_id, f"{keyspace.PREFIX}key:{key}")


@pytest.fixture
def counter(harness: JobHarness, home: Path, leaf_jpeg: bytes) -> Counter:
    return Counter(harness, home, leaf_jpeg)


def of_id(**more: Any) -> Callable[[], Submission]:
    job_id = new_id()
    return lambda: Submission(job_id=job_id, **more)


def of_key(**more: Any) -> Callable[[], Submission]:
    return lambda: Submission(key="a key", **more)


WAYS = pytest.mark.parametrize("way", [of_id, of_key])
Way = Callable[..., Callable[[], Submission]]


@WAYS
def test_a_resent_photo_is_the_same_job_as_it_is_now(counter: Counter, way: Way) -> None:
    request = way()
    first = counter.submit(request())
    assert not first.replayed
    again = counter.submit(request())
    assert again.replayed
    assert again.job.id == first.job.id
    counter.finish_one()
    assert counter.submit(request()).job.state is State.SUCCEEDED
    assert counter.harness.queue.claim(9) == []


def test_a_client_chooses_its_id(counter: Counter) -> None:
    request = of_id()()
    assert counter.submit(request).job.id == request.job_id


def test_without_id_or_key_every_request_is_a_job(counter: Counter) -> None:
    assert counter.submit(Submission()).job.id != counter.submit(Submission()).job.id


@WAYS
def test_other_content_or_options_are_refused(counter: Counter, way: Way, leaf_jpeg: bytes) -> None:
    request = way()
    job_id = counter.submit(request(), alpha=0.5).job.id
    assert counter.submit(request()).job.id == job_id  # 0.5 is the default
    with pytest.raises(KeyReused):
        counter.submit(request(), alpha=0.4)
    with pytest.raises(KeyReused):
        counter.submit(request(), leaf_jpeg + b"\0")
    assert counter.blobs.get(job_id, blob_names.ORIGINAL) == leaf_jpeg


def test_keys_of_two_owners_never_meet(counter: Counter) -> None:
    jobs = {counter.submit(of_key(owner=owner)()).job.id for owner in ("a", "b")}
    assert len(jobs) == 2


def test_somebody_elses_id_is_taken_now_and_when_it_has_expired(counter: Counter) -> None:
    job_id = counter.submit(Submission(owner="a")).job.id
    with pytest.raises(IdTaken):
        counter.submit(Submission(owner="b", job_id=job_id))
    counter.expire(counter.finish_one())
    with pytest.raises(IdTaken):
        counter.submit(Submission(owner="b", job_id=job_id))


def test_the_id_of_an_expired_job_is_gone_and_its_key_is_free(counter: Counter) -> None:
    by_id, by_key = of_id(), of_key(reuse=False)
    counter.submit(by_id())
    counter.expire(counter.finish_one())
    with pytest.raises(JobGone):
        counter.submit(by_id())
    counter.submit(by_key())
    counter.expire(counter.finish_one())
    assert not counter.submit(by_key()).replayed


def test_a_key_lives_as_long_as_its_job(counter: Counter) -> None:
    request = of_key()()
    job = counter.submit(request, ttl=60).job
    key = f"{keyspace.PREFIX}key:{request.key_name}"
    assert counter.harness.client.ttl(key) == -1
    counter.finish_one()
    assert 0 < counter.harness.client.ttl(key) <= 60
    assert counter.harness.client.get(key) == job.id


@WAYS
def test_one_request_at_a_time_is_received(counter: Counter, way: Way) -> None:
    request = way()

    async def while_another_is_received(service: JobService) -> None:
        async with service.receiving(request()):
            with pytest.raises(BeingReceived):
                async with service.receiving(request()):
                    pass

    counter.ask(while_another_is_received)
    assert not counter.submit(request()).replayed


@WAYS
def test_a_request_that_fails_lets_go_of_its_key(counter: Counter, way: Way) -> None:
    request = way()
    for _ in range(5):
        counter.submit(Submission())
    with pytest.raises(QueueFull):
        counter.submit(request())
    counter.harness.queue.claim(5)
    assert not counter.submit(request()).replayed


def test_a_server_that_died_while_it_received_blocks_the_key_for_half_a_minute(
    counter: Counter,
) -> None:
    died, again = of_key()(), of_key()()

    async def die(service: JobService) -> None:
        await service.store.reserve(died)

    counter.ask(die)
    slot = f"{keyspace.PREFIX}receiving:{died.slot}"
    assert 0 < counter.harness.client.ttl(slot) <= 30
    counter.harness.client.delete(slot)  # as time does
    assert not counter.submit(again).replayed


def test_a_server_that_died_before_its_answer_has_made_the_job(counter: Counter) -> None:
    lost, again = of_key()(), of_key()()

    async def die_before_the_answer(service: JobService) -> Submitted:
        await service.store.reserve(lost)
        return await service.submit(counter.photo, JobOptions(), lost)

    job_id = counter.ask(die_before_the_answer).job.id
    repeated = counter.submit(again)
    assert repeated.replayed
    assert repeated.job.id == job_id


def test_two_requests_that_both_hold_a_lapsed_key_make_one_job(counter: Counter) -> None:
    """Slower than the half minute: the script that records the job decides."""
    slow, quick = of_key(reuse=False)(), of_key(reuse=False)()

    async def both(service: JobService) -> list[Submitted]:
        job = service._check(counter.photo, JobOptions(), slow)
        await service.store.reserve(quick)
        first = await service.submit(counter.photo, JobOptions(), quick)
        return [first, await service.store.enqueue(job, slow.key_name)]

    first, second = counter.ask(both)
    assert second.replayed
    assert second.job.id == first.job.id


@WAYS
def test_a_reused_result_is_known_again_too(counter: Counter, way: Way) -> None:
    counter.submit(Submission())
    counter.finish_one()
    request = way()
    first = counter.submit(request())
    assert first.job.cached
    again = counter.submit(request())
    assert again.replayed
    assert again.job.id == first.job.id


def test_discarding_cancels_what_waits_and_erases_what_has_ended(counter: Counter) -> None:
    job_id = counter.submit(Submission()).job.id
    counter.finish_one()
    erased = counter.ask(lambda service: service.discard(job_id))
    assert erased.state is State.SUCCEEDED
    assert erased.erased
    assert erased.result is not None
    assert not counter.blobs.has(job_id, blob_names.PHOTO)
    assert counter.ask(lambda service: service.discard(job_id)).erased
    waiting = counter.submit(Submission()).job
    assert not waiting.cached, "what was erased is not reused"
    discarded = counter.ask(lambda service: service.discard(waiting.id))
    assert (discarded.state, discarded.erased) == (State.CANCELED, False)


def test_a_result_is_not_used_again_after_another_calibration() -> None:
    job = a_job()
    calibrated = job.model_copy(
        update={"model": job.model.model_copy(update={"calibration": "0014b2e1d04ff0bd"})}
    )
    assert submissions.result_fingerprint(job) == submissions.result_fingerprint(
        job.model_copy(update={"id": "other"})
    )
    assert submissions.result_fingerprint(job) != submissions.result_fingerprint(calibrated)


OTHER_VALUES: dict[str, Any] = {
    "model": "resnet18",
    "top_k": 2,
    "class_index": 1,
    "class_name": "Apple__scab",
    "method": "layercam",
    "colormap": "viridis",
    "alpha": 0.25,
    "overlay_format": "png",
    "client_ref": "field 7",
    "priority": "bulk",
    "deadline": 60.0,
    "ttl": 600,
    "callback_url": "https://example.org/hook",
}


def test_every_option_either_changes_the_result_or_is_named_as_one_that_does_not() -> None:
    assert {*OTHER_VALUES} == {*JobOptions.model_fields}
    job = a_job()
    for name, value in OTHER_VALUES.items():
        assert value != getattr(job.options, name)
        other = job.model_copy(update={"options": JobOptions(**{name: value})})
        same = submissions.result_fingerprint(other) == submissions.result_fingerprint(job)
        assert same == (name in submissions.NOT_IN_RESULT), name


def test_the_models_weights_change_the_result() -> None:
    job = a_job()
    model = job.model.model_copy(update={"weights_sha256": "01"})
    other = job.model_copy(update={"model": model})
    assert submissions.result_fingerprint(other) != submissions.result_fingerprint(job)
