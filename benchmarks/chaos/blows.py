"""What is killed when, and how long the jobs in hand take to come back."""

import itertools
import random
import signal
import threading
import time
from typing import Any

import redis

from benchmarks.chaos.installation import Installation
from benchmarks.chaos.outcome import Outcome, Plan
from jobs.redis import keyspace

_RECOVERED_SECONDS = 240.0


class Recovery(threading.Thread):
    """How long the jobs of a killed worker stay in hand, in seconds; made just before it. A job
    whose lease is renewed is another worker's."""

    def __init__(self, url: str, outcome: Outcome) -> None:
        super().__init__(daemon=True)
        self._url, self._outcome, self._begun = url, outcome, time.monotonic()
        self._held: set[tuple[str, float, str]] = set()
        self._held = self._in_hand()

    def run(self) -> None:
        while self._held and time.monotonic() - self._begun < _RECOVERED_SECONDS:
            time.sleep(0.05)
            self._held &= self._in_hand()
        self._outcome.recoveries.append(time.monotonic() - self._begun)

    def _in_hand(self) -> set[tuple[str, float, str]]:
        """Ids, ends of leases, attempts; while Redis is being restarted, as they were."""
        try:
            with redis.Redis.from_url(self._url, decode_responses=True, socket_timeout=2) as client:
                leases: Any = client.zrange(keyspace.LEASES, 0, -1, withscores=True)
                tries = [
                    str(client.hget(keyspace.JOB + job_id, "attempts")) for job_id, _ in leases
                ]
                return {(*lease, tried) for lease, tried in zip(leases, tries, strict=True)}
        except redis.RedisError:
            return self._held


def kill(
    plan: Plan, installation: Installation, order: random.Random, outcome: Outcome
) -> list[Recovery]:
    """Kill by turns, in random order, with a pause after each; who watches what follows."""
    watchers = []
    workers = [f"worker{i}" for i in range(plan.workers)]
    blows = [(order.choice(workers), signal.SIGKILL) for _ in range(plan.worker_kills)]
    both = itertools.cycle([signal.SIGKILL, signal.SIGTERM])
    blows += [("redis", next(both)) for _ in range(plan.redis_restarts)]
    blows += [("api", next(both)) for _ in range(plan.api_restarts)]
    order.shuffle(blows)
    for name, number in blows:
        _until_busy(installation)
        time.sleep(plan.pause * order.random())
        if name.startswith("worker"):
            watchers.append(Recovery(installation.url, outcome))
            watchers[-1].start()
        installation.restart(name, number)
    return watchers


def _until_busy(installation: Installation, seconds: float = 20) -> None:
    """Until a worker has jobs in hand, so that a blow hurts; or until the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with redis.Redis.from_url(installation.url, socket_timeout=2) as client:
                if client.zcard(keyspace.LEASES):
                    return
        except redis.RedisError:  # being restarted
            pass
        time.sleep(0.02)
