"""The composition root of an API process."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import Depends, FastAPI
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from api import exception_handlers
from api.dependencies import Services, require_ownership
from api.job_cache import JobCache
from api.memory import MemoryBudget
from api.metrics import Metrics
from api.middleware.access_log import AccessLogMiddleware
from api.middleware.authentication import ApiKeyCache, AuthenticationMiddleware
from api.middleware.head import HeadMiddleware
from api.middleware.language import LanguageMiddleware
from api.middleware.request_id import RequestIdMiddleware
from api.middleware.security_headers import CORS, SecurityHeadersMiddleware
from api.middleware.trusted_host import TrustedHostMiddleware
from api.middleware.upload_limits import UploadLimitMiddleware, UploadLimits
from api.openapi import DescribedApp
from api.openapi.overview import overview
from api.rendering.cache import RenderCache
from api.routes import (
    batches,
    catalog,
    classes,
    deliveries,
    events,
    feedback,
    health,
    jobs,
    metrics,
    pages,
    pictures,
    submit,
)
from api.settings import ApiSettings
from api.shares import Shares
from api.tracing import TracedDispatcher, TracingMiddleware, traced_stores
from api.webhooks import WebhookDispatcher, WebhookSender
from jobs.auth.api_keys import RedisApiKeyStore
from jobs.auth.rate_limits import RateLimiter
from jobs.batches import BatchService
from jobs.blobs import open_blobs
from jobs.blobs.sweeper import Sweeper
from jobs.errors import Incompatible, StoreDown, Unavailable
from jobs.ports import JobStore
from jobs.redis.connections import connect, connect_async
from jobs.redis.feedback import FeedbackStore
from jobs.redis.notifier import CeleryNotifier, make_celery
from jobs.redis.replication import Replication
from jobs.redis.store import RedisJobStore
from jobs.redis.watch import JobWatch
from jobs.service import JobService
from jobs.tracing import open_tracer
from jobs.webhooks.outbox import WebhookOutbox
from models.catalog import Catalog

log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
_SWEEP_TICK_SECONDS = 5.0


def create_app(settings: ApiSettings, host: str = "127.0.0.1") -> FastAPI:
    """Build every object of the process. `host` is the address that it will listen on.

    Raises CardError, BlobsFailed for a missing library, TracingUnavailable.
    """
    tracer = open_tracer("cropshield-api")
    notifier = CeleryNotifier(make_celery(settings))
    redis = connect_async(settings.redis_url)
    listener = connect_async(settings.redis_url, connections=2)
    confirming = connect_async(settings.redis_url)
    replication = Replication(confirming, settings.redis_replicas)
    bounds = settings.queue_bound, settings.max_attempts
    store: JobStore = RedisJobStore(redis, notifier, *bounds, replication)
    blobs, sync_redis = open_blobs(settings), connect(settings.redis_url)
    if tracer:
        store, blobs = traced_stores(tracer, store, blobs, settings.redis_replicas)
    watch, measured = JobWatch(listener, store), Metrics(redis)
    sweeper = Sweeper(
        sync_redis,
        blobs,
        measured.counters,
        settings.sweep_seconds,
        replicas=settings.redis_replicas,
    )
    webhooks = WebhookOutbox(redis, settings.webhook_targets)
    cards = Catalog(*settings.card_folders)
    service = JobService(store, blobs, cards, webhooks, settings.max_pixels)
    delivering = webhooks, store, cards, WebhookSender(settings.webhook_targets), measured.counters
    dispatcher = TracedDispatcher(tracer, *delivering) if tracer else WebhookDispatcher(*delivering)
    feedback_store = FeedbackStore(redis, settings.feedback_days, replication)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        reaping = asyncio.create_task(_reap(store, measured, stopping))
        dispatching = asyncio.create_task(dispatcher.run(stopping))
        sweeping = asyncio.create_task(_sweep(sweeper, stopping))
        async with watch.listening():
            yield
        stopping.set()
        sweeper.stop()
        await asyncio.gather(reaping, sweeping, dispatching)
        notifier.close()
        sync_redis.close()
        for client in (redis, listener, confirming):
            await client.aclose()
        if tracer:
            await asyncio.to_thread(tracer.close)

    app = DescribedApp(
        title="CropShield",
        version="1",
        description=overview(settings, needs_keys=settings.needs_keys(host)),
        lifespan=lifespan,
        docs_url=None,
        redirect_slashes=False,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        dependencies=[Depends(require_ownership)] if settings.needs_keys(host) else [],
    )
    app.state.services = Services(
        settings,
        service,
        watch,
        measured,
        feedback_store,
        RenderCache(blobs, settings.max_renders, settings.max_render_pixels),
        MemoryBudget(settings.upload_memory_bytes),
        Shares(settings.max_streams),
        BatchService(redis, service, replication),
        webhooks,
    )
    app.add_middleware(LanguageMiddleware)
    app.add_middleware(HeadMiddleware)
    _protect(app, settings, redis, needs_keys=settings.needs_keys(host))
    app.add_middleware(AccessLogMiddleware, counters=measured.counters)
    if tracer:
        app.add_middleware(TracingMiddleware, tracer=tracer)
    app.add_middleware(RequestIdMiddleware)
    exception_handlers.install_handlers(app)
    reading = (jobs, events, deliveries, feedback, pictures, catalog, classes, health, metrics)
    polled = jobs.PolledJobRoute(JobCache(redis, store, cards))
    app.router.routes += [submit.SubmitRoute(), polled, pictures.StoredOverlayRoute()]
    for module in (submit, batches, *reading, pages):
        app.include_router(module.router)
    app.mount("/playground", StaticFiles(directory=pages.PLAYGROUND), name="playground")
    app.mount("/assets/docs", StaticFiles(directory=pages.PAGES), name="docs")
    app.mount("/assets", StaticFiles(directory=pages.ASSETS), name="assets")
    return app


def _protect(app: FastAPI, settings: ApiSettings, redis: "Redis", *, needs_keys: bool) -> None:
    """Add the middleware in front of the routes; what is added last runs first."""
    limits = UploadLimits(
        settings.max_uploads,
        settings.upload_grace_seconds,
        settings.upload_bytes_per_second,
        settings.max_body_bytes,
    )
    app.add_middleware(UploadLimitMiddleware, limits=limits)
    if needs_keys:
        app.add_middleware(
            AuthenticationMiddleware,
            keys=ApiKeyCache(RedisApiKeyStore(redis)),
            limits=RateLimiter(redis),
        )
    origins, hosts = settings.cors_origins, settings.allowed_hosts
    if origins:
        app.add_middleware(CORSMiddleware, allow_origins=origins, **CORS)
    if hosts or not needs_keys:
        app.add_middleware(TrustedHostMiddleware, hosts=hosts, origins=origins)
    app.add_middleware(SecurityHeadersMiddleware, shared=bool(origins))


async def _reap(store: JobStore, measured: Metrics, stopping: asyncio.Event) -> None:
    """Reap, and save the counts. Every process does: there is no leader to lose."""
    while not stopping.is_set():
        try:
            await store.reap()
            await measured.save()
        except Incompatible as error:
            log.critical("this process stops: %s", error)
            signal.raise_signal(signal.SIGTERM)
            return
        except (StoreDown, RedisError, OSError) as error:
            log.warning("cannot reap lost jobs: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _TICK_SECONDS)


async def _sweep(sweeper: Sweeper, stopping: asyncio.Event) -> None:
    """Run the sweeper beside the event loop; what fails is tried again at the next tick."""
    while not stopping.is_set():
        try:
            await asyncio.to_thread(sweeper.run)
        except (Unavailable, RedisError, OSError) as error:
            log.warning("cannot sweep: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _SWEEP_TICK_SECONDS)
