"""How many jobs wait and run at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.metrics import QUEUE_NAMES
from jobs.redis.keyspace import PREFIX
from jobs.redis.scripts import load_script
from jobs.redis.store import ALIVE_SECONDS

_HEADS = 100  # owners may take turns, so the oldest job is not always the next one
SCRIPT = load_script("backlog")
ARGUMENTS = (PREFIX, ALIVE_SECONDS * 1000, _HEADS)  # for `redis.eval(SCRIPT, 0, *ARGUMENTS)`


@dataclass(frozen=True)
class QueueDepth:
    """How many jobs wait in one queue. `oldest_seconds` is 0 when nothing waits."""

    jobs: int
    oldest_seconds: float


@dataclass(frozen=True)
class Backlog:
    """`queues` by the names in `jobs.metrics.QUEUE_NAMES`; `workers` are those alive."""

    running: int
    workers: int
    queues: Mapping[str, QueueDepth]

    @property
    def waiting(self) -> int:
        return sum(queue.jobs for queue in self.queues.values())

    @property
    def oldest_seconds(self) -> float:
        return max(queue.oldest_seconds for queue in self.queues.values())


def read_backlog(reply: Any) -> Backlog:
    """What the script answered."""
    running, workers, *queues = reply
    waiting = [QueueDepth(int(jobs), int(age) / 1000) for jobs, age in queues]
    return Backlog(int(running), int(workers), dict(zip(QUEUE_NAMES, waiting, strict=True)))
