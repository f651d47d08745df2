"""A worker on the queue's own fixtures."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.metrics import Counters
from jobs.records.job import Job
from jobs.redis import keyspace
from models.catalog import Catalog
from models.decode_size import Decode
from pictures.decoding.decode import decode
from tests.jobs.conftest import JobHarness, harness
from workers.explainers import Explainers
from workers.job_steps import JobSteps
from workers.lease_renewer import LeaseRenewer
from workers.pipeline import Pipeline

__all__ = ["WorkerHarness", "harness", "until", "worker"]


class WorkerHarness:
    """A batch on a real queue, a real disk and the bundled model."""

    def __init__(
        self, harness: JobHarness, home: Path, decode_photo: Decode = decode, replicas: int = 0
    ) -> None:
        self.harness, self.home, self.blobs = harness, home, DiskBlobs(home)
        self.blobs.check()
        explainers = Explainers(Catalog(), "cpu")
        self.steps = JobSteps(
            harness.queue, self.blobs, explainers, decode_photo, replicas=replicas
        )
        self.lease_renewer = LeaseRenewer(harness.queue, "w", lease=1, deadline=60)
        self.counters = Counters()
        self.pipeline = Pipeline(harness.queue, self.steps, self.lease_renewer, 2, self.counters)

    def submit(self, photo: bytes, **options: Any) -> Job:
        job = self.harness.enqueue(**options)
        self.blobs.put(job.id, blob_names.ORIGINAL, photo)
        return job

    def run(self) -> None:
        self.pipeline.drain()
        self.pipeline.close()

    def ended(self, job: Job) -> Job:
        return self.harness.find(job.id)

    def in_hand(self) -> int:
        return int(self.harness.client.zcard(keyspace.LEASES))


@pytest.fixture
def worker(harness: JobHarness, home: Path) -> WorkerHarness:
    return WorkerHarness(harness, home)


def until(happened: Callable[[], bool], seconds: float = 300) -> None:
    """Returns once it has happened; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)
