"""Batches on their way: decoded, explained and finished side by side."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.explainer import Explainer, Explanation, Request
from engine.photos.decode import Photo
from jobs.blobs import blob_names
from jobs.errors import BlobMissing
from jobs.ports import Claim
from jobs.records.job import State
from tests.jobs.conftest import JobHarness
from tests.workers.conftest import WorkerHarness, until
from workers import results
from workers.explainers import Explainers
from workers.job_steps import JobSteps, WorkItem


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


def test_a_result_is_put_into_words_while_its_pictures_are_drawn(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = threading.Event()
    draw, describe = results.draw_pictures, results.result_document

    def noted(*args: Any) -> dict[str, Any]:
        described.set()
        return describe(*args)

    def drawn_last(*args: Any) -> dict[str, bytes]:
        assert described.wait(60)
        return draw(*args)

    monkeypatch.setattr("workers.job_steps.result_document", noted)
    monkeypatch.setattr("workers.job_steps.draw_pictures", drawn_last)
    job = worker.submit(leaf_jpeg)
    worker.run()
    assert worker.ended(job).state is State.SUCCEEDED


def test_a_job_beside_which_none_runs_or_waits_may_have_all_cores(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain, alone = Explainer.explain, []

    def watched(
        self: Explainer, photos: Sequence[Photo], requests: Sequence[Request], **more: Any
    ) -> list[Explanation]:
        alone.append(more["alone"])
        return explain(self, photos, requests, **more)

    worker.steps._explainers["cropshield_cnn"]
    monkeypatch.setattr(Explainer, "explain", watched)
    worker.submit(leaf_jpeg)
    worker.pipeline.drain()
    for _ in range(2):
        worker.submit(leaf_jpeg)
    worker.run()
    assert alone[0] is True
    assert not any(alone[1:])


def test_the_original_is_erased_once_the_job_has_ended(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    job = worker.submit(leaf_jpeg)
    worker.run()
    with pytest.raises(BlobMissing):
        worker.blobs.get(job.id, blob_names.ORIGINAL)


def test_time_with_work_and_time_of_the_model_are_counted(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    worker.pipeline.drain()
    assert not worker.counters.take(), "without work no time counts"
    worker.submit(leaf_jpeg)
    worker.run()
    counts = worker.counters.take()
    assert 0 < counts["model_seconds_total"] < counts["working_seconds_total"]


def test_a_model_never_gets_more_photos_at_once_than_suit_it(
    worker: WorkerHarness, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain, sizes = Explainer.explain, list[int]()

    def counted(self: Explainer, photos: Any, requests: Any, **more: Any) -> list[Explanation]:
        sizes.append(len(photos))
        return explain(self, photos, requests, **more)

    monkeypatch.setattr(Explainers, "batch_of", lambda *_: 2)
    worker.pipeline._max_batch = 5
    jobs = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(5)]
    worker.steps._explainers["cropshield_cnn"]
    monkeypatch.setattr(Explainer, "explain", counted)
    worker.run()
    assert sizes == [2, 2, 1]
    assert {worker.ended(job).state for job in jobs} == {State.SUCCEEDED}


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
    until(lambda: len(done["load"]) == 4 and len(done["explain"]) == 3)
    may_finish.set()
    thread.join()
    assert done["explain"] == [job.id for job in jobs]
    assert {worker.ended(job).state for job in jobs} == {State.SUCCEEDED}


def test_a_stopped_pipeline_gives_back_what_it_had_only_claimed(
    worker: WorkerHarness, leaf_jpeg: bytes
) -> None:
    jobs = [worker.submit(leaf_jpeg, alpha=i / 10) for i in range(4)]
    explain = worker.steps.explain

    def stop_meanwhile(items: Sequence[WorkItem]) -> None:
        explain(items)
        until(lambda: worker.harness.find(jobs[3].id).state is State.RUNNING)
        worker.pipeline.stop()

    worker.steps.explain = stop_meanwhile  # type: ignore[method-assign]
    worker.run()
    ended = [worker.ended(job) for job in jobs]
    assert [job.state.value for job in ended] == ["succeeded"] * 2 + ["queued"] * 2
    assert [job.attempts for job in ended] == [1, 1, 0, 0]
