"""The WorkQueue in Redis: what a worker needs, for use from several threads."""

import json
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from jobs.errors import NewerRecord, WorkerLost
from jobs.metrics import Counters, add_to
from jobs.ports import Claim, JobStatus, Notifier, Outcome
from jobs.problems import job_problem_of
from jobs.records import submissions
from jobs.records.job import Job, ModelFacts, State, check_transition
from jobs.redis import keyspace, serialization
from jobs.redis.compatibility import raise_if_newer
from jobs.redis.scripts import load_script

log = logging.getLogger(__name__)
FORGET_WORKER_SECONDS = 60
POSTPONED_SECONDS = (2, 60)  # at least and at most each time
_SCRIPTS = (
    "begin_work",
    "claim",
    "finish",
    "hand_on",
    "heartbeat",
    "postpone",
    "reap",
    "release",
    "renew",
    "retry",
    "stand_by",
)
_UPGRADE_SECONDS = 86_400.0  # how long a job waits for a worker that can read its record, at most


def reap_arguments(max_attempts: int) -> list[Any]:
    """Arguments of the reap script; the same for every process that reaps."""
    lost = WorkerLost(max_attempts)
    error = json.dumps(job_problem_of(lost).document(str(lost)))
    return [keyspace.PREFIX, max_attempts, error]


