"""Accepting a photo: the checks, the stored bytes, the record. Everything before the 202."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any

from jobs import wire
from jobs.errors import BlobMissing, QueueFull, UnknownClass
from jobs.job import ImageFacts, Job, ModelFacts, State, new_id
from jobs.options import Options
from jobs.ports import BlobStore, JobStore
from models.catalog import Card, Catalog
from pictures.header import read_header


class JobService:
    """Accepts photos as jobs and reads what became of them."""

    def __init__(
        self, store: JobStore, blobs: BlobStore, catalog: Catalog, max_pixels: int
    ) -> None:
        self.store, self.blobs, self.catalog = store, blobs, catalog
        self._max_pixels = max_pixels

    async def submit(self, data: bytes, options: Options, *, reuse: bool = True) -> Job:
        """A queued job whose photo is stored before the record exists; or, with `reuse`, a
        succeeded one when the owner's same photo was explained with the same options before.

        Raises PhotoError, UnknownModel, UnknownClass, Unavailable.
        """
        job = await asyncio.to_thread(self._check, data, options)
        if reuse and (done := await self._reused(job)):
            return done
        await asyncio.to_thread(self.blobs.put, job.id, wire.ORIGINAL, data)
        try:
            return await self.store.enqueue(job)
        except QueueFull:
            await asyncio.to_thread(self.blobs.erase, job.id)
            raise

    async def _reused(self, job: Job) -> Job | None:
        """The job, succeeded with copies of its twin's results; None where there is no twin."""
        twin = await self.store.finished_twin(job)
        if twin is None or not await asyncio.to_thread(self._copy_results, twin, job.id):
            return None
        return await self.store.adopt(job, twin)

    def _check(self, data: bytes, options: Options) -> Job:
        """The job of a photo whose header and options are fine."""
        card = self.catalog[options.model]
        options = resolve_class(options, card)
        header = read_header(data, self._max_pixels)
        digest = hashlib.sha256(data).hexdigest()
        image = ImageFacts(
            width=header.width, height=header.height, format=header.format, sha256=digest
        )
        now = datetime.now(UTC)  # stands in until the enqueue script sets the time of Redis
        return Job(
            id=new_id(),
            state=State.QUEUED,
            created_at=now,
            expires_at=now,
            model=ModelFacts(id=card.id, version=card.version, weights_sha256=card.sha256),
            options=options,
            image=image,
        )

    def _copy_results(self, twin: Job, job_id: str) -> bool:
        """Whether all of them were still there."""
        try:
            names = wire.result_blobs(twin)
            self.blobs.put_all(job_id, {name: self.blobs.get(twin.id, name) for name in names})
        except BlobMissing:
            return False
        return True

    async def blob(self, job_id: str, name: str) -> bytes:
        """Raises BlobMissing, BlobsFailed."""
        return await asyncio.to_thread(self.blobs.get, job_id, name)


def resolve_class(options: Options, card: Card) -> Options:
    """Options whose `class_name` has become a `class_index`. Raises UnknownClass."""
    names = card.class_names
    update: dict[str, Any] = {}
    if options.class_name is not None:
        if options.class_name not in names:
            raise UnknownClass(options.class_name, card.id, len(names))
        update["class_index"] = names.index(options.class_name)
    elif options.class_index is not None:
        if options.class_index >= len(names):
            raise UnknownClass(options.class_index, card.id, len(names))
        update["class_name"] = names[options.class_index]
    return options.model_copy(update=update)
