"""A worker that has just worked waits on Redis for the next job.

A job that finds such a worker is pushed to it through Redis: it begins milliseconds sooner than by
Celery, and sends no notification. While all workers work, new jobs send none either. After some
seconds without a job the worker waits for notifications alone.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial

from redis.exceptions import RedisError

from jobs.ports import WorkQueue
from jobs.threads import run_within
from workers.pipeline import Pipeline

log = logging.getLogger(__name__)
_LEAVING_SECONDS = 2.0


class Standby:
    """Stands by for `seconds` after the last job, in a thread of its own."""

    def __init__(
        self, queue: WorkQueue, pipeline: Pipeline, worker: str, seconds: float = 2.0
    ) -> None:
        self._queue, self._pipeline, self._worker = queue, pipeline, worker
        self._seconds, self._stopped = seconds, False
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="standby", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What comes as the worker stops is handed on, unless Redis hangs."""
        self._stopped = True
        self._wanted.set()
        run_within(_LEAVING_SECONDS, partial(self._tell, self._queue.hand_on))

    def drain(self) -> None:
        """As `Pipeline.drain`; then the worker stands by."""
        self._tell(self._queue.begin_work)
        self._pipeline.drain()
        self._tell(self._queue.hand_on)
        self._wanted.set()

    @property
    def _is_stopping(self) -> bool:
        return self._stopped or self._pipeline.is_stopping

    def _run(self) -> None:
        while self._wanted.wait() and not self._is_stopping:
            self._wanted.clear()
            try:
                self._stand_by()
            except (RedisError, OSError) as error:
                log.warning("cannot stand by; notifications still come: %s", error)

    def _stand_by(self) -> None:
        while not self._is_stopping and self._queue.stand_by(self._worker, self._seconds):
            if self._is_stopping:
                self._queue.hand_on(self._worker)
                return
            self._pipeline.drain()

    def _tell(self, note: Callable[[str], object]) -> None:
        """What is not noted costs a notification, or a second until the next reap."""
        try:
            note(self._worker)
        except (RedisError, OSError) as error:
            log.warning("cannot say whether this worker works: %s", error)
