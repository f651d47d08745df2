"""Polling, so that jobs do not wait when the broker is away or loses notifications."""

import logging
import threading

from redis.exceptions import RedisError

from jobs.ports import WorkQueue
from workers.pipeline import Pipeline

log = logging.getLogger(__name__)
IDLE_POLLS = 5  # in a row


class PollFallback:
    """Polls every `seconds`. Starts work when `IDLE_POLLS` polls in a row found waiting jobs and an
    idle worker: lost notifications are usually sent again before."""

    def __init__(self, queue: WorkQueue, pipeline: Pipeline, seconds: float = 1.0) -> None:
        self._queue, self._pipeline, self._seconds = queue, pipeline, seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="poll-fallback", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        idle_polls = 0
        while not self._stopped.wait(self._seconds):
            try:
                idle = not self._pipeline.is_draining and self._queue.count_waiting() > 0
                idle_polls = idle_polls + 1 if idle else 0
                if idle_polls >= IDLE_POLLS:
                    log.warning("work waits and no notification comes; taken by polling")
                    self._pipeline.drain()
            except (RedisError, OSError) as error:
                log.warning("cannot poll for work: %s", error)
