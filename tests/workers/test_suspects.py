"""A job that may have killed a worker is run alone, and no other job suffers from it."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from jobs.ports import Claim
from jobs.records.job import State
from jobs.redis import keyspace
from tests.workers.conftest import WorkerHarness
from workers.job_steps import JobSteps, WorkItem


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


class _Died(BaseException):
    """What a worker that is killed leaves behind: nothing is ended."""


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
