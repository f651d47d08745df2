"""The pictures of a finished job."""

import io
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from PIL import Image

from api.dependencies import Injected, Services
from jobs import wire
from jobs.errors import JobNotReady, NoPicture
from jobs.job import Job, State

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["pictures"])
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {f"image/{kind}": {} for kind in ("jpeg", "png", "webp")}}
}
Rank = Annotated[int | None, Query(ge=0, description="0 is the first explained class.")]
ClassIndex = Annotated[int | None, Query(ge=0, description="An explained class, by its index.")]


@router.get("/overlay", operation_id="getOverlay", response_class=Response, responses=_PICTURE)
async def get_overlay(
    job_id: str, parts: Injected, rank: Rank = None, class_index: ClassIndex = None
) -> Response:
    """The photo with the heat laid over it, as the job's options asked for it."""
    job = await _finished(parts, job_id)
    place, kind = _place(job, rank, class_index), job.options.overlay_format
    name = wire.overlay_name(job.attempts, place, kind)
    return Response(await parts.jobs.blob(job_id, name), media_type=f"image/{kind}")


@router.get("/photo", operation_id="getPhoto", response_class=Response, responses=_PICTURE)
async def get_photo(job_id: str, parts: Injected) -> Response:
    """The photo that the model saw: upright, without metadata, at reduced size."""
    job = await _finished(parts, job_id)
    return Response(await parts.jobs.blob(job.id, wire.PHOTO), media_type="image/jpeg")


@router.get("/heatmap", operation_id="getHeatmap", response_class=Response)
async def get_heatmap(
    job_id: str,
    parts: Injected,
    rank: Rank = None,
    class_index: ClassIndex = None,
    format: Annotated[Literal["png", "npy", "json"], Query()] = "png",  # noqa: A002
) -> Response:
    """The raw map: 8-bit grey PNG at map resolution, float32 `.npy`, or rows of numbers."""
    job = await _finished(parts, job_id)
    place = _place(job, rank, class_index)
    maps = np.load(io.BytesIO(await parts.jobs.blob(job_id, wire.maps_name(job.attempts))))
    return _ENCODERS[format](maps[place])


async def _finished(parts: Services, job_id: str) -> Job:
    """Raises JobNotFound, JobNotReady, or NoPicture for a job that ended without one."""
    job = await parts.jobs.store.find(job_id)
    if not job.state.is_terminal:
        raise JobNotReady(job_id, job.state)
    if job.state is not State.SUCCEEDED:
        raise NoPicture(f"job {job_id} ended as {job.state} and has no pictures")
    return job


def _place(job: Job, rank: int | None, class_index: int | None) -> int:
    """Which of the job's maps is meant. Raises NoPicture."""
    explained = [found["class_index"] for found in (job.result or {})["explanations"]]
    if class_index is not None:
        if class_index not in explained:
            raise NoPicture(f"class {class_index} was not explained; explained are {explained}")
        return explained.index(class_index)
    if (rank or 0) >= len(explained):
        raise NoPicture(f"rank {rank} was not explained; there are {len(explained)}, 0 the first")
    return rank or 0


def _png(heatmap: Any) -> Response:
    buffer = io.BytesIO()
    Image.fromarray((heatmap * 255).round().astype(np.uint8)).save(buffer, "PNG", optimize=True)
    return Response(buffer.getvalue(), media_type="image/png")


def _npy(heatmap: Any) -> Response:
    buffer = io.BytesIO()
    np.save(buffer, heatmap)
    return Response(buffer.getvalue(), media_type="application/octet-stream")


def _json(heatmap: Any) -> Response:
    height, width = heatmap.shape
    rows = [[round(float(value), 5) for value in row] for row in heatmap]
    return JSONResponse({"width": width, "height": height, "rows": rows})


_ENCODERS = {"png": _png, "npy": _npy, "json": _json}
