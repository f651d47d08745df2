"""Accepting a photo: the checks, the stored bytes, the record. All of it happens before the 202."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from jobs.blobs import blob_names
from jobs.errors import BlobMissing, ClassesDiffer, QueueFull, QuotaUsedUp, StoreDown, UnknownClass
from jobs.ports import BlobStore, JobStore
from jobs.records import submissions
from jobs.records.job import ImageFacts, Job, ModelFacts, State, new_id
from jobs.records.options import JobOptions
from jobs.records.submissions import Submission, Submitted
from jobs.webhooks.outbox import WebhookOutbox
from models.cards.card import Card
from models.catalog import Catalog
from pictures.decoding.header import read_header

log = logging.getLogger(__name__)


class JobService:
    """Accepts photos as jobs; reads and discards them."""

    def __init__(
        self,
        store: JobStore,
        blobs: BlobStore,
        catalog: Catalog,
        webhooks: WebhookOutbox,
        max_pixels: int,
    ) -> None:
        self.store, self.blobs, self.catalog = store, blobs, catalog
        self._webhooks, self._max_pixels = webhooks, max_pixels

    @asynccontextmanager
    async def receiving(self, submission: Submission) -> AsyncIterator[None]:
        """A context around reading a photo and `submit`: of several requests with the same id or
        key, one at a time enters. Nothing is reserved for a submission with neither.

        Raises BeingReceived while another such request is under way, IdTaken for an id that the
        client cannot have, JobGone for an expired job, StoreDown while Redis does not answer.
        """
        if not submission.slot:
            yield
            return
        await self.store.reserve(submission)
        try:
            yield
        finally:
            try:
                await self.store.release_reservation(submission)
            except StoreDown as error:
                log.warning("a key is held until it lapses: %s", error)

    async def submit(
        self, data: bytes, options: JobOptions, submission: Submission | None = None
    ) -> Submitted:
        """A queued job, whose photo was stored before the record; or the job that the same
        submission made before; or a succeeded job of the owner with the same photo and options.
        Its record would outlive the primary, where replicas are asked for.

        Raises BadCallback, PhotoError, UnknownModel, UnknownClass, KeyReused, QuotaUsedUp,
        Unavailable, and as `receiving`.
        """
        submitted = await self._submit(data, options, submission or Submission())
        await self.store.confirm(submitted.job.id)
        return submitted

    async def _submit(self, data: bytes, options: JobOptions, submission: Submission) -> Submitted:
        await self._webhooks.check(options.callback_url, submission.owner)
        if submission.slot:
            job = await asyncio.to_thread(self._check, data, options, submission)
            digest = submissions.submission_digest(job)
            if known := await self.store.reserve(submission, digest):
                return Submitted(known, replayed=True)
            await asyncio.to_thread(self._store, job, data)
        else:
            job = await asyncio.to_thread(self._check_and_store, data, options, submission)
        try:
            submitted = await self._recorded(job, submission)
        except (QueueFull, QuotaUsedUp):
            await asyncio.to_thread(self.blobs.erase, job.id)
            raise
        if submitted.job.id != job.id:  # another request with the same key was first
            await asyncio.to_thread(self.blobs.erase, job.id)
        return submitted

    async def discard(self, job_id: str, owner: str | None = None) -> Job:
        """Cancel a job that has not ended; erase photo, maps and overlays of one that has.

        Raises JobNotFound for an unknown id, JobGone for an expired job, Unavailable while Redis or
        the photo store does not answer, or too few replicas do.
        """
        job = await self.store.find(job_id, owner)
        if not job.state.is_terminal:
            job = await self.store.cancel(job_id)
        else:
            await self.store.mark_erased(job_id)
            await asyncio.to_thread(self.blobs.erase, job_id)
            job = await self.store.find(job_id)
        await self.store.confirm(job_id)
        return job

    async def _recorded(self, job: Job, submission: Submission) -> Submitted:
        """The job: queued, or succeeded with copies of an identical job's results."""
        enqueue = partial(
            self.store.enqueue,
            job,
            submission.key_name,
            quota=submission.quota,
            hold=submission.hold,
        )
        submitted = await enqueue(reuse=submission.reuse)
        if not submitted.from_cache:
            return submitted
        if await asyncio.to_thread(self._copy_results, submitted.job, job.id):
            completed = await self.store.complete_from_cache(
                job, submitted.job, submission.key_name
            )
            await asyncio.to_thread(self.blobs.delete, job.id, blob_names.ORIGINAL)
            return completed
        return await enqueue()

    def _check(self, data: bytes, options: JobOptions, submission: Submission) -> Job:
        """The job to record, when header and options are valid."""
        card = self.catalog[options.model]
        options = resolve_class(options, card)
        header = read_header(data, self._max_pixels)
        digest = hashlib.sha256(data).hexdigest()
        image = ImageFacts(
            width=header.width, height=header.height, format=header.format, sha256=digest
        )
        now = datetime.now(UTC)  # replaced by the time of Redis in the enqueue script
        return Job(
            id=submission.job_id or new_id(),
            state=State.QUEUED,
            owner=submission.owner,
            request_id=submission.request_id,
            created_at=now,
            expires_at=now,
            model=ModelFacts.of(card),
            options=options,
            image=image,
        )

    def _store(self, job: Job, data: bytes) -> None:
        self.blobs.put(job.id, blob_names.ORIGINAL, data)

    def _check_and_store(self, data: bytes, options: JobOptions, submission: Submission) -> Job:
        """Both in one thread: to hand over to another costs as much as the check."""
        job = self._check(data, options, submission)
        self._store(job, data)
        return job

    def _copy_results(self, cached: Job, job_id: str) -> bool:
        """Whether all of them were still there to be copied."""
        try:
            names = blob_names.result_blobs(cached)
            self.blobs.put_all(job_id, {name: self.blobs.get(cached.id, name) for name in names})
        except BlobMissing:
            return False
        return True

    async def blob(self, job_id: str, name: str) -> bytes:
        """Raises BlobMissing for a blob that does not exist, BlobsFailed while the photo store does
        not answer."""
        return await asyncio.to_thread(self.blobs.get, job_id, name)


def resolve_class(options: JobOptions, card: Card) -> JobOptions:
    """The options, with `class_name` resolved to `class_index`. Raises UnknownClass for a class
    that the model does not have."""
    names = card.class_names
    update: dict[str, Any] = {}
    if options.class_name is not None:
        if options.class_name not in names:
            raise UnknownClass(options.class_name, card.id, len(names))
        update["class_index"] = names.index(options.class_name)
        if options.class_index not in (None, update["class_index"]):
            raise ClassesDiffer(options.class_name, update["class_index"], options.class_index)
    elif options.class_index is not None:
        if options.class_index >= len(names):
            raise UnknownClass(options.class_index, card.id, len(names))
        update["class_name"] = names[options.class_index]
    return options.model_copy(update=update)
