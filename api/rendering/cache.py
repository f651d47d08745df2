"""Pictures on demand: drawn beside the event loop, few at a time, kept for a while."""

from collections.abc import Callable
from functools import partial

from anyio import CapacityLimiter, to_thread
from cachetools import TTLCache

from api.rendering.params import ComparisonLook, HeatmapLook, OverlayLook
from api.rendering.renderer import Drawer
from jobs.ports import BlobStore
from jobs.records.job import Job

_AT_ONCE = 2
_KEPT_BYTES, _KEPT_SECONDS = 64_000_000, 300


class Gallery:
    """What a process has drawn of succeeded jobs; see `Drawer` for what its calls raise.

    A picture of an erased job stays in memory for minutes at most, and is not served: routes look
    at the record first.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._drawer = Drawer(blobs)
        self._limiter = CapacityLimiter(_AT_ONCE)
        self._kept: TTLCache[tuple[object, ...], bytes] = TTLCache(
            _KEPT_BYTES, _KEPT_SECONDS, getsizeof=len
        )

    async def overlay(self, job: Job, look: OverlayLook, side: int) -> bytes:
        return await self._picture((job.id, look, side), self._drawer.overlay, job, look, side)

    async def comparison(self, job: Job, look: ComparisonLook) -> bytes:
        return await self._picture((job.id, look), self._drawer.comparison, job, look)

    async def heatmap(self, job: Job, look: HeatmapLook) -> bytes:
        return await self._picture((job.id, look), self._drawer.heatmap, job, look)

    async def _picture(
        self, name: tuple[object, ...], draw: Callable[..., bytes], *of: object
    ) -> bytes:
        if (known := self._kept.get(name)) is not None:
            return known
        drawn = await to_thread.run_sync(partial(draw, *of), limiter=self._limiter)
        if len(drawn) <= _KEPT_BYTES:
            self._kept[name] = drawn
        return drawn
