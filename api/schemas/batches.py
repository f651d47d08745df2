"""The JSON of a batch."""

from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from api.problems.http_problems import document, http_problem_of, translated_error, with_status
from api.schemas.jobs import JobView, job_view
from api.schemas.problems import ErrorView
from jobs.errors import JobGone
from jobs.records.batch import Batch, BatchItem
from jobs.records.job import Job, QueuePosition, State
from languages.translator import Translator
from models.catalog import Catalog

REFUSED, GONE = "refused", "gone"


class ItemView(BaseModel):
    """One photo: its job, or the problem why there is none."""

    index: int = Field(description="Its place in the form, 0 the first.")
    name: str | None = Field(description="The file name, as sent.")
    job: JobView | None = None
    error: ErrorView | None = None


class BatchLinks(BaseModel):
    """Absolute paths."""

    self: str
    grid: str


class BatchView(BaseModel):
    """`counts` by state, and `refused` (never became a job), `gone` (has expired); `progress` is
    the share of photos that nothing more will happen to, 0 to 1; `queue` that of the last job."""

    id: str
    created_at: datetime
    expires_at: datetime
    total: int
    counts: dict[str, int]
    progress: float
    queue: QueuePosition | None
    items: list[ItemView]
    links: BatchLinks


def batch_view(
    batch: Batch,
    jobs: dict[str, Job],
    catalog: Catalog,
    translated: Translator,
    queue: QueuePosition | None = None,
) -> BatchView:
    """jobs: those that still are, by id. translated: to the language of the answer."""
    views = {job_id: job_view(job, catalog, translated) for job_id, job in jobs.items()}
    items = [_item(index, item, views, batch, translated) for index, item in enumerate(batch.items)]
    states = [_state(item, jobs) for item in batch.items]
    names = [*State, REFUSED, GONE]
    waiting = states.count(State.QUEUED) + states.count(State.RUNNING)
    root = f"/v1/batches/{batch.id}"
    return BatchView(
        id=batch.id,
        created_at=batch.created_at,
        expires_at=expires_at(batch, jobs),
        total=len(items),
        counts={name: states.count(name) for name in names},
        progress=round(1 - waiting / len(items), 4),
        queue=queue,
        items=items,
        links=BatchLinks(self=root, grid=f"{root}/grid"),
    )


def expires_at(batch: Batch, jobs: dict[str, Job]) -> datetime:
    """When the batch expires: when the last of its jobs does."""
    return max([job.expires_at for job in jobs.values()], default=_end(batch))


def _state(item: BatchItem, jobs: dict[str, Job]) -> str:
    if item.job_id is None:
        return REFUSED
    return jobs[item.job_id].state if item.job_id in jobs else GONE


def _item(
    index: int, item: BatchItem, views: dict[str, JobView], batch: Batch, translated: Translator
) -> ItemView:
    job = views.get(item.job_id or "")
    error = item.error
    if job is None and item.job_id:
        gone = JobGone(item.job_id, _end(batch))
        error = document(http_problem_of(gone), str(gone))
    error_view = error and ErrorView(
        **translated_error(with_status(error), translated),
        instance=f"/v1/batches/{batch.id}",
        request_id=batch.request_id,
    )
    return ItemView(index=index, name=item.name, job=job, error=error_view)


def _end(batch: Batch) -> datetime:
    return batch.created_at + timedelta(seconds=batch.ttl)
