"""The disk of Redis is full, that of the photos is not: what was accepted is kept."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from cli.serve import private_redis
from jobs.errors import StoreDown
from tests.conftest import wait_until_redis_answers
from tests.jobs.conftest import JobHarness


@contextmanager
def running_redis(home: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """As `make serve` starts it."""
    socket = private_redis.socket_path(home)
    command = private_redis.command(private_redis.find_server(), home, socket)
    with subprocess.Popen(command) as process:
        try:
            url = f"unix://{socket}"
            with redis.Redis.from_url(url) as client:
                wait_until_redis_answers(client)
            yield url, process
        finally:
            process.terminate()


def fill_disk(home: Path, process: "subprocess.Popen[bytes]") -> None:
    """No file of this process may grow any more, as on a disk that is full."""
    journal = max((home / "redis").rglob("*.aof"), key=lambda file: file.stat().st_size)
    room = journal.stat().st_size + 100
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, room))


def test_what_was_accepted_before_the_disk_of_redis_was_full_is_there_afterwards(
    home: Path,
) -> None:
    with running_redis(home) as (url, process):
        harness = JobHarness(url)
        accepted = [harness.enqueue().id for _ in range(3)]
        fill_disk(home, process)
        with pytest.raises(StoreDown):
            harness.enqueue()
        harness.client.close()
        process.kill()
    with running_redis(home) as (url, _):
        harness = JobHarness(url)
        assert [harness.find(job_id).id for job_id in accepted] == accepted
        assert {claim.job.id for claim in harness.queue.claim(16)} >= set(accepted)
        harness.client.close()
