"""Workers whose model only sleeps, 5 ms and 0.3 ms a photo.

    python -m benchmarks.common.sleeping_workers WAY URL JOBS

After some jobs that do not count, each measures JOBS jobs, prints what it saw and stops.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import psutil
from celery import Celery

from jobs.redis.connections import broker_url

BATCH = 8  # filled also by the shortest backlog that is measured
WARM_UP = 200
_EXAMPLES = Path(__file__).parents[2] / "api/openapi/examples.json"
RESULT = json.loads(_EXAMPLES.read_text())["get_job"]["200"]["result"]
TIMINGS = {"decode": 7.21, "inference": 5.3, "explain": 0.4, "render": 4.75}


def model_seconds(photos: int) -> float:
    """How long the model takes for a batch."""
    return 0.005 + 0.0003 * photos


def model(photos: int) -> None:
    """All that it does is take its time."""
    time.sleep(model_seconds(photos))


class Tally(Protocol):
    """Hears of each job that is done."""

    def tally(self) -> None: ...


class MeasuredWindow:
    """Wall and processor time between two counts of jobs; then the process is told to stop."""

    def __init__(self, jobs: int, parent: "psutil.Process | None" = None) -> None:
        self._first, self._last, self._parent = WARM_UP, WARM_UP + jobs, parent
        self._count, self._start = 0, (0.0, 0.0)
        self._lock = threading.Lock()

    def tally(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == self._first:
                self._start = self._now()
            elif self._count == self._last:
                self._report()

    def _now(self) -> tuple[float, float]:
        spent = time.process_time()
        if self._parent:
            spent += sum(self._parent.cpu_times()[:2])
        return time.perf_counter(), spent

    def _report(self) -> None:
        jobs = self._last - self._first
        wall, spent = (
            after - before for before, after in zip(self._start, self._now(), strict=True)
        )
        line = {"jobs_per_second": jobs / wall, "cpu_ms": 1000 * spent / jobs}
        os.write(1, (json.dumps(line) + "\n").encode())
        os.kill(self._parent.pid if self._parent else os.getpid(), signal.SIGTERM)


def run_ours(url: str, jobs: int) -> None:
    """The real worker but for the model: Celery's process, pipeline, lease renewer, queue."""
    from jobs.metrics import Counters
    from jobs.redis.connections import connect
    from jobs.redis.notifier import CeleryNotifier, make_celery
    from jobs.redis.queue import MeteredQueue
    from jobs.settings import SharedSettings
    from workers.app import serve
    from workers.lease_renewer import LeaseRenewer
    from workers.pipeline import Pipeline

    app = make_celery(SharedSettings(redis_url=url))
    notifier = CeleryNotifier(app)
    queue = MeteredQueue(connect(url), notifier, 15, 5, Counters())
    lease_renewer = LeaseRenewer(queue, f"sleeping:{os.getpid()}", 15, 120)
    steps: Any = SleepingSteps(queue, MeasuredWindow(jobs))
    pipeline = Pipeline(queue, steps, lease_renewer, BATCH)
    serve(app, queue, pipeline, lease_renewer, notifier)


class SleepingSteps:
    """Takes the place of `workers.job_steps.JobSteps`."""

    def __init__(self, queue: Any, each: Tally) -> None:
        self._queue, self._each = queue, each

    def load(self, item: Any) -> Any:
        return item

    def explain(self, items: Sequence[Any]) -> None:
        model(len(items))

    def finish(self, item: Any) -> None:
        from jobs.ports import Outcome
        from jobs.records.job import State

        outcome = Outcome(State.SUCCEEDED, result=RESULT, timings_ms=TIMINGS)
        self._queue.finish(item.claim, outcome)
        self._each.tally()


def make_peer(url: str) -> Celery:
    """A Celery application as tutorials make it, told to lose as little as it can."""
    app = Celery("peer", broker=broker_url(url), backend=broker_url(url))
    app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, result_expires=3600)
    return app


def run_peer(url: str, jobs: int) -> None:
    """One task a job, one prefork process, results in Redis."""
    app = make_peer(url)
    window: list[MeasuredWindow] = []

    def explain(job: dict[str, Any]) -> dict[str, Any]:
        if not window:
            window.append(MeasuredWindow(jobs, psutil.Process(os.getppid())))
        model(1)
        window[0].tally()
        return {"job": job["id"], "result": RESULT, "timings_ms": TIMINGS}

    app.task(explain, name="explain")
    lean = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["--quiet", "worker", "-P", "prefork", "-c", "1", "-l", "ERROR", *lean])


if __name__ == "__main__":
    way, server, count = sys.argv[1:]
    {"ours": run_ours, "celery": run_peer}[way](server, int(count))
