"""GET and DELETE of a job, and every member of one."""

import uuid
from datetime import datetime

import pytest
from starlette.testclient import TestClient

from jobs.blobs import blob_names
from jobs.records.options import JobOptions
from jobs.redis import keyspace
from tests.api.conftest import FakeWorker, HaveDone
from tests.contract.conftest import submit

NEW_ID = "9b2e0f0c-6f5e-4a53-8f0e-2d8c7b1a4e3d"


# GET /v1/jobs/{id}


def test_get_is_200_for_a_failed_job_with_the_members_of_a_problem(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    posted = client.post("/v1/jobs", content=leaf_jpeg, headers={"X-Request-ID": "abc-1"})
    path = posted.headers["Location"]
    fake_worker.fail()
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json()["state"] == "failed"
    assert answer.json()["error"] == {
        "type": "/problems/explain-failed",
        "title": "Explanation failed",
        "status": 500,
        "detail": "the model chokes",
        "instance": path,
        "request_id": "abc-1",
        "retryable": False,
    }


def test_get_is_404_for_what_never_existed_and_410_for_what_expired(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    assert client.get(f"/v1/jobs/{NEW_ID}").status_code == 404
    path = submit(client, leaf_jpeg)
    fake_worker.client.delete(keyspace.JOB + fake_worker.succeed())  # as its expiry does
    for part in ("", "/overlay", "/events"):
        assert client.get(path + part).status_code == 410


def test_get_has_an_etag_and_304_while_nothing_changes(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = submit(client, leaf_jpeg)
    first = client.get(path)
    known = {"If-None-Match": first.headers["ETag"]}
    again = client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Retry-After"] == "1"
    fake_worker.succeed()
    changed = client.get(path, headers=known)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]
    assert changed.headers["Cache-Control"] == "private, no-cache"


def test_get_has_retry_after_until_terminal_by_the_eta(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    fake_worker.client.hset(keyspace.PACE, "interval", 4200)
    paths = [submit(client, leaf_jpeg) for _ in range(2)]
    assert [client.get(path).headers["Retry-After"] for path in paths] == ["5", "9"]
    fake_worker.succeed()
    assert "Retry-After" not in client.get(paths[0]).headers


@pytest.mark.parametrize(("asked", "granted"), [("wait=0", "0"), ("respond-async, wait=99", "25")])
def test_prefer_wait_is_clamped_and_preference_applied_says_so(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, asked: str, granted: str
) -> None:
    path = submit(client, leaf_jpeg)
    if granted == "25":
        fake_worker.succeed()
    answer = client.get(path, headers={"Prefer": asked})
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == f"wait={granted}"


def test_prefer_wait_answers_as_soon_as_the_job_has_ended(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, once_awaited: HaveDone
) -> None:
    path = submit(client, leaf_jpeg)
    once_awaited(fake_worker.succeed)
    answer = client.get(path, headers={"Prefer": "wait=25"})
    assert answer.json()["state"] == "succeeded"


PUBLIC_FIELDS = {
    "id",
    "state",
    "attempts",
    "cached",
    "erased",
    "created_at",
    "started_at",
    "finished_at",
    "expires_at",
    "model",
    "options",
    "image",
    "timings_ms",
    "result",
    "error",
    "queue",
    "client_ref",
    "links",
}


def test_a_job_has_every_member(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = submit(client, leaf_jpeg, "client_ref=plot+9")
    queued = client.get(path).json()
    assert queued["queue"] == {"position": 0, "eta_seconds": None}
    assert queued["client_ref"] == "plot 9"
    assert queued["result"] is queued["error"] is queued["started_at"] is None
    fake_worker.succeed()
    job = client.get(path).json()
    assert set(job) == PUBLIC_FIELDS
    assert uuid.UUID(job["id"]).version == 4
    for name in ("created_at", "started_at", "finished_at", "expires_at"):
        assert datetime.fromisoformat(job[name]).tzinfo is not None
    assert set(job["model"]) == {"id", "version", "weights_sha256", "calibration"}
    assert len(job["model"]["weights_sha256"]) == 64
    assert set(job["options"]) == {*JobOptions.model_fields}
    assert set(job["image"]) == {"width", "height", "format", "sha256"}
    stages = {"queued", "decode", "inference", "explain", "render", "total"}
    assert set(job["timings_ms"]) == stages
    assert (job["state"], job["attempts"], job["queue"]) == ("succeeded", 1, None)
    assert all(path.startswith(f"/v1/jobs/{job['id']}") for path in job["links"].values())


def test_a_prediction_links_to_what_the_class_is_where_the_card_describes_it(
    client: TestClient, done: str
) -> None:
    listed = client.get("/v1/jobs").json()["jobs"][0]
    for job in (client.get(done).json(), listed):
        unknown, scab = job["result"]["predictions"]
        assert set(scab) == {
            *("class_index", "class_name", "title", "crop", "disease", "confidence", "links")
        }
        assert unknown["links"] == {"description": None}
        assert client.get(scab["links"]["description"]).json()["class_name"] == "Apple__scab"


def test_every_link_of_a_job_answers(client: TestClient, done: str) -> None:
    job = client.get(done).json()
    explained = [link for each in job["result"]["explanations"] for link in each["links"].values()]
    assert len(explained) == 4
    judged = client.post(job["links"].pop("feedback"), json={"agree": True})
    assert judged.status_code == 201
    for link in (*job["links"].values(), *explained):
        assert client.get(link).status_code == 200, link


# DELETE /v1/jobs/{id}


def test_delete_of_a_queued_job_is_200_canceled(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = submit(client, leaf_jpeg)
    for _ in range(3):
        answer = client.delete(path)
        assert (answer.status_code, answer.json()["state"]) == (200, "canceled")
    assert fake_worker.queue.claim(1) == []


def test_delete_of_a_running_job_is_202_and_cooperative(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = submit(client, leaf_jpeg)
    (claim,) = fake_worker.queue.claim(1)
    for _ in range(2):
        answer = client.delete(path)
        assert (answer.status_code, answer.json()["state"]) == (202, "running")
    fake_worker.end(claim)
    assert client.get(path).json()["state"] == "canceled"


def test_delete_of_a_terminal_job_erases_its_pictures(
    client: TestClient, done: str, fake_worker: FakeWorker
) -> None:
    client.get(f"{done}/overlay?alpha=0.1")  # drawn, and kept for a while
    for _ in range(2):
        answer = client.delete(done)
        assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
        assert answer.json()["erased"] is True
    for picture in ("overlay", "overlay?alpha=0.1", "heatmap", "comparison", "photo"):
        gone = client.get(f"{done}/{picture}")
        assert gone.status_code == 410
        assert gone.json()["type"] == "/problems/pictures-erased"
    assert client.get(done).status_code == 200
    assert not fake_worker.blobs.has(done.rpartition("/")[2], blob_names.PHOTO)


def test_the_result_of_an_erased_job_is_not_reused(
    client: TestClient, leaf_jpeg: bytes, done: str
) -> None:
    client.delete(done)
    assert client.post("/v1/jobs?top_k=2", content=leaf_jpeg).status_code == 202


def test_delete_of_an_unknown_job_is_404(client: TestClient) -> None:
    assert client.delete(f"/v1/jobs/{NEW_ID}").status_code == 404
