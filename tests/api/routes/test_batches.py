"""POST /v1/batches, GET /v1/batches/{id} and its grid."""

import io
import json
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from jobs.blobs import blob_names
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from pictures.drawn_leaves.leaves import draw_leaf
from tests.api.conftest import FAILURE, RESULT, FakeWorker

TEXT = b"not a picture"


@pytest.fixture
def settings(settings: ApiSettings) -> ApiSettings:
    return settings.model_copy(update={"queue_bound": 100, "max_batch_bytes": 1_000_000})


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    """Three different photos."""
    return [jpeg(draw_leaf("spots", seed=seed).photo) for seed in range(3)]


def jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def send(client: TestClient, photos: list[bytes], query: str = "", **headers: str) -> Any:
    files = [("images", (f"{number}.jpg", photo)) for number, photo in enumerate(photos)]
    return client.post(f"/v1/batches{query}", files=files, headers=headers)


def succeed_all(fake_worker: FakeWorker, colour: str = "green") -> None:
    """End every queued job with an overlay of one colour."""
    for claim in fake_worker.queue.claim(100):
        overlay = jpeg(Image.new("RGB", (300, 200), colour))
        fake_worker.blobs.put(claim.job.id, blob_names.overlay_name(1, 0, "jpeg"), overlay)
        fake_worker.queue.finish(claim, Outcome(State.SUCCEEDED, result=RESULT))


def test_each_photo_becomes_a_job_of_its_own(client: TestClient, leaves: list[bytes]) -> None:
    answer = send(client, leaves, "?top_k=2&client_ref=field-3")
    assert answer.status_code == 202
    batch = answer.json()
    assert answer.headers["Location"] == batch["links"]["self"] == f"/v1/batches/{batch['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert [item["name"] for item in batch["items"]] == ["0.jpg", "1.jpg", "2.jpg"]
    assert [item["index"] for item in batch["items"]] == [0, 1, 2]
    for item in batch["items"]:
        job = client.get(item["job"]["links"]["self"]).json()
        assert job["options"]["top_k"] == 2
        assert job["client_ref"] == "field-3"
    assert (batch["total"], batch["progress"], batch["counts"]["queued"]) == (3, 0, 3)
    assert batch["queue"]["position"] == 2


def test_one_bad_photo_is_its_items_error(
    client: TestClient, leaves: list[bytes], settings: ApiSettings
) -> None:
    large = leaves[1] + b"\0" * settings.max_bytes
    answer = send(client, [leaves[0], TEXT, b"", large, leaves[2]])
    batch = answer.json()
    problems = [item["error"] and item["error"]["type"] for item in batch["items"]]
    assert problems == [
        None,
        "/problems/unsupported-format",
        "/problems/undecodable-photo",
        "/problems/photo-too-large",
        None,
    ]
    assert batch["items"][3]["error"]["status"] == 413
    assert batch["items"][3]["error"]["instance"] == batch["links"]["self"]
    assert batch["items"][3]["error"]["request_id"] == answer.headers["X-Request-ID"]
    assert (batch["counts"]["queued"], batch["counts"]["refused"]) == (2, 3)
    assert batch["progress"] == 0.6


def test_what_the_queue_has_no_room_for_is_an_error_of_these_photos(
    leaves: list[bytes], settings: ApiSettings
) -> None:
    settings = settings.model_copy(update={"queue_bound": 2})
    with TestClient(create_app(settings)) as client:
        batch = send(client, leaves).json()
    assert [item["error"] is None for item in batch["items"]] == [True, True, False]
    assert batch["items"][2]["error"]["type"] == "/problems/queue-full"
    assert batch["items"][2]["error"]["retryable"] is True


def test_counts_and_progress_follow_the_jobs(
    client: TestClient, leaves: list[bytes], fake_worker: FakeWorker
) -> None:
    path = send(client, leaves).headers["Location"]
    (claim, other) = fake_worker.queue.claim(2)
    fake_worker.queue.finish(claim, Outcome(State.FAILED, error=FAILURE))
    batch = client.get(path).json()
    shown = {name: count for name, count in batch["counts"].items() if count}
    assert shown == {"failed": 1, "running": 1, "queued": 1}
    assert batch["progress"] == 0.3333
    fake_worker.queue.finish(other, Outcome(State.SUCCEEDED, result=RESULT))
    succeed_all(fake_worker)
    answer = client.get(path, headers={"Prefer": "wait=20"})
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert "Retry-After" not in answer.headers
    assert answer.json()["progress"] == 1
    assert answer.json()["queue"] is None


def test_prefer_wait_answers_when_time_is_up(client: TestClient, leaves: list[bytes]) -> None:
    answer = send(client, leaves[:1], Prefer="wait=0.2")
    assert (answer.status_code, answer.json()["progress"]) == (202, 0)


