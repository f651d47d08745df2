"""Batches: several photos submitted at once, each a job of its own."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobs.errors import (
    BatchGone,
    BatchNotFound,
    JobGone,
    KeyReused,
    QueueFull,
    QuotaUsedUp,
    StoreDown,
)
from jobs.problems import job_problem_of
from jobs.records.batch import MAX_PHOTOS, Batch, BatchItem, BatchPhoto
from jobs.records.job import Job, new_id
from jobs.records.options import JobOptions
from jobs.records.submissions import Submission
from jobs.redis.batches import BatchStore
from jobs.service import JobService, resolve_class
from pictures.errors import PhotoError

_REFUSALS = (
    PhotoError,
    QueueFull,
    QuotaUsedUp,
    KeyReused,
)  # errors of one photo; all others concern the server


class BatchService:
    """Submits batches, and finds them again."""

    def __init__(self, store: BatchStore, jobs: JobService) -> None:
        self._store, self._jobs = store, jobs

    async def submit(
        self,
        photos: Sequence[BatchPhoto],
        options: JobOptions,
        submission: Submission,
        *,
        reuse: bool,
    ) -> tuple[Batch, bool]:
        """The batch, and whether an earlier request with the same key had made it.

        submission: owner, quota and key of the batch, reserved while this runs. One photo is in
        memory at a time. After a crash in between, the same key finds the jobs that were made.

        Raises UnknownModel, UnknownClass, KeyReused, StoreDown, NotReplicated, BlobsFailed, and
        QuotaUsedUp before any job is made when there are not enough left for all of them.
        """
        resolve_class(options, self._jobs.catalog[options.model])
        digest = await _batch_digest(photos, options) if submission.key else ""
        if known := await self._find_replayed(submission, digest):
            return known, True
        new = len(photos) - await self.count_begun(submission, len(photos))
        async with self._holding(submission, new):
            items = [item async for item in self._items(photos, options, submission, reuse)]
        return await self._record(items, options.ttl, digest, submission), False

    async def _find_replayed(self, submission: Submission, digest: str) -> Batch | None:
        """The batch that an earlier request with the same key made. Raises KeyReused where that had
        other photos or options."""
        known = await self.find_by_key(submission)
        if known is None:
            return None
        if known.digest != digest:
            raise KeyReused
        await self._store.confirm(known.id)
        return known

    async def _record(
        self, items: list[BatchItem], ttl: int, digest: str, submission: Submission
    ) -> Batch:
        batch = Batch(
            id=new_id(),
            owner=submission.owner,
            created_at=datetime.now(UTC),
            ttl=ttl,
            digest=digest,
            request_id=submission.request_id,
            items=items,
        )
        await self._store.save(batch, submission.key_name)
        return batch

    async def find(self, batch_id: str, owner: str) -> tuple[Batch, dict[str, Job]]:
        """The batch, and those of its jobs that still exist. Raises BatchNotFound for an unknown id
        or another owner's, BatchGone for an expired one, StoreDown."""
        batch = await self._store.find(batch_id)
        if batch is None or batch.owner != owner:
            raise BatchNotFound(batch_id)
        jobs = await self._store.read_jobs(batch)
        ends = batch.created_at + timedelta(seconds=batch.ttl)
        if not jobs and ends < datetime.now(UTC):
            raise BatchGone(batch_id, ends)
        return batch, jobs

    @asynccontextmanager
    async def _holding(self, submission: Submission, jobs: int) -> AsyncIterator[None]:
        """Hold the owner's quota for these jobs while they are made, so that no other request uses
        it. What is held and not used is released; where that fails, it lapses."""
        if not submission.quota or not jobs:
            yield
            return
        await self._jobs.store.hold_quota(submission, jobs)
        try:
            yield
        finally:
            with suppress(StoreDown):
                await self._jobs.store.release_quota(submission)

    async def _items(
        self, photos: Sequence[BatchPhoto], options: JobOptions, submission: Submission, reuse: bool
    ) -> AsyncIterator[BatchItem]:
        for number, photo in enumerate(photos):
            if submission.slot:
                await self._jobs.store.reserve(submission)  # renews it for half a minute
            try:
                made = replace(_photo_submission(submission, number), reuse=reuse)
                job = (await self._jobs.submit(await photo.read(), options, made)).job
                yield BatchItem(name=photo.name, job_id=job.id)
            except (*_REFUSALS, JobGone) as error:
                yield BatchItem(name=photo.name, error=job_problem_of(error).document(str(error)))

    async def find_by_key(self, submission: Submission) -> Batch | None:
        """The batch that an earlier request with the same key made; None without a key. Raises
        StoreDown while Redis does not answer."""
        return await self._store.find_by_key(submission.key_name) if submission.key else None

    async def count_begun(self, submission: Submission, photos: int = MAX_PHOTOS) -> int:
        """How many of the first `photos` have a job already, made by an earlier request with the
        same key."""
        if not submission.key:
            return 0
        names = [_photo_submission(submission, number).key_name for number in range(photos)]
        return await self._store.count_known_keys(names)


def _photo_submission(submission: Submission, number: int) -> Submission:
    """The submission of one photo of a batch, recognised by its position when the batch is sent
    again."""
    key = f"{submission.key} {number}" if submission.key else None
    return Submission(
        submission.owner,
        key=key,
        request_id=submission.request_id,
        quota=submission.quota,
        hold=submission.hold_token,
    )


async def _batch_digest(photos: Sequence[BatchPhoto], options: JobOptions) -> str:
    """Equal for the same photos in the same order with the same options."""
    parts = [options.model_dump_json(exclude_defaults=True)]
    for photo in photos:
        try:
            parts.append(hashlib.sha256(await photo.read()).hexdigest())
        except PhotoError as error:
            parts.append(str(error))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
