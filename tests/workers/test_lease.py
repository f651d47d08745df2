"""The keeper: leases live while the batch does, and not for ever."""

import subprocess
import sys
import textwrap
import time

from jobs.job import State
from tests.jobs.conftest import Desk
from workers.lease import HUNG_EXIT, Keeper


def test_a_lease_outlives_its_term_while_the_batch_runs(desk: Desk) -> None:
    keeper = Keeper(desk.queue, "w", lease=1, deadline=60)
    keeper.start()
    desk.enqueue()
    claims = desk.queue.claim(1)
    keeper.hold(claims)
    time.sleep(2.5)
    assert desk.find(claims[0].job.id).state is State.RUNNING
    keeper.stop()
    assert desk.ask(lambda store: store.workers()) == 0


def test_a_lease_that_nobody_renews_is_reaped_by_any_keeper(desk: Desk) -> None:
    desk.enqueue()
    (lost,) = desk.queue.claim(1)
    keeper = Keeper(desk.queue, "w", lease=1, deadline=60)
    keeper.start()
    time.sleep(2.5)
    keeper.stop()
    assert desk.find(lost.job.id).state is State.QUEUED


def test_a_hung_batch_ends_the_process(desk: Desk) -> None:
    desk.enqueue()
    script = f"""
        import time
        from jobs.connections import connect
        from jobs.queue import RedisWorkQueue
        from tests.jobs.conftest import CountingBell
        from workers.lease import Keeper
        queue = RedisWorkQueue(connect({desk.url!r}), CountingBell(), 1, 3)
        keeper = Keeper(queue, "w", lease=1, deadline=1)
        keeper.start()
        keeper.hold(queue.claim(1))
        time.sleep(60)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], timeout=30)
    assert done.returncode == HUNG_EXIT
