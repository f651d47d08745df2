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


async def _call(url: str, call: Callable[["Redis"], Coroutine[Any, Any, T]]) -> T:
    redis = connect_async(url)
    try:
        return await call(redis)
    finally:
        await redis.aclose()
