"""Batches, one behind the other: the next is decoded and the last rendered beside the model."""

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
from workers.leases import LeaseRenewer
from workers.stages import Stages, WorkItem

log = logging.getLogger(__name__)
_RENDERED = 2  # batches at once
_REDIS_SECONDS = 60  # so long the end of a job waits for Redis
_THREADS = max(4, os.cpu_count() or 1)  # more than two cores: photos may come from far away


class Pipeline:
    """Takes jobs in batches until none is left or `stop` is called.

    The model runs in the thread that calls `drain`. While it does, one thread claims and decodes
    the next batch and others render and end the last two: with one of them alone, a slow disk had
    the model wait for a tenth of its time. At most four batches are in hand; but a job over
    which a worker was lost is the only one, from its claim to its end.
    """

    def __init__(
        self,
        queue: WorkQueue,
        stages: Stages,
        lease_renewer: LeaseRenewer,
        most: int,
        counters: Counters | None = None,
    ) -> None:
        self._queue, self._stages, self._lease_renewer, self._most = (
            queue,
            stages,
            lease_renewer,
            most,
        )
        self._counters = counters or Counters()
        self._claimer = ThreadPoolExecutor(1, thread_name_prefix="claim")
        self._decoders = ThreadPoolExecutor(_THREADS, thread_name_prefix="decode")
        self._enders = ThreadPoolExecutor(_THREADS, thread_name_prefix="end")
        self._ending: deque[list[Future[None]]] = deque()
        self._draining = Lock()
        self._stopping = False

    def drain(self) -> None:
        """Work until nothing waits, or Redis does not answer. Safe to call any number of times;
        calls take turns."""
        with self._draining:
            try:
                self._drain()
            except (RedisError, OSError) as error:
                log.warning("no work can be taken: %s", error)

    @property
    def is_draining(self) -> bool:
        return self._draining.locked()

    def _drain(self) -> None:
        items = self._next()
        while items:
            start = perf_counter()
            items = self._alone(items) if items[0].claim.is_suspect else self._beside(items)
            self._counters.count("working_seconds_total", by=perf_counter() - start)
            if self._stopping:
                self._give_back(items)
                return

    def _beside(self, items: Sequence[WorkItem]) -> list[WorkItem]:
        """Explain these, and load the next ones meanwhile."""
        upcoming = self._claimer.submit(self._load, busy=True)
        self._explain(items)
        self._end(items)
        return upcoming.result() or self._next()

    def _alone(self, items: Sequence[WorkItem]) -> list[WorkItem]:
        """Explain these and see them ended before anything else is claimed."""
        self._explain(items)
        self._end(items)
        self._settle()
        return self._next()

    def _next(self) -> list[WorkItem]:
        """As much as may be beside what is in hand; else one job that must be alone."""
        items = self._load(busy=True)
        if items or not self._queue.count_waiting():
            return items
        self._settle()
        return self._load(busy=False)

    def _explain(self, items: Sequence[WorkItem]) -> None:
        start = perf_counter()
        self._stages.explain(items)
        self._counters.count("model_seconds_total", by=perf_counter() - start)

    def stop(self) -> None:
        """Take no more: what runs is finished, what was only claimed goes back at once.

        A plain flag, since signal handlers call this and may interrupt one another: an Event
        would take a lock that the interrupted handler holds.
        """
        self._stopping = True

    def close(self) -> None:
        """Wait for the last jobs to end."""
        with self._draining:
            self._settle()
            for pool in (self._claimer, self._decoders, self._enders):
                pool.shutdown()

    def _load(self, *, busy: bool) -> list[WorkItem]:
        if self._stopping:
            return []
        claims = self._queue.claim(self._most, busy=busy)
        self._lease_renewer.hold(claims)
        return list(self._decoders.map(partial(self._decode, claims), claims))

    def _decode(self, batch: Sequence[Claim], claim: Claim) -> WorkItem:
        """One photo of the batch. However many seconds others of it take, none of it is hung while
        they end one by one: a process that decodes is given a minute at most."""
        item = self._stages.decode(WorkItem(claim))
        self._lease_renewer.hold(batch)
        return item

    def _end(self, items: Sequence[WorkItem]) -> None:
        """Hand the batch over for rendering, once the one before the last has been."""
        self._settle(but=_RENDERED - 1)
        self._ending.append([self._enders.submit(self._end_one, item) for item in items])

    def _end_one(self, item: WorkItem) -> None:
        try:
            self._end_once_redis_answers(item)
        finally:
            self._lease_renewer.drop([item.claim])

    def _end_once_redis_answers(self, item: WorkItem) -> None:
        """A restart of Redis costs no job an attempt."""
        end = monotonic() + _REDIS_SECONDS
        while True:
            try:
                return self._stages.end(item)
            except (RedisError, OSError) as error:
                if self._stopping or monotonic() > end:
                    raise
                log.warning("a job's end is recorded later: %s", error)
                sleep(1)

    def _settle(self, but: int = 0) -> None:
        """Wait for the batches being rendered, but for the last ones. A job whose end could not be
        recorded is left to its lease: it will be run again."""
        while len(self._ending) > but:
            for future in wait(self._ending.popleft()).done:
                if error := future.exception():
                    log.error("a job's end could not be recorded", exc_info=error)

    def _give_back(self, items: Sequence[WorkItem]) -> None:
        claims = [item.claim for item in items]
        self._queue.release(claims)
        self._lease_renewer.drop(claims)
