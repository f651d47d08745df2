"""The pictures of a finished job."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.types import Scope

from api.context import context_of
from api.dependencies import InjectedServices, JobId, Owner, get_services
from api.disconnect import while_connected
from api.file_responses import described_file, file_response
from api.language import language_of
from api.plain_route import PlainRoute
from api.rendering.params import ComparisonParams, HeatmapParams, OverlayParams, explanation_index
from jobs.blobs import blob_names
from jobs.errors import BlobMissing, JobNotReady, NoPicture, PicturesErased
from jobs.records.job import Job, State

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["pictures"])
_TYPES = {"png": "image/png", "npy": "application/octet-stream", "json": "application/json"}


PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp")
_PICTURE = described_file(*PICTURE_TYPES)
_HEATMAP = described_file("image/png", "application/octet-stream")
_HEATMAP[200]["content"]["application/json"] = {"schema": {"$ref": "#/components/schemas/RawMap"}}


async def finished(job_id: JobId, services: InjectedServices, owner: Owner) -> Job:
    """Raises JobNotFound, JobGone, JobNotReady, PicturesErased, or NoPicture for a job that ended
    without any."""
    return _with_pictures(await services.jobs.store.find(job_id, owner))


def _with_pictures(job: Job) -> Job:
    """The job, which has pictures. Raises JobNotReady, PicturesErased, NoPicture."""
    if not job.state.is_terminal:
        raise JobNotReady(job.id, job.state)
    if job.state is not State.SUCCEEDED:
        raise NoPicture(f"job {job.id} ended as {job.state} and has no pictures")
    if job.erased:
        raise PicturesErased(job.id)
    return job


Finished = Annotated[Job, Depends(finished)]


def overlay_type(job: Job) -> str:
    """The media type of the stored overlay."""
    return f"image/{job.options.overlay_format}"


@router.get("/overlay", summary="An overlay", response_class=Response, responses=_PICTURE)
async def get_overlay(
    request: Request,
    job: Finished,
    services: InjectedServices,
    params: Annotated[OverlayParams, Query()],
) -> Response:
    """The photo with the heat laid over it.

    Without parameters it is the stored one, as the job's options asked for it; every other one is
    drawn from the stored map, without running the model again.
    """
    kind = params.format or job.options.overlay_format
    if params.is_stored(job):
        name = blob_names.overlay_name(job.attempts, explanation_index(job, params), kind)
        picture = await services.jobs.blob(job.id, name)
    else:
        side = services.jobs.catalog[job.model.id].preprocessing.size
        picture = await while_connected(request, services.render_cache.overlay(job, params, side))
    return file_response(request, picture, f"image/{kind}", job.expires_at)


class StoredOverlayRoute(PlainRoute):
    """`get_overlay` for a request without parameters, which gets the stored overlay. Who has just
    waited for the job gets it without another look at the record."""

    def __init__(self) -> None:
        super().__init__("/v1/jobs/{job_id}/overlay", get_overlay)

    def takes(self, scope: Scope) -> bool:
        return not scope["query_string"]

    async def respond(self, request: Request) -> Response:
        services, owner = await get_services(request), context_of(request.scope).owner
        job_id, stored = request.path_params["job_id"].lower(), OverlayParams()
        if job := services.watch.just_ended(job_id, owner):
            with suppress(BlobMissing):  # erased since: the record says so
                return await get_overlay(request, _with_pictures(job), services, stored)
        return await get_overlay(request, await finished(job_id, services, owner), services, stored)


@router.get(
    "/comparison", summary="All classes compared", response_class=Response, responses=_PICTURE
)
async def get_comparison(
    request: Request,
    job: Finished,
    services: InjectedServices,
    params: Annotated[ComparisonParams, Query()],
) -> Response:
    """The photo and all explained classes side by side, labelled, on one colour scale."""
    language = language_of(request.scope)
    drawing = services.render_cache.comparison(job, params, language)
    picture = await while_connected(request, drawing)
    kind = params.format or job.options.overlay_format
    return file_response(request, picture, f"image/{kind}", job.expires_at, language)


@router.get(
    "/photo", summary="The photo", response_class=Response, responses=described_file("image/jpeg")
)
async def get_photo(request: Request, job: Finished, services: InjectedServices) -> Response:
    """The photo that the model saw: upright, without metadata, at reduced size."""
    photo = await services.jobs.blob(job.id, blob_names.PHOTO)
    return file_response(request, photo, "image/jpeg", job.expires_at)


@router.get("/heatmap", summary="A raw map", response_class=Response, responses=_HEATMAP)
async def get_heatmap(
    request: Request,
    job: Finished,
    services: InjectedServices,
    params: Annotated[HeatmapParams, Query()],
) -> Response:
    """The raw map: 8-bit grey PNG at map resolution, float32 `.npy`, or rows of numbers."""
    heatmap = await while_connected(request, services.render_cache.heatmap(job, params))
    return file_response(request, heatmap, _TYPES[params.format], job.expires_at)
