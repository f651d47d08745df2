"""Whether the process is alive, and whether it can take photos."""

import asyncio

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.dependencies import InjectedServices


class Readiness(BaseModel):
    """`workers` gave a sign of life within 10 s; none is not an error, jobs then wait."""

    ready: bool
    workers: int


router = APIRouter(tags=["health"])


@router.get("/livez", summary="Is it alive?", response_class=Response)
async def is_alive() -> Response:
    """200 while the process answers at all."""
    return Response("alive", media_type="text/plain")


@router.get("/readyz", summary="Is it ready?")
async def is_ready(services: InjectedServices) -> Readiness:
    """200 when Redis and the photo store answer; 503 with the reason otherwise."""
    workers = await services.jobs.store.workers()
    await asyncio.to_thread(services.jobs.blobs.check)
    return Readiness(ready=True, workers=workers)
