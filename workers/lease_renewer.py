"""The side thread of a worker: renews leases, reaps, and sends heartbeats."""

import faulthandler
import logging
import os
import signal
import threading
import time
from collections.abc import Sequence

from redis.exceptions import RedisError

from jobs.errors import Incompatible
from jobs.ports import Claim, WorkQueue
from jobs.threads import run_within

log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
TICK_TIMEOUT_SECONDS = 60.0  # how long this thread waits for Redis, all attempts together
_SIGN_OFF_SECONDS = 5.0
HUNG_EXIT_STATUS = 70
_STDERR = 2  # the descriptor: Celery replaces sys.stderr by an object without one


class LeaseRenewer:
    """Renews the leases of claimed jobs until their deadline.

    `lease` and `deadline`, in seconds, are the settings `lease_seconds` and
    `batch_deadline_seconds`.
    A job past its deadline hangs in native code, where no exception reaches it: the process exits
    at once, the leases run out, and the jobs run elsewhere. Native code that holds Python's lock
    stops this thread too: a watchdog outside of Python then ends the process.
    """

    def __init__(self, queue: WorkQueue, name: str, lease: float, deadline: float) -> None:
        self._queue, self._name, self._lease, self._deadline = queue, name, lease, deadline
        self._held: dict[str, tuple[Claim, float]] = {}
        self._lock = threading.Lock()
        self._renewed = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-renewer", daemon=True)

    def start(self) -> None:
        self._queue.heartbeat(self._name)
        self._set_watchdog()
        self._thread.start()

    def stop(self) -> None:
        """Stop, and deregister the worker, unless Redis hangs: it is forgotten in time then."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=6)
        faulthandler.cancel_dump_traceback_later()
        run_within(_SIGN_OFF_SECONDS, self._sign_off)

    def _sign_off(self) -> None:
        try:
            self._queue.deregister(self._name)
        except (RedisError, OSError) as error:
            log.warning("could not sign off: %s", error)

    def hold(self, claims: Sequence[Claim]) -> None:
        """Renew the leases of these claims from now on."""
        with self._lock:
            self._held |= {claim.job.id: (claim, time.monotonic()) for claim in claims}

    def drop(self, claims: Sequence[Claim]) -> None:
        """Stop renewing the leases of these claims."""
        with self._lock:
            for claim in claims:
                self._held.pop(claim.job.id, None)

    def _run(self) -> None:
        while not self._stopped.wait(_TICK_SECONDS):
            with self._lock:
                held = list(self._held.values())
            self._exit_if_hung(held)
            self._set_watchdog()
            try:
                self._tick([claim for claim, _ in held])
            except Incompatible as error:
                log.critical("this process stops: %s", error)
                os.kill(os.getpid(), signal.SIGTERM)
                return
            except (RedisError, OSError) as error:
                log.warning("no sign of life could be given: %s", error)

    def _tick(self, held: Sequence[Claim]) -> None:
        now = time.monotonic()
        if now - self._renewed >= self._lease / 3:
            self._queue.renew(held)
            self._renewed = now
        self._queue.reap()
        self._queue.heartbeat(self._name)

    def _set_watchdog(self) -> None:
        """Set the watchdog anew. When it is not set again in time, it prints where every thread is,
        and ends the process."""
        patience = self._deadline + TICK_TIMEOUT_SECONDS
        faulthandler.dump_traceback_later(patience, exit=True, file=_STDERR)

    def _exit_if_hung(self, held: Sequence[tuple[Claim, float]]) -> None:
        now = time.monotonic()
        hung = [claim.job.id for claim, since in held if now - since > self._deadline]
        if hung:
            log.critical("hung for over %.0f s, giving up on %s", self._deadline, ", ".join(hung))
            logging.shutdown()
            os._exit(HUNG_EXIT_STATUS)
