"""The composition root of a worker process: one Celery application, one runtime."""

import logging
import os
import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING, Any

from celery import Celery, signals

from engine.photos.resize import use_calling_thread
from jobs.blobs import open_blobs
from jobs.garbage import end_start
from jobs.metrics import Counters
from jobs.ports import BlobStore, Notifier, WorkQueue
from jobs.records.job import ModelFacts
from jobs.redis.compatibility import check_compatibility
from jobs.redis.connections import connect
from jobs.redis.notifier import CELERY_QUEUE, CELERY_TASK, CeleryNotifier, make_celery
from jobs.redis.queue import MeteredQueue
from jobs.threads import switch_threads_often
from jobs.tracing import open_tracer
from models.catalog import Catalog
from models.decode_size import Decode
from pictures.decoding.decoder_pool import DecoderPool
from workers.allocator import keep_freed_memory, return_unused_memory
from workers.explainers import Explainers, explainer_options
from workers.job_steps import JobSteps
from workers.lease_renewer import LeaseRenewer
from workers.pipeline import Pipeline
from workers.poll_fallback import PollFallback
from workers.settings import WorkerSettings
from workers.standby import Standby
from workers.tracing import TracedSteps, traced_stores

if TYPE_CHECKING:
    from jobs.tracing.tracer import Tracer

log = logging.getLogger(__name__)
_ARGUMENTS = ["-P", "threads", "-c", "1", "-Q", CELERY_QUEUE, "--loglevel=WARNING"]
_LEAN = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


def run_worker(settings: WorkerSettings) -> None:
    """Load and warm the models, then work until SIGTERM. Raises CardError for a wrong model,
    BlobsFailed for a photo store that cannot be used, Incompatible for such a Redis,
    TracingUnavailable."""
    tracer = open_tracer("cropshield-worker")
    _prepare_process()
    blobs = open_blobs(settings)
    blobs.check()
    app = make_celery(settings)
    notifier = CeleryNotifier(app)
    redis, counters = connect(settings.redis_url), Counters()
    check_compatibility(redis)
    catalog = Catalog(*settings.card_folders)
    explainers = _warm_explainers(catalog, settings, counters)
    models = map(ModelFacts.of, catalog)
    queue = MeteredQueue(
        redis, notifier, settings.lease_seconds, settings.max_attempts, counters, models
    )
    lease_renewer = LeaseRenewer(
        queue, _name(), settings.lease_seconds, settings.batch_deadline_seconds
    )
    with DecoderPool() as decoders:
        taken, steps = make_steps(tracer, queue, blobs, explainers, decoders.decode, settings)
        pipeline = Pipeline(taken, steps, lease_renewer, explainers.max_claims, counters)
        end_start()
        serve(app, queue, pipeline, lease_renewer, notifier)
    if tracer:
        tracer.close()


def _prepare_process() -> None:
    """Memory and threads as a process needs them that decodes and explains all day."""
    keep_freed_memory()
    return_unused_memory()
    switch_threads_often()
    use_calling_thread()


def _warm_explainers(catalog: Catalog, settings: WorkerSettings, counters: Counters) -> Explainers:
    """Every model of the catalogue can be run, and those of the settings are loaded."""
    how = explainer_options(settings)
    explainers = Explainers(catalog, settings.device, counters, how, settings.batch_size)
    explainers.check()
    for model in settings.warm_models:
        explainers[model]
    return explainers


def make_steps(
    tracer: "Tracer | None",
    queue: WorkQueue,
    blobs: BlobStore,
    explainers: Explainers,
    decode: Decode,
    settings: WorkerSettings,
) -> tuple[WorkQueue, JobSteps]:
    """Where jobs are claimed, and what is done with them; both with spans where traces are made."""
    if tracer is None:
        steps = JobSteps(queue, blobs, explainers, decode, replicas=settings.redis_replicas)
        return queue, steps
    queue, blobs = traced_stores(tracer, queue, blobs)
    parts = queue, blobs, explainers, decode
    return queue, TracedSteps(tracer, *parts, replicas=settings.redis_replicas)


def serve(
    app: Celery,
    queue: WorkQueue,
    pipeline: Pipeline,
    lease_renewer: LeaseRenewer,
    notifier: Notifier,
) -> None:
    """Drain the queue at every notification until SIGTERM, then end what has begun."""
    poll_fallback, standby = PollFallback(queue, pipeline), Standby(queue, pipeline, _name())
    hangup = signal.getsignal(signal.SIGHUP)

    def ready(**_: Any) -> None:
        _handle_once(signal.SIGTERM)
        _stop_on_hangup(ignored=hangup is signal.SIG_IGN)
        lease_renewer.start()
        poll_fallback.start()
        standby.start()
        notifier.notify()

    def stop(**_: Any) -> None:
        pipeline.stop()

    app.task(standby.drain, name=CELERY_TASK, Strategy="jobs.redis.notifier:no_ack_strategy")
    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)
    try:
        app.worker_main(["--quiet", "worker", *_ARGUMENTS, *_LEAN])
    finally:
        standby.stop()
        poll_fallback.stop()
        pipeline.close()
        lease_renewer.stop()


def _handle_once(number: signal.Signals) -> None:
    """Handle the first signal only. Celery's handler takes a lock: a second signal during the first
    would wait for ever."""
    handle = signal.getsignal(number)
    assert callable(handle)  # noqa: S101 - Celery has set it before it says that it is ready

    def once(received: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        handle(received, frame)

    signal.signal(number, once)


def _stop_on_hangup(*, ignored: bool) -> None:
    """A closed terminal stops a worker as SIGTERM does, unless `nohup` has SIGHUP ignored.

    Celery's own handler starts the program anew.
    """
    stop = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else stop)


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
