"""The pictures of a finished job."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.dependencies import Injected, JobId, Owner
from api.rendering.params import ComparisonLook, HeatmapLook, OverlayLook, place
from api.responses import deliver
from jobs.blobs import blob_names
from jobs.errors import JobNotReady, NoPicture, PicturesErased
from jobs.records.job import Job, State

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["pictures"])
_TYPES = {"png": "image/png", "npy": "application/octet-stream", "json": "application/json"}


def _binary(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Of the OpenAPI page: a file of one of these media types, or a part of it."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    return {
        200: {"content": content, "description": "The whole file."},
        206: {"content": content, "description": "The range of it that was asked for."},
        304: {"description": "It is the one named in `If-None-Match`."},
    }


_PICTURE = _binary("image/jpeg", "image/png", "image/webp")
_HEATMAP = _binary("image/png", "application/octet-stream")
_HEATMAP[200]["content"]["application/json"] = {"schema": {"$ref": "#/components/schemas/RawMap"}}


async def finished(job_id: JobId, parts: Injected, owner: Owner) -> Job:
    """Raises JobNotFound, JobGone, JobNotReady, PicturesErased, or NoPicture for a job that ended
    without any."""
    job = await parts.jobs.store.find(job_id, owner)
    if not job.state.is_terminal:
        raise JobNotReady(job_id, job.state)
    if job.state is not State.SUCCEEDED:
        raise NoPicture(f"job {job_id} ended as {job.state} and has no pictures")
    if job.erased:
        raise PicturesErased(job_id)
    return job


Finished = Annotated[Job, Depends(finished)]


@router.get("/overlay", summary="An overlay", response_class=Response, responses=_PICTURE)
async def get_overlay(
    request: Request, job: Finished, parts: Injected, look: Annotated[OverlayLook, Query()]
) -> Response:
    """The photo with the heat laid over it.

    Without parameters it is the stored one, as the job's options asked for it; every other one is
    drawn from the stored map, without running the model again.
    """
    kind = look.format or job.options.overlay_format
    if look.is_stored(job):
        name = blob_names.overlay_name(job.attempts, place(job, look), kind)
        picture = await parts.jobs.blob(job.id, name)
    else:
        side = parts.jobs.catalog[job.model.id].preprocessing.size
        picture = await parts.gallery.overlay(job, look, side)
    return deliver(request, picture, f"image/{kind}", job.expires_at)


@router.get(
    "/comparison", summary="All classes compared", response_class=Response, responses=_PICTURE
)
async def get_comparison(
    request: Request, job: Finished, parts: Injected, look: Annotated[ComparisonLook, Query()]
) -> Response:
    """The photo and all explained classes side by side, labelled, on one colour scale."""
    picture = await parts.gallery.comparison(job, look)
    kind = look.format or job.options.overlay_format
    return deliver(request, picture, f"image/{kind}", job.expires_at)


@router.get("/photo", summary="The photo", response_class=Response, responses=_binary("image/jpeg"))
async def get_photo(request: Request, job: Finished, parts: Injected) -> Response:
    """The photo that the model saw: upright, without metadata, at reduced size."""
    photo = await parts.jobs.blob(job.id, blob_names.PHOTO)
    return deliver(request, photo, "image/jpeg", job.expires_at)


@router.get("/heatmap", summary="A raw map", response_class=Response, responses=_HEATMAP)
async def get_heatmap(
    request: Request, job: Finished, parts: Injected, look: Annotated[HeatmapLook, Query()]
) -> Response:
    """The raw map: 8-bit grey PNG at map resolution, float32 `.npy`, or rows of numbers."""
    heatmap = await parts.gallery.heatmap(job, look)
    return deliver(request, heatmap, _TYPES[look.format], job.expires_at)
