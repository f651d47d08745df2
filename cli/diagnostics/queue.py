"""Checks the queue: what waits, and whether a worker takes it."""

from redis import Redis
from redis.exceptions import RedisError

from cli.diagnostics.findings import Finding, ok, problem, warning
from jobs.redis import backlog
from jobs.redis.backlog import Backlog, read_backlog

SUBJECT = "queue"
_LONG_SECONDS = 60


def check_work(client: "Redis") -> Finding:
    try:
        reply = client.eval(backlog.SCRIPT, 0, *map(str, backlog.ARGUMENTS))
    except (RedisError, OSError) as error:
        return problem(SUBJECT, f"cannot be read: {error}", "See the log of Redis.")
    return judge(read_backlog(reply))


def judge(now: Backlog) -> Finding:
    oldest = f", the oldest for {now.oldest_seconds:.0f} s" if now.waiting else ""
    found = f"{now.waiting:,} jobs wait{oldest}; {now.running:,} run; {now.workers} workers"
    if not now.workers and now.waiting:
        return problem(SUBJECT, found, "Start a worker: `cropshield worker`. See its log.")
    if not now.workers:
        return warning(SUBJECT, found, "Start a worker: `cropshield worker`.")
    if postponed := now.queues["retry"].jobs:
        found += f"; {postponed:,} of those that wait do so for the photo store"
        return warning(
            SUBJECT, found, "Make room, or bring it back: they then go on by themselves."
        )
    if now.oldest_seconds > _LONG_SECONDS:
        return warning(SUBJECT, found, "Start more workers: photos come faster than they end.")
    return ok(SUBJECT, found)
