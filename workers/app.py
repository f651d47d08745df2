"""The composition root of a worker process: one Celery application, one runtime."""

import logging
import os
import socket
import threading
from typing import Any

from celery import Celery, signals

from jobs.connections import connect
from jobs.disk import DiskBlobs
from jobs.ports import Bell, WorkQueue
from jobs.queue import RedisWorkQueue
from jobs.tickets import TicketBell, make_celery
from jobs.wire import TASK, TICKETS
from models.catalog import Catalog
from workers.batch import Batch
from workers.explainers import Explainers
from workers.lease import Keeper
from workers.memory import keep_freed_memory
from workers.settings import WorkerSettings

log = logging.getLogger(__name__)
_ARGUMENTS = ["-P", "threads", "-c", "1", "-Q", TICKETS, "--loglevel=WARNING"]
_LEAN = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


class Runtime:
    """Answers a ticket: takes jobs in batches until none is left or the worker is to stop."""

    def __init__(self, queue: WorkQueue, batch: Batch, keeper: Keeper, most: int) -> None:
        self._queue, self._batch, self._most = queue, batch, most
        self.keeper, self._stopping = keeper, threading.Event()

    def drain(self) -> None:
        """The Celery task. Safe to run any number of times, at any time."""
        while not self._stopping.is_set():
            claims = self._queue.claim(self._most)
            if not claims:
                return
            with self.keeper.holding(claims):
                self._batch.run(claims)

    def stop(self, **_: Any) -> None:
        """Take no more; the batch in hand is finished."""
        self._stopping.set()


def run_worker(settings: WorkerSettings) -> None:
    """Load and warm the models, then work until SIGTERM. Raises CardError for a broken model."""
    keep_freed_memory()
    app = make_celery(settings.redis_url)
    bell = TicketBell(app)
    queue = RedisWorkQueue(
        connect(settings.redis_url), bell, settings.lease_seconds, settings.max_attempts
    )
    explainers = Explainers(Catalog(settings.cards), settings.device)
    for model in settings.warm_models:
        explainers[model]
    runtime = Runtime(
        queue,
        Batch(queue, DiskBlobs(settings.blobs), explainers),
        Keeper(queue, _name(), settings.lease_seconds, settings.batch_deadline_seconds),
        settings.batch_size,
    )
    _serve(app, runtime, bell)


def _serve(app: Celery, runtime: Runtime, bell: Bell) -> None:
    def ready(**_: Any) -> None:
        runtime.keeper.start()
        bell.ring()

    app.task(runtime.drain, name=TASK)
    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(runtime.stop, weak=False)
    try:
        app.worker_main(["--quiet", "worker", *_ARGUMENTS, *_LEAN])
    finally:
        runtime.keeper.stop()


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
