"""Every row of the table of errors, and the form that all of them have."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.openapi.problem_examples import example
from api.problems.http_problems import all_problems, http_problem_of
from api.settings import ApiSettings
from engine.photos.decode import decode
from jobs.redis import keyspace
from pictures.errors import UndecodablePhoto
from tests.api.conftest import FakeWorker
from tests.pictures.files import png_header

MEMBERS = {"type", "title", "status", "detail", "instance", "request_id", "retryable"}
SHOWN = {problem.slug: example(problem) for problem in all_problems()}
RAW = {"Content-Type": "application/octet-stream"}


def unread() -> Iterator[bytes]:
    """A body that fails the test when somebody asks for it."""
    pytest.fail("the body was read")
    yield b""


def problem(answer: Any, status: int, slug: str) -> dict[str, Any]:
    """The document of an answer that is a whole problem of this kind."""
    document: dict[str, Any] = answer.json()
    assert answer.status_code == document["status"] == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert document["type"] == f"/problems/{slug}"
    assert set(document) - {"errors"} == MEMBERS
    assert ("errors" in document) == (slug == "invalid-request")
    assert document["request_id"] == answer.headers["X-Request-ID"]
    assert document["instance"] == answer.request.url.path
    for member in ("type", "title", "retryable"):  # as the document of the API shows it
        assert document[member] == SHOWN[slug][member]
    return document


def test_the_limits_are_20_mb_and_64_megapixels_by_default() -> None:
    assert (ApiSettings().max_bytes, ApiSettings().max_pixels) == (20_000_000, 64_000_000)


def test_too_many_bytes_by_content_length_is_413_before_the_body_is_read(
    client: TestClient,
) -> None:
    headers = RAW | {"Content-Length": "200001"}
    answer = client.post("/v1/jobs", content=unread(), headers=headers)
    document = problem(answer, 413, "photo-too-large")
    assert document["detail"] == "photo is 200,001 bytes; the limit is 200,000"


@pytest.mark.parametrize("form", [True, False])
def test_too_many_bytes_while_reading_is_413(client: TestClient, form: bool) -> None:
    photo = b"\xff" * 270_000
    chunks = iter([photo[:90_000]] * 3)
    body: dict[str, Any] = {"files": {"image": photo}} if form else {"content": chunks}
    problem(client.post("/v1/jobs", **body), 413, "photo-too-large")


def test_too_many_pixels_is_413(client: TestClient) -> None:
    answer = client.post("/v1/jobs", content=png_header(8_001, 8_000))
    assert "8001 x 8000 = 64,008,000" in problem(answer, 413, "too-many-pixels")["detail"]
    assert "64,000,000" in answer.json()["detail"]


def test_not_an_image_is_415_whatever_its_name(client: TestClient) -> None:
    named = {"image": ("leaf.jpg", b"GIF89a no picture", "image/jpeg")}
    problem(client.post("/v1/jobs", files=named), 415, "unsupported-format")
    raw = client.post("/v1/jobs", content=b"text", headers={"Content-Type": "image/jpeg"})
    problem(raw, 415, "unsupported-format")


@pytest.mark.parametrize("length", [0, 10, 150])
def test_a_truncated_header_is_422(client: TestClient, leaf_jpeg: bytes, length: int) -> None:
    answer = client.post("/v1/jobs", content=leaf_jpeg[:length])
    problem(answer, 422, "undecodable-photo")


def test_a_half_sent_photo_is_the_same_problem_in_a_failed_job(leaf_jpeg: bytes) -> None:
    with pytest.raises(UndecodablePhoto) as found:
        decode(leaf_jpeg[: len(leaf_jpeg) // 2], 224)
    assert http_problem_of(found.value).slug == "undecodable-photo"


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("alpha=7", "alpha", "'7'"),
        ("colormap=nope", "colormap", "known are jet"),
        ("top_k=6", "top_k", "'6'"),
        ("top_k=two", "top_k", "'two'"),
        ("method=magic", "method", "'gradcam'"),
        ("overlay_format=bmp", "overlay_format", "'jpeg'"),
        ("priority=urgent", "priority", "'bulk'"),
        ("deadline=0", "deadline", "greater than 0"),
        ("ttl=59", "ttl", "60"),
        ("ttl=2592001", "ttl", "2592000"),
        ("client_ref=" + "x" * 129, "client_ref", "128"),
        ("flavour=mint", "flavour", "not permitted"),
    ],
)
def test_a_wrong_option_value_is_422(
    client: TestClient, leaf_jpeg: bytes, query: str, field: str, said: str
) -> None:
    answer = client.post(f"/v1/jobs?{query}", content=leaf_jpeg)
    document = problem(answer, 422, "invalid-request")
    assert [error["field"] for error in document["errors"]] == [field]
    assert said in document["errors"][0]["message"]
    assert said in document["detail"]


@pytest.mark.parametrize(
    ("query", "slug", "said"),
    [
        ("model=nope", "unknown-model", "known are cropshield_cnn"),
        ("class_index=99", "unknown-class", "99"),
        ("class_name=Rose__rust", "unknown-class", "Rose__rust"),
    ],
)
def test_an_unknown_model_or_class_is_422(
    client: TestClient, leaf_jpeg: bytes, query: str, slug: str, said: str
) -> None:
    answer = client.post(f"/v1/jobs?{query}", content=leaf_jpeg)
    assert said in problem(answer, 422, slug)["detail"]


def test_an_overlay_asked_for_before_the_job_is_done_is_409(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    answer = client.get(f"{path}/overlay")
    assert problem(answer, 409, "job-not-ready")["retryable"] is True
    assert answer.headers["Retry-After"] == "1"


def test_a_full_queue_is_503_with_jittered_retry_after_before_the_body_is_read(
    redis_url: str, home: Path, leaf_jpeg: bytes
) -> None:
    settings = ApiSettings(redis_url=redis_url, home=home, queue_bound=1)
    with TestClient(create_app(settings)) as client:
        assert client.post("/v1/jobs", content=leaf_jpeg).status_code == 202
        fake_worker = FakeWorker(settings)
        fake_worker.client.hset(keyspace.PACE, "interval", 20_000)
        seen = set()
        for way in ["/v1/jobs"] * 20 + [f"/v1/jobs/{'9' * 8}-9999-4999-8999-{'9' * 12}"]:
            send = client.post if way == "/v1/jobs" else client.put
            answer = send(way, content=unread(), headers=RAW)
            assert problem(answer, 503, "queue-full")["retryable"] is True
            seen.add(int(answer.headers["Retry-After"]))
        fake_worker.client.close()
    assert len(seen) > 1
    assert min(seen) >= 20
    assert max(seen) <= 31


def test_a_redis_that_is_down_is_503_before_the_body_is_read(home: Path) -> None:
    nowhere = ApiSettings(redis_url="unix:///nonexistent/redis.sock", home=home)
    with TestClient(create_app(nowhere)) as client:
        answer = client.post("/v1/jobs", content=unread(), headers=RAW)
        assert problem(answer, 503, "store-down")["retryable"] is True
        assert int(answer.headers["Retry-After"]) >= 1
        for path in ("/v1/jobs", "/v1/jobs/nope", "/readyz"):
            problem(client.get(path), 503, "store-down")


def test_a_path_that_is_not_there_is_404(client: TestClient) -> None:
    problem(client.get("/v1/nope"), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/jobs", "GET, HEAD, POST"),
        ("POST", "/v1/jobs/nope", "DELETE, GET, HEAD, PUT"),
        ("POST", "/v1/jobs/nope/overlay", "GET, HEAD"),
        ("DELETE", "/v1/models", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_405_and_allow_names_all_of_the_path(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == allowed


def test_a_form_that_is_broken_is_400(client: TestClient) -> None:
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data"):
        answer = client.post("/v1/jobs", content=b"no boundary", headers={"Content-Type": kind})
        problem(answer, 400, "bad-request")


def test_json_that_is_broken_is_422_and_says_where(client: TestClient) -> None:
    kind = {"Content-Type": "application/json"}
    answer = client.post("/v1/jobs/x/feedback", content=b'{"agree": maybe}', headers=kind)
    (error,) = problem(answer, 422, "invalid-request")["errors"]
    assert error["field"] == "body"
    assert "at character 10" in error["message"]


def test_an_id_that_is_no_uuid_is_422_and_shows_one(client: TestClient, leaf_jpeg: bytes) -> None:
    answer = client.put("/v1/jobs/leaf-7", content=leaf_jpeg)
    (error,) = problem(answer, 422, "invalid-request")["errors"]
    assert error["field"] == "job_id"
    assert "a UUID is needed, such as" in error["message"]
    assert "'leaf-7'" in error["message"]


def test_a_form_without_the_photo_is_422(client: TestClient) -> None:
    answer = client.post("/v1/jobs", files={"picture": b"1"}, data={"alpha": "0.1"})
    document = problem(answer, 422, "invalid-request")
    assert document["errors"][0]["field"] == "image"
    assert "picture" in document["detail"]


def test_a_defect_is_500_and_tells_nothing(
    client: TestClient, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("api.routes.submit.read_options", fail)
    answer = client.post("/v1/jobs", content=leaf_jpeg)
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal"
    assert "secret" not in answer.text


def test_the_problems_that_no_error_of_ours_words_are_shown_as_they_are_answered(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    client.post("/v1/jobs", content=leaf_jpeg)
    overlay = f"/v1/jobs/{fake_worker.succeed()}/overlay"
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    for answer, slug in (
        (client.post("/v1/jobs?top_k=9", content=leaf_jpeg), "invalid-request"),
        (client.get("/v1/job"), "not-found"),
        (client.patch("/v1/jobs"), "method-not-allowed"),
        (client.get(overlay, headers={"Range": "bytes=40000-"}), "range-not-satisfiable"),
        (client.post("/v1/jobs", content=b"no form", headers=broken), "bad-request"),
    ):
        given, shown = answer.json(), SHOWN[slug]
        assert told(given) == told(shown)
        assert given.get("errors") == shown.get("errors")


def told(document: dict[str, Any]) -> str:
    """The detail without paths and numbers, which are those of the request."""
    return re.sub(r"/v1/\S+|\b\d[\d,]*\b", "…", document["detail"])
