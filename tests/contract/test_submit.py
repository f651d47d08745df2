"""POST and PUT: how a photo becomes a job."""

import pytest
from starlette.testclient import TestClient

from api.uploads.read import RAW_TYPES
from jobs.blobs import blob_names
from jobs.records.options import JobOptions
from jobs.redis import keyspace
from tests.api.conftest import FakeWorker, HaveDone
from tests.contract.conftest import submit
from tests.pictures.files import file_of, scene

FRESH = {"Cache-Control": "no-cache"}
NEW_ID = "9b2e0f0c-6f5e-4a53-8f0e-2d8c7b1a4e3d"


def test_post_is_202_with_location_retry_after_and_the_whole_job(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    answer = client.post("/v1/jobs", content=leaf_jpeg)
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert job == client.get(answer.headers["Location"]).json()


PICTURE = {"Accept": "image/jpeg", "Prefer": "wait=5"}


def test_who_asks_for_a_picture_gets_the_overlay_in_one_answer(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    submit(client, leaf_jpeg)
    job = f"/v1/jobs/{fake_worker.succeed(leaf_jpeg)}"  # the same photo again is not run again
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers=PICTURE)
    assert (answer.status_code, answer.content) == (200, b"overlay 0")
    assert answer.headers["Content-Type"] == "image/jpeg"
    own = answer.headers["Location"]
    assert own != job
    assert answer.headers["Content-Location"] == f"{own}/overlay"
    stored = client.get(f"{own}/overlay")
    assert answer.headers["ETag"] == stored.headers["ETag"]
    put = client.put(
        f"/v1/jobs/{NEW_ID}", content=leaf_jpeg, headers=PICTURE | {"Accept": "image/*"}
    )
    assert put.content == b"overlay 0"
    assert put.headers["Location"] == f"/v1/jobs/{NEW_ID}"


@pytest.mark.parametrize(
    "accepted", ["*/*", "application/json, image/jpeg", "image/jpeg, */*;q=0.1", "image/webp", ""]
)
def test_who_takes_json_or_another_picture_gets_the_job(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, accepted: str
) -> None:
    submit(client, leaf_jpeg)
    fake_worker.succeed(leaf_jpeg)
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers=PICTURE | {"Accept": accepted})
    assert answer.json()["state"] == "succeeded"


def test_without_an_overlay_the_answer_is_the_job(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    """It has not ended when the answer is due, or its pictures are erased."""
    path, at_once = f"/v1/jobs/{NEW_ID}", PICTURE | {"Prefer": "wait=0"}
    waiting = client.put(path, content=leaf_jpeg, headers=at_once)
    assert (waiting.status_code, waiting.json()["state"]) == (202, "queued")
    fake_worker.succeed(leaf_jpeg)
    assert client.put(path, content=leaf_jpeg, headers=PICTURE).content == b"overlay 0"
    client.delete(path)
    erased = client.put(path, content=leaf_jpeg, headers=PICTURE)
    assert (erased.status_code, erased.json()["erased"]) == (200, True)


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
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, once_awaited: HaveDone
) -> None:
    once_awaited(fake_worker.succeed)
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers={"Prefer": "wait=25"})
    assert answer.status_code == 200
    assert answer.json()["state"] == "succeeded"
    assert answer.headers["Preference-Applied"] == "wait=25"


def test_post_with_prefer_wait_is_202_when_the_time_is_up(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers={"Prefer": "wait=0"})
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "wait=0"


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
