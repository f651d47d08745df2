"""The worker's queue, counting what passes through it."""

import logging
import time

from redis import Redis
from redis.exceptions import RedisError

from jobs.job import Job, State
from jobs.metrics import Counters, add_to
from jobs.ports import Bell, Claim, Outcome
from jobs.queue import RedisWorkQueue

log = logging.getLogger(__name__)


class MeteredQueue(RedisWorkQueue):
    """A RedisWorkQueue that counts, and saves the counts with every sign of life.

    A process that is killed takes the counts of its last second with it.
    """

    def __init__(
        self,
        redis: "Redis",
        bell: Bell,
        lease_seconds: float,
        max_attempts: int,
        counters: Counters,
    ) -> None:
        super().__init__(redis, bell, lease_seconds, max_attempts)
        self._counters, self._ahead = counters, 0.0

    def claim(self, most: int, *, beside: bool = False) -> list[Claim]:
        claims = super().claim(most, beside=beside)
        if claims:
            self._counters.count("job_attempts_total", by=len(claims))
            self._counters.observe("batch_photos", len(claims))
            self._compare_clocks(claims[-1].job)
        return claims

    def finish(self, claim: Claim, outcome: Outcome) -> State | None:
        ended = super().finish(claim, outcome)
        if ended is State.SUCCEEDED:
            self._observe_stages(claim.job, outcome)
        return ended

    def announce(self, worker: str) -> None:
        super().announce(worker)
        self.save_counts()

    def retire(self, worker: str) -> None:
        super().retire(worker)
        self.save_counts()

    def save_counts(self) -> None:
        """Raises RedisError; the counts are then saved with the next ones."""
        counts = self._counters.take()
        if not counts:
            return
        try:
            with self._redis.pipeline() as pipe:
                add_to(pipe, counts)
                pipe.execute()
        except (RedisError, OSError):
            self._counters.put_back(counts)
            raise

    def _compare_clocks(self, job: Job) -> None:
        """How far this machine's clock is ahead of that of Redis, which dates all jobs."""
        if job.started_at:
            self._ahead = time.time() - job.started_at.timestamp()

    def _observe_stages(self, job: Job, outcome: Outcome) -> None:
        total = time.time() - self._ahead - job.created_at.timestamp()
        stages = job.timings_ms | (outcome.timings_ms or {}) | {"total": total * 1000}
        for stage, milliseconds in stages.items():
            self._counters.observe("job_stage_seconds", milliseconds / 1000, stage)
