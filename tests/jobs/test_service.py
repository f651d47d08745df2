"""jobs/service.py: a photo that is sent twice is one job, by the client's id or key."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.errors import BeingReceived, IdTaken, JobGone, KeyReused, QueueFull
from jobs.ports import Outcome
from jobs.records.job import State, new_id
from jobs.records.options import JobOptions
from jobs.records.submissions import Submission, Submitted
from jobs.redis import keyspace
from jobs.redis.connections import connect_async
from jobs.redis.store import RedisJobStore
from jobs.service import JobService
from jobs.webhooks.outbox import WebhookOutbox
from models.catalog import Catalog
from tests.jobs.conftest import JobHarness

T = TypeVar("T")
Call = Callable[[JobService], Coroutine[Any, Any, T]]


class Requests:
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
def requests(harness: JobHarness, home: Path, leaf_jpeg: bytes) -> Requests:
    return Requests(harness, home, leaf_jpeg)


def of_id(**more: Any) -> Callable[[], Submission]:
    job_id = new_id()
    return lambda: Submission(job_id=job_id, **more)


def of_key(**more: Any) -> Callable[[], Submission]:
    return lambda: Submission(key="a key", **more)


WAYS = pytest.mark.parametrize("way", [of_id, of_key])
Way = Callable[..., Callable[[], Submission]]


@WAYS
def test_a_resent_photo_is_the_same_job_as_it_is_now(requests: Requests, way: Way) -> None:
    request = way()
    first = requests.submit(request())
    assert not first.replayed
    again = requests.submit(request())
    assert again.replayed
    assert again.job.id == first.job.id
    requests.finish_one()
    assert requests.submit(request()).job.state is State.SUCCEEDED
    assert requests.harness.queue.claim(9) == []


def test_a_client_chooses_its_id(requests: Requests) -> None:
    request = of_id()()
    assert requests.submit(request).job.id == request.job_id


def test_without_id_or_key_every_request_is_a_job(requests: Requests) -> None:
    assert requests.submit(Submission()).job.id != requests.submit(Submission()).job.id


@WAYS
def test_other_content_or_options_are_refused(
    requests: Requests, way: Way, leaf_jpeg: bytes
) -> None:
    request = way()
    job_id = requests.submit(request(), alpha=0.5).job.id
    assert requests.submit(request()).job.id == job_id  # 0.5 is the default
    with pytest.raises(KeyReused):
        requests.submit(request(), alpha=0.4)
    with pytest.raises(KeyReused):
        requests.submit(request(), leaf_jpeg + b"\0")
    assert requests.blobs.get(job_id, blob_names.ORIGINAL) == leaf_jpeg


def test_keys_of_two_owners_never_meet(requests: Requests) -> None:
    jobs = {requests.submit(of_key(owner=owner)()).job.id for owner in ("a", "b")}
    assert len(jobs) == 2


def test_somebody_elses_id_is_taken_now_and_when_it_has_expired(requests: Requests) -> None:
    job_id = requests.submit(Submission(owner="a")).job.id
    with pytest.raises(IdTaken):
        requests.submit(Submission(owner="b", job_id=job_id))
    requests.expire(requests.finish_one())
    with pytest.raises(IdTaken):
        requests.submit(Submission(owner="b", job_id=job_id))


def test_the_id_of_an_expired_job_is_gone_and_its_key_is_free(requests: Requests) -> None:
    by_id, by_key = of_id(), of_key(reuse=False)
    requests.submit(by_id())
    requests.expire(requests.finish_one())
    with pytest.raises(JobGone):
        requests.submit(by_id())
    requests.submit(by_key())
    requests.expire(requests.finish_one())
    assert not requests.submit(by_key()).replayed


def test_a_key_lives_as_long_as_its_job(requests: Requests) -> None:
    request = of_key()()
    job = requests.submit(request, ttl=60).job
    key = f"{keyspace.PREFIX}key:{request.key_name}"
    assert requests.harness.client.ttl(key) == -1
    requests.finish_one()
    assert 0 < requests.harness.client.ttl(key) <= 60
    assert requests.harness.client.get(key) == job.id


@WAYS
def test_one_request_at_a_time_is_received(requests: Requests, way: Way) -> None:
    request = way()

    async def while_another_is_received(service: JobService) -> None:
        async with service.receiving(request()):
            with pytest.raises(BeingReceived):
                async with service.receiving(request()):
                    pass

    requests.ask(while_another_is_received)
    assert not requests.submit(request()).replayed


@WAYS
def test_a_request_that_fails_lets_go_of_its_key(requests: Requests, way: Way) -> None:
    request = way()
    for _ in range(5):
        requests.submit(Submission())
    with pytest.raises(QueueFull):
        requests.submit(request())
    requests.harness.queue.claim(5)
    assert not requests.submit(request()).replayed


def test_a_server_that_died_while_it_received_blocks_the_key_for_half_a_minute(
    requests: Requests,
) -> None:
    died, again = of_key()(), of_key()()

    async def die(service: JobService) -> None:
        await service.store.reserve(died)

    requests.ask(die)
    slot = f"{keyspace.PREFIX}receiving:{died.slot}"
    assert 0 < requests.harness.client.ttl(slot) <= 30
    requests.harness.client.delete(slot)  # as time does
    assert not requests.submit(again).replayed


def test_a_server_that_died_before_its_answer_has_made_the_job(requests: Requests) -> None:
    lost, again = of_key()(), of_key()()

    async def die_before_the_answer(service: JobService) -> Submitted:
        await service.store.reserve(lost)
        return await service.submit(requests.photo, JobOptions(), lost)

    job_id = requests.ask(die_before_the_answer).job.id
    repeated = requests.submit(again)
    assert repeated.replayed
    assert repeated.job.id == job_id


def test_two_requests_that_both_hold_a_lapsed_key_make_one_job(requests: Requests) -> None:
    """Slower than the half minute: the script that records the job decides."""
    slow, quick = of_key(reuse=False)(), of_key(reuse=False)()

    async def both(service: JobService) -> list[Submitted]:
        job = service._check(requests.photo, JobOptions(), slow)
        await service.store.reserve(quick)
        first = await service.submit(requests.photo, JobOptions(), quick)
        return [first, await service.store.enqueue(job, slow.key_name)]

    first, second = requests.ask(both)
    assert second.replayed
    assert second.job.id == first.job.id


@WAYS
def test_a_reused_result_is_known_again_too(requests: Requests, way: Way) -> None:
    requests.submit(Submission())
    requests.finish_one()
    request = way()
    first = requests.submit(request())
    assert first.job.cached
    again = requests.submit(request())
    assert again.replayed
    assert again.job.id == first.job.id


def test_discarding_cancels_what_waits_and_erases_what_has_ended(requests: Requests) -> None:
    job_id = requests.submit(Submission()).job.id
    requests.finish_one()
    erased = requests.ask(lambda service: service.discard(job_id))
    assert erased.state is State.SUCCEEDED
    assert erased.erased
    assert erased.result is not None
    assert not requests.blobs.has(job_id, blob_names.PHOTO)
    assert requests.ask(lambda service: service.discard(job_id)).erased
    waiting = requests.submit(Submission()).job
    assert not waiting.cached, "what was erased is not reused"
    discarded = requests.ask(lambda service: service.discard(waiting.id))
    assert (discarded.state, discarded.erased) == (State.CANCELED, False)
