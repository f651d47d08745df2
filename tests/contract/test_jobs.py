"""POST, PUT, GET, DELETE, list: the rows on single jobs, and every member of one."""

import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.uploads.read import RAW_TYPES
from jobs.blobs import blob_names
from jobs.records.options import JobOptions
from jobs.redis import keyspace
from tests.api.conftest import FakeWorker
from tests.pictures.files import file_of, scene

FRESH = {"Cache-Control": "no-cache"}
NEW_ID = "9b2e0f0c-6f5e-4a53-8f0e-2d8c7b1a4e3d"


def submit(client: TestClient, photo: bytes, query: str = "") -> str:
    return client.post(f"/v1/jobs?{query}", content=photo, headers=FRESH).headers["Location"]


# POST /v1/jobs


def test_post_is_202_with_location_retry_after_and_the_whole_job(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    answer = client.post("/v1/jobs", content=leaf_jpeg)
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert job == client.get(answer.headers["Location"]).json()


@pytest.mark.parametrize("kind", RAW_TYPES)
def test_raw_bytes_are_taken_under_every_content_type(
    client: TestClient, leaf_jpeg: bytes, kind: str
) -> None:
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers={"Content-Type": kind})
    assert answer.status_code == 202


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_every_format_is_taken_whatever_its_content_type_says(
    client: TestClient, kind: str
) -> None:
    answer = client.post(
        "/v1/jobs", content=file_of(scene(), kind), headers={"Content-Type": "image/jpeg"}
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["image"]["format"] == kind


EVERY_OPTION: dict[str, str | int | float] = {
    "model": "cropshield_cnn",
    "top_k": 3,
    "class_index": 3,
    "class_name": "Apple__scab",
    "method": "layercam",
    "colormap": "viridis",
    "alpha": 0.3,
    "overlay_format": "webp",
    "client_ref": "plot 9",
    "priority": "bulk",
    "deadline": 60.0,
    "ttl": 3600,
}


@pytest.mark.parametrize("where", ["query", "form"])
def test_every_option_is_taken_as_query_parameter_and_as_form_field(
    client: TestClient, leaf_jpeg: bytes, where: str
) -> None:
    if where == "query":
        answer = client.post("/v1/jobs", content=leaf_jpeg, params=EVERY_OPTION)
    else:
        fields = {name: str(value) for name, value in EVERY_OPTION.items()}
        answer = client.post("/v1/jobs", files={"image": leaf_jpeg}, data=fields)
    assert answer.status_code == 202, answer.text
    options = answer.json()["options"]
    assert {name: options[name] for name in EVERY_OPTION} == EVERY_OPTION
    assert {*JobOptions.model_fields} - {*EVERY_OPTION} <= {"callback_url"}


def test_options_beside_a_form_may_be_query_parameters(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    answer = client.post("/v1/jobs?alpha=0.9", files={"image": leaf_jpeg}, data={"top_k": "2"})
    assert (answer.json()["options"]["alpha"], answer.json()["options"]["top_k"]) == (0.9, 2)


def test_two_ways_to_name_a_class_must_name_the_same(client: TestClient, leaf_jpeg: bytes) -> None:
    answer = client.post("/v1/jobs?class_name=Apple__scab&class_index=4", content=leaf_jpeg)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/unknown-class"
    assert "'Apple__scab' is class 3, but class_index is 4" in answer.json()["detail"]


def test_a_job_past_its_deadline_expires(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = submit(client, leaf_jpeg, "deadline=5")
    fake_worker.client.hincrby(keyspace.JOB + path.rpartition("/")[2], "start_by", -5001)
    assert fake_worker.queue.claim(1) == []
    assert client.get(path).json()["state"] == "expired"


def test_post_is_200_for_a_result_that_is_reused_under_a_new_id(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    first = submit(client, leaf_jpeg)
    fake_worker.succeed()
    again = client.post("/v1/jobs", content=leaf_jpeg)
    assert again.status_code == 200
    assert (again.json()["cached"], again.json()["state"]) == (True, "succeeded")
    assert again.headers["Location"] != first
    assert "Retry-After" not in again.headers
    assert not fake_worker.blobs.has(again.json()["id"], blob_names.ORIGINAL), (
        "it is erased at the end"
    )
    assert client.post("/v1/jobs", content=leaf_jpeg, headers=FRESH).status_code == 202


def test_post_with_prefer_wait_is_200_once_the_job_has_ended(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    worker = threading.Thread(target=_work_soon, args=[fake_worker])
    worker.start()
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers={"Prefer": "wait=20"})
    worker.join()
    assert answer.status_code == 200
    assert answer.json()["state"] == "succeeded"
    assert answer.headers["Preference-Applied"] == "wait=20"


def test_post_with_prefer_wait_is_202_when_the_time_is_up(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers={"Prefer": "wait=0"})
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "wait=0"


def _work_soon(fake_worker: FakeWorker) -> None:
    while not fake_worker.client.zcard(keyspace.INTERACTIVE):
        pass
    fake_worker.succeed()


# PUT /v1/jobs/{uuid}


def test_put_makes_the_job_under_the_clients_id(client: TestClient, leaf_jpeg: bytes) -> None:
    answer = client.put(f"/v1/jobs/{NEW_ID}?top_k=2", content=leaf_jpeg)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{NEW_ID}"
    assert (answer.json()["id"], answer.json()["options"]["top_k"]) == (NEW_ID, 2)
    assert "Idempotency-Replayed" not in answer.headers
    again = client.put(f"/v1/jobs/{NEW_ID}", files={"image": leaf_jpeg}, params={"top_k": 2})
    assert (again.status_code, again.json()["id"]) == (202, NEW_ID)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_put_can_be_sent_again_after_the_end(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    client.put(f"/v1/jobs/{NEW_ID}", content=leaf_jpeg)
    fake_worker.succeed()
    again = client.put(f"/v1/jobs/{NEW_ID}", content=leaf_jpeg)
    assert (again.status_code, again.json()["state"]) == (200, "succeeded")
    assert again.json()["attempts"] == 1


def test_an_id_in_upper_case_is_the_same(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = f"/v1/jobs/{NEW_ID.upper()}"
    assert client.put(path, content=leaf_jpeg).json()["id"] == NEW_ID
    fake_worker.succeed()
    for part in ("", "/overlay", "/events"):
        assert client.get(path + part).status_code == 200
    assert client.put(path, content=leaf_jpeg).headers["Idempotency-Replayed"] == "true"


def test_put_of_another_photo_is_422(client: TestClient, leaf_jpeg: bytes) -> None:
    client.put(f"/v1/jobs/{NEW_ID}", content=leaf_jpeg)
    for query, photo in (("", file_of(scene(), "PNG")), ("?alpha=0.1", leaf_jpeg)):
        answer = client.put(f"/v1/jobs/{NEW_ID}{query}", content=photo)
        assert answer.status_code == 422
        assert answer.json()["type"] == "/problems/key-reused"


@pytest.mark.parametrize("wrong", ["leaf-1", NEW_ID[:-1], NEW_ID.replace("-", "")])
def test_put_under_what_is_no_uuid_is_422(client: TestClient, leaf_jpeg: bytes, wrong: str) -> None:
    answer = client.put(f"/v1/jobs/{wrong}", content=leaf_jpeg)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "job_id"
    assert wrong in answer.json()["errors"][0]["message"]


def test_put_under_an_expired_id_is_410(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    client.put(f"/v1/jobs/{NEW_ID}", content=leaf_jpeg)
    fake_worker.client.delete(keyspace.JOB + fake_worker.succeed())
    answer = client.put(f"/v1/jobs/{NEW_ID}", content=leaf_jpeg)
    assert answer.status_code == 410


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
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = submit(client, leaf_jpeg)
    worker = threading.Timer(0.3, fake_worker.succeed)
    worker.start()
    answer = client.get(path, headers={"Prefer": "wait=20"})
    worker.join()
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


# GET /v1/jobs


def pages(client: TestClient, query: str) -> Iterator[list[dict[str, Any]]]:
    """All pages, by the links between them."""
    path = f"/v1/jobs?{query}"
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        yield answer.json()["jobs"]
        link = answer.headers.get("Link", "")
        assert bool(link) == bool(answer.json()["next_cursor"])
        path = link.partition(">")[0].removeprefix("<")


def test_the_list_is_newest_first_and_whole_through_its_cursors(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    made = [submit(client, leaf_jpeg, f"client_ref={n % 2}") for n in range(5)]
    listed = list(pages(client, "limit=2"))
    assert [len(page) for page in listed] == [2, 2, 1]
    assert [job["links"]["self"] for page in listed for job in page] == made[::-1]
    of_one = [job for page in pages(client, "limit=2&client_ref=1") for job in page]
    assert [job["links"]["self"] for job in of_one] == [made[3], made[1]]


def test_the_list_can_be_asked_by_state_and_since(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    first, second = (submit(client, leaf_jpeg) for _ in range(2))
    fake_worker.succeed()
    found = client.get("/v1/jobs?state=succeeded").json()["jobs"]
    assert [job["links"]["self"] for job in found] == [first]
    assert found[0] == client.get(first).json()
    since = client.get(second).json()["created_at"]
    later = client.get("/v1/jobs", params={"since": since}).json()["jobs"]
    assert [job["links"]["self"] for job in later] == [second]
    assert client.get("/v1/jobs?since=2999-01-01T00:00:00Z").json()["jobs"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=abc", "cursor"),
        ("state=done", "state"),
        ("since=yesterday", "since"),
        ("since=2026-01-01T00:00:00", "since"),
        ("order=asc", "order"),
    ],
)
def test_a_wrong_list_parameter_is_422(client: TestClient, query: str, field: str) -> None:
    answer = client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
