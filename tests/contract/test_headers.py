"""Idempotency-Key, X-Request-ID and Cache-Control; those of pictures are in test_pictures."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from jobs.errors import StoreDown
from jobs.redis import keyspace
from jobs.redis.admission import AdmissionControl
from tests.api.conftest import FakeWorker
from tests.pictures.files import file_of, scene

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def test_a_replay_answers_the_job_as_it_is_now(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    first = client.post("/v1/jobs?alpha=0.5", content=leaf_jpeg, headers=KEY)
    assert first.status_code == 202
    assert "Idempotency-Replayed" not in first.headers
    again = client.post("/v1/jobs", files={"image": leaf_jpeg}, headers=KEY)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    fake_worker.succeed()
    ended = client.post("/v1/jobs", content=leaf_jpeg, headers=KEY)
    assert (ended.status_code, ended.json()["state"]) == (200, "succeeded")
    assert ended.json()["id"] == first.json()["id"]


def test_the_same_key_with_other_content_is_422(client: TestClient, leaf_jpeg: bytes) -> None:
    client.post("/v1/jobs", content=leaf_jpeg, headers=KEY)
    for query, photo in (("", file_of(scene(), "PNG")), ("?top_k=2", leaf_jpeg)):
        answer = client.post(f"/v1/jobs{query}", content=photo, headers=KEY)
        assert answer.status_code == 422
        assert answer.json()["type"] == "/problems/key-reused"


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_empty_or_too_long_is_422(
    client: TestClient, leaf_jpeg: bytes, key: str
) -> None:
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith("Idempotency-Key")


def test_a_key_lives_as_long_as_its_job(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    client.post("/v1/jobs", content=leaf_jpeg, headers=KEY)
    job_id = fake_worker.succeed()
    (kept,) = fake_worker.client.keys(f"{keyspace.PREFIX}key:*")
    left = fake_worker.client.pttl(kept), fake_worker.client.pttl(keyspace.JOB + job_id)
    assert abs(int(left[0]) - int(left[1])) < 1000


def test_what_was_refused_is_not_remembered(client: TestClient, leaf_jpeg: bytes) -> None:
    assert client.post("/v1/jobs", content=b"no photo", headers=KEY).status_code == 415
    assert client.post("/v1/jobs?alpha=9", content=leaf_jpeg, headers=KEY).status_code == 422
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers=KEY)
    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer.headers


def test_a_503_is_not_remembered(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = client.app.state.services  # type: ignore[attr-defined]
    with monkeypatch.context() as full:
        full.setattr(
            services.jobs.store, "_admission", AdmissionControl(services.jobs.store._redis, 0)
        )
        assert client.post("/v1/jobs", content=leaf_jpeg, headers=KEY).status_code == 503
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers=KEY)
    assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (202, None)


def test_a_crash_between_record_and_answer_makes_no_second_job(
    client: TestClient, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError("gone before the answer")

    with monkeypatch.context() as crashing:
        crashing.setattr("api.routes.submit.job_response", crash)
        assert client.post("/v1/jobs", content=leaf_jpeg, headers=KEY).status_code == 500
    (made,) = client.get("/v1/jobs").json()["jobs"]
    again = client.post("/v1/jobs", content=leaf_jpeg, headers=KEY)
    assert again.json()["id"] == made["id"]
    assert again.headers["Idempotency-Replayed"] == "true"


Talk = Callable[[httpx2.AsyncClient], Awaitable[Any]]


def talked(settings: ApiSettings, talk: Talk) -> Any:
    """What `talk` gives; its requests run at the same time, as those of a real server do."""

    async def run(app: FastAPI) -> Any:
        transport = httpx2.ASGITransport(app=app)
        client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")
        async with app.router.lifespan_context(app), client:
            return await talk(client)

    return asyncio.run(run(create_app(settings)))


@pytest.mark.parametrize("way", ["POST", "PUT"])
def test_the_same_key_still_being_received_is_409_with_retry_after(
    settings: ApiSettings, leaf_jpeg: bytes, way: str
) -> None:
    path = "/v1/jobs" if way == "POST" else "/v1/jobs/9b2e0f0c-6f5e-4a53-8f0e-2d8c7b1a4e3d"
    headers = KEY if way == "POST" else {}

    async def talk(client: httpx2.AsyncClient) -> Any:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield leaf_jpeg[:100]
            begun.set()
            await go_on.wait()
            yield leaf_jpeg[100:]

        first = asyncio.create_task(client.request(way, path, content=slowly(), headers=headers))
        await begun.wait()
        second = await client.request(way, path, content=leaf_jpeg, headers=headers)
        go_on.set()
        third = await client.request(way, path, content=leaf_jpeg, headers=headers)
        while third.status_code == 409:
            third = await client.request(way, path, content=leaf_jpeg, headers=headers)
        return await first, second, third

    first, second, third = talked(settings, talk)
    assert first.status_code == 202
    assert second.status_code == 409
    assert second.headers["Retry-After"] == "1"
    assert second.json()["type"] == "/problems/being-received"
    assert second.json()["retryable"] is True
    assert third.json()["id"] == first.json()["id"]


def test_identical_requests_at_the_same_moment_make_one_job(
    settings: ApiSettings, leaf_jpeg: bytes
) -> None:
    async def talk(client: httpx2.AsyncClient) -> Any:
        sent = [client.post("/v1/jobs", content=leaf_jpeg, headers=KEY) for _ in range(8)]
        return await asyncio.gather(*sent), await client.get("/v1/jobs")

    answers, listed = talked(settings, talk)
    (job,) = listed.json()["jobs"]
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert {answer.json()["id"] for answer in answers if answer.status_code == 202} == {job["id"]}


def test_cache_control_no_cache_turns_reuse_off(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    client.post("/v1/jobs", content=leaf_jpeg)
    fake_worker.succeed()
    assert client.post("/v1/jobs", content=leaf_jpeg).json()["cached"] is True
    for value in ("no-cache", "No-Cache, max-age=0"):
        fresh = client.post("/v1/jobs", content=leaf_jpeg, headers={"Cache-Control": value})
        assert (fresh.status_code, fresh.json()["cached"]) == (202, False)


def test_head_works_wherever_get_does(client: TestClient, leaf_jpeg: bytes) -> None:
    path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
    for read in ("/livez", "/readyz", "/v1/models", "/v1/jobs", path, f"{path}/events"):
        head = client.head(read)  # of a stream of events too, which would not end by itself
        assert (head.status_code, head.content) == (200, b""), read
    assert client.head("/v1/jobs/nope").status_code == 404
    assert client.head(f"{path}/overlay").status_code == 409


def test_an_accepted_job_is_told_though_redis_goes_while_it_is_waited_for(
    client: TestClient, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any, **__: Any) -> None:
        raise StoreDown("gone")

    watch = client.app.state.services.watch  # type: ignore[attr-defined]
    monkeypatch.setattr(watch, "wait", down)
    answer = client.post("/v1/jobs", content=leaf_jpeg, headers={"Prefer": "wait=9"})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")


def test_a_content_type_may_be_spelled_in_any_case(client: TestClient, leaf_jpeg: bytes) -> None:
    form = client.build_request("POST", "/v1/jobs", files={"image": leaf_jpeg})
    kind = form.headers["Content-Type"].replace("multipart/form-data", "Multipart/Form-Data")
    answer = client.post("/v1/jobs", content=form.read(), headers={"Content-Type": kind})
    assert answer.status_code == 202, answer.text


def test_a_request_id_is_taken_or_made_and_returned(client: TestClient) -> None:
    for path in ("/livez", "/v1/jobs/nope", "/nope"):
        answer = client.get(path, headers={"X-Request-ID": "trace-7.b"})
        assert answer.headers["X-Request-ID"] == "trace-7.b"
        made = {client.get(path).headers["X-Request-ID"] for _ in range(2)}
        assert len(made) == 2
        refused = client.get(path, headers={"X-Request-ID": "two words"})
        assert refused.headers["X-Request-ID"] != "two words"
