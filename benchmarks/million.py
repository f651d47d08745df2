"""Whether a million finished jobs slow a submit: `python -m benchmarks.million`.

Two databases of one Redis, one of them empty, one full of copies of a job that was finished in the
usual way; what is asked is asked of both in turn.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from redis import Redis

from benchmarks.common.drain import NoNotifier, a_job
from benchmarks.common.measuring import write
from benchmarks.common.sleeping_workers import RESULT, TIMINGS
from benchmarks.queue import redis_server
from jobs.ports import Outcome
from jobs.records.job import LOCAL, State
from jobs.records.listing import JobQuery
from jobs.redis import keyspace
from jobs.redis.connections import connect, connect_async
from jobs.redis.queue import RedisWorkQueue
from jobs.redis.store import RedisJobStore

AIM, _CHUNK = 1.1, 5_000
# As many copies of a finished job as are asked for, each with its tombstone, its entry in the cache
# and its place in its owner's list. ARGV: prefix, id, owner, first, count, ttl ms
_COPY = """
local P, fields = ARGV[1], redis.call('HGETALL', ARGV[1] .. 'job:' .. ARGV[2])
for i = ARGV[4], ARGV[4] + ARGV[5] - 1 do
  local id = string.format('%08x-0000-4000-8000-000000000000', i)
  redis.call('HSET', P .. 'job:' .. id, unpack(fields))
  redis.call('PEXPIRE', P .. 'job:' .. id, ARGV[6])
  redis.call('SET', P .. 'gone:' .. id, '1790000000000 ' .. ARGV[3], 'PX', ARGV[6])
  redis.call('SET', P .. 'cache:' .. redis.sha1hex(id) .. string.sub(id, 1, 24), id, 'PX', ARGV[6])
  redis.call('ZADD', P .. 'owner:' .. ARGV[3], 1790000000000 + i, id)
end
"""
Ask = Callable[[RedisJobStore], Awaitable[object]]


def load(url: str, count: int) -> float:
    """Fill the database; bytes a job."""
    client: Any = connect(url)
    asyncio.run(_ask(url, lambda store: store.enqueue(a_job())))
    queue = RedisWorkQueue(client, NoNotifier(), 15, 5)
    (claim,) = queue.claim(1)
    queue.finish(claim, Outcome(State.SUCCEEDED, result=RESULT, timings_ms=TIMINGS))
    before = client.info("memory")["used_memory"]
    ttl = claim.job.options.ttl * 1000
    for first in range(1, count + 1, _CHUNK):
        some = min(_CHUNK, count + 1 - first)
        client.eval(_COPY, 0, keyspace.PREFIX, claim.job.id, LOCAL, first, some, ttl)
    return float((client.info("memory")["used_memory"] - before) / count)


async def _ask(url: str, call: Ask) -> None:
    redis = connect_async(url)
    await call(RedisJobStore(redis, NoNotifier(), 10**9, 5))
    await redis.aclose()


async def measure(url: str, call: Ask, times: int) -> tuple[float, float]:
    """Milliseconds of one call: for its caller, at the median, and in the server, at the mean."""
    redis = connect_async(url)
    store, taken = RedisJobStore(redis, NoNotifier(), 10**9, 5), []
    await call(store)
    await redis.config_resetstat()
    for _ in range(times):
        start = time.perf_counter()
        await call(store)
        taken.append(1000 * (time.perf_counter() - start))
    stats = await redis.info("commandstats")
    await redis.aclose()
    inside = sum(found["usec"] for name, found in stats.items() if not name.endswith("resetstat"))
    return statistics.median(taken), inside / 1000 / times


CALLS: dict[str, Ask] = {
    "submit": lambda store: store.enqueue(a_job(), reuse=True),
    "list the newest 20": lambda store: store.list_jobs(LOCAL, JobQuery(limit=20)),
    "reap": lambda store: store.reap(),
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--calls", type=int, default=200, help="of each kind in a round")
    chosen = options.parse_args()
    with redis_server() as server:
        with Redis.from_url(server) as client:
            client.config_set("appendonly", "no")  # the load would only wait for the disk
        empty, full = (f"{server}?db={number}" for number in (1, 2))
        start = time.monotonic()
        size = load(full, chosen.jobs)
        sys.stdout.write(f"loaded in {time.monotonic() - start:.0f} s: {size:,.0f} bytes a job\n")
        rows = [_compare(name, call, (empty, full), chosen) for name, call in CALLS.items()]
    sys.stdout.write(f"aim: a submit takes its caller at most x {AIM}\n")
    write("million", vars(chosen) | {"bytes_a_job": round(size)}, rows)


def _compare(
    name: str, call: Ask, urls: tuple[str, str], chosen: argparse.Namespace
) -> dict[str, Any]:
    """Both databases in turn; prints and returns a line of the table."""
    measured: list[tuple[tuple[float, float], ...]] = [
        tuple(asyncio.run(measure(url, call, chosen.calls)) for url in urls)
        for _ in range(chosen.rounds)
    ]
    row: dict[str, Any] = {"call": name}
    for i, where in enumerate(("caller", "server")):
        pairs = [(empty[i], full[i]) for empty, full in measured]
        ratios = [full / empty for empty, full in pairs]
        row[where] = {
            "empty_ms": round(statistics.median(empty for empty, _ in pairs), 4),
            "full_ms": round(statistics.median(full for _, full in pairs), 4),
            "ratio": round(statistics.median(ratios), 3),
            "least": round(min(ratios), 3),
            "most": round(max(ratios), 3),
        }
        told = "{empty_ms:8.3f} ms empty {full_ms:8.3f} ms full  x {ratio:.2f} ({least} to {most})"
        sys.stdout.write(f"{name:26}{where:8}{told.format(**row[where])}\n")
    return row


if __name__ == "__main__":
    main()
