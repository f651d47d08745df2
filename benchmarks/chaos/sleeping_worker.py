"""The real worker but for the model, which sleeps: Celery's process, pipeline, leases, queue, and
the photo, without which no job can be run again.
"""

import os
import time
from collections.abc import Sequence
from typing import Any

from jobs.blobs import blob_names, open_blobs
from jobs.metrics import Counters
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis.connections import connect
from jobs.redis.notifier import CeleryNotifier, make_celery
from jobs.redis.queue import MeteredQueue
from workers.app import serve
from workers.job_steps import JobSteps, WorkItem
from workers.lease_renewer import LeaseRenewer
from workers.pipeline import Pipeline
from workers.settings import WorkerSettings

_BATCH = 8
_RESULT: dict[str, Any] = {
    "predictions": [
        {"class_index": 0, "class_name": "Tomato__late_blight", "crop": "Tomato"}
        | {"disease": "late blight", "confidence": 0.9}
    ],
    "explanations": [],
}


class StepsWithoutModel(JobSteps):
    """Reads the photo, sleeps, and ends the job."""

    def load(self, item: WorkItem) -> WorkItem:
        try:
            self._blobs.get(item.claim.job.id, blob_names.ORIGINAL)
        except Exception as error:  # noqa: BLE001 - the job fails with it
            item.error = error
        return item

    def explain(self, items: Sequence[WorkItem]) -> None:
        time.sleep(0.005 + 0.0003 * len(items))

    def _succeed(self, item: WorkItem, start: float) -> Outcome:  # noqa: ARG002
        if item.error is not None:
            raise item.error
        return Outcome(State.SUCCEEDED, result=_RESULT)


def main() -> None:
    settings, counters = WorkerSettings(), Counters()
    app = make_celery(settings)
    notifier = CeleryNotifier(app)
    lease, attempts = settings.lease_seconds, settings.max_attempts
    queue = MeteredQueue(connect(settings.redis_url), notifier, lease, attempts, counters)
    renewer = LeaseRenewer(queue, f"sleeping:{os.getpid()}", lease, settings.batch_deadline_seconds)
    explainers: Any = None  # nothing is explained
    blobs, replicas = open_blobs(settings), settings.redis_replicas
    steps = StepsWithoutModel(queue, blobs, explainers, replicas=replicas)
    pipeline = Pipeline(queue, steps, renewer, _BATCH, counters)
    serve(app, queue, pipeline, renewer, notifier)


if __name__ == "__main__":
    main()
