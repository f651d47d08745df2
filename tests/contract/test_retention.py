"""What is kept how long."""

import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.redis import keyspace
from models.catalog import Catalog
from tests.api.conftest import FakeWorker
from tests.jobs.conftest import JobHarness, harness
from workers.explainers import Explainers
from workers.job_steps import JobSteps, WorkItem

__all__ = ["harness"]
ORIENTATION, DESCRIPTION = 0x0112, 0x010E
DAY = 86_400


def kept_for(client: TestClient, path: str) -> timedelta:
    """From its end to its expiry."""
    job = client.get(path).json()
    return datetime.fromisoformat(job["expires_at"]) - datetime.fromisoformat(job["finished_at"])


def test_a_result_is_kept_for_72_hours_by_default(client: TestClient, done: str) -> None:
    assert kept_for(client, done) == timedelta(hours=72)


@pytest.mark.parametrize("ttl", [60, 30 * DAY])
def test_a_ttl_within_its_limits_is_kept(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, ttl: int
) -> None:
    path = client.post(f"/v1/jobs?ttl={ttl}", content=leaf_jpeg).headers["Location"]
    job_id = fake_worker.succeed()
    assert kept_for(client, path) == timedelta(seconds=ttl)
    assert 0 <= ttl * 1000 - int(fake_worker.client.pttl(keyspace.JOB + job_id)) < 60_000


def test_a_tombstone_tells_410_for_7_days_then_404(
    client: TestClient, done: str, fake_worker: FakeWorker
) -> None:
    job_id = done.rpartition("/")[2]
    both: list[int] = [
        int(fake_worker.client.pttl(key + job_id)) for key in (keyspace.GONE, keyspace.JOB)
    ]
    assert abs(both[0] - both[1] - 7 * DAY * 1000) < 1000
    fake_worker.client.delete(keyspace.JOB + job_id)  # as its expiry does
    assert client.get(done).status_code == 410
    fake_worker.client.delete(keyspace.GONE + job_id)
    assert client.get(done).status_code == 404


def test_the_photo_is_kept_upright_and_without_metadata_and_the_original_erased(
    harness: JobHarness, home: Path, leaf_jpeg: bytes
) -> None:
    steps = JobSteps(harness.queue, DiskBlobs(home), Explainers(Catalog(), "cpu"))
    sent, exif = io.BytesIO(), Image.Exif()
    exif[ORIENTATION], exif[DESCRIPTION] = 6, "field 7, Mrs Miller"
    Image.open(io.BytesIO(leaf_jpeg)).save(sent, "JPEG", exif=exif, comment=b"a comment")
    job, blobs = harness.enqueue(), DiskBlobs(home)
    blobs.put(job.id, blob_names.ORIGINAL, sent.getvalue())
    (claim,) = harness.queue.claim(1)
    item = steps.load(WorkItem(claim))
    steps.explain([item])
    steps.finish(item)
    with Image.open(io.BytesIO(blobs.get(job.id, blob_names.PHOTO))) as kept:
        assert kept.size == (480, 640)
        assert not kept.getexif()
        assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not blobs.has(job.id, blob_names.ORIGINAL)


def test_the_original_is_erased_when_the_job_is_terminal_however_it_ended(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    """By its worker where one ended it (tests/workers); here nobody but the API did."""
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    job_id = path.rpartition("/")[2]
    assert fake_worker.blobs.has(job_id, blob_names.ORIGINAL)
    client.delete(path)
    while fake_worker.blobs.has(job_id, blob_names.ORIGINAL):  # as long as a test may take
        assert client.get("/livez").status_code == 200
