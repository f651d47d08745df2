"""The composition root of an API process."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from redis.exceptions import RedisError
from starlette.staticfiles import StaticFiles

from api import problems
from api.access import Access
from api.dependencies import Services
from api.metrics import Metrics
from api.request_id import RequestId
from api.routes import catalog, health, jobs, metrics, pages, pictures
from api.schemas import ProblemView
from api.settings import ApiSettings
from jobs.blobs import open_blobs
from jobs.connections import connect, connect_async
from jobs.errors import BlobsFailed, StoreDown
from jobs.ports import JobStore
from jobs.service import JobService
from jobs.store import RedisJobStore
from jobs.sweeper import Sweeper
from jobs.tickets import TicketBell, make_celery
from jobs.watch import JobWatch
from models.catalog import Catalog

log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
_SWEEP_TICK_SECONDS = 5.0
_DESCRIPTION = "A photo of a leaf goes in, the disease comes out, with the picture that shows why."
_PROBLEM = {"content": {"application/problem+json": {}}, "model": ProblemView}


def create_app(settings: ApiSettings) -> FastAPI:
    """Build every object of the process. Raises CardError, or BlobsFailed for a missing library."""
    bell = TicketBell(make_celery(settings))
    redis = connect_async(settings.redis_url)
    listener = connect_async(settings.redis_url, connections=2)
    store = RedisJobStore(redis, bell, settings.queue_bound, settings.max_attempts)
    watch, measured = JobWatch(listener, store), Metrics(redis)
    blobs, waiting = open_blobs(settings), connect(settings.redis_url)
    sweeper = Sweeper(waiting, blobs, measured.counters, settings.sweep_seconds)
    service = JobService(store, blobs, Catalog(settings.cards), settings.max_pixels)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        keeping = asyncio.create_task(_keep(store, measured, stopping))
        sweeping = asyncio.create_task(_sweep(sweeper, stopping))
        async with watch.listening():
            yield
        stopping.set()
        sweeper.stop()
        await asyncio.gather(keeping, sweeping)
        bell.close()
        waiting.close()
        await redis.aclose()
        await listener.aclose()

    app = FastAPI(
        title="CropShield",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
    )
    app.state.services = Services(settings, service, watch, measured)
    app.add_middleware(Access, counters=measured.counters)
    app.add_middleware(RequestId)
    problems.install(app)
    for part in (jobs, pictures, catalog, health, metrics, pages):
        app.include_router(part.router)
    app.mount("/assets", StaticFiles(directory=pages.ASSETS), name="assets")
    return app


async def _keep(store: JobStore, measured: Metrics, stopping: asyncio.Event) -> None:
    """Every process reaps and saves its counts; there is no leader to lose."""
    while not stopping.is_set():
        try:
            await store.reap()
            await measured.save()
        except (StoreDown, RedisError, OSError) as error:
            log.warning("cannot look for lost jobs: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _TICK_SECONDS)


async def _sweep(sweeper: Sweeper, stopping: asyncio.Event) -> None:
    """Beside the event loop; what fails is tried again at the next tick."""
    while not stopping.is_set():
        try:
            await asyncio.to_thread(sweeper.run)
        except (BlobsFailed, RedisError, OSError) as error:
            log.warning("cannot sweep: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _SWEEP_TICK_SECONDS)
