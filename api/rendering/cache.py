"""Pictures on demand: drawn beside the event loop, few at a time, kept for a while."""

from collections.abc import Callable
from functools import partial

from anyio import CapacityLimiter, to_thread
from cachetools import TTLCache

from api.rendering.params import ComparisonParams, HeatmapParams, OverlayParams
from api.rendering.renderer import Renderer
from jobs.ports import BlobStore
from jobs.records.job import Job

_AT_ONCE = 2
_CACHE_BYTES, _CACHE_SECONDS = 64_000_000, 300


class RenderCache:
    """Rendered pictures of succeeded jobs, cached in this process; raises as `Renderer`.

    A picture of an erased job stays in memory for minutes at most, and is not served: routes look
    at the record first.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._renderer = Renderer(blobs)
        self._limiter = CapacityLimiter(_AT_ONCE)
        self._cache: TTLCache[tuple[object, ...], bytes] = TTLCache(
            _CACHE_BYTES, _CACHE_SECONDS, getsizeof=len
        )

    async def overlay(self, job: Job, params: OverlayParams, side: int) -> bytes:
        return await self._picture(
            (job.id, params, side), self._renderer.overlay, job, params, side
        )

    async def comparison(self, job: Job, params: ComparisonParams) -> bytes:
        return await self._picture((job.id, params), self._renderer.comparison, job, params)

    async def heatmap(self, job: Job, params: HeatmapParams) -> bytes:
        return await self._picture((job.id, params), self._renderer.heatmap, job, params)

    async def _picture(
        self, key: tuple[object, ...], render: Callable[..., bytes], *of: object
    ) -> bytes:
        if (cached := self._cache.get(key)) is not None:
            return cached
        rendered = await to_thread.run_sync(partial(render, *of), limiter=self._limiter)
        if len(rendered) <= _CACHE_BYTES:
            self._cache[key] = rendered
        return rendered