class RedisWorkQueue:
    """See `jobs.ports.WorkQueue`. `models`: those that the worker serves; without them it claims
    the jobs of every model."""

    def __init__(
        self,
        redis: "Redis",
        notifier: Notifier,
        lease_seconds: float,
        max_attempts: int,
        models: Iterable[ModelFacts] = (),
    ) -> None:
        self._models = {model.id: serialization.model_text(model) for model in models}
        self._redis, self._notifier, self._lease = redis, notifier, int(lease_seconds * 1000)
        self._scripts = {name: redis.register_script(load_script(name)) for name in _SCRIPTS}
        self._max_attempts, self._reap_arguments = max_attempts, reap_arguments(max_attempts)

    def claim(self, most: int, *, busy: bool = False) -> list[Claim]:
        args: list[Any] = [keyspace.PREFIX, most, self._lease, int(busy)]
        notify, *taken = self._scripts["claim"](args=[*args, *serialization.flat(self._models)])
        if notify:
            self._notifier.notify()
        claims = [
            self._read_claim(job_id, serialization.paired(fields), is_only_job=bool(alone))
            for job_id, fields, *alone in taken
        ]
        return [claim for claim in claims if claim is not None]

    def _read_claim(
        self, job_id: str, fields: dict[str, str], *, is_only_job: bool
    ) -> Claim | None:
        """None for a job that only a newer worker can read, for which it waits then."""
        try:
            job = serialization.read_job(job_id, fields)
        except NewerRecord as error:
            self._leave(job_id, int(fields["attempts"]), error)
            return None
        if accepted := fields.get("accepted_model"):
            _say_model_differs(job_id, fields["model"], accepted)
        return Claim(job, is_only_job)

    def _leave(self, job_id: str, attempt: int, error: NewerRecord) -> None:
        log.warning("job waits for a newer worker: %s", error, extra={"job_id": job_id})
        if not self._postpone(job_id, attempt, _UPGRADE_SECONDS):
            why = json.dumps(job_problem_of(error).document(str(error)))
            ended = keyspace.PREFIX, job_id, attempt, State.FAILED.value, "", "error", why
            self._scripts["finish"](args=[*ended])

    def status_of(self, job_id: str) -> JobStatus | None:
        names = ("state", "attempts", "erased")
        state, attempt, erased = self._redis.hmget(keyspace.JOB + job_id, *names)
        return (
            JobStatus(State(str(state)), int(attempt or 0), erased is not None) if state else None
        )

    def finish(self, claim: Claim, outcome: Outcome) -> State | None:
        check_transition(claim.job.state, outcome.state)
        fields = serialization.outcome_fields(outcome.result, outcome.error, outcome.timings_ms)
        ended = self._scripts["finish"](
            args=[
                keyspace.PREFIX,
                claim.job.id,
                claim.attempt,
                outcome.state.value,
                submissions.result_fingerprint(claim.job),
                *serialization.flat(fields),
            ]
        )
        return State(ended) if ended else None

    def postpone(self, claim: Claim, in_all: float) -> bool:
        return self._postpone(claim.job.id, claim.attempt, in_all)

    def _postpone(self, job_id: str, attempt: int, in_all: float) -> bool:
        milliseconds = (int(seconds * 1000) for seconds in (*POSTPONED_SECONDS, in_all))
        args: list[str | int] = [keyspace.PREFIX, job_id, attempt, *milliseconds]
        return bool(self._scripts["postpone"](args=args))

    def retry(self, claim: Claim) -> bool:
        args: list[str | int] = [keyspace.PREFIX, claim.job.id, claim.attempt, self._max_attempts]
        if done := bool(self._scripts["retry"](args=args)):
            self._notifier.notify()
        return done

    def release(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self._scripts["release"](args=[keyspace.PREFIX, claim.job.id, claim.attempt])
        if claims:
            self._notifier.notify()

    def renew(self, claims: Sequence[Claim]) -> int:
        held: Iterator[str | int] = chain.from_iterable(
            (claim.job.id, claim.attempt) for claim in claims
        )
        return int(self._tick("renew", [keyspace.PREFIX, self._lease, *held]))

    def count_waiting(self) -> int:
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in keyspace.QUEUES:
                pipe.zcard(queue)
            return sum(pipe.execute())

    def stand_by(self, worker: str, seconds: float) -> bool:
        args: list[str | int] = [keyspace.PREFIX, worker, int(seconds * 1000)]
        stands, notify = self._scripts["stand_by"](args=args)
        if notify:
            self._notifier.notify()
        if not stands:
            return False
        return bool(self._redis.blpop([keyspace.WAKE + worker], seconds)) or self._was_woken(worker)

    def _was_woken(self, worker: str) -> bool:
        """Whether a job came as the time ran out; without one it stands by no more."""
        return not self._redis.zrem(keyspace.STANDBY, worker)

    def begin_work(self, worker: str) -> None:
        self._scripts["begin_work"](args=[keyspace.PREFIX, worker])

    def hand_on(self, worker: str) -> None:
        if self._scripts["hand_on"](args=[keyspace.PREFIX, worker]):
            self._notifier.notify()

    def reap(self) -> None:
        notify, *_ = self._tick("reap", self._reap_arguments)
        if notify:
            self._notifier.notify()

    def heartbeat(self, worker: str) -> None:
        args: list[str | int] = [keyspace.PREFIX, worker, FORGET_WORKER_SECONDS]
        args += self._models.values()
        self._tick("heartbeat", args)

    def _tick(self, name: str, args: list[Any]) -> Any:
        """The reply of a script that runs all the time. Raises NewerState where a newer version has
        changed the form of the state."""
        try:
            return self._scripts[name](args=args)
        except ResponseError as error:
            raise_if_newer(error)
            raise

    def deregister(self, worker: str) -> None:
        for signs in (keyspace.WORKERS, keyspace.WORKING):
            self._redis.zrem(signs, worker)


def _say_model_differs(job_id: str, model: str, accepted: str) -> None:
    log.warning(
        "job runs with %s; it was accepted for %s, which no worker serves",
        model,
        accepted,
        extra={"job_id": job_id},
    )


class MeteredQueue(RedisWorkQueue):
    """A RedisWorkQueue that counts, and saves the counts with every heartbeat.

    A process that is killed loses the counts of its last second.
    """

    def __init__(
        self,
        redis: "Redis",
        notifier: Notifier,
        lease_seconds: float,
        max_attempts: int,
        counters: Counters,
        models: Iterable[ModelFacts] = (),
    ) -> None:
        super().__init__(redis, notifier, lease_seconds, max_attempts, models)
        self._counters, self._ahead = counters, 0.0

    def claim(self, most: int, *, busy: bool = False) -> list[Claim]:
        claims = super().claim(most, busy=busy)
        if claims:
            self._counters.count("job_attempts_total", by=len(claims))
            self._counters.observe("batch_photos", len(claims))
            self._compare_clocks(claims[-1].job)
        return claims

    def finish(self, claim: Claim, outcome: Outcome) -> State | None:
        ended = super().finish(claim, outcome)
        if ended is State.SUCCEEDED:
            self._observe_stages(claim.job, outcome)
            self._count_verdict(claim.job, outcome)
        return ended

    def heartbeat(self, worker: str) -> None:
        super().heartbeat(worker)
        self.save_counts()

    def deregister(self, worker: str) -> None:
        super().deregister(worker)
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
        """How far this machine's clock is ahead of that of Redis, by which all jobs are dated."""
        if job.started_at:
            self._ahead = time.time() - job.started_at.timestamp()

    def _observe_stages(self, job: Job, outcome: Outcome) -> None:
        total = time.time() - self._ahead - job.created_at.timestamp()
        stages = job.timings_ms | (outcome.timings_ms or {}) | {"total": total * 1000}
        for stage, milliseconds in stages.items():
            self._counters.observe("job_stage_seconds", milliseconds / 1000, stage)

    def _count_verdict(self, job: Job, outcome: Outcome) -> None:
        if verdict := (outcome.result or {}).get("verdict"):
            self._counters.count("verdicts_total", job.model.id, verdict)