def test_a_batch_of_known_photos_is_done_at_once(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    client.post("/v1/jobs", content=leaf_jpeg)
    fake_worker.succeed()
    answer = send(client, [leaf_jpeg])
    assert answer.status_code == 200
    assert answer.json()["items"][0]["job"]["cached"] is True


@pytest.mark.parametrize("count", [0, 65])
def test_a_batch_has_1_to_64_photos(client: TestClient, count: int) -> None:
    answer = send(client, [TEXT] * count) if count else send_form_without_photos(client)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    assert f"given: {count}" in answer.json()["errors"][0]["message"]


def send_form_without_photos(client: TestClient) -> Any:
    return client.post("/v1/batches", files=[("top_k", (None, b"1"))])


def test_raw_bytes_are_no_batch(client: TestClient, leaves: list[bytes]) -> None:
    answer = client.post("/v1/batches", content=leaves[0])
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


def test_wrong_options_are_422_for_the_whole_batch(client: TestClient, leaves: list[bytes]) -> None:
    assert send(client, leaves, "?top_k=9").status_code == 422
    assert send(client, leaves, "?class_name=x").json()["type"] == "/problems/unknown-class"
    assert client.get("/readyz").status_code == 200


def test_more_bytes_than_a_batch_may_have_is_413_also_while_reading(
    client: TestClient, settings: ApiSettings
) -> None:
    answer = send(client, [b"\0" * 100_000] * 12)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/batch-too-large")
    read = 0

    def body() -> Any:
        nonlocal read
        yield b'--x\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n\r\n'
        for _ in range(100):
            read += 100_000
            yield b"\0" * 100_000

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/batches", content=body(), headers=kind)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/batch-too-large")


def test_the_grid_shows_every_photo_and_says_why_one_is_missing(
    client: TestClient, leaves: list[bytes], fake_worker: FakeWorker
) -> None:
    path = send(client, [leaves[0], TEXT, leaves[1]]).headers["Location"]
    early = client.get(f"{path}/grid")
    assert (early.status_code, early.headers["Retry-After"]) == (409, "1")
    succeed_all(fake_worker)
    answer = client.get(f"{path}/grid?columns=3")
    sheet = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert sheet.size == (3 * 264 + 8, 256 + 22 + 16)
    middles = [sheet.getpixel((8 + 264 * number + 128, 50 + 128)) for number in range(3)]
    assert [is_green(colour) for colour in middles] == [True, False, True]
    known = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(f"{path}/grid?columns=3", headers=known).status_code == 304
    assert client.get(f"{path}/grid?columns=1", headers=known).status_code == 200
    assert client.get(f"{path}/grid?columns=0").status_code == 422


def is_green(colour: Any) -> bool:
    red, green, blue = colour
    return bool(green > 100 and red < 40 and blue < 40)


def test_a_batch_goes_with_its_jobs(
    client: TestClient, leaves: list[bytes], fake_worker: FakeWorker
) -> None:
    path = send(client, leaves[:2]).headers["Location"]
    items = client.get(path).json()["items"]
    fake_worker.client.delete(keyspace.JOB + items[0]["job"]["id"])
    left = client.get(path).json()
    assert left["counts"]["gone"] == 1
    assert left["items"][0]["error"]["type"] == "/problems/job-gone"
    fake_worker.client.delete(keyspace.JOB + items[1]["job"]["id"])
    grow_old(fake_worker, path)
    answer = client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/batch-gone")


def grow_old(fake_worker: FakeWorker, path: str) -> None:
    """As if the batch had been made long ago."""
    key = keyspace.BATCH + path.rpartition("/")[2]
    record = json.loads(str(fake_worker.client.get(key)))
    fake_worker.client.set(key, json.dumps(record | {"created_at": "2020-01-01T00:00:00Z"}))


def test_an_unknown_batch_is_404(client: TestClient) -> None:
    for path in ("/v1/batches/nope", "/v1/batches/nope/grid"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/batch-not-found")


class TestSentAgain:
    def test_with_the_same_key_it_is_the_same_batch(
        self, client: TestClient, leaves: list[bytes]
    ) -> None:
        first, again = (send(client, leaves, **{"Idempotency-Key": "a"}) for _ in range(2))
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers
        assert again.json()["items"] == first.json()["items"]
        other = send(client, leaves, **{"Idempotency-Key": "b"}).json()
        assert other["id"] != first.json()["id"]

    def test_other_photos_under_the_same_key_are_422(
        self, client: TestClient, leaves: list[bytes]
    ) -> None:
        send(client, leaves, **{"Idempotency-Key": "a"})
        for photos, query in ((leaves[:2], ""), (leaves, "?top_k=3")):
            answer = send(client, photos, query, **{"Idempotency-Key": "a"})
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")

    def test_after_a_crash_in_between_no_photo_is_a_job_twice(
        self, client: TestClient, leaves: list[bytes], fake_worker: FakeWorker
    ) -> None:
        first = send(client, leaves, **{"Idempotency-Key": "a"}).json()
        for key in fake_worker.client.scan_iter(keyspace.PREFIX + "batch*"):
            fake_worker.client.delete(key)
        again = send(client, leaves, **{"Idempotency-Key": "a"}).json()
        ids = [[item["job"]["id"] for item in batch["items"]] for batch in (first, again)]
        assert ids[0] == ids[1]
        assert again["id"] != first["id"]
