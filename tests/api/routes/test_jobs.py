"""A job as it is now; canceled, expired, and explained before."""

import pytest
from starlette.testclient import TestClient

from jobs.blobs import blob_names
from jobs.redis import keyspace
from tests.api.conftest import FakeWorker


@pytest.fixture
def done(client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker) -> str:
    """Path of a succeeded job."""
    client.post("/v1/jobs", content=leaf_jpeg)
    return f"/v1/jobs/{fake_worker.succeed()}"


def test_prefer_wait_answers_with_the_state_when_time_is_up(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    answer = client.get(path, headers={"Prefer": "wait=0"})
    assert answer.status_code == 200
    assert answer.json()["state"] == "queued"
    assert answer.headers["Preference-Applied"] == "wait=0"
    assert answer.headers["Retry-After"] == "1"


def test_a_terminal_job_has_no_retry_after(client: TestClient, done: str) -> None:
    answer = client.get(done, headers={"Prefer": "respond-async, wait=99"})
    assert answer.json()["state"] == "succeeded"
    assert answer.headers["Preference-Applied"] == "wait=25"
    assert "Retry-After" not in answer.headers


def submit(client: TestClient, photo: bytes) -> str:
    headers = {"Cache-Control": "no-cache"}
    return client.post("/v1/jobs", content=photo, headers=headers).headers["Location"]


def test_a_queued_job_is_canceled(client: TestClient, leaf_jpeg: bytes) -> None:
    path = submit(client, leaf_jpeg)
    assert client.get(path).json()["queue"] == {"position": 0, "eta_seconds": None}
    for _ in range(2):
        answer = client.delete(path)
        assert answer.status_code == 200
        assert answer.json()["state"] == "canceled"
    assert client.get(f"{path}/overlay").status_code == 404


def test_a_running_job_is_canceled_by_and_by(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = submit(client, leaf_jpeg)
    fake_worker.queue.claim(1)
    answer = client.delete(path)
    assert answer.status_code == 202
    assert answer.json()["state"] == "running"


def test_an_unknown_job_cannot_be_canceled(client: TestClient) -> None:
    assert client.delete("/v1/jobs/nope").status_code == 404


def test_an_expired_job_is_410(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = submit(client, leaf_jpeg)
    fake_worker.client.delete(keyspace.JOB + fake_worker.succeed())  # as its expiry does
    answer = client.get(path)
    assert answer.status_code == 410
    assert answer.json()["type"] == "/problems/job-gone"


def test_the_same_photo_again_is_answered_with_the_result_at_once(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    submit(client, leaf_jpeg)
    first = fake_worker.succeed()
    again = client.post("/v1/jobs?client_ref=b", content=leaf_jpeg)
    job = again.json()
    assert again.status_code == 200
    assert (job["state"], job["cached"], job["client_ref"]) == ("succeeded", True, "b")
    assert job["id"] != first
    assert "owner" not in job
    assert client.get(job["links"]["overlay"]).content == b"overlay 0"
    assert client.post("/v1/jobs?alpha=0.9", content=leaf_jpeg).status_code == 202


def test_a_result_whose_pictures_are_gone_is_not_reused(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    submit(client, leaf_jpeg)
    fake_worker.blobs.delete(fake_worker.succeed(), blob_names.PHOTO)
    assert client.post("/v1/jobs", content=leaf_jpeg).status_code == 202
