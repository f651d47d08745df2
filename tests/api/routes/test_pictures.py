"""The pictures of a job."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from jobs.redis import keyspace
from tests.api.conftest import MAPS, FakeWorker, HaveDone


@pytest.fixture
def done(client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker) -> str:
    """Path of a succeeded job."""
    client.post("/v1/jobs", content=leaf_jpeg)
    return f"/v1/jobs/{fake_worker.succeed()}"


def test_an_unknown_job_is_404(client: TestClient) -> None:
    for path in ("", "/overlay", "/heatmap", "/photo"):
        answer = client.get(f"/v1/jobs/nope{path}")
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/job-not-found"


def test_the_overlay_is_the_stored_one_of_the_class_asked_for(
    client: TestClient, done: str
) -> None:
    assert client.get(f"{done}/overlay").content == b"overlay 0"
    assert client.get(f"{done}/overlay?rank=1").content == b"overlay 1"
    assert client.get(f"{done}/overlay?class_index=3").content == b"overlay 1"
    assert client.get(f"{done}/overlay").headers["Content-Type"] == "image/jpeg"
    assert client.get(f"{done}/photo").content == b"photo"


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=2-4"}, {"If-None-Match": "*"}])
def test_the_short_way_to_an_overlay_answers_as_the_long_one(
    client: TestClient, done: str, headers: dict[str, str]
) -> None:
    short, long = (
        client.get(f"{done}/overlay{query}", headers=headers) for query in ("", "?rank=0")
    )
    assert (short.status_code, short.content) == (long.status_code, long.content)
    varying = {"x-request-id", "cache-control"}
    told = [
        {name: value for name, value in answer.headers.items() if name not in varying}
        for answer in (short, long)
    ]
    assert told[0] == told[1]


@pytest.fixture
def awaited(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, once_awaited: HaveDone
) -> str:
    """Path of a job that has succeeded while a request waited for it."""
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    once_awaited(fake_worker.succeed)
    assert client.get(path, headers={"Prefer": "wait=25"}).json()["state"] == "succeeded"
    return path


def test_who_has_waited_for_a_job_gets_its_overlay_without_another_look_at_the_record(
    client: TestClient, awaited: str, fake_worker: FakeWorker
) -> None:
    fake_worker.client.hset(keyspace.JOB + awaited.removeprefix("/v1/jobs/"), "state", "running")
    assert client.get(f"{awaited}/overlay").content == b"overlay 0"
    assert client.get(f"{awaited}/overlay?rank=0").status_code == 409


def test_who_has_waited_for_a_job_gets_no_overlay_that_was_erased_since(
    client: TestClient, awaited: str
) -> None:
    client.delete(awaited)
    answer = client.get(f"{awaited}/overlay")
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/pictures-erased")


@pytest.mark.parametrize("query", ["rank=2", "class_index=7"])
def test_a_class_that_was_not_explained_is_404(client: TestClient, done: str, query: str) -> None:
    for picture in ("overlay", "heatmap"):
        answer = client.get(f"{done}/{picture}?{query}")
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/no-picture"


def test_the_heatmap_comes_as_png_npy_and_json(client: TestClient, done: str) -> None:
    png = client.get(f"{done}/heatmap")
    grey = np.asarray(Image.open(io.BytesIO(png.content)))
    assert png.headers["Content-Type"] == "image/png"
    assert np.abs(grey / 255 - MAPS[0]).max() < 0.5 / 255 + 1e-6
    raw = client.get(f"{done}/heatmap?format=npy&rank=1")
    assert np.array_equal(np.load(io.BytesIO(raw.content)), MAPS[1])
    numbers = client.get(f"{done}/heatmap?format=json").json()
    assert (numbers["width"], numbers["height"]) == (14, 14)
    assert np.allclose(numbers["rows"], MAPS[0], atol=1e-5)


def test_a_picture_before_the_end_is_409(client: TestClient, leaf_jpeg: bytes) -> None:
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    answer = client.get(f"{path}/overlay")
    assert answer.status_code == 409
    assert answer.headers["Retry-After"] == "1"
    assert "queued" in answer.json()["detail"]


def test_a_failed_job_is_200_and_has_no_pictures(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    fake_worker.fail()
    assert client.get(path).json()["state"] == "failed"
    assert client.get(f"{path}/overlay").status_code == 404
