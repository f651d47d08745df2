"""The three steps of a claimed job: load, explain, finish."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from engine.batch_pipeline import isolate_errors
from engine.explainer import Explanation, Request
from engine.photos.decode import Photo
from engine.photos.resize import stretch
from jobs.blobs import blob_names
from jobs.errors import (
    BlobMissing,
    BlobsFailed,
    ClassesChanged,
    CropShieldError,
    ExplainFailed,
)
from jobs.ports import BlobStore, Claim, JobStatus, Outcome, WorkQueue
from jobs.problems import job_problem_of
from jobs.records.job import State
from models.card_errors import CardError
from models.cards.card import Card
from models.decode_size import Decode, decode_for
from pictures.decoding.decode import decode
from pictures.decoding.decoder_pool import NoDecoder
from pictures.errors import PhotoError
from workers.explainers import Explainers
from workers.results import draw_pictures, result_document

log = logging.getLogger(__name__)
EXPECTED = (CropShieldError, PhotoError, CardError)
_STORE_AWAY, _NO_DECODER = 86_400.0, 600.0  # seconds that a job waits in all, at most


@dataclass
class WorkItem:
    """A claimed job in the pipeline; `square`: the photo as the model takes it; `timings` in
    milliseconds."""

    claim: Claim
    photo: Photo | None = None
    square: Photo | None = None
    explanation: Explanation | None = None
    error: Exception | None = None
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def model(self) -> str:
        return self.claim.job.model.id


class JobSteps:
    """An error belongs to the job that causes it: the others of its batch go on.

    With `replicas`, a worker erases only what it has stored itself: how a job stands may not be on
    them yet, and where it is lost with the primary, the job is run again and needs its photo. The
    sweeper erases the rest.
    """

    def __init__(
        self,
        queue: WorkQueue,
        blobs: BlobStore,
        explainers: Explainers,
        decode_photo: Decode = decode,
        *,
        replicas: int = 0,
    ) -> None:
        self._queue, self._blobs, self._explainers = queue, blobs, explainers
        self._replicas = replicas
        self._decode_photo = decode_photo
        self._describing = ThreadPoolExecutor(thread_name_prefix="describe")

    def load(self, item: WorkItem) -> WorkItem:
        """Fetch the photo, decode it as small as the model allows, and stretch it to its input."""
        start = time.perf_counter()
        try:
            data = self._blobs.get(item.claim.job.id, blob_names.ORIGINAL)
            preprocessing = self._explainers.preprocessing(item.model)
            photo = decode_for(preprocessing, data, by=self._decode_photo)
            square = stretch(photo.pixels, preprocessing.size)
            item.photo, item.square = photo, replace(photo, pixels=square)
        except Exception as error:  # noqa: BLE001 - the job fails with it
            item.error = error
        item.timings["decode"] = _milliseconds_since(start)
        return item

    def explain(self, items: Sequence[WorkItem]) -> None:
        """One forward pass for each requested model; several where its batches are
        smaller than what was claimed."""
        by_model: dict[str, list[WorkItem]] = defaultdict(list)
        for item in items:
            if item.error is None:
                by_model[item.model].append(item)
        for model, group in by_model.items():
            for part in self._parts(model, group):
                self._explain(model, part)

    def _parts(self, model: str, items: list[WorkItem]) -> Iterator[list[WorkItem]]:
        most = self._explainers.batch_of(model)
        for start in range(0, len(items), most):
            yield items[start : start + most]

    def _explain(self, model: str, items: list[WorkItem]) -> None:
        outcomes = isolate_errors(partial(self._explain_batch, model), items)
        for item, outcome in zip(items, outcomes, strict=True):
            if isinstance(outcome, Exception):
                item.error = outcome
                continue
            item.explanation = outcome
            item.timings["inference"] = round(outcome.timings.inference, 2)
            item.timings["explain"] = round(outcome.timings.explain, 2)

    def _explain_batch(self, model: str, items: Sequence[WorkItem]) -> list[Explanation]:
        try:
            explainer = self._explainers[model]
            photos = [item.square for item in items if item.square is not None]
            requests = [_request(item.claim, explainer.card) for item in items]
            return explainer.explain(photos, requests, alone=items[0].claim.is_only_job)
        except Exception as error:
            if len(items) > 1:
                log.warning("batch of %d failed, running one by one: %s", len(items), error)
            raise

    def describe(self, item: WorkItem) -> dict[str, Any]:
        """The result for the record of a job that was explained."""
        assert item.square is not None  # noqa: S101 - decoded or in error
        assert item.explanation is not None  # noqa: S101 - explained or in error
        return result_document(item.explanation, item.square, self._explainers[item.model].card)

    def finish(self, item: WorkItem) -> None:
        """Render the overlays, store the pictures and record how the job ended.

        While the photo store is away, or no process decodes, a job waits in the queue; one that
        takes more memory than there is runs once more, alone.
        """
        start, claim = time.perf_counter(), item.claim
        try:
            outcome = self._succeed(item, start)
        except Exception as error:  # noqa: BLE001 - the job fails with it
            if self._queue_again(claim, error):
                reason = type(error).__name__, error
                log.warning("job waits: %s: %s", *reason, extra={"job_id": claim.job.id})
                return
            outcome = _failure(item, error)
        if ended := self._queue.finish(claim, outcome):
            log.info("job %s", ended, extra={"job_id": claim.job.id})
            if not self._replicas:
                self._erase_what_no_job_needs(claim.job.id, ended)
        else:
            log.warning("job was taken over; result dropped", extra={"job_id": claim.job.id})
            self._erase_late_blobs(item)

    def _queue_again(self, claim: Claim, error: Exception) -> bool:
        """Queue a job again that may not be to blame. Returns whether it was queued."""
        match error:
            case BlobMissing():
                return False
            case BlobsFailed():
                return self._queue.postpone(claim, _STORE_AWAY)
            case NoDecoder():
                return self._queue.postpone(claim, _NO_DECODER)
            case MemoryError():
                return self._queue.retry(claim)
        return False

    def _erase_what_no_job_needs(self, job_id: str, ended: State) -> None:
        if ended is State.SUCCEEDED:
            self._blobs.delete(job_id, blob_names.ORIGINAL)
        else:
            self._blobs.erase(job_id)

    def _erase_late_blobs(self, item: WorkItem) -> None:
        """Erase what was stored after the lease was lost.

        Unless the client has erased the job, the photo belongs to the attempt that took over.
        """
        job = item.claim.job
        status = self._queue.status_of(job.id)
        if self._needs_no_blobs(status):
            self._blobs.erase(job.id)
        elif status is None or not status.is_of(item.claim, State.SUCCEEDED):
            # where it succeeded, only the reply was lost
            maps = item.explanation.maps if item.explanation else ()
            for name in blob_names.attempt_blobs(job, len(maps)):
                self._blobs.delete(job.id, name)

    def _needs_no_blobs(self, status: JobStatus | None) -> bool:
        """Whether nothing that is stored of a job is needed any more, whatever becomes of Redis."""
        if status is not None and status.erased:
            return True
        lives = State.QUEUED, State.RUNNING, State.SUCCEEDED
        return not self._replicas and (status is None or status.state not in lives)

    def _succeed(self, item: WorkItem, start: float) -> Outcome:
        """Puts the result into words while the pictures are drawn and stored."""
        if item.error is not None:
            raise item.error
        describing = self._describing.submit(copy_context().run, self.describe, item)
        try:
            self._blobs.put_all(item.claim.job.id, self._draw(item))
        finally:
            wait([describing])
        result = describing.result()
        item.timings["render"] = _milliseconds_since(start)
        return Outcome(State.SUCCEEDED, result=result, timings_ms=item.timings)

    def _draw(self, item: WorkItem) -> dict[str, bytes]:
        assert item.photo is not None  # noqa: S101 - decoded or in error
        assert item.explanation is not None  # noqa: S101 - explained or in error
        return draw_pictures(item.claim, item.photo, item.explanation)


def _request(claim: Claim, card: Card) -> Request:
    """Raises ClassesChanged when the requested class is no longer the model's."""
    options, names = claim.job.options, card.class_names
    index, name = options.class_index, options.class_name
    if index is not None and name is not None and names[index : index + 1] != (name,):
        raise ClassesChanged(name, index, card.id)
    return Request(top_k=options.top_k, class_index=options.class_index, method=options.method)


def _failure(item: WorkItem, error: Exception) -> Outcome:
    if not isinstance(error, EXPECTED):
        log.error("job failed", exc_info=error, extra={"job_id": item.claim.job.id})
        error = ExplainFailed(f"{type(error).__name__}: {error}".removesuffix(": "))
    document = job_problem_of(error).document(str(error))
    return Outcome(State.FAILED, error=document, timings_ms=item.timings)


def _milliseconds_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 2)
