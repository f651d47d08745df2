"""The pipeline: every job to its end, what is wrong with one photo stays its own."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.explainer import Explainer, Explanation, Request
from engine.photos.decode import Photo
from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.errors import BlobMissing, BlobsFailed
from jobs.metrics import Counters
from jobs.ports import Claim
from jobs.records.job import Job, State
from jobs.redis import keyspace
from models.catalog import Catalog
from models.decode_size import Decode
from pictures.decoding.decode import decode
from pictures.decoding.decoder_pool import DecoderPool, NoDecoder
from tests.jobs.conftest import JobHarness
from tests.pictures.files import file_of
from workers.explainers import Explainers
from workers.job_steps import JobSteps, WorkItem
from workers.lease_renewer import LeaseRenewer
from workers.pipeline import Pipeline

POISON_WIDTH = 64


class WorkerHarness:
    """A batch on a real queue, a real disk and the bundled model."""

    def __init__(
        self, harness: JobHarness, home: Path, decode_photo: Decode = decode, replicas: int = 0
    ) -> None:
        self.harness, self.home, self.blobs = harness, home, DiskBlobs(home)
        self.blobs.check()
        explainers = Explainers(Catalog(), "cpu")
        self.steps = JobSteps(
            harness.queue, self.blobs, explainers, decode_photo, replicas=replicas
        )
        self.lease_renewer = LeaseRenewer(harness.queue, "w", lease=1, deadline=60)
        self.counters = Counters()
        self.pipeline = Pipeline(harness.queue, self.steps, self.lease_renewer, 2, self.counters)

    def submit(self, photo: bytes, **options: Any) -> Job:
        job = self.harness.enqueue(**options)
        self.blobs.put(job.id, blob_names.ORIGINAL, photo)
        return job

    def run(self) -> None:
        self.pipeline.drain()
        self.pipeline.close()

    def ended(self, job: Job) -> Job:
        return self.harness.find(job.id)

    def in_hand(self) -> int:
        return int(self.harness.client.zcard(keyspace.LEASES))


@pytest.fixture
def worker(harness: JobHarness, home: Path) -> WorkerHarness:
    return WorkerHarness(harness, home)


def small_png(width: int) -> bytes:
    from engine.photos.overlay import encode

    return encode(np.full((48, width, 3), 90, np.uint8), "png")


@pytest.fixture
def choking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model raises for any batch that holds the poison photo."""
    explain = Explainer.explain

    def choke(
        self: Explainer, photos: Sequence[Photo], requests: Sequence[Request]
    ) -> list[Explanation]:
        if any(photo.width == POISON_WIDTH for photo in photos):
            raise RuntimeError("the model chokes")
        return explain(self, photos, requests)

    monkeypatch.setattr(Explainer, "explain", choke)


def test_jobs_end_with_result_and_pictures(worker: WorkerHarness, leaf_jpeg: bytes) -> None:
    jobs = [worker.submit(leaf_jpeg, top_k=2, overlay_format=kind) for kind in ("jpeg", "webp")]
    worker.run()
    for job, suffix in zip(jobs, ("jpg", "webp"), strict=True):
        ended = worker.ended(job)
        assert ended.state is State.SUCCEEDED, ended.error
        assert ended.result is not None
        assert len(ended.result["explanations"]) == 2
        for found in ended.result["explanations"]:
            assert 0 <= found["diagnostics"]["focus"] <= 1
            assert found["diagnostics"]["sentence"]
        for name in (
            blob_names.PHOTO,
            "maps-1.npy",
            f"overlay-1-0.{suffix}",
            f"overlay-1-1.{suffix}",
        ):
            assert worker.blobs.get(job.id, name)


