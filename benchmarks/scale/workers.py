"""Several workers in one process, whose model only sleeps.

Each is a real pipeline with its own queue client, lease renewer and heartbeat, so that Redis runs
the scripts of as many real workers: claim, status, finish, renew, reap. What is left out is the
model, decoding and drawing, and Celery's consumer: a thread waits for the same list that Celery
would read. So the processor time of these processes is less than a worker's.
"""

import os
import threading
from collections.abc import Sequence
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from typing import Any

from benchmarks.common.sleeping_workers import SleepingSteps
from benchmarks.scale.blobs import open_store, pictures
from jobs.blobs import blob_names
from jobs.metrics import Counters
from jobs.ports import BlobStore
from jobs.redis.connections import connect
from jobs.redis.notifier import CELERY_QUEUE, CeleryNotifier, make_celery
from jobs.redis.queue import MeteredQueue
from jobs.settings import SharedSettings
from workers.lease_renewer import LeaseRenewer
from workers.pipeline import Pipeline

_LEASE, _DEADLINE, _ATTEMPTS = 15, 120, 5


class Ended:
    """Counts the jobs of this process where its parent can read it."""

    def __init__(self, count: "Synchronized[int]") -> None:
        self._count = count

    def tally(self) -> None:
        with self._count.get_lock():
            self._count.value += 1


class StoringSteps(SleepingSteps):
    """Sleeps, and asks Redis and the blob store for all that a worker's steps ask of them."""

    def __init__(self, queue: MeteredQueue, each: Ended, blobs: BlobStore) -> None:
        super().__init__(queue, each)
        self._blobs = blobs

    def load(self, item: Any) -> Any:
        item.photo = self._blobs.get(item.claim.job.id, blob_names.ORIGINAL)
        return item

    def finish(self, item: Any) -> None:
        job = item.claim.job
        self._queue.status_of(job.id)
        self._blobs.put_all(job.id, pictures(item.photo, item.claim.attempt))
        super().finish(item)
        self._blobs.delete(job.id, blob_names.ORIGINAL)


def work(
    url: str, folder: str, names: Sequence[str], batch: int, count: "Synchronized[int]", stop: Event
) -> None:
    """A process: a worker of each name until `stop`. `folder`: see `open_store`."""
    notifier, blobs = CeleryNotifier(make_celery(SharedSettings(redis_url=url))), open_store(folder)
    pipelines, threads = [], []
    for name in names:
        queue = MeteredQueue(connect(url), notifier, _LEASE, _ATTEMPTS, Counters())
        steps: Any = StoringSteps(queue, Ended(count), blobs)
        renewer = LeaseRenewer(queue, f"{name}:{os.getpid()}", _LEASE, _DEADLINE)
        pipelines.append(Pipeline(queue, steps, renewer, batch))
        arguments = url, pipelines[-1], renewer, stop
        threads.append(threading.Thread(target=_run, args=arguments))
    for thread in threads:
        thread.start()
    stop.wait()
    for pipeline in pipelines:
        pipeline.stop()
    for thread in threads:
        thread.join()


def _run(url: str, pipeline: Pipeline, renewer: LeaseRenewer, stop: Event) -> None:
    """One worker: drains at each notification; looks at least once a second whether to stop."""
    notifications = connect(url)
    renewer.start()
    while not stop.is_set():
        pipeline.drain()
        notifications.brpop([CELERY_QUEUE], timeout=1)
    pipeline.close()
    renewer.stop()
