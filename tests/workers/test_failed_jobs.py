"""What is wrong with one job fails it alone, with the reason."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.explainer import Explainer, Explanation, Request
from engine.photos.decode import Photo
from jobs.blobs.disk import DiskBlobs
from jobs.records.job import State
from models.catalog import Catalog
from pictures.decoding.decoder_pool import DecoderPool
from tests.jobs.conftest import JobHarness
from tests.pictures.files import file_of
from tests.workers.conftest import WorkerHarness
from workers.job_steps import WorkItem

POISON_WIDTH = 64


def small_png(width: int) -> bytes:
    from engine.photos.overlay import encode

    return encode(np.full((48, width, 3), 90, np.uint8), "png")


@pytest.fixture
def choking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model raises for any batch that holds the poison photo."""
    explain = Explainer.explain

    def choke(
        self: Explainer, photos: Sequence[Photo], requests: Sequence[Request], **more: Any
    ) -> list[Explanation]:
        if any(photo.width == POISON_WIDTH for photo in photos):
            raise RuntimeError("the model chokes")
        return explain(self, photos, requests, **more)

    monkeypatch.setattr(Explainer, "explain", choke)


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
