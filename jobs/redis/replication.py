"""Waiting until replicas have what was written, so that it outlives the primary.

`WAIT` counts from the last write of its own connection, and what was written may have gone over
another one, or to a primary that has died since. So a message to nobody, which replicas get as they
get every write, goes before it in the same pipeline; and the keys that are named must be there.
"""

import time
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from jobs.errors import NotReplicated
from jobs.redis import keyspace
from jobs.redis.connections import raises_store_down

CONFIRM_SECONDS = 2.0  # less than a client waits for any reply of Redis
_CHECK_SECONDS = 1.0
_LAG_SECONDS = 5  # a replica gives a sign of life every second


class Replication:
    """`needed`: how many replicas must have what is promised; with 0 nothing is asked of Redis.

    `redis` should be a client of its own: when replicas hang, its connections are all in use.
    """

    def __init__(self, redis: "AsyncRedis", needed: int = 0) -> None:
        self._redis, self._needed = redis, needed
        self._following, self._next_check = 0, 0.0

    @raises_store_down
    async def check(self) -> None:
        """Raises NotReplicated while too few replicas follow the primary; it is asked once a second
        at most."""
        if self._needed and time.monotonic() >= self._next_check:
            self._following = count_following(await self._redis.info("replication"))
            self._next_check = time.monotonic() + _CHECK_SECONDS
        if self._following < self._needed:
            raise NotReplicated(self._following, self._needed)

    @raises_store_down
    async def confirm(self, *keys: str) -> None:
        """Return once the replicas have all that was written by now, whoever has written it.

        Raises NotReplicated when that takes too long, or one of `keys` is not there: the primary
        that took over has not got it.
        """
        if not self._needed:
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            _look_for(pipe, keys)
            wait_for_replicas(pipe, self._needed)
            _check_found(await pipe.execute(), self._needed, keys)


def confirm(redis: "Redis", needed: int, *keys: str) -> None:
    """As `Replication.confirm`, for threads. Raises NotReplicated, RedisError."""
    if not needed:
        return
    with redis.pipeline(transaction=False) as pipe:
        _look_for(pipe, keys)
        wait_for_replicas(pipe, needed)
        _check_found(pipe.execute(), needed, keys)


def wait_for_replicas(pipe: Any, needed: int) -> None:
    """Have a pipeline without a transaction end with waiting for replicas: they then have all that
    its other commands have seen."""
    pipe.publish(keyspace.REPLICATED, "")
    pipe.wait(needed, int(CONFIRM_SECONDS * 1000))


def check_replicas(replies: list[Any], needed: int) -> list[Any]:
    """The replies of the other commands. Raises NotReplicated."""
    *others, _, having = replies
    if having < needed:
        raise NotReplicated(having, needed)
    return others


def _look_for(pipe: Any, keys: tuple[str, ...]) -> None:
    for key in keys:
        pipe.exists(key)


def _check_found(replies: list[Any], needed: int, keys: tuple[str, ...]) -> None:
    if sum(check_replicas(replies, needed)) < len(keys):
        raise NotReplicated(0, needed)


def count_following(info: dict[str, Any]) -> int:
    """How many replicas are online and have given a sign of life, by `INFO`."""
    found = (value for name, value in info.items() if name.startswith("slave"))
    replicas = [value for value in found if isinstance(value, dict)]
    return sum(one["state"] == "online" and one["lag"] <= _LAG_SECONDS for one in replicas)
