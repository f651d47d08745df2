"""The queue: what waits, and whether somebody comes for it."""

from redis import Redis
from redis.exceptions import RedisError

from cli.diagnostics.findings import Finding, ok, problem, warning
from jobs.redis import backlog
from jobs.redis.backlog import Backlog, read_backlog

SUBJECT = "queue"
_LONG_SECONDS = 60


def check_work(client: "Redis") -> Finding:
    try:
        answer = client.eval(backlog.SCRIPT, 0, *map(str, backlog.ARGUMENTS))
    except (RedisError, OSError) as error:
        return problem(SUBJECT, f"cannot be read: {error}", "See the log of Redis.")
    return judge(read_backlog(answer))


def judge(now: Backlog) -> Finding:
    oldest = f", the oldest for {now.oldest_seconds:.0f} s" if now.waiting else ""
    found = f"{now.waiting:,} jobs wait{oldest}; {now.running:,} run; {now.workers} workers"
    if not now.workers and now.waiting:
        return problem(SUBJECT, found, "Start a worker: `cropshield worker`. See its log.")
    if not now.workers:
        return warning(SUBJECT, found, "Start a worker: `cropshield worker`.")
    if now.oldest_seconds > _LONG_SECONDS:
        return warning(SUBJECT, found, "Start more workers: photos come faster than they end.")
    return ok(SUBJECT, found)
