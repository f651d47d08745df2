"""What a record says of its model is what the job was run with."""

import pytest

from jobs.ports import Outcome
from jobs.records.job import ModelFacts, State
from jobs.redis import keyspace, serialization
from jobs.redis.queue import RedisWorkQueue
from tests.jobs.conftest import Desk, a_job

OLD = ModelFacts(id="cropshield_cnn", version="5", weights_sha256="55")
NEW = ModelFacts(id="cropshield_cnn", version="9", weights_sha256="99")
OTHER = ModelFacts(id="other", version="1", weights_sha256="11")
DONE = Outcome(State.SUCCEEDED, result={"predictions": []})


def worker(desk: Desk, *models: ModelFacts) -> RedisWorkQueue:
    """One that has given a sign of life."""
    queue = RedisWorkQueue(desk.client, desk.notifier, 1, 3, models)
    queue.heartbeat(f"serves {[model.version for model in models]}")
    return queue


def submit(desk: Desk, model: ModelFacts, *, reuse: bool = False) -> tuple[str, bool]:
    """Id of a job that was accepted for this model, and whether it needs no worker."""
    job = a_job(model=model.id).model_copy(update={"model": model})
    submitted = desk.ask(lambda store: store.enqueue(job, reuse=reuse))
    return submitted.job.id, submitted.from_cache


def forget_signs_of_life(desk: Desk) -> None:
    """As time does."""
    desk.client.delete(keyspace.SERVED, keyspace.WORKERS)


def test_a_job_goes_to_the_worker_that_serves_what_it_was_accepted_for(desk: Desk) -> None:
    """While some workers are upgraded and others are not."""
    old, new = worker(desk, OLD), worker(desk, NEW)
    of_new, _ = submit(desk, NEW)
    of_old, _ = submit(desk, OLD)
    assert [claim.job.id for claim in old.claim(8)] == [of_old]
    assert desk.find(of_new).state is State.QUEUED
    assert [claim.job.id for claim in new.claim(8)] == [of_new]
    assert desk.find(of_new).model == NEW
    assert desk.find(of_old).model == OLD


def test_a_job_of_a_model_that_one_worker_lacks_is_left_to_the_one_that_has_it(desk: Desk) -> None:
    without, having = worker(desk, OLD), worker(desk, OLD, OTHER)
    job_id, _ = submit(desk, OTHER)
    assert without.claim(8) == []
    assert [claim.job.id for claim in having.claim(8)] == [job_id]


def test_a_job_that_no_worker_can_keep_the_promise_of_says_what_it_is_run_with(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    job_id, _ = submit(desk, OLD)
    (claim,) = worker(desk, NEW).claim(8)
    assert claim.job.model == NEW
    assert desk.find(job_id).model == NEW
    assert '"version": "5"' in caplog.text


def test_a_worker_that_died_has_no_job_wait_for_it(desk: Desk) -> None:
    worker(desk, OLD)
    submit(desk, OLD)
    forget_signs_of_life(desk)
    (claim,) = worker(desk, NEW).claim(8)
    assert claim.job.model == NEW


def test_a_result_is_reused_for_the_weights_that_made_it_and_no_others(desk: Desk) -> None:
    """An old worker ran what was accepted for the new weights."""
    submit(desk, NEW)
    old = worker(desk, OLD)
    (claim,) = old.claim(8)
    old.finish(claim, DONE)
    assert submit(desk, NEW, reuse=True)[1] is False
    assert submit(desk, OLD, reuse=True) == (claim.job.id, True)


def test_an_upgraded_calibration_is_told_too(desk: Desk) -> None:
    """Scores and verdicts follow from it."""
    submit(desk, OLD)
    recalibrated = OLD.model_copy(update={"calibration": "c2"})
    (claim,) = worker(desk, recalibrated).claim(8)
    assert claim.job.model == recalibrated


def test_a_record_from_before_calibrations_were_kept_is_run_and_says_what_with(desk: Desk) -> None:
    job_id, _ = submit(desk, OLD)
    old_form = serialization.model_text(OLD).replace(', "calibration": null', "")
    desk.client.hset(keyspace.JOB + job_id, "model", old_form)
    (claim,) = worker(desk, OLD).claim(8)
    assert claim.job.model == OLD


def test_jobs_left_to_others_keep_their_place(desk: Desk) -> None:
    old, new = worker(desk, OLD), worker(desk, NEW)
    ids = [submit(desk, model)[0] for model in (NEW, OLD, NEW)]
    old.claim(8)
    assert [claim.job.id for claim in new.claim(8)] == [ids[0], ids[2]]
