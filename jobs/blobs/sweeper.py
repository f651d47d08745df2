"""The sweeper: erases blobs that no job needs, and warns of jobs whose blobs are missing."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import Any

from redis import Redis

from jobs.blobs.blob_names import ORIGINAL, PHOTO
from jobs.metrics import Counters
from jobs.ports import BlobStore
from jobs.records.job import State
from jobs.redis.keyspace import ENDED, JOB, ORPHANS, PREFIX, SWEEP, SWEEP_LOCK
from jobs.redis.replication import check_replicas, wait_for_replicas
from jobs.redis.scripts import load_script

log = logging.getLogger(__name__)
GRACE_SECONDS = 86_400.0  # longer than any upload, and time to notice a wrong Redis
SHARDS = "0123456789abcdef"  # first characters of job ids
_SHARE = 0.1  # at most this share of the interval is spent sweeping
_CHUNK, _SCANNED, _LOOKED_AT = 200, 5_000, 200


class Sweeper:
    """Erases blobs. `run` blocks its thread; any number of processes may run a sweeper.

    Every sweeper erases the photos of jobs that have ended, and all blobs of jobs that did not
    succeed. Every `interval` seconds one of them goes through the stored blobs too, from where the
    last one stopped. Blobs whose record has expired, or says that they are erased, go at once (a
    worker that was killed may have stored them late); blobs that never had a record go after
    `grace` seconds by the clock of Redis.

    With `replicas`, nothing is erased before what the records say is on as many of them: a primary
    that takes over must not find that a job is still to be run whose photo is gone.

    A record whose blobs are missing is left as it is. A worker fails a waiting job, since it finds
    no photo; a finished one is only logged.
    """

    def __init__(
        self,
        redis: "Redis",
        blobs: BlobStore,
        counters: Counters,
        interval: float,
        grace: float = GRACE_SECONDS,
        replicas: int = 0,
    ) -> None:
        self._redis: Any = redis
        self._replicas = replicas
        self._blobs, self._counters = blobs, counters
        self._interval, self._grace = interval, int(grace * 1000)
        self._unneeded = redis.register_script(load_script("unneeded_blobs"))
        self._stopped = Event()

    def stop(self) -> None:
        """Have `run` return soon."""
        self._stopped.set()

    def run(self) -> None:
        """Do what is due, until `stop`. Raises BlobsFailed, NotReplicated, RedisError."""
        self._erase_of_ended_jobs()
        if self._redis.set(SWEEP_LOCK, 1, nx=True, px=int(self._interval * 1000)):
            self._counters.count("swept_total", "part", by=self._blobs.remove_partial_writes())
            self._warn_of_missing_blobs()
            self._sweep()

    def _erase_of_ended_jobs(self) -> None:
        """Erase the originals of jobs that succeeded, and all blobs of the others, where no worker
        has done so: it does, unless there are replicas to wait for."""
        while not self._stopped.is_set() and (ids := self._redis.srandmember(ENDED, _CHUNK)):
            with_pictures = set(self._with_pictures(ids))
            self._blobs.delete_each(list(with_pictures), ORIGINAL)
            self._blobs.erase_each([job_id for job_id in ids if job_id not in with_pictures])
            self._redis.srem(ENDED, *ids)

    def _with_pictures(self, ids: Sequence[str]) -> Iterator[str]:
        """The jobs whose other blobs stay: those that succeeded, and those whose record has
        expired, which are left to the sweep."""
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hget(JOB + job_id, "state")
            states = self._replicated(pipe)
        found = zip(ids, states, strict=True)
        return (job_id for job_id, state in found if state in (State.SUCCEEDED, None))

    def _replicated(self, pipe: Any) -> list[Any]:
        """The replies of a pipeline, once replicas have what they tell. Raises NotReplicated."""
        if not self._replicas:
            return list(pipe.execute())
        wait_for_replicas(pipe, self._replicas)
        return check_replicas(pipe.execute(), self._replicas)

    def _sweep(self) -> None:
        """Sweep each shard once at most, and one shard or chunk at least."""
        first, end = int(self._redis.hget(SWEEP, "shard") or 0), self._end()
        for number in range(first, first + len(SHARDS)):
            if not self._sweep_shard(SHARDS[number % len(SHARDS)], end):
                return
            self._redis.hset(SWEEP, "shard", (number + 1) % len(SHARDS))
            if self._stopped.is_set() or time.monotonic() > end:
                return

    def _end(self) -> float:
        return time.monotonic() + self._interval * _SHARE

    def _sweep_shard(self, shard: str, end: float) -> bool:
        """Whether the whole shard was swept. It stops early only after it has erased something,
        which the next sweep need not look at again."""
        for ids in _chunks(self._blobs.list_jobs(shard)):
            with self._redis.pipeline(transaction=False) as pipe:
                self._unneeded(args=[PREFIX, self._grace, *ids], client=pipe)
                (found,) = self._replicated(pipe)
            if found:
                self._erase(dict(zip(found[::2], found[1::2], strict=True)))
            if self._stopped.is_set() or (found and time.monotonic() > end):
                return False
        return True

    def _erase(self, reasons: Mapping[str, str]) -> None:
        self._blobs.erase_each(list(reasons))
        self._redis.zrem(ORPHANS, *reasons)
        for job_id, why in reasons.items():
            self._counters.count("swept_total", why)
            log.info("blobs erased: %s", why, extra={"job_id": job_id})

    def _warn_of_missing_blobs(self) -> None:
        """Check some records, other ones each time."""
        cursor = int(self._redis.hget(SWEEP, "record") or 0)
        cursor, keys = self._redis.scan(cursor, match=JOB + "*", count=_SCANNED)
        self._redis.hset(SWEEP, "record", cursor)
        ids = [key.removeprefix(JOB) for key in keys[:_LOOKED_AT]]
        lacking = [job_id for job_id in ids if self._lacks_blobs(job_id)]
        if lacking:
            log.warning(
                "%d of %d records have no stored pictures; has CROPSHIELD_BLOBS been changed?",
                len(lacking),
                len(ids),
                extra={"job_id": lacking[0]},
            )

    def _lacks_blobs(self, job_id: str) -> bool:
        state, erased = self._redis.hmget(JOB + job_id, "state", "erased")
        return state == State.SUCCEEDED and not erased and not self._blobs.has(job_id, PHOTO)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
