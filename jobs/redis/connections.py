"""Redis clients with a limit on every wait, so that a dead server is an error and not a hang."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import redis
import redis.asyncio
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from jobs.errors import StoreDown

P = ParamSpec("P")
T = TypeVar("T")
_COMMON: dict[str, Any] = {
    "decode_responses": True,
    "socket_timeout": 5,
    "health_check_interval": 5,
}


def connect(url: str, *, decode: bool = True) -> "redis.Redis":
    """A client for threads; it returns text, or bytes with `decode` off."""
    options = _COMMON | _timeouts(url) | {"retry": Retry(ExponentialBackoff(0.5, 0.05), 2)}
    options["decode_responses"] = decode
    return redis.Redis.from_url(url, **options)


def connect_async(url: str, connections: int = 32) -> "redis.asyncio.Redis":
    """A client for one event loop; it waits for a free connection for at most 2 s."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url, max_connections=connections, timeout=2, **_COMMON, **_timeouts(url)
    )
    return redis.asyncio.Redis.from_pool(pool)


def _timeouts(url: str) -> dict[str, Any]:
    """A unix socket connects at once or not at all and takes no such bound."""
    return {} if url.startswith("unix:") else {"socket_connect_timeout": 2}


def broker_url(url: str) -> str:
    """The same server as Celery's transport spells it."""
    return url.replace("unix://", "redis+socket://", 1)


def raises_store_down(
    call: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Turn every failure of Redis into StoreDown."""

    @wraps(call)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except (RedisError, OSError) as error:
            raise StoreDown(error) from error

    return wrapped
