"""The rows on batches, as one client lives through them; each member is in tests/api."""

import io
import threading
import time
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from jobs.blobs import blob_names
from jobs.ports import Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from tests.api.conftest import RESULT, FakeWorker

Sent = list[bytes]


@pytest.fixture
def photos(leaf_jpeg: bytes) -> Sent:
    """Two, and a file between them that is none."""
    return [leaf_jpeg, b"no photo", leaf_jpeg + b"\0"]


def send(client: TestClient, photos: Sent, **headers: str) -> Any:
    files = [("images", (f"{number}.jpg", photo)) for number, photo in enumerate(photos)]
    return client.post("/v1/batches", files=files, headers=headers)


def end_all_soon(fake_worker: FakeWorker) -> None:
    """Once both of them wait, however long that takes."""
    while fake_worker.client.zcard(keyspace.INTERACTIVE) < 2:
        time.sleep(0.01)
    end_all(fake_worker)


def end_all(fake_worker: FakeWorker) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), "green").save(buffer, "JPEG")
    for claim in fake_worker.queue.claim(64):
        name = blob_names.overlay_name(1, 0, "jpeg")
        fake_worker.blobs.put(claim.job.id, name, buffer.getvalue())
        fake_worker.queue.finish(claim, Outcome(State.SUCCEEDED, result=RESULT))


def test_a_batch_is_202_each_photo_its_own_job_and_one_bad_image_its_items_error(
    client: TestClient, photos: Sent
) -> None:
    answer = send(client, photos)
    batch = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/batches/{batch['id']}"
    assert int(answer.headers["Retry-After"]) >= 1
    first, bad, last = batch["items"]
    assert first["job"]["id"] != last["job"]["id"]
    assert (bad["job"], bad["error"]["status"]) == (None, 415)
    assert bad["error"]["type"] == "/problems/unsupported-format"


def test_a_batch_has_up_to_64_images(client: TestClient, leaf_jpeg: bytes) -> None:
    answer = send(client, [leaf_jpeg] * 65)
    assert answer.status_code == 422
    assert "1 to 64" in answer.json()["detail"]
    assert "65" in answer.json()["detail"]
    assert len(send(client, [leaf_jpeg] * 64).json()["items"]) == 64


def test_a_batch_tells_counts_by_state_items_and_progress_0_to_1(
    client: TestClient, photos: Sent, fake_worker: FakeWorker
) -> None:
    path = send(client, photos).headers["Location"]
    waiting = client.get(path).json()
    assert (waiting["counts"]["queued"], waiting["counts"]["refused"]) == (2, 1)
    assert waiting["progress"] == pytest.approx(1 / 3, abs=1e-3)
    end_all(fake_worker)
    done = client.get(path)
    assert (done.json()["counts"]["succeeded"], done.json()["progress"]) == (2, 1)
    assert "Retry-After" not in done.headers


@pytest.mark.parametrize("way", ["POST", "GET"])
def test_prefer_wait_answers_when_all_jobs_of_a_batch_have_ended(
    client: TestClient, photos: Sent, fake_worker: FakeWorker, way: str
) -> None:
    path = "" if way == "POST" else send(client, photos).headers["Location"]
    worker = threading.Thread(target=end_all_soon, args=[fake_worker], daemon=True)
    worker.start()
    wait = {"Prefer": "wait=25"}
    answer = client.get(path, headers=wait) if path else send(client, photos, **wait)
    worker.join()
    assert (answer.status_code, answer.json()["progress"]) == (200, 1)
    assert answer.headers["Preference-Applied"] == "wait=25"


def test_a_grid_is_one_contact_sheet_of_all_overlays_once_they_are_done(
    client: TestClient, photos: Sent, fake_worker: FakeWorker
) -> None:
    grid = send(client, photos).json()["links"]["grid"]
    early = client.get(grid)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/job-not-ready")
    assert int(early.headers["Retry-After"]) >= 1
    end_all(fake_worker)
    sheet = client.get(grid)
    assert sheet.headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(sheet.content)).width > 3 * 200
    assert client.get(grid, headers={"If-None-Match": sheet.headers["ETag"]}).status_code == 304


def test_a_batch_sent_again_with_its_key_is_the_same_batch(
    client: TestClient, photos: Sent
) -> None:
    first, again = (send(client, photos, **{"Idempotency-Key": "7"}) for _ in range(2))
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert send(client, photos, **{"Idempotency-Key": ""}).status_code == 422


def test_headers_of_a_batch_may_be_spelled_in_any_case(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    send(client, [leaf_jpeg])
    end_all(fake_worker)
    form = client.build_request("POST", "/v1/batches", files=[("images", leaf_jpeg)])
    kind = form.headers["Content-Type"].replace("multipart/form-data", "Multipart/Form-Data")
    headers = {"Content-Type": kind, "Cache-Control": "No-Cache"}
    answer = client.post("/v1/batches", content=form.read(), headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.json()["items"][0]["job"]["cached"] is False
