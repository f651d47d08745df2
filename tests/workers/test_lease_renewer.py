"""The lease renewer: leases live while the batch does, and not for ever."""

import subprocess
import sys
import textwrap
from typing import Any

from jobs.records.job import State
from jobs.redis import keyspace
from tests.jobs.conftest import JobHarness
from tests.workers.conftest import until
from workers.lease_renewer import HUNG_EXIT_STATUS, LeaseRenewer


def test_a_lease_outlives_its_term_while_the_batch_runs(harness: JobHarness) -> None:
    lease_renewer = LeaseRenewer(harness.queue, "w", lease=1, deadline=60)
    lease_renewer.start()
    harness.enqueue()
    claims = harness.queue.claim(1)
    lease_renewer.hold(claims)
    first = _end_of_lease(harness)
    until(lambda: _end_of_lease(harness) > first + 1500)
    assert harness.find(claims[0].job.id).state is State.RUNNING
    lease_renewer.stop()
    assert harness.ask(lambda store: store.workers()) == 0


def _end_of_lease(harness: JobHarness) -> float:
    """In milliseconds by the clock of Redis."""
    leases: Any = harness.client.zrange(keyspace.LEASES, 0, -1, withscores=True)
    ((_, end),) = leases
    return float(end)


def test_a_lease_that_nobody_renews_is_reaped_by_any_worker(harness: JobHarness) -> None:
    harness.enqueue()
    (lost,) = harness.queue.claim(1)
    lease_renewer = LeaseRenewer(harness.queue, "w", lease=1, deadline=60)
    lease_renewer.start()
    until(lambda: harness.find(lost.job.id).state is State.QUEUED)
    lease_renewer.stop()


def hang(
    harness: JobHarness, line: str, tick_timeout: float = 60
) -> "subprocess.CompletedProcess[str]":
    """A process that holds a job under a deadline of 1 s and runs a line that never returns."""
    harness.enqueue()
    script = f"""
        import ctypes, time
        from jobs.redis.connections import connect
        from jobs.redis.queue import RedisWorkQueue
        from tests.jobs.conftest import CountingNotifier
        from workers import lease_renewer
        lease_renewer.TICK_TIMEOUT_SECONDS = {tick_timeout}
        queue = RedisWorkQueue(connect({harness.url!r}), CountingNotifier(), 1, 3)
        renewer = lease_renewer.LeaseRenewer(queue, "w", lease=1, deadline=1)
        renewer.start()
        renewer.hold(queue.claim(1))
        {line}
    """
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    return subprocess.run(argv, timeout=500, capture_output=True, text=True)


def test_a_hung_batch_ends_the_process(harness: JobHarness) -> None:
    assert hang(harness, "time.sleep(600)").returncode == HUNG_EXIT_STATUS


def test_a_batch_that_lets_no_python_run_ends_the_process_too(harness: JobHarness) -> None:
    done = hang(
        harness, "ctypes.PyDLL(None).sleep(600)  # holds the interpreter's lock", tick_timeout=2
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    (held,) = harness.client.zrange(keyspace.LEASES, 0, -1)

    def is_queued_again() -> bool:
        harness.queue.reap()
        return harness.find(str(held)).state is State.QUEUED

    until(is_queued_again)