def test_a_result_that_cannot_be_put_into_words_leaves_no_pictures(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(job_id: str, pictures: Mapping[str, bytes]) -> None:
        time.sleep(0.3)
        DiskBlobs.put_all(worker.blobs, job_id, pictures)

    def wrong(*_: object) -> None:
        raise RuntimeError("no words")

    job = worker.submit(leaf_jpeg)
    monkeypatch.setattr(worker.blobs, "put_all", slowly)
    monkeypatch.setattr("workers.job_steps.result_document", wrong)
    worker.run()
    ended = worker.ended(job)
    assert ended.state is State.FAILED
    assert ended.error is not None
    assert "no words" in ended.error["detail"]
    assert not worker.blobs.list_jobs(job.id[0])


def test_time_with_work_and_time_of_the_model_are_counted(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    worker.pipeline.drain()
    assert not worker.counters.take(), "without work no time counts"
    worker.submit(leaf_jpeg)
    worker.run()
    counts = worker.counters.take()
    assert 0 < counts["model_seconds_total"] < counts["working_seconds_total"]


def test_the_original_is_erased_once_the_job_has_ended(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    job = worker.submit(leaf_jpeg)
    worker.run()
    with pytest.raises(BlobMissing):
        worker.blobs.get(job.id, blob_names.ORIGINAL)


def test_a_model_never_gets_more_photos_at_once_than_suit_it(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain, sizes = Explainer.explain, list[int]()

    def counted(self: Explainer, photos: Any, requests: Any) -> list[Explanation]:
        sizes.append(len(photos))
        return explain(self, photos, requests)

    monkeypatch.setattr(Explainers, "batch_of", lambda *_: 2)
    worker.pipeline._max_batch = 5
    jobs = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(5)]
    worker.steps._explainers["cropshield_cnn"]
    monkeypatch.setattr(Explainer, "explain", counted)
    worker.run()
    assert sizes == [2, 2, 1]
    assert {worker.ended(job).state for job in jobs} == {State.SUCCEEDED}


@pytest.mark.usefixtures("choking")
def test_a_poison_photo_fails_alone(worker: WorkerHarness) -> None:
    widths = (32, POISON_WIDTH, 40)
    jobs = [worker.submit(small_png(width)) for width in widths]
    worker.run()
    states = [worker.ended(job).state for job in jobs]
    assert states == [State.SUCCEEDED, State.FAILED, State.SUCCEEDED]
    error = worker.ended(jobs[1]).error
    assert error is not None
    assert error["type"] == "/problems/explain-failed"
    assert "the model chokes" in error["detail"]


def test_a_job_whose_result_cannot_be_told_fails_alone(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [worker.submit(leaf_jpeg) for _ in range(2)]
    describe = worker.steps.describe

    def told(item: WorkItem) -> dict[str, Any]:
        if item.claim.job.id == jobs[0].id:
            raise RuntimeError("no words")
        return describe(item)

    monkeypatch.setattr(worker.steps, "describe", told)
    worker.run()
    failed, succeeded = map(worker.ended, jobs)
    assert (failed.state, succeeded.state) == (State.FAILED, State.SUCCEEDED)
    assert "no words" in str(failed.error)


def test_a_photo_that_is_not_there_fails_its_job(worker: WorkerHarness) -> None:
    job = worker.harness.enqueue()
    worker.run()
    error = worker.ended(job).error
    assert error is not None
    assert error["type"] == "/problems/storage-failed"


def test_a_job_for_a_model_that_is_gone_fails_with_its_name(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    job = worker.submit(leaf_jpeg, model="retired")
    worker.run()
    error = worker.ended(job).error
    assert error is not None
    assert error["type"] == "/problems/unknown-model"
    assert "retired" in error["detail"]


def test_a_class_that_an_upgrade_has_renumbered_fails_its_job_with_a_reason(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    names = Catalog()["cropshield_cnn"].class_names
    other, same = (
        worker.submit(leaf_jpeg, class_index=3, class_name=name) for name in (names[4], names[3])
    )
    worker.run()
    assert worker.ended(same).state is State.SUCCEEDED
    error = worker.ended(other).error
    assert error is not None
    assert error["type"] == "/problems/unknown-class"
    assert "submit the photo again" in error["detail"]


def test_a_photo_that_costs_too_much_fails_at_once_and_the_others_go_on(
    harness: JobHarness, home: Path, leaf_jpeg: bytes
) -> None:
    with DecoderPool(processes=1, seconds=-1) as decoders:
        worker = WorkerHarness(harness, home, decoders.decode)
        slow = worker.submit(file_of(Image.new("RGB", (4000, 4000)), "PNG", compress_level=1))
        jobs = [worker.submit(leaf_jpeg) for _ in range(3)]
        worker.run()
    error = worker.ended(slow).error
    assert error is not None
    assert (error["type"], error["retryable"]) == ("/problems/photo-too-complex", False)
    assert "processor time" in error["detail"]
    assert worker.ended(slow).attempts == 1
    assert all(worker.ended(job).state is State.SUCCEEDED for job in jobs)


def failing(error: Exception) -> Decode:
    def fail(*_: object, **__: object) -> Photo:
        raise error

    return fail


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


def test_a_batch_that_is_decoded_one_by_one_is_not_hung(
    harness: JobHarness, home: Path, leaf_jpeg: bytes
) -> None:
    worker = WorkerHarness(harness, home)
    jobs = [worker.submit(leaf_jpeg) for _ in range(2)]
    held: list[set[str]] = []
    hold = worker.lease_renewer.hold

    def noted(claims: Sequence[Claim]) -> None:
        held.append({claim.job.id for claim in claims})
        hold(claims)

    worker.lease_renewer.hold = noted  # type: ignore[method-assign]
    worker.run()
    told = [ids for ids in held if ids]
    assert told == [{job.id for job in jobs}] * 3, "once when claimed, once for each decoded"


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


def make_due(worker: WorkerHarness) -> None:
    """As time does."""
    for job_id in worker.harness.client.zrange(keyspace.DELAYED, 0, -1):
        worker.harness.client.zadd(keyspace.DELAYED, {str(job_id): 0}, xx=True)


def _no_space(*_: object) -> None:
    raise BlobsFailed("cannot store 9 bytes: No space left on device")


def test_the_model_waits_neither_for_the_next_photos_nor_for_the_last(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While no picture is stored, a third batch is explained and a fourth decoded."""
    done = dict[str, list[str]](load=[], explain=[])
    may_finish = threading.Event()

    def noted(step: str) -> Callable[[JobSteps, Any], Any]:
        call = getattr(JobSteps, step)

        def run(self: JobSteps, items: Any) -> Any:
            made = call(self, items)
            first = items[0] if step == "explain" else items
            done[step].append(first.claim.job.id)
            return made

        return run

    def finish(self: JobSteps, item: WorkItem, call: Any = JobSteps.finish) -> None:
        assert may_finish.wait(60)
        call(self, item)

    for step in done:
        monkeypatch.setattr(JobSteps, step, noted(step))
    monkeypatch.setattr(JobSteps, "finish", finish)
    worker.pipeline._max_batch = 1
    jobs = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(4)]
    thread = threading.Thread(target=worker.run)
    thread.start()
    _until(lambda: len(done["load"]) == 4 and len(done["explain"]) == 3)
    may_finish.set()
    thread.join()
    assert done["explain"] == [job.id for job in jobs]
    assert {worker.ended(job).state for job in jobs} == {State.SUCCEEDED}


def test_a_job_over_which_a_worker_was_lost_is_the_only_one_in_hand(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    lost = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(3)]
    worker.harness.queue.claim(3)
    worker.harness.client.zadd(keyspace.LEASES, dict.fromkeys((job.id for job in lost), 0))
    worker.harness.queue.reap()
    fresh = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(3, 5)]
    explain, in_hand = worker.steps.explain, dict[str, int]()

    def look_around(items: Sequence[WorkItem]) -> None:
        explain(items)
        time.sleep(0.05)
        in_hand.update((item.claim.job.id, worker.in_hand()) for item in items)

    worker.steps.explain = look_around  # type: ignore[method-assign]
    worker.run()
    assert [in_hand[job.id] for job in lost] == [1, 1, 1]
    assert max(in_hand[job.id] for job in fresh) > 1
    assert {worker.ended(job).state for job in (*lost, *fresh)} == {State.SUCCEEDED}


def test_others_are_not_left_waiting_when_another_worker_took_the_one_that_must_be_alone(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, claim, refused = worker.submit(leaf_jpeg), worker.harness.queue.claim, list[bool]()

    def claim_late(most: int, *, busy: bool = False) -> list[Claim]:
        if busy and not refused:
            refused.append(True)
            return []
        return claim(most, busy=busy)

    monkeypatch.setattr(worker.harness.queue, "claim", claim_late)
    worker.run()
    assert worker.ended(job).state is State.SUCCEEDED


def test_a_photo_that_kills_workers_fails_and_no_other_does(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(5)]
    poison = min(jobs, key=lambda job: job.id)  # whose turn comes first when all are suspects
    explain = JobSteps.explain

    def die(self: JobSteps, items: Sequence[WorkItem]) -> None:
        if poison.id in {item.claim.job.id for item in items}:
            time.sleep(0.2)  # by now the next jobs are in hand, if they are to be
            raise _Died
        explain(self, items)

    monkeypatch.setattr(JobSteps, "explain", die)
    for _ in range(20):
        next_worker = WorkerHarness(worker.harness, worker.home)
        with suppress(_Died):
            next_worker.pipeline.drain()
        next_worker.pipeline.close()
        held: Any = worker.harness.client.zrange(keyspace.LEASES, 0, -1)
        if not held:
            break
        worker.harness.client.zadd(keyspace.LEASES, dict.fromkeys(held, 0))
        worker.harness.queue.reap()
    ended = {job.id: worker.ended(job) for job in jobs}
    assert ended.pop(poison.id).state is State.FAILED
    assert {job.state for job in ended.values()} == {State.SUCCEEDED}
    assert max(job.attempts for job in ended.values()) <= 2


class _Died(BaseException):
    """What a worker that is killed leaves behind: nothing is ended."""


def test_a_stopped_pipeline_gives_back_what_it_had_only_claimed(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    jobs = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(4)]
    explain = worker.steps.explain

    def stop_meanwhile(items: Sequence[WorkItem]) -> None:
        explain(items)
        _until(lambda: worker.harness.find(jobs[3].id).state is State.RUNNING)
        worker.pipeline.stop()

    worker.steps.explain = stop_meanwhile  # type: ignore[method-assign]
    worker.run()
    ended = [worker.ended(job) for job in jobs]
    assert [job.state.value for job in ended] == ["succeeded"] * 2 + ["queued"] * 2
    assert [job.attempts for job in ended] == [1, 1, 0, 0]


def _until(happened: Callable[[], bool]) -> None:
    while not happened():
        time.sleep(0.01)


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
