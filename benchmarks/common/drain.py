"""Jobs that wait, and a worker's pipeline that works them off."""

import os
import time
from datetime import UTC, datetime
from typing import Any

from jobs.metrics import Counters
from jobs.ports import WorkQueue
from jobs.records.job import ImageFacts, Job, ModelFacts, State, new_id
from jobs.records.options import JobOptions
from workers.lease_renewer import LeaseRenewer
from workers.pipeline import Pipeline


class NoNotifier:
    """Where no worker waits for notifications."""

    def notify(self) -> None:
        pass


def a_job() -> Job:
    now, options = datetime.now(UTC), JobOptions()
    return Job(
        id=new_id(),
        state=State.QUEUED,
        created_at=now,
        expires_at=now,
        model=ModelFacts(id=options.model, version="1", weights_sha256="0" * 64),
        options=options,
        image=ImageFacts(width=4000, height=3000, format="JPEG", sha256=new_id()),
    )


def drain(queue: WorkQueue, steps: Any, jobs: int, batch: int) -> dict[str, float]:
    """One drain of all that waits: shares of the model and of the cores, jobs a second. `steps`:
    as `workers.job_steps.JobSteps`."""
    counters = Counters()
    lease_renewer = LeaseRenewer(queue, "drain", 15, 120)
    pipeline = Pipeline(queue, steps, lease_renewer, batch, counters)
    lease_renewer.start()
    wall, spent = time.perf_counter(), time.process_time()
    pipeline.drain()
    pipeline.close()
    wall, spent = time.perf_counter() - wall, time.process_time() - spent
    lease_renewer.stop()
    counts = counters.take()
    return {
        "model": counts["model_seconds_total"] / counts["working_seconds_total"],
        "cores": spent / wall / (os.cpu_count() or 1),
        "jobs_per_second": jobs / wall,
    }
