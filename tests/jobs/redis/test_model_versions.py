"""What a record says of its model is what the job was run with."""

import pytest

from jobs.ports import Outcome
from jobs.records.job import ModelFacts, State
from jobs.redis import keyspace, serialization
from jobs.redis.queue import RedisWorkQueue
from tests.jobs.conftest import JobHarness, a_job

OLD = ModelFacts(id="cropshield_cnn", version="5", weights_sha256="55")
NEW = ModelFacts(id="cropshield_cnn", version="9", weights_sha256="99")
OTHER = ModelFacts(id="other", version="1", weights_sha256="11")
DONE = Outcome(State.SUCCEEDED, result={"predictions": []})


def worker(harness: JobHarness, *models: ModelFacts) -> RedisWorkQueue:
    """One that has given a sign of life."""
    queue = RedisWorkQueue(harness.client, harness.notifier, 1, 3, models)
    queue.heartbeat(f"serves {[model.version for model in models]}")
    return queue


def submit(harness: JobHarness, model: ModelFacts, *, reuse: bool = False) -> tuple[str, bool]:
    """Id of a job that was accepted for this model, and whether it needs no worker."""
    job = a_job(model=model.id).model_copy(update={"model": model})
    submitted = harness.ask(lambda store: store.enqueue(job, reuse=reuse))
    return submitted.job.id, submitted.from_cache


def forget_signs_of_life(harness: JobHarness) -> None:
    """As time does."""
    harness.client.delete(keyspace.SERVED, keyspace.WORKERS)


def test_a_job_goes_to_the_worker_that_serves_what_it_was_accepted_for(harness: JobHarness) -> None:
    """While some workers are upgraded and others are not."""
    old, new = worker(harness, OLD), worker(harness, NEW)
    of_new, _ = submit(harness, NEW)
    of_old, _ = submit(harness, OLD)
    assert [claim.job.id for claim in old.claim(8)] == [of_old]
    assert harness.find(of_new).state is State.QUEUED
    assert [claim.job.id for claim in new.claim(8)] == [of_new]
    assert harness.find(of_new).model == NEW
    assert harness.find(of_old).model == OLD


def test_a_job_of_a_model_that_one_worker_lacks_is_left_to_the_one_that_has_it(
    harness: JobHarness,
) -> None:
    without, having = worker(harness, OLD), worker(harness, OLD, OTHER)
    job_id, _ = submit(harness, OTHER)
    assert without.claim(8) == []
    assert [claim.job.id for claim in having.claim(8)] == [job_id]


def test_a_job_that_no_worker_can_keep_the_promise_of_says_what_it_is_run_with(
    harness: JobHarness, caplog: pytest.LogCaptureFixture
) -> None:
    job_id, _ = submit(harness, OLD)
    (claim,) = worker(harness, NEW).claim(8)
    assert claim.job.model == NEW
    assert harness.find(job_id).model == NEW
    assert '"version": "5"' in caplog.text


def test_a_worker_that_died_has_no_job_wait_for_it(harness: JobHarness) -> None:
    worker(harness, OLD)
    submit(harness, OLD)
    forget_signs_of_life(harness)
    (claim,) = worker(harness, NEW).claim(8)
    assert claim.job.model == NEW


def test_a_result_is_reused_for_the_weights_that_made_it_and_no_others(harness: JobHarness) -> None:
    """An old worker ran what was accepted for the new weights."""
    submit(harness, NEW)
    old = worker(harness, OLD)
    (claim,) = old.claim(8)
    old.finish(claim, DONE)
    assert submit(harness, NEW, reuse=True)[1] is False
    assert submit(harness, OLD, reuse=True) == (claim.job.id, True)


def test_an_upgraded_calibration_is_told_too(harness: JobHarness) -> None:
    """Scores and verdicts follow from it."""
    submit(harness, OLD)
    recalibrated = OLD.model_copy(update={"calibration": "c2"})
    (claim,) = worker(harness, recalibrated).claim(8)
    assert claim.job.model == recalibrated


def test_a_record_from_before_calibrations_were_kept_is_run_and_says_what_with(
    harness: JobHarness,
) -> None:
    job_id, _ = submit(harness, OLD)
    old_form = serialization.model_text(OLD).replace(', "calibration": null', "")
    harness.client.hset(keyspace.JOB + job_id, "model", old_form)
    (claim,) = worker(harness, OLD).claim(8)
    assert claim.job.model == OLD


def test_jobs_left_to_others_keep_their_place(harness: JobHarness) -> None:
    old, new = worker(harness, OLD), worker(harness, NEW)
    ids = [submit(harness, model)[0] for model in (NEW, OLD, NEW)]
    old.claim(8)
    assert [claim.job.id for claim in new.claim(8)] == [ids[0], ids[2]]
