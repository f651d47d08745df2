"""Which jobs a worker is given, and in which order."""

import time

from jobs.ports import Outcome
from jobs.records.job import State
from tests.jobs.conftest import JobHarness


def test_jobs_are_claimed_in_order_interactive_before_bulk(harness: JobHarness) -> None:
    bulk = harness.enqueue(priority="bulk")
    first, second = harness.enqueue(), harness.enqueue()
    claimed = [claim.job.id for claim in harness.queue.claim(8)]
    assert claimed == [first.id, second.id, bulk.id]


def test_owners_take_turns_however_many_jobs_each_has(harness: JobHarness) -> None:
    flood = [harness.enqueue(owner="bulk sender") for _ in range(3)]
    late = harness.enqueue(owner="phone")
    order = [claim.job.id for claim in harness.queue.claim(8)]
    assert order.index(late.id) <= 1
    assert [job_id for job_id in order if job_id != late.id] == [job.id for job in flood]


def test_a_claim_that_finds_nothing_writes_nothing(harness: JobHarness) -> None:
    def written() -> int:
        return int(harness.client.info("persistence")["aof_current_size"])

    harness.enqueue()
    assert len(harness.queue.claim(1)) == 1
    assert harness.queue.claim(1) == []
    before = written()
    assert before
    assert harness.queue.claim(1) == []
    assert harness.queue.claim(1, busy=True) == []
    assert written() == before


def test_a_claim_takes_no_more_than_asked_and_notifies_for_the_rest(harness: JobHarness) -> None:
    for _ in range(3):
        harness.enqueue()
    before = harness.notifier.notified
    assert len(harness.queue.claim(2)) == 2
    assert harness.notifier.notified == before + 1


def test_a_claimed_job_is_running_on_its_first_attempt(harness: JobHarness) -> None:
    harness.enqueue()
    (claim,) = harness.queue.claim(1)
    assert claim.job.state is State.RUNNING
    assert claim.attempt == 1
    assert claim.job.started_at is not None


def test_a_claim_tells_whether_any_other_job_runs_or_waits(harness: JobHarness) -> None:
    harness.enqueue()
    (only,) = harness.queue.claim(8)
    for _ in range(2):
        harness.enqueue()
    (before_another,) = harness.queue.claim(1)
    (beside_others,) = harness.queue.claim(1)
    assert [claim.is_only_job for claim in (only, before_another, beside_others)] == [
        *(True, False, False)
    ]
    for claim in (only, before_another, beside_others):
        harness.queue.finish(claim, Outcome(State.SUCCEEDED, result={}))
    harness.enqueue()
    assert harness.queue.claim(8)[0].is_only_job


def test_jobs_that_are_claimed_together_are_not_alone(harness: JobHarness) -> None:
    for _ in range(2):
        harness.enqueue()
    assert [claim.is_only_job for claim in harness.queue.claim(8)] == [False, False]


def test_a_job_past_its_deadline_expires_unrun(harness: JobHarness) -> None:
    job = harness.enqueue(deadline=0.05)
    time.sleep(0.1)
    assert harness.queue.claim(8) == []
    assert harness.find(job.id).state is State.EXPIRED
