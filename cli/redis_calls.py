"""Calls of commands to the Redis in use."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from redis.asyncio import Redis

from cli.diagnostics.redis import find_url
from cli.errors import CommandError
from cli.settings import read
from jobs.errors import CropShieldError
from jobs.redis.connections import connect_async
from jobs.redis.replication import Replication
from jobs.settings import SharedSettings

T = TypeVar("T")


def call_redis(call: Callable[["Redis"], Coroutine[Any, Any, T]]) -> T:
    """The result of `call`. Raises CommandError, also when there is no Redis."""
    url = find_url(read(SharedSettings))
    if url is None:
        raise CommandError("no Redis runs: start the server, or set CROPSHIELD_REDIS_URL")
    try:
        return asyncio.run(_call(url, call))
    except CropShieldError as error:
        raise CommandError(str(error)) from error


def change_redis(call: Callable[["Redis"], Coroutine[Any, Any, T]]) -> T:
    """As `call_redis`, for what is to be kept: returns once as many replicas have it as are asked
    for."""
    replicas = read(SharedSettings).redis_replicas

    async def change(redis: "Redis") -> T:
        result = await call(redis)
        await Replication(redis, replicas).confirm()
        return result

    return call_redis(change)


async def _call(url: str, call: Callable[["Redis"], Coroutine[Any, Any, T]]) -> T:
    redis = connect_async(url)
    try:
        return await call(redis)
    finally:
        await redis.aclose()
