"""Two workers on one machine."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jobs.blobs import blob_names
from jobs.redis import keyspace
from jobs.redis.connections import connect
from tests.service.conftest import Service, until
from tests.service.test_photo_to_overlay import hold_up, id_of, jpeg, photos, submit
from tests.service.test_several_machines import succeeded

pytestmark = pytest.mark.service
LEASE, BATCH = 8, 2
JOBS = 24
Workers = tuple["subprocess.Popen[bytes]", "subprocess.Popen[bytes]"]


@pytest.fixture
def names(service: Service, tmp_path: Path) -> list[Path]:
    """Of the one folder of both workers, for the sake of their logs."""
    names = [tmp_path / "one", tmp_path / "two"]
    service.home.mkdir()
    for name in names:
        name.symlink_to(service.home)
    service.environment |= {
        "CROPSHIELD_BATCH_SIZE": str(BATCH),
        "CROPSHIELD_LEASE_SECONDS": str(LEASE),
        "CROPSHIELD_LOG_FORMAT": "json",
    }
    return names


def test_two_workers_share_the_load_and_what_a_dead_one_had_in_hand_waits_for_its_lease_alone(
    service: Service, names: list[Path]
) -> None:
    service.start_api()
    survivor, victim = (service.start_worker(name) for name in names)
    _while_one_is_busy_the_other_works(service, names, (survivor, victim))
    for worker in (survivor, victim):
        worker.send_signal(signal.SIGSTOP)
    photo = jpeg(10)
    paths = [submit(service, photo) for _ in range(JOBS)]
    hold_up(service, paths[0])
    victim.send_signal(signal.SIGCONT)  # all that is in hand is now its
    with connect(service.redis_url) as client:
        until(lambda: client.zcard(keyspace.LEASES) == BATCH, "a batch is in hand")
        victim.kill()
        victim.wait()
        seconds, _ = client.time()
        leases: Any = client.zrange(keyspace.LEASES, 0, -1, withscores=True)
    assert max(end for _, end in leases) <= 1000 * (seconds + 1 + LEASE), "it is reaped by then"
    photos(service).put(id_of(paths[0]), blob_names.ORIGINAL, photo)
    survivor.send_signal(signal.SIGCONT)
    ended = [service.end_of(path) for path in paths]
    assert {job["state"] for job in ended} == {"succeeded"}
    assert sum(job["attempts"] == 2 for job in ended) == BATCH, "only what was in hand runs again"


def _while_one_is_busy_the_other_works(
    service: Service, names: list[Path], workers: Workers
) -> None:
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    photo = jpeg(10)
    paths = [submit(service, photo) for _ in range(JOBS)]
    pipe = hold_up(service, paths[0])
    for worker in workers:
        worker.send_signal(signal.SIGCONT)
    until(lambda: sum(map(succeeded, names)) == JOBS - BATCH, "the others are done")
    pipe.write_bytes(photo)
    assert {service.end_of(path)["state"] for path in paths} == {"succeeded"}
    until(lambda: sum(map(succeeded, names)) == JOBS, "all are in a worker's log")
    assert all(map(succeeded, names)), "one worker did everything"
