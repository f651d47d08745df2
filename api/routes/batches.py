"""Batches: several photos at once."""

import asyncio
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.context import RequestContext, context_of
from api.dependencies import IdempotencyKey, InjectedServices, Owner, PreferredWait, Services
from api.disconnect import while_connected
from api.file_responses import file_response
from api.language import language_fields, language_of, translator_of
from api.schemas.batches import BatchView, batch_view, expires_at
from api.uploads.body_schema import BINARY, submit_schema
from api.uploads.read import BATCH_FIELD, read_batch, read_options
from jobs.errors import BatchNotReady, JobGone, JobNotFound
from jobs.records.batch import MAX_PHOTOS, Batch
from jobs.records.job import Job, QueuePosition, State
from jobs.records.submissions import Submission

router = APIRouter(prefix="/v1/batches", tags=["batches"])
_BODY = submit_schema(
    BATCH_FIELD,
    {"type": "array", "items": BINARY, "minItems": 1, "maxItems": MAX_PHOTOS},
)


@router.post(
    "",
    status_code=202,
    summary="Submit several photos",
    openapi_extra=_BODY,
    responses={200: {"model": BatchView, "description": "Every job of it has already ended."}},
)
async def submit_batch(
    request: Request,
    response: Response,
    services: InjectedServices,
    owner: Owner,
    wait: PreferredWait,
    idempotency_key: IdempotencyKey = None,
) -> BatchView:
    """Up to 64 photos as form fields `images`, with options for all of them. Each becomes a job of
    its own. A photo that cannot become one is an error of its item, not of the batch."""
    context = context_of(request.scope)
    await services.jobs.store.check_admission(owner)
    key = idempotency_key and f"batch {idempotency_key}"
    submission = Submission(owner, key=key, request_id=context.request_id, quota=context.quota)
    await _check_quota(context, submission, services)
    batch, replayed = await _read_and_submit(request, submission, services)
    view = await _current_view(batch.id, services, request, response, wait)
    response.status_code = 200 if view.progress == 1 else 202
    response.headers["Location"] = view.links.self
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return view


async def _check_quota(context: RequestContext, submission: Submission, services: Services) -> None:
    """Before the body is read. A batch that was accepted, or begun, before costs nothing. Raises
    QuotaUsedUp."""
    if context.refusal and not (
        await services.batches.find_by_key(submission)
        or await services.batches.count_begun(submission)
    ):
        raise context.refusal


async def _read_and_submit(
    request: Request, submission: Submission, services: Services
) -> tuple[Batch, bool]:
    """The batch, and whether an earlier request with the same key had made it."""
    reuse = "no-cache" not in request.headers.get("cache-control", "").lower()
    limits = services.settings.max_batch_bytes, services.settings.max_bytes
    async with services.jobs.receiving(submission), read_batch(request, *limits) as upload:
        options = read_options(upload.options)
        async with services.memory.hold(upload.largest):
            return await services.batches.submit(upload.photos, options, submission, reuse=reuse)


@router.get("/{batch_id}", summary="A batch as it is now")
async def get_batch(
    batch_id: str,
    request: Request,
    response: Response,
    services: InjectedServices,
    wait: PreferredWait,
) -> BatchView:
    """With `Prefer: wait=N` the answer comes when all its jobs have ended, or after N seconds."""
    return await _current_view(batch_id, services, request, response, wait)


@router.get(
    "/{batch_id}/grid",
    summary="All overlays of a batch on one sheet",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
async def get_grid(
    request: Request,
    batch_id: str,
    services: InjectedServices,
    owner: Owner,
    columns: Annotated[int, Query(ge=1, le=16, description="Tiles in a row.")] = 4,
) -> Response:
    """A JPEG, once every job has ended; a photo without an overlay has a tile that says why."""
    batch, jobs = await services.batches.find(batch_id, owner)
    left = [job for job in jobs.values() if not job.state.is_terminal]
    if left:
        raise BatchNotReady(batch_id, len(left))
    language = language_of(request.scope)
    drawing = services.render_cache.contact_sheet(batch, jobs, columns, language)
    sheet = await while_connected(request, drawing)
    return file_response(request, sheet, "image/jpeg", expires_at(batch, jobs), language)


async def _current_view(
    batch_id: str, services: Services, request: Request, response: Response, wait: float | None
) -> BatchView:
    owner = context_of(request.scope).owner
    batch, jobs = await services.batches.find(batch_id, owner)
    with services.granted_wait(owner, wait) as granted:
        if granted is not None:
            await while_connected(request, _wait_for_all(services, batch, granted))
            batch, jobs = await services.batches.find(batch_id, owner)
            response.headers["Preference-Applied"] = f"wait={granted:g}"
    position = await _position_of_last(services, jobs)
    translated = translator_of(request.scope)
    view = batch_view(batch, jobs, services.jobs.catalog, translated, position)
    if view.progress < 1:
        response.headers["Retry-After"] = "1"
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(language_fields(translated.language))
    return view


async def _wait_for_all(services: Services, batch: Batch, seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    for job_id in batch.job_ids:
        left = end - asyncio.get_running_loop().time()
        if left <= 0:
            return
        with suppress(JobNotFound, JobGone):
            await services.watch.wait(job_id, left)


async def _position_of_last(services: Services, jobs: dict[str, Job]) -> QueuePosition | None:
    queued = [job_id for job_id, job in jobs.items() if job.state is State.QUEUED]
    return (await services.jobs.store.find(queued[-1])).queue if queued else None
