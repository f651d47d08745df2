"""Redis clients with a limit on every wait, so that a dead server is an error and not a hang."""

import ssl
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel

from jobs.errors import StoreDown
from jobs.redis.compatibility import raise_if_newer
from jobs.redis.sentinel_url import SENTINEL_SCHEMES, SentinelUrl, read_sentinel_url

P = ParamSpec("P")
T = TypeVar("T")
_COMMON: dict[str, Any] = {
    "decode_responses": True,
    "socket_timeout": 5,
    "health_check_interval": 5,
}
_OF_SENTINELS: dict[str, Any] = {"socket_timeout": 2, "socket_connect_timeout": 2}
"""One that does not answer is passed over at once, for the next one."""


def connect(url: str, *, decode: bool = True) -> "redis.Redis":
    """A client for threads; it returns text, or bytes with `decode` off."""
    options = _COMMON | _timeouts(url) | {"retry": Retry(ExponentialBackoff(0.5, 0.05), 2)}
    options["decode_responses"] = decode
    if url.startswith(SENTINEL_SCHEMES):
        found = read_sentinel_url(url)
        sentinel = Sentinel(found.sentinels, sentinel_kwargs=_sentinel_options(found))  # type: ignore[no-untyped-call]
        return sentinel.master_for(found.name, **options, **_access(found))  # type: ignore[no-any-return, no-untyped-call]
    return redis.Redis.from_url(url, **options)


def connect_async(url: str, connections: int = 32) -> "redis.asyncio.Redis":
    """A client for one event loop; it waits for a free connection for at most 2 s."""
    if url.startswith(SENTINEL_SCHEMES):
        pool: redis.asyncio.BlockingConnectionPool = _sentinel_pool(
            read_sentinel_url(url), connections
        )
    else:
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            url, max_connections=connections, timeout=2, **_COMMON, **_timeouts(url)
        )
    pool.connection_class = _packing_in_c(pool.connection_class)
    return redis.asyncio.Redis.from_pool(pool)


def _packing_in_c(connection_class: type[Any]) -> type[Any]:
    """The same kind of connection; it packs commands as the client for threads does, in C."""
    pack = HiredisRespSerializer().pack
    return type("Connection", (connection_class,), {"pack_command": staticmethod(pack)})


class _BlockingSentinelPool(SentinelConnectionPool, redis.asyncio.BlockingConnectionPool):
    """Connections to the primary of the moment, for whose turn a caller waits."""

    async def aclose(self) -> None:
        """Close the connections to the Sentinels too."""
        await super().aclose()
        for sentinel in self.sentinel_manager.sentinels:
            await sentinel.aclose()


def _sentinel_pool(url: SentinelUrl, connections: int) -> _BlockingSentinelPool:
    of_sentinels = _sentinel_options(url) | {"retry": AsyncRetry(NoBackoff(), 0)}
    sentinel = AsyncSentinel(url.sentinels, sentinel_kwargs=of_sentinels)  # type: ignore[no-untyped-call]
    options = _COMMON | _access(url) | {"socket_connect_timeout": 2}
    options |= {"max_connections": connections, "timeout": 2}
    return _BlockingSentinelPool(url.name, sentinel, **options)  # type: ignore[no-untyped-call]


def _sentinel_options(url: SentinelUrl) -> dict[str, Any]:
    user = _given(username=url.sentinel_username, password=url.sentinel_password)
    return _OF_SENTINELS | {"retry": Retry(NoBackoff(), 0)} | user | _tls(url)


def _access(url: SentinelUrl) -> dict[str, Any]:
    """User, password and TLS of Redis itself."""
    return _given(username=url.username, password=url.password) | _tls(url)


def _tls(url: SentinelUrl) -> dict[str, Any]:
    return {"ssl": True} | _given(ssl_ca_certs=url.ssl_ca_certs) if url.tls else {}


def _given(**values: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _timeouts(url: str) -> dict[str, Any]:
    """A unix socket connects at once or not at all and takes no such bound."""
    return {} if url.startswith("unix:") else {"socket_connect_timeout": 2}


def broker_url(url: str) -> str:
    """The same server as Celery's transport spells it."""
    if not url.startswith(SENTINEL_SCHEMES):
        return url.replace("unix://", "redis+socket://", 1)
    found = read_sentinel_url(url)
    user = ":".join(quote(part, safe="") for part in (found.username, found.password))
    hosts = (
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in found.sentinels
    )
    return ";".join(f"sentinel://{user}@{host}/0" for host in hosts)


def broker_options(url: str) -> dict[str, Any]:
    """What Celery's transport must be told beside the URL."""
    if not url.startswith(SENTINEL_SCHEMES):
        return {}
    found = read_sentinel_url(url)
    return {"master_name": found.name, "sentinel_kwargs": _sentinel_options(found)}


def broker_tls(url: str) -> dict[str, Any] | None:
    """What Celery's transport must be told of TLS, None without it. By itself it would trust any
    certificate where a `rediss://` says nothing of them; what one says goes first."""
    trusted: dict[str, Any] = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    if url.startswith("rediss://"):
        return trusted
    found = read_sentinel_url(url) if url.startswith(SENTINEL_SCHEMES) else None
    if found is None or not found.tls:
        return None
    return trusted | _given(ssl_ca_certs=found.ssl_ca_certs)


def raises_store_down(
    call: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Turn every failure of Redis into StoreDown; raises NewerState for a script that refuses the
    state of a newer version."""

    @wraps(call)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except ResponseError as error:
            raise_if_newer(error)
            raise StoreDown(error) from error
        except (RedisError, OSError) as error:
            raise StoreDown(error) from error

    return wrapped
