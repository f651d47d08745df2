"""What clients ask most: `GET /v1/jobs/{id}` as it is now, answered before any routing.

The answer is that of the route, byte for byte, without what FastAPI does for a request. What has
ended does not change, so its answer is kept, and Redis is only asked whether it still holds.
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

from api.problems import answer
from api.responses import tell_content, tell_job
from jobs.errors import CropShieldError
from jobs.ports import JobStore
from jobs.records.job import LOCAL
from jobs.redis import keyspace
from jobs.redis.connections import reported

_PATH = re.compile(r"/v1/jobs/([0-9A-Fa-f-]{36})")
_STAMP = ("owner", "state", "finished_at", "erased")  # all that may differ once a job has ended
_KEPT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class _Route:
    """What the access log calls it."""

    path: str = "/v1/jobs/{job_id}"


@dataclass(frozen=True)
class _Kept:
    """The JSON of a job that has ended, its entity tag, and the stamp of its record."""

    stamp: Sequence[Any]
    content: bytes
    tag: str


class Polls:
    """ASGI middleware. A request that waits (`Prefer`) is left to the route."""

    def __init__(self, app: ASGIApp, redis: "Redis", store: JobStore) -> None:
        self._app, self._redis, self._store = app, redis, store
        self._kept: LRUCache[str, _Kept] = LRUCache(_KEPT_BYTES, lambda kept: len(kept.content))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(scope["path"]) if _is_plain(scope) else None
        if found is None:
            await self._app(scope, receive, send)
            return
        job_id = found[1].lower()
        scope.update(route=_Route(), path_params={"job_id": job_id})
        request = Request(scope)
        try:
            response = await self._tell(request, job_id, scope.get("owner", LOCAL))
        except CropShieldError as error:
            response = answer(request, error)
        await response(scope, receive, send)

    async def _tell(self, request: Request, job_id: str, owner: str) -> Response:
        kept = self._kept.get(job_id)
        if kept is not None and kept.stamp[0] == owner and await self._stamp(job_id) == kept.stamp:
            return tell_content(request, kept.content, tag=kept.tag)
        job = await self._store.find(job_id, owner)
        response = tell_job(request, job, None)
        if job.state.is_terminal and response.status_code == 200:
            kept = _Kept(await self._stamp(job_id), bytes(response.body), response.headers["ETag"])
            self._keep(job_id, kept, erased=job.erased)
        return response

    def _keep(self, job_id: str, kept: _Kept, *, erased: bool) -> None:
        """Unless it was erased, or expired, after it was read."""
        stamp = kept.stamp
        if stamp[0] is not None and bool(stamp[-1]) == erased and len(kept.content) < _KEPT_BYTES:
            self._kept[job_id] = kept

    @reported
    async def _stamp(self, job_id: str) -> Sequence[Any]:
        stamp: Sequence[Any] = await self._redis.hmget(keyspace.JOB + job_id, _STAMP)
        return stamp


def _is_plain(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return not any(name == b"prefer" for name, _ in scope["headers"])
