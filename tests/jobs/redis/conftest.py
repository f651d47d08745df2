"""What the tests of the queue share: an outcome, and how long a job is postponed."""

from typing import Any

from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness

DAY = 86_400.0
DONE = Outcome(State.SUCCEEDED, result={"predictions": []}, timings_ms={"decode": 1.5})


def end_leases(harness: JobHarness) -> None:
    """As time does."""
    held: Any = harness.client.zrange(keyspace.LEASES, 0, -1)
    harness.client.zadd(keyspace.LEASES, dict.fromkeys(held, 0), xx=True)


def milliseconds_postponed(harness: JobHarness, job_id: str) -> float:
    due: Any = harness.client.zscore(keyspace.DELAYED, job_id)
    seconds, _ = harness.client.time()
    return float(due) - seconds * 1000
