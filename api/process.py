"""The objects of an API process: made once, and closed together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.background import reap, sweep
from api.dependencies import Services
from api.metrics import Metrics
from api.rendering.cache import RenderCache
from api.settings import ApiSettings
from api.shares import Shares
from api.tracing import TracedDispatcher, traced_stores
from api.uploads.memory import MemoryBudget
from api.webhooks.dispatcher import WebhookDispatcher
from api.webhooks.sender import WebhookSender
from jobs.batches import BatchService
from jobs.blobs import open_blobs
from jobs.blobs.sweeper import Sweeper
from jobs.ports import JobStore
from jobs.redis.batches import BatchStore
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


class ApiProcess:
    """Connects to nothing yet. Raises CardError, BlobsFailed for a missing library,
    TracingUnavailable."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings, self.tracer = settings, open_tracer("cropshield-api")
        self._notifier = CeleryNotifier(make_celery(settings))
        self._connect(settings)
        self._open_stores(settings)
        self.metrics, self.catalog = Metrics(self.redis), Catalog(*settings.card_folders)
        self._watch = JobWatch(self._listener, self.store)
        self._webhooks = WebhookOutbox(self.redis, settings.webhook_targets)
        self._dispatcher = self._make_dispatcher(WebhookSender(settings.webhook_targets))
        self._sweeper = Sweeper(
            self._blocking_redis,
            self._blobs,
            self.metrics.counters,
            settings.sweep_seconds,
            replicas=settings.redis_replicas,
        )

    def _connect(self, settings: ApiSettings) -> None:
        """Clients of their own for what would otherwise wait for one another."""
        url = settings.redis_url
        self.redis = connect_async(url)
        self._listener = connect_async(url, connections=2)
        self._confirming, self._blocking_redis = connect_async(url), connect(url)

    def _open_stores(self, settings: ApiSettings) -> None:
        self._replication = Replication(self._confirming, settings.redis_replicas)
        bounds = settings.queue_bound, settings.max_attempts
        self.store: JobStore = RedisJobStore(self.redis, self._notifier, *bounds, self._replication)
        self._blobs = open_blobs(settings)
        if self.tracer:
            stores = self.store, self._blobs
            self.store, self._blobs = traced_stores(self.tracer, *stores, settings.redis_replicas)

    def _make_dispatcher(self, sender: WebhookSender) -> WebhookDispatcher:
        parts = self._webhooks, self.store, self.catalog, sender, self.metrics.counters
        return TracedDispatcher(self.tracer, *parts) if self.tracer else WebhookDispatcher(*parts)

    def services(self) -> Services:
        """What the routes use."""
        settings = self._settings
        jobs = JobService(
            self.store, self._blobs, self.catalog, self._webhooks, settings.max_pixels
        )
        return Services(
            settings,
            jobs,
            self._watch,
            self.metrics,
            FeedbackStore(self.redis, settings.feedback_days, self._replication),
            RenderCache(self._blobs, settings.max_renders, settings.max_render_pixels),
            MemoryBudget(settings.upload_memory_bytes),
            Shares(settings.max_streams),
            BatchService(BatchStore(self.redis, self._replication), jobs),
            self._webhooks,
        )

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Runs the tasks beside the requests; then ends them and closes everything."""
        stopping = asyncio.Event()
        tasks = [
            asyncio.create_task(reap(self.store, self.metrics, stopping)),
            asyncio.create_task(sweep(self._sweeper, stopping)),
            asyncio.create_task(self._dispatcher.run(stopping)),
        ]
        async with self._watch.listening():
            yield
        stopping.set()
        self._sweeper.stop()
        await asyncio.gather(*tasks)
        await self._close()

    async def _close(self) -> None:
        self._notifier.close()
        self._blocking_redis.close()
        for client in (self.redis, self._listener, self._confirming):
            await client.aclose()
        if self.tracer:
            await asyncio.to_thread(self.tracer.close)
