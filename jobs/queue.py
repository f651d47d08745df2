"""The WorkQueue in Redis: what a worker needs, for use from several threads."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from redis import Redis

from jobs import wire
from jobs.errors import WorkerLost
from jobs.job import State, check_transition
from jobs.ports import Bell, Claim, Outcome
from jobs.problems import problem_of
from jobs.scripts import source

FORGET_WORKER_SECONDS = 60


def reap_arguments(max_attempts: int) -> list[Any]:
    """Arguments of the reap script; the same for every process that reaps."""
    lost = WorkerLost(max_attempts)
    error = json.dumps(problem_of(lost).document(str(lost)))
    return [wire.PREFIX, max_attempts, error]


class RedisWorkQueue:
    """See `jobs.ports.WorkQueue`."""

    def __init__(self, redis: "Redis", bell: Bell, lease_seconds: float, max_attempts: int) -> None:
        self._redis, self._bell, self._lease = redis, bell, int(lease_seconds * 1000)
        names = ("announce", "claim", "finish", "release", "renew", "reap")
        self._scripts = {name: redis.register_script(source(name)) for name in names}
        self._reap_arguments = reap_arguments(max_attempts)

    def claim(self, most: int, *, beside: bool = False) -> list[Claim]:
        args: list[Any] = [wire.PREFIX, most, self._lease, int(beside)]
        ring, *taken = self._scripts["claim"](args=args)
        if ring:
            self._bell.ring()
        return [Claim(wire.read_job(job_id, wire.paired(fields))) for job_id, fields in taken]

    def finish(self, claim: Claim, outcome: Outcome) -> State | None:
        check_transition(claim.job.state, outcome.state)
        fields = wire.outcome_fields(outcome.result, outcome.error, outcome.timings_ms)
        ended = self._scripts["finish"](
            args=[
                wire.PREFIX,
                claim.job.id,
                claim.attempt,
                outcome.state.value,
                wire.fingerprint(claim.job),
                *wire.flat(fields),
            ]
        )
        return State(ended) if ended else None

    def release(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self._scripts["release"](args=[wire.PREFIX, claim.job.id, claim.attempt])
        if claims:
            self._bell.ring()

    def renew(self, claims: Sequence[Claim]) -> int:
        held: Iterator[str | int] = chain.from_iterable(
            (claim.job.id, claim.attempt) for claim in claims
        )
        return int(self._scripts["renew"](args=[wire.PREFIX, self._lease, *held]))

    def waiting(self) -> int:
        return sum(self._redis.zcard(queue) for queue in wire.QUEUES)

    def reap(self) -> None:
        ring, *_ = self._scripts["reap"](args=self._reap_arguments)
        if ring:
            self._bell.ring()

    def announce(self, worker: str) -> None:
        self._scripts["announce"](args=[wire.PREFIX, worker, FORGET_WORKER_SECONDS])

    def retire(self, worker: str) -> None:
        self._redis.zrem(wire.WORKERS, worker)
