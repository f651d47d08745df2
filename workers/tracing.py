"""Spans of a worker: how long a job waited, its claim, its steps, and the batch that it was in."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from engine.explainer import Explanation
from jobs.ports import BlobStore, Claim, WorkQueue
from jobs.records.job import Job
from jobs.tracing.spanned import Spanned, spanned_blobs
from workers.job_steps import JobSteps, WorkItem

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from jobs.tracing.tracer import Tracer

_NS_OF_MS, _NS = 1_000_000, 1_000_000_000


def traced_stores(
    tracer: "Tracer", queue: WorkQueue, blobs: BlobStore
) -> tuple[WorkQueue, BlobStore]:
    """Both, with spans of the jobs that are claimed."""
    return cast(WorkQueue, TracedQueue(queue, tracer)), spanned_blobs(blobs, tracer)


@dataclass(frozen=True)
class TracedClaim(Claim):
    """`span`: of the job, from when it was accepted to the end of this attempt."""

    span: "Span" = field(kw_only=True)


class TracedQueue(Spanned):
    """A WorkQueue whose claims have a span, in the trace that the job's record carries."""

    def __init__(self, target: Any, tracer: "Tracer") -> None:
        super().__init__(target, tracer, finish="record")

    def claim(self, most: int, *, busy: bool = False) -> list[Claim]:
        start = time.time_ns()
        claims = self._target.claim(most, busy=busy)
        end = time.time_ns()
        return [
            TracedClaim(claim.job, claim.is_only_job, span=self._begin(claim.job, start, end))
            for claim in claims
        ]

    def release(self, claims: Sequence[Claim]) -> None:
        self._target.release(claims)
        for claim in claims:
            span_of(claim).end()

    def _begin(self, job: Job, start: int, end: int) -> "Span":
        """The span of a job that was claimed between `start` and `end`. Redis has dated it, and its
        clock may be another."""
        assert job.started_at is not None  # noqa: S101 - it was claimed
        waited = round((job.started_at - job.created_at).total_seconds() * _NS)
        span = self._tracer.begin(
            "job",
            job.trace,
            "consumer",
            at=end - waited,
            job_id=job.id,
            attempt=job.attempts,
            model=job.model.id,
        )
        self._tracer.record("queued", span, end - waited, end)
        self._tracer.record("claim", span, start, end)
        return span


class TracedSteps(JobSteps):
    """JobSteps with a span around each. A batch is a trace of its own, and linked with its jobs."""

    def __init__(self, tracer: "Tracer", *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self._tracer = tracer

    def load(self, item: WorkItem) -> WorkItem:
        with self._tracer.within(span_of(item.claim)), self._tracer.child("decode") as span:
            super().load(item)
            self._note_error(item, span)
        return item

    def describe(self, item: WorkItem) -> dict[str, Any]:
        with self._tracer.within(span_of(item.claim)), self._tracer.child("describe"):
            return super().describe(item)

    def finish(self, item: WorkItem) -> None:
        span = span_of(item.claim)
        with self._tracer.within(span):
            super().finish(item)
        self._note_error(item, span)
        span.end()

    def _explain_batch(self, model: str, items: Sequence[WorkItem]) -> list[Explanation]:
        jobs = [span_of(item.claim) for item in items]
        batch = self._tracer.begin("batch", {}, links=jobs, model=model, photos=len(items))
        start = time.time_ns()
        try:
            with self._tracer.within(batch):
                explanations = super()._explain_batch(model, items)
        except Exception as error:
            self._tracer.fail(batch, type(error).__name__)
            raise
        finally:
            batch.end()
        for job, explanation in zip(jobs, explanations, strict=True):
            self._record_model(job, batch, start, explanation)
        return explanations

    def _record_model(self, job: "Span", batch: "Span", start: int, done: Explanation) -> None:
        """The time of the whole batch, which each of its photos has taken."""
        took = done.timings
        inferred = start + round((took.prepare + took.inference) * _NS_OF_MS)
        explained = inferred + round(took.explain * _NS_OF_MS)
        self._tracer.record("inference", job, start, inferred, links=[batch])
        self._tracer.record("explain", job, inferred, explained, links=[batch])

    def _draw(self, item: WorkItem) -> dict[str, bytes]:
        with self._tracer.child("draw"):
            return super()._draw(item)

    def _note_error(self, item: WorkItem, span: "Span") -> None:
        if item.error is not None:
            self._tracer.fail(span, type(item.error).__name__)


def span_of(claim: Claim) -> "Span":
    """The span of a job that a TracedQueue gave out."""
    assert isinstance(claim, TracedClaim)  # noqa: S101
    return claim.span
