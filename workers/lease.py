"""The side thread of a worker: renews leases, reaps, and gives signs of life."""

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from redis.exceptions import RedisError

from jobs.ports import Claim, WorkQueue

log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
HUNG_EXIT = 70


class Keeper:
    """Keeps the leases of the batch in hand alive until its deadline.

    A batch past its deadline is hung in native code, where no exception reaches it: the
    process exits at once, the leases run out, and the jobs are run elsewhere.
    """

    def __init__(self, queue: WorkQueue, name: str, lease: float, deadline: float) -> None:
        self._queue, self._name, self._lease, self._deadline = queue, name, lease, deadline
        self._held: Sequence[Claim] = ()
        self._since = self._renewed = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        self._queue.announce(self._name)
        self._thread.start()

    def stop(self) -> None:
        """Stop, and take the sign of life back."""
        self._stopped.set()
        self._thread.join(timeout=6)
        try:
            self._queue.retire(self._name)
        except (RedisError, OSError) as error:
            log.warning("could not sign off: %s", error)

    @contextmanager
    def holding(self, claims: Sequence[Claim]) -> Iterator[None]:
        self._since = self._renewed = time.monotonic()
        self._held = claims
        try:
            yield
        finally:
            self._held = ()

    def _run(self) -> None:
        while not self._stopped.wait(_TICK_SECONDS):
            self._exit_if_hung()
            try:
                self._tick()
            except (RedisError, OSError) as error:
                log.warning("no sign of life could be given: %s", error)

    def _tick(self) -> None:
        held, now = self._held, time.monotonic()
        if held and now - self._renewed >= self._lease / 3:
            self._queue.renew(held)
            self._renewed = now
        self._queue.announce(self._name)
        self._queue.reap()

    def _exit_if_hung(self) -> None:
        if self._held and time.monotonic() - self._since > self._deadline:
            ids = ", ".join(claim.job.id for claim in self._held)
            log.critical("batch hung for over %.0f s, giving up on %s", self._deadline, ids)
            logging.shutdown()
            os._exit(HUNG_EXIT)
