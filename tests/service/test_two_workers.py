"""Two workers on one machine."""

import signal
from datetime import datetime
from pathlib import Path

import pytest

from jobs.redis import keyspace
from jobs.redis.connections import connect
from tests.service.conftest import Service, until
from tests.service.test_photo_to_overlay import WAIT, jpeg, submit
from tests.service.test_several_machines import succeeded

pytestmark = pytest.mark.service
LEASE = 8
JOBS = 60


@pytest.fixture
def names(service: Service, tmp_path: Path) -> list[Path]:
    """Of the one folder of both workers, for the sake of their logs."""
    names = [tmp_path / "one", tmp_path / "two"]
    service.home.mkdir()
    for name in names:
        name.symlink_to(service.home)
    service.environment |= {
        "CROPSHIELD_BATCH_SIZE": "2",
        "CROPSHIELD_LEASE_SECONDS": str(LEASE),
        "CROPSHIELD_LOG_FORMAT": "json",
    }
    return names


def test_two_workers_share_the_load_and_the_death_of_one_delays_no_job_by_two_leases(
    service: Service, names: list[Path]
) -> None:
    service.start_api()
    survivor, victim = map(service.start_worker, names)
    photo = jpeg(10)
    first = [submit(service, photo) for _ in range(JOBS)]
    assert _states(service, first) == {"succeeded"}
    until(lambda: sum(map(succeeded, names)) == JOBS, "all are in a worker's log", 5)
    assert all(map(succeeded, names)), "one worker did everything"
    for worker in (survivor, victim):
        worker.send_signal(signal.SIGSTOP)
    paths = [submit(service, photo) for _ in range(JOBS)]
    victim.send_signal(signal.SIGCONT)  # all that is in hand is now its
    with connect(service.redis_url) as client:
        until(lambda: client.zcard(keyspace.LEASES) > 2, "more than a batch is in hand", 30)
        victim.kill()
        seconds, _ = client.time()
    survivor.send_signal(signal.SIGCONT)
    assert _states(service, paths) == {"succeeded"}
    again = [
        job for job in [service.http.get(path).json() for path in paths] if job["attempts"] == 2
    ]
    assert again, "nothing was in hand"
    late = max(datetime.fromisoformat(job["finished_at"]).timestamp() for job in again)
    assert late - seconds < 2 * LEASE


def _states(service: Service, paths: list[str]) -> set[str]:
    return {service.http.get(path, headers=WAIT).json()["state"] for path in paths}
