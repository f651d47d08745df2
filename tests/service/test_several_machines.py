"""One API and two workers, each with a folder of its own: blobs travel through Redis or S3."""

import json
import signal
from pathlib import Path

import pytest

from jobs.records.job import new_id
from tests.s3 import KEYS, make_bucket
from tests.service.conftest import START_SECONDS, Service, until
from tests.service.test_photo_to_overlay import jpeg, submit

pytestmark = pytest.mark.service
JOBS = 8


@pytest.fixture(params=["redis", "s3"])
def machines(request: pytest.FixtureRequest, service: Service) -> Service:
    """A service whose blobs are not on disk."""
    service.environment |= {"CROPSHIELD_BATCH_SIZE": "2", "CROPSHIELD_LOG_FORMAT": "json"}
    service.environment["CROPSHIELD_BLOBS"] = "redis"
    if request.param == "s3":
        address, bucket = request.getfixturevalue("s3_address"), f"leaves-{new_id()}"
        make_bucket(address, bucket)
        service.environment |= KEYS | {
            "CROPSHIELD_BLOBS": f"s3://{bucket}/field",
            "CROPSHIELD_S3_ENDPOINT": address,
        }
    return service


def test_two_workers_without_a_shared_folder_explain_for_one_api(
    machines: Service, tmp_path: Path
) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    machines.start_api()
    workers = [machines.start_worker(home) for home in homes]
    photo = jpeg(8)
    for home, other in zip(homes, reversed(workers), strict=True):
        other.send_signal(signal.SIGSTOP)
        paths = [submit(machines, photo) for _ in range(JOBS)]
        ended = [machines.end_of(path) for path in paths]
        other.send_signal(signal.SIGCONT)
        assert {job["state"] for job in ended} == {"succeeded"}
        for job in ended:
            for name in ("overlay", "photo", "heatmap"):
                assert machines.http.get(job["links"][name]).status_code == 200
        until(lambda home=home: succeeded(home) == JOBS, "all are in its log")  # type: ignore[misc]
    assert not any((home / "blobs").exists() for home in (machines.home, *homes))


def test_a_worker_that_cannot_reach_the_blobs_does_not_start(service: Service) -> None:
    service.environment |= KEYS | {
        "CROPSHIELD_BLOBS": "s3://leaves",
        "CROPSHIELD_S3_ENDPOINT": "http://127.0.0.1:9",
    }
    assert service.start("worker").wait(START_SECONDS) == 1
    assert "cropshield: cannot write (s3://leaves): " in service.log.read_text()


def succeeded(home: Path) -> int:
    """How many jobs a worker has brought to a good end, by its log."""
    lines = home.with_suffix(".log").read_text().splitlines()
    return sum(
        json.loads(line).get("message") == "job succeeded" for line in lines if line[0] == "{"
    )
