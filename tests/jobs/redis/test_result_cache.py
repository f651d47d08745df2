"""A photo that was explained before is answered from the job that did it."""

from jobs.records.job import Job, State
from jobs.records.submissions import Submitted
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness, a_job
from tests.jobs.redis.conftest import DONE


def test_a_finished_job_is_reused_for_its_owner_alone(harness: JobHarness) -> None:
    def sent_again(job: Job) -> Submitted:
        return harness.ask(lambda store: store.enqueue(job, reuse=True))

    first = sent_again(a_job())
    assert not first.from_cache
    assert not sent_again(a_job()).from_cache, "it has not ended"
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    waiting = harness.queue.count_waiting()
    assert sent_again(a_job()) == Submitted(harness.find(first.job.id), from_cache=True)
    assert harness.queue.count_waiting() == waiting
    for other in (a_job(owner="another"), a_job(alpha=0.9), a_job(model="other")):
        assert not sent_again(other).from_cache
    assert not harness.ask(lambda store: store.enqueue(a_job())).from_cache, (
        "that was not asked for"
    )


def test_a_job_whose_record_is_gone_is_not_reused(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    harness.client.delete(keyspace.JOB + claim.job.id)  # as its expiry does
    assert not harness.ask(lambda store: store.enqueue(a_job(), reuse=True)).from_cache


def test_a_job_completed_from_the_cache_has_the_other_ones_result(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    harness.queue.finish(claim, DONE)
    from_cache, again = harness.find(claim.job.id), a_job(client_ref="again")
    job = harness.ask(lambda store: store.complete_from_cache(again, from_cache)).job
    assert (job.id, job.state, job.cached) == (again.id, State.SUCCEEDED, True)
    assert job.result == from_cache.result
    assert job.options.client_ref == "again"
