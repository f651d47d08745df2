"""What every API process does beside answering: there is no leader to lose."""

import asyncio
import logging
import signal
from contextlib import suppress

from redis.exceptions import RedisError

from api.metrics import Metrics
from jobs.blobs.sweeper import Sweeper
from jobs.errors import Incompatible, StoreDown, Unavailable
from jobs.ports import JobStore

log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
_SWEEP_TICK_SECONDS = 5.0


async def reap(store: JobStore, measured: Metrics, stopping: asyncio.Event) -> None:
    """Have lost jobs run again, and save the counts, until `stopping`."""
    while not stopping.is_set():
        try:
            await store.reap()
            await measured.save()
        except Incompatible as error:
            log.critical("this process stops: %s", error)
            signal.raise_signal(signal.SIGTERM)
            return
        except (StoreDown, RedisError, OSError) as error:
            log.warning("cannot reap lost jobs: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _TICK_SECONDS)


async def sweep(sweeper: Sweeper, stopping: asyncio.Event) -> None:
    """Erase what no job needs, until `stopping`; what fails is tried again at the next tick."""
    while not stopping.is_set():
        try:
            await asyncio.to_thread(sweeper.run)
        except (Unavailable, RedisError, OSError) as error:
            log.warning("cannot sweep: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _SWEEP_TICK_SECONDS)
