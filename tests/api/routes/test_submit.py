"""POST /v1/jobs."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.settings import ApiSettings
from tests.pictures.files import png_header

JPEG = {"Content-Type": "image/jpeg"}


def test_raw_bytes_become_a_queued_job(client: TestClient, leaf_jpeg: bytes) -> None:
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers=JPEG)
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert job["state"] == "queued"
    assert job["image"]["format"] == "JPEG"
    assert (job["image"]["width"], job["image"]["height"]) == (640, 480)
    assert job["model"]["id"] == "cropshield_cnn"
    assert job["links"]["overlay"] == f"/v1/jobs/{job['id']}/overlay"


def test_a_form_becomes_a_queued_job_with_its_options(client: TestClient, leaf_jpeg: bytes) -> None:
    answer = client.post(
        "/v1/jobs",
        files={"image": ("leaf.jpg", leaf_jpeg)},
        data={"alpha": "0.3", "client_ref": "plot 9", "top_k": "3"},
        params={"colormap": "viridis"},
    )
    assert answer.status_code == 202
    options = answer.json()["options"]
    assert (options["alpha"], options["top_k"], options["colormap"]) == (0.3, 3, "viridis")
    assert answer.json()["client_ref"] == "plot 9"


def test_a_class_name_becomes_its_index(client: TestClient, leaf_jpeg: bytes) -> None:
    answer = client.post("/v1/jobs?class_name=Apple__scab", content=leaf_jpeg)
    assert answer.json()["options"]["class_index"] == 3


def test_the_photo_is_on_disk_before_the_answer(
    client: TestClient, leaf_jpeg: bytes, settings: ApiSettings
) -> None:
    job_id = client.post("/v1/jobs", content=leaf_jpeg).json()["id"]
    photo = settings.blob_folder / job_id[:3] / f"{job_id}.original"
    assert photo.read_bytes() == leaf_jpeg


BAD_PHOTOS: list[tuple[bytes, int, str, str]] = [
    (b"this is a text file", 415, "unsupported-format", "allowed are"),
    (b"", 422, "undecodable-photo", "0 bytes"),
    (png_header(12_000, 12_000), 413, "too-many-pixels", "12000 x 12000"),
    (png_header(40_000, 40_000), 413, "too-many-pixels", "limit is 64,000,000"),
    (png_header(33_000, 1), 413, "too-many-pixels", "33000 x 1 pixels; the limit of a side is"),
    (b"\xff\xd8" + b"\xff\xfe\0\2" * 5_000, 422, "photo-too-complex", "over 2,000 segments"),
    (b"\xff" * 200_001, 413, "photo-too-large", "200,001 bytes; the limit is 200,000"),
]


@pytest.mark.parametrize(("data", "status", "slug", "said"), BAD_PHOTOS)
@pytest.mark.parametrize("form", [True, False])
def test_a_bad_photo_is_a_clear_error(
    client: TestClient, data: bytes, status: int, slug: str, said: str, form: bool
) -> None:
    body: dict[str, Any] = {"files": {"image": data}} if form else {"content": data}
    answer = client.post("/v1/jobs", **body)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == f"/problems/{slug}"
    assert said in problem["detail"]
    assert problem["retryable"] is False
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert client.get("/livez").status_code == 200


def test_a_chunked_upload_is_cut_off_at_the_limit(client: TestClient) -> None:
    chunks = iter([b"\xff" * 150_000] * 4)
    answer = client.post("/v1/jobs", content=chunks)
    assert answer.status_code == 413


BAD_OPTIONS = [
    ("alpha=7", "alpha", "'7'"),
    ("colormap=nope", "colormap", "known are jet"),
    ("top_k=6", "top_k", "'6'"),
    ("overlay_format=bmp", "overlay_format", "'jpeg'"),
    ("ttl=1", "ttl", "60"),
    ("flavour=mint", "flavour", "not permitted"),
    ("flavour=", "flavour", "not permitted"),
]


@pytest.mark.parametrize(("query", "field", "said"), BAD_OPTIONS)
def test_a_bad_option_names_value_and_limit(
    client: TestClient, leaf_jpeg: bytes, query: str, field: str, said: str
) -> None:
    answer = client.post(f"/v1/jobs?{query}", content=leaf_jpeg)
    problem = answer.json()
    assert answer.status_code == 422
    assert problem["type"] == "/problems/invalid-request"
    assert [error["field"] for error in problem["errors"]] == [field]
    assert said in problem["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("model=nope", "unknown-model"),
        ("class_index=32", "unknown-class"),
        ("class_name=Rose__rust", "unknown-class"),
    ],
)
def test_an_unknown_model_or_class_is_named(
    client: TestClient, leaf_jpeg: bytes, query: str, slug: str
) -> None:
    answer = client.post(f"/v1/jobs?{query}", content=leaf_jpeg)
    assert answer.status_code == 422
    assert answer.json()["type"] == f"/problems/{slug}"
    assert query.split("=")[1] in answer.json()["detail"]


def test_a_form_without_the_field_says_which_it_needs(client: TestClient) -> None:
    answer = client.post("/v1/jobs", files={"picture": b"1"})
    assert answer.status_code == 422
    assert "'image'" in answer.json()["detail"]


def test_an_option_with_two_values_is_refused(client: TestClient, leaf_jpeg: bytes) -> None:
    twice = client.post("/v1/jobs?top_k=1&top_k=5", content=leaf_jpeg)
    form = client.post("/v1/jobs?top_k=1", files={"image": leaf_jpeg}, data={"top_k": "5"})
    for answer in (twice, form):
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["top_k"]
        assert "'1'" in answer.json()["detail"]
        assert "'5'" in answer.json()["detail"]


def test_a_broken_form_is_a_bad_request(client: TestClient) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/jobs", content=b"--x\r\nbroken", headers=kind)
    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_full_queue_is_503_with_retry_after(
    client: TestClient, leaf_jpeg: bytes, settings: ApiSettings
) -> None:
    for _ in range(3):
        assert client.post("/v1/jobs", content=leaf_jpeg).status_code == 202
    answer = client.post("/v1/jobs", content=leaf_jpeg)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["retryable"] is True
    assert len(list(settings.blob_folder.rglob("*.original"))) == 3


def test_a_redis_that_is_gone_is_503(home: Path, leaf_jpeg: bytes) -> None:
    from api.app import create_app

    nowhere = ApiSettings(redis_url="unix:///nonexistent/redis.sock", home=home)
    with TestClient(create_app(nowhere)) as client:
        answer = client.post("/v1/jobs", content=leaf_jpeg)
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/store-down"
        assert "Retry-After" in answer.headers
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200
