"""A cache of the most frequent response: `GET /v1/jobs/{id}` of a job that has ended.

An ended job does not change, so Redis is only asked whether the response is still valid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from fastapi import Request, Response
from redis.asyncio import Redis

from api.headers import RawHeader
from api.language import language_of
from api.responses import (
    cached_job_response,
    conditional_job_response,
    matches_if_none_match,
)
from jobs.ports import JobStore
from jobs.redis import keyspace
from jobs.redis.connections import raises_store_down
from models.catalog import Catalog

_STAMP = ("owner", "state", "finished_at", "erased")  # all that can change after a job has ended
_CACHE_BYTES = 16 * 1024 * 1024
_Key = tuple[str, str]  # the job's id, and the language of the answer


@dataclass(frozen=True)
class _CachedJob:
    """The response about a job that has ended, and the stamp of its record."""

    stamp: Sequence[Any]
    content: bytes
    tag: str
    headers: Sequence[RawHeader]

    def respond(self, request: Request) -> Response:
        if matches_if_none_match(request, self.tag):
            return cached_job_response(request, self.content, tag=self.tag)
        response = Response(self.content)
        response.raw_headers = [*self.headers]
        return response


class JobCache:
    """Responds with a job as it is now."""

    def __init__(self, redis: "Redis", store: JobStore, catalog: Catalog) -> None:
        self._redis, self._store, self._catalog = redis, store, catalog
        self._cache: LRUCache[_Key, _CachedJob] = LRUCache(
            _CACHE_BYTES, lambda cached: len(cached.content)
        )

    async def respond(self, request: Request, job_id: str, owner: str) -> Response:
        """The job, or 304. Raises JobNotFound for an unknown id, JobGone for an expired job,
        StoreDown while Redis does not answer."""
        key = job_id, language_of(request.scope)
        cached = self._cache.get(key)
        if (
            cached is not None
            and cached.stamp[0] == owner
            and await self._stamp(job_id) == cached.stamp
        ):
            return cached.respond(request)
        job = await self._store.find(job_id, owner)
        response = conditional_job_response(request, job, self._catalog, None)
        if job.state.is_terminal and response.status_code == 200:
            cached = _CachedJob(
                await self._stamp(job_id),
                bytes(response.body),
                response.headers["ETag"],
                tuple(response.raw_headers),
            )
            self._store_response(key, cached, erased=job.erased)
        return response

    def _store_response(self, key: _Key, cached: _CachedJob, *, erased: bool) -> None:
        """Cache the response, unless the job was erased, or expired, after it was read."""
        stamp = cached.stamp
        if (
            stamp[0] is not None
            and bool(stamp[-1]) == erased
            and len(cached.content) < _CACHE_BYTES
        ):
            self._cache[key] = cached

    @raises_store_down
    async def _stamp(self, job_id: str) -> Sequence[Any]:
        stamp: Sequence[Any] = await self._redis.hmget(keyspace.JOB + job_id, _STAMP)
        return stamp
