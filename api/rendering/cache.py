"""Pictures on demand: drawn beside the event loop, few at a time, kept for a while."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from cachetools import TTLCache

from api.problems.errors import InvalidRequest
from api.rendering.contact_sheet import draw_contact_sheet
from api.rendering.params import ComparisonParams, HeatmapParams, OverlayParams, target_size
from api.rendering.queue import RenderQueue
from api.rendering.renderer import Renderer
from jobs.ports import BlobStore
from jobs.records.batch import Batch
from jobs.records.job import Job
from languages.translator import translator

_CACHE_BYTES, _CACHE_SECONDS = 64_000_000, 300
_SMALL_PIXELS = 2048 * 2048
_Key = tuple[object, ...]


class RenderCache:
    """Rendered pictures of succeeded jobs, cached in this process. Raises what `Renderer` raises,
    and RenderingBusy when too many wait.

    Small pictures never wait for large ones. Requests for a picture that is being drawn share it,
    and a picture that nobody waits for any more is not drawn. A picture of an erased job stays in
    memory for minutes at most, and is not served: routes look at the record first.
    """

    def __init__(self, blobs: BlobStore, most_waiting: int, max_pixels: int) -> None:
        self._blobs, self._max_pixels = blobs, max_pixels
        self._renderer = Renderer(blobs)
        self._small, self._large = RenderQueue(2, most_waiting), RenderQueue(1, most_waiting)
        self._cache: TTLCache[_Key, bytes] = TTLCache(_CACHE_BYTES, _CACHE_SECONDS, getsizeof=len)
        self._drawing: dict[_Key, _Drawing] = {}

    async def overlay(self, job: Job, params: OverlayParams, side: int) -> bytes:
        """Raises InvalidRequest for one of too many pixels."""
        size = target_size(params.size, (job.image.width, job.image.height), job, side)
        pixels = size[0] * size[1]
        if params.size and pixels > self._max_pixels:
            raise _too_many_pixels(size, self._max_pixels)
        queue = self._small if pixels <= _SMALL_PIXELS else self._large
        render = partial(self._renderer.overlay, job, params, side)
        return await self._picture(queue, (job.id, params, side), job.owner, render)

    async def comparison(self, job: Job, params: ComparisonParams, language: str) -> bytes:
        render = partial(self._renderer.comparison, job, params, translator(language))
        return await self._picture(self._small, (job.id, params, language), job.owner, render)

    async def heatmap(self, job: Job, params: HeatmapParams) -> bytes:
        render = partial(self._renderer.heatmap, job, params)
        return await self._picture(self._small, (job.id, params), job.owner, render)

    async def contact_sheet(
        self, batch: Batch, jobs: dict[str, Job], columns: int, language: str
    ) -> bytes:
        """The sheet of a batch whose jobs have all ended; jobs: those that still exist, by id."""
        translated = translator(language)
        render = partial(draw_contact_sheet, batch, jobs, self._blobs, columns, translated)
        kept = tuple((job.id, job.erased) for job in jobs.values())
        key = batch.id, columns, kept, language
        return await self._picture(self._large, key, batch.owner, render)

    async def _picture(
        self, queue: RenderQueue, key: _Key, owner: str, render: Callable[[], bytes]
    ) -> bytes:
        if (cached := self._cache.get(key)) is not None:
            return cached
        if (drawing := self._drawing.get(key)) is None:
            drawing = self._drawing[key] = _Drawing(self._draw(queue, key, owner, render))
        drawing.followers += 1
        try:
            return await asyncio.shield(drawing.task)
        finally:
            drawing.followers -= 1
            if not drawing.followers:
                drawing.task.cancel()
                self._drawing.pop(key, None)

    async def _draw(
        self, queue: RenderQueue, key: _Key, owner: str, render: Callable[[], bytes]
    ) -> bytes:
        rendered = await queue.run(owner, render)
        if len(rendered) <= _CACHE_BYTES:
            self._cache[key] = rendered
        return rendered


class _Drawing:
    """A picture that is being drawn, or waits to be, for `followers` requests."""

    def __init__(self, work: Coroutine[Any, Any, bytes]) -> None:
        self.task, self.followers = asyncio.create_task(work), 0


def _too_many_pixels(size: tuple[int, int], most: int) -> InvalidRequest:
    message = (
        f"the picture would be {size[0]:,} x {size[1]:,} pixels, which is more than {most:,}; "
        "give the pixels of its long side"
    )
    return InvalidRequest([{"field": "size", "message": message}])
