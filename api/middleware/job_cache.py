"""The most frequent request, `GET /v1/jobs/{id}` without waiting, is served before any routing.

The response is that of the route, byte for byte, without the cost of FastAPI. A job that has ended
does not change, so its response is cached, and Redis only says whether it is still valid.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.context import context_of
from api.problems import error_response
from api.responses import cached_job_response, conditional_job_response
from jobs.errors import CropShieldError
from jobs.ports import JobStore
from jobs.redis import keyspace
from jobs.redis.connections import raises_store_down

_PATH = re.compile(r"/v1/jobs/([0-9A-Fa-f-]{36})")
_STAMP = ("owner", "state", "finished_at", "erased")  # all that may differ once a job has ended
_CACHE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class _Route:
    """What the access log calls it."""

    path: str = "/v1/jobs/{job_id}"


@dataclass(frozen=True)
class _CachedJob:
    """The JSON of a job that has ended, its entity tag, and the stamp of its record."""

    stamp: Sequence[Any]
    content: bytes
    tag: str


class JobCacheMiddleware:
    """ASGI middleware. A request that waits (`Prefer`) is left to the route."""

    def __init__(self, app: ASGIApp, redis: "Redis", store: JobStore) -> None:
        self._app, self._redis, self._store = app, redis, store
        self._cache: LRUCache[str, _CachedJob] = LRUCache(
            _CACHE_BYTES, lambda cached: len(cached.content)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(scope["path"]) if _is_plain(scope) else None
        if found is None:
            await self._app(scope, receive, send)
            return
        job_id = found[1].lower()
        scope.update(route=_Route(), path_params={"job_id": job_id})
        request = Request(scope)
        try:
            response = await self._respond(request, job_id, context_of(scope).owner)
        except CropShieldError as error:
            response = error_response(request, error)
        await response(scope, receive, send)

    async def _respond(self, request: Request, job_id: str, owner: str) -> Response:
        cached = self._cache.get(job_id)
        if (
            cached is not None
            and cached.stamp[0] == owner
            and await self._stamp(job_id) == cached.stamp
        ):
            return cached_job_response(request, cached.content, tag=cached.tag)
        job = await self._store.find(job_id, owner)
        response = conditional_job_response(request, job, None)
        if job.state.is_terminal and response.status_code == 200:
            cached = _CachedJob(
                await self._stamp(job_id), bytes(response.body), response.headers["ETag"]
            )
            self._store_response(job_id, cached, erased=job.erased)
        return response

    def _store_response(self, job_id: str, cached: _CachedJob, *, erased: bool) -> None:
        """Unless it was erased, or expired, after it was read."""
        stamp = cached.stamp
        if (
            stamp[0] is not None
            and bool(stamp[-1]) == erased
            and len(cached.content) < _CACHE_BYTES
        ):
            self._cache[job_id] = cached

    @raises_store_down
    async def _stamp(self, job_id: str) -> Sequence[Any]:
        stamp: Sequence[Any] = await self._redis.hmget(keyspace.JOB + job_id, _STAMP)
        return stamp


def _is_plain(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return not any(name == b"prefer" for name, _ in scope["headers"])
