"""Several photos at once."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import IdempotencyKey, Injected, Owner, PreferredWait, Services
from api.middleware.authentication import check_quota
from api.rendering.contact_sheet import draw_grid
from api.responses import deliver
from api.schemas.batches import BatchView, batch_view
from api.uploads import BATCH_FIELD, read_options, received_batch
from jobs.errors import BatchNotReady, JobGone, JobNotFound, QuotaUsedUp
from jobs.records.batch import MOST_PHOTOS, Batch
from jobs.records.job import Job, Place, State
from jobs.records.options import Options
from jobs.records.submissions import Submission

router = APIRouter(prefix="/v1/batches", tags=["batches"])
_OPTIONS = Options.model_json_schema()["properties"]
_IMAGES = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
    "minItems": 1,
    "maxItems": MOST_PHOTOS,
}
_FORM = {
    "type": "object",
    "required": [BATCH_FIELD],
    "properties": {BATCH_FIELD: _IMAGES, **_OPTIONS},
}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}},
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in _OPTIONS.items()
    ],
}


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
    parts: Injected,
    owner: Owner,
    wait: PreferredWait,
    idempotency_key: IdempotencyKey = None,
) -> BatchView:
    """Up to 64 photos as form fields `images`, with options for all of them. Each becomes a job of
    its own; a photo that cannot is its item's error and never the batch's."""
    await parts.jobs.store.check_room(owner)
    key = idempotency_key and f"batch {idempotency_key}"
    reuse = "no-cache" not in request.headers.get("cache-control", "").lower()
    limits = parts.settings.max_batch_bytes, parts.settings.max_bytes
    held = Submission(owner, key=key, request_id=request.scope["request_id"])
    refusal: QuotaUsedUp | None = request.scope.get("refusal")
    if refusal and not (await parts.batches.known(held) or await parts.batches.begun(held)):
        raise refusal
    async with parts.jobs.receiving(held), received_batch(request, *limits) as upload:
        options, afford = read_options(upload.options), partial(check_quota, request.scope)
        batch, replayed = await parts.batches.submit(
            upload.photos, options, held, afford, reuse=reuse
        )
    view = await _as_it_is(batch.id, parts, owner, response, wait)
    response.status_code = 200 if view.progress == 1 else 202
    response.headers["Location"] = view.links.self
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return view


@router.get("/{batch_id}", summary="A batch as it is now")
async def get_batch(
    batch_id: str, response: Response, parts: Injected, owner: Owner, wait: PreferredWait
) -> BatchView:
    """With `Prefer: wait=N` the answer comes when all its jobs have ended, or after N seconds."""
    return await _as_it_is(batch_id, parts, owner, response, wait)


@router.get(
    "/{batch_id}/grid",
    summary="All overlays of a batch on one sheet",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
async def get_grid(
    request: Request,
    batch_id: str,
    parts: Injected,
    owner: Owner,
    columns: Annotated[int, Query(ge=1, le=16, description="Tiles in a row.")] = 4,
) -> Response:
    """A JPEG, once every job has ended; a photo without an overlay has a tile that says why."""
    batch, jobs = await parts.batches.find(batch_id, owner)
    left = [job for job in jobs.values() if not job.state.is_terminal]
    if left:
        raise BatchNotReady(batch_id, len(left))
    sheet = await asyncio.to_thread(draw_grid, batch, jobs, parts.jobs.blobs, columns)
    return deliver(request, sheet, "image/jpeg", batch_view(batch, jobs).expires_at)


async def _as_it_is(
    batch_id: str, parts: Services, owner: str, response: Response, wait: float | None
) -> BatchView:
    batch, jobs = await parts.batches.find(batch_id, owner)
    if wait is not None:
        await _until_all_ended(parts, batch, wait)
        batch, jobs = await parts.batches.find(batch_id, owner)
        response.headers["Preference-Applied"] = f"wait={wait:g}"
    view = batch_view(batch, jobs, await _place_of_last(parts, jobs))
    if view.progress < 1:
        response.headers["Retry-After"] = "1"
    response.headers["Cache-Control"] = "no-store"
    return view


async def _until_all_ended(parts: Services, batch: Batch, seconds: float) -> None:
    end = asyncio.get_running_loop().time() + seconds
    for job_id in batch.job_ids:
        left = end - asyncio.get_running_loop().time()
        if left <= 0:
            return
        with suppress(JobNotFound, JobGone):
            await parts.watch.wait(job_id, left)


async def _place_of_last(parts: Services, jobs: dict[str, Job]) -> Place | None:
    queued = [job_id for job_id, job in jobs.items() if job.state is State.QUEUED]
    return (await parts.jobs.store.find(queued[-1])).queue if queued else None
