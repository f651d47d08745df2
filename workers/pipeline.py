"""Claimed jobs through a model in batches: while it works, the next ones load and the last finish.

The steps are those of `engine/batch_pipeline.py`, which takes what an iterator gives. An iterator
cannot serve here: the queue says, batch by batch, what may be taken, and that depends on what is
still finishing. Nothing is claimed beside a job over which a worker was lost; after a signal to
stop, what was only claimed is given back; and leases are renewed from claim to end.
"""

import logging
import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Lock
from time import monotonic, perf_counter, sleep

from redis.exceptions import RedisError

from jobs.metrics import Counters
from jobs.ports import Claim, WorkQueue
from workers.job_steps import JobSteps, WorkItem
from workers.lease_renewer import LeaseRenewer

log = logging.getLogger(__name__)
_BATCHES_FINISHING = 2
_REDIS_SECONDS = 60  # how long a job that is done waits for Redis to record it
_THREADS = max(4, os.cpu_count() or 1)  # more than two cores: photos may come from far away


class Pipeline:
    """Takes jobs in batches until none is left or `stop` is called.

    The model runs in the thread that calls `drain`. Meanwhile other threads claim and load the
    next batch and finish the last two. (With only one batch finishing, the model waited for a slow
    disk a tenth of its time.) At most four batches are claimed at a time. A job over which a worker
    was lost is the only one claimed, until it has ended.
    """

    def __init__(
        self,
        queue: WorkQueue,
        steps: JobSteps,
        lease_renewer: LeaseRenewer,
        max_batch: int,
        counters: Counters | None = None,
    ) -> None:
        self._queue, self._steps = queue, steps
        self._lease_renewer, self._max_batch = lease_renewer, max_batch
        self._counters = counters or Counters()
        self._claimer = ThreadPoolExecutor(1, thread_name_prefix="claim")
        self._loaders = ThreadPoolExecutor(_THREADS, thread_name_prefix="load")
        self._finishers = ThreadPoolExecutor(_THREADS, thread_name_prefix="finish")
        self._finishing: deque[list[Future[None]]] = deque()
        self._draining = Lock()
        self._stopping = False

    def drain(self) -> None:
        """Work until no job waits or Redis does not answer. Concurrent calls run one by one."""
        with self._draining:
            try:
                self._drain()
            except (RedisError, OSError) as error:
                log.warning("no work can be taken: %s", error)

    @property
    def is_draining(self) -> bool:
        return self._draining.locked()

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    def _drain(self) -> None:
        items = self._claim_and_load(busy=True) or self._next()
        while items:
            start = perf_counter()
            run = self._run_alone if items[0].claim.is_suspect else self._run_and_claim
            items = run(items)
            self._counters.count("working_seconds_total", by=perf_counter() - start)
            if self._stopping:
                self._give_back(items)
                return

    def _run_and_claim(self, items: Sequence[WorkItem]) -> list[WorkItem]:
        """Run these jobs while the next ones are claimed; return the next ones."""
        upcoming = self._claimer.submit(self._claim_and_load, busy=True)
        self._explain(items)
        self._finish(items)
        return upcoming.result() or self._next()

    def _run_alone(self, items: Sequence[WorkItem]) -> list[WorkItem]:
        """Run these jobs to their end before anything else is claimed; return the next ones."""
        self._explain(items)
        self._finish(items)
        self._wait_until_finished()
        return self._next()

    def _next(self) -> list[WorkItem]:
        """Of jobs that wait, a batch that may run beside what is still finishing; else one job that
        must run alone."""
        if not self._queue.count_waiting():
            return []
        if items := self._claim_and_load(busy=True):
            return items
        self._wait_until_finished()
        return self._claim_and_load(busy=False)

    def _explain(self, items: Sequence[WorkItem]) -> None:
        start = perf_counter()
        self._steps.explain(items)
        self._counters.count("model_seconds_total", by=perf_counter() - start)

    def stop(self) -> None:
        """Claim no more. Jobs that run are finished; those that were only claimed are released.

        A plain flag, since signal handlers call this and may interrupt one another: an Event
        would take a lock that the interrupted handler holds.
        """
        self._stopping = True

    def close(self) -> None:
        """Wait for the last jobs to end."""
        with self._draining:
            self._wait_until_finished()
            for pool in (self._claimer, self._loaders, self._finishers):
                pool.shutdown()

    def _claim_and_load(self, *, busy: bool) -> list[WorkItem]:
        if self._stopping:
            return []
        claims = self._queue.claim(self._max_batch, busy=busy)
        self._lease_renewer.hold(claims)
        run = self._loaders.map if len(claims) > 1 else map
        return list(run(partial(self._load, claims), claims))

    def _load(self, batch: Sequence[Claim], claim: Claim) -> WorkItem:
        """Load one job, then renew the leases of its whole batch: as long as photos are loaded, if
        slowly, the batch does not hang."""
        item = self._steps.load(WorkItem(claim))
        self._lease_renewer.hold(batch)
        return item

    def _finish(self, items: Sequence[WorkItem]) -> None:
        """Hand the batch to the finishers, as soon as at most one other batch is finishing."""
        self._wait_until_finished(but=_BATCHES_FINISHING - 1)
        self._finishing.append([self._finishers.submit(self._finish_one, item) for item in items])

    def _finish_one(self, item: WorkItem) -> None:
        try:
            self._finish_when_redis_answers(item)
        finally:
            self._lease_renewer.drop([item.claim])

    def _finish_when_redis_answers(self, item: WorkItem) -> None:
        """Keep trying while Redis restarts, so that a restart costs no job an attempt."""
        end = monotonic() + _REDIS_SECONDS
        while True:
            try:
                return self._steps.finish(item)
            except (RedisError, OSError) as error:
                if self._stopping or monotonic() > end:
                    raise
                log.warning("a job's end is recorded later: %s", error)
                sleep(1)

    def _wait_until_finished(self, but: int = 0) -> None:
        """Wait until all batches but the last `but` have finished. A job whose end could not be
        recorded runs again once its lease has run out."""
        while len(self._finishing) > but:
            for future in wait(self._finishing.popleft()).done:
                if error := future.exception():
                    log.error("a job's end could not be recorded", exc_info=error)

    def _give_back(self, items: Sequence[WorkItem]) -> None:
        claims = [item.claim for item in items]
        self._queue.release(claims)
        self._lease_renewer.drop(claims)
