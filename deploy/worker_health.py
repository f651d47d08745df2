"""Health check of a worker's container: exit code 0 while its worker gives signs of life.

A worker announces itself in Redis every second, under its host's name.
"""

import socket
import sys

from redis.exceptions import RedisError

from jobs.masking import masked
from jobs.redis import keyspace
from jobs.redis.connections import connect
from jobs.redis.store import ALIVE_SECONDS
from jobs.settings import SharedSettings


def check(redis_url: str, host: str) -> str:
    """What is wrong; empty when nothing is."""
    try:
        with connect(redis_url) as redis:
            now, _ = redis.time()
            alive = redis.zrangebyscore(keyspace.WORKERS, now - ALIVE_SECONDS, "+inf")
    except RedisError as error:
        return masked(f"Redis does not answer: {error}")
    if any(name.rpartition(":")[0] == host for name in alive):
        return ""
    return f"no worker on {host} gave a sign of life within {ALIVE_SECONDS} s"


if __name__ == "__main__":
    sys.exit(check(SharedSettings().redis_url, socket.gethostname()) or 0)
