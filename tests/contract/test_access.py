"""The rows of the contract on keys, quotas and rates."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from redis import Redis
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from jobs.auth.api_keys import RedisApiKeyStore, key_id_of
from jobs.redis.batches import BatchStore
from jobs.redis.connections import connect_async
from tests.api.conftest import HaveDone
from tests.contract.conftest import NewKey, with_key
from tests.contract.test_errors import unread

PHOTO = {"Content-Type": "image/jpeg"}


def submit(client: TestClient, secret: str, photo: bytes, **headers: str) -> Any:
    return client.post("/v1/jobs", content=photo, headers=with_key(secret, **PHOTO, **headers))


@pytest.mark.parametrize(
    ("keys", "host", "needed"),
    [
        ("auto", "127.0.0.1", False),
        ("auto", "::1", False),
        ("auto", "localhost", False),
        ("auto", "127.8.9.1", False),
        ("auto", "0.0.0.0", True),  # noqa: S104
        ("auto", "::", True),
        ("auto", "", True),
        ("auto", "192.168.1.5", True),
        ("auto", "example.org", True),
        ("on", "127.0.0.1", True),
        ("off", "0.0.0.0", False),  # noqa: S104
    ],
)
def test_keys_are_off_on_loopback_and_required_elsewhere_unless_switched_off_by_name(
    keys: Any, host: str, needed: bool
) -> None:
    settings = ApiSettings(keys=keys)
    client = TestClient(create_app(settings, host), raise_server_exceptions=False)
    assert (client.get("/v1/colormaps").status_code == 401) is needed


def test_no_or_wrong_api_key_is_401(nobody: TestClient, new_key: NewKey) -> None:
    right = new_key("Ada")
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    for headers in ({}, with_key(wrong), with_key("x"), {"Authorization": f"Bearer {wrong}"}):
        answer = nobody.get("/v1/models", headers=headers)
        assert answer.status_code == answer.json()["status"] == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="CropShield"'
        assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
        assert answer.json()["retryable"] is False
        assert wrong not in answer.text


def test_a_key_opens_by_either_header(nobody: TestClient, new_key: NewKey) -> None:
    secret = new_key("Ada")
    for headers in (with_key(secret), {"Authorization": f"Bearer {secret}"}):
        assert nobody.get("/v1/models", headers=headers).status_code == 200


def test_a_key_is_decided_before_the_body_is_read(guarded_app: FastAPI) -> None:
    """The body would raise if anybody asked for it."""

    def body() -> Any:
        pytest.fail("the body was read")
        yield b""

    client = TestClient(guarded_app)
    answer = client.post("/v1/jobs", content=body(), headers=PHOTO | {"Content-Length": "5"})
    assert answer.status_code == 401


def test_this_keys_rate_is_429_with_retry_after_and_ratelimit(
    nobody: TestClient, new_key: NewKey
) -> None:
    headers = with_key(new_key("Ada", rate=2))
    told = [nobody.get("/v1/models", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in told] == [200, 200, 429]
    assert [answer.headers["RateLimit-Policy"] for answer in told] == ['"requests";q=2;w=60'] * 3
    left = [re.findall(r"r=(\d+);t=(\d+)", answer.headers["RateLimit"])[0] for answer in told]
    assert [int(requests) for requests, _ in left] == [1, 0, 0]
    assert all(0 < int(seconds) <= 60 for _, seconds in left)
    refused = told[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert refused.headers["RateLimit"].endswith(f";t={refused.headers['Retry-After']}")
    assert refused.json()["type"] == "/problems/rate-exceeded"
    assert refused.json()["retryable"] is True
    assert "2 requests a minute" in refused.json()["detail"]


def test_another_key_has_a_rate_of_its_own(nobody: TestClient, new_key: NewKey) -> None:
    ada, bob = (with_key(new_key(name, rate=1)) for name in ("Ada", "Bob"))
    statuses = [nobody.get("/v1/models", headers=who).status_code for who in (ada, ada, bob)]
    assert statuses == [200, 429, 200]


def test_requests_come_back_evenly(nobody: TestClient, new_key: NewKey, redis_url: str) -> None:
    secret = new_key("Ada", rate=2)
    nobody.get("/v1/models", headers=with_key(secret))
    with Redis.from_url(redis_url, decode_responses=True) as client:
        bucket = f"cropshield:1:rate:{secret[:11]}"
        client.hset(bucket, "tokens", "0.2")
        client.hincrby(bucket, "at", -30_000)  # half a minute ago
    statuses = [nobody.get("/v1/models", headers=with_key(secret)).status_code for _ in range(2)]
    assert statuses == [200, 429]


def test_this_keys_quota_is_429_until_the_day_is_over(
    nobody: TestClient, new_key: NewKey, leaf_jpeg: bytes
) -> None:
    secret = new_key("Ada", quota=2)
    answers = [submit(nobody, secret, leaf_jpeg + bytes(i)) for i in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    refused = answers[-1]
    assert refused.json()["type"] == "/problems/quota-used-up"
    assert "2 jobs a day" in refused.json()["detail"]
    assert refused.headers["RateLimit-Policy"] == '"jobs";q=2;w=86400'
    assert refused.headers["RateLimit"].startswith('"jobs";r=0;t=')
    assert 0 < int(refused.headers["Retry-After"]) <= 86400
    assert nobody.get("/v1/models", headers=with_key(secret)).status_code == 200


def test_a_batch_beyond_this_keys_quota_is_429_and_makes_no_job(
    nobody: TestClient, new_key: NewKey, leaf_jpeg: bytes
) -> None:
    headers = with_key(new_key("Ada", quota=2))

    def send(photos: int) -> Any:
        files = [("images", (f"{n}.jpg", leaf_jpeg + bytes(n))) for n in range(photos)]
        return nobody.post("/v1/batches", files=files, headers=headers)

    refused = send(3)
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/quota-used-up")
    assert 0 < int(refused.headers["Retry-After"]) <= 86400
    assert nobody.get("/v1/jobs", headers=headers).json()["jobs"] == []
    assert send(2).status_code == 202


def test_a_batch_can_be_sent_again_when_the_quota_is_used_up(
    nobody: TestClient, new_key: NewKey, leaf_jpeg: bytes
) -> None:
    headers = with_key(new_key("Ada", quota=2))

    def send(key: str, **body: Any) -> Any:
        return nobody.post("/v1/batches", headers=headers | {"Idempotency-Key": key}, **body)

    files = [("images", (f"{n}.jpg", leaf_jpeg + bytes(n))) for n in range(2)]
    first, again = send("8e03978e", files=files), send("8e03978e", files=files)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    new = nobody.post(
        "/v1/batches", content=unread(), headers=headers | form | {"Idempotency-Key": "9"}
    )
    assert (new.status_code, new.json()["type"]) == (429, "/problems/quota-used-up")


def test_a_batch_that_a_crash_cut_off_is_finished_when_the_quota_is_used_up(
    nobody: TestClient, new_key: NewKey, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = with_key(new_key("Ada", quota=3)) | {"Idempotency-Key": "8e03978e"}
    files = [("images", (f"{n}.jpg", leaf_jpeg + bytes(n))) for n in range(3)]

    async def die(*_: Any) -> None:
        raise RuntimeError("gone before the record")

    with monkeypatch.context() as dying:
        dying.setattr(BatchStore, "save", die)
        assert nobody.post("/v1/batches", headers=headers, files=files).status_code == 500
    assert len(nobody.get("/v1/jobs", headers=headers).json()["jobs"]) == 3
    again = nobody.post("/v1/batches", headers=headers, files=files)
    assert again.status_code == 202, again.text
    assert len(nobody.get("/v1/jobs", headers=headers).json()["jobs"]) == 3


def test_what_was_accepted_can_be_sent_again_when_the_quota_is_used_up(
    nobody: TestClient, new_key: NewKey, leaf_jpeg: bytes
) -> None:
    """A phone resends for ever, also today."""
    secret, path = new_key("Ada", quota=2), "/v1/jobs/9b2e0f0c-6f5e-4a53-8f0e-2d8c7b1a4e3d"
    headers, again = with_key(secret, **PHOTO), {"Idempotency-Key": "8e03978e"}
    put = nobody.put(path, content=leaf_jpeg, headers=headers)
    post = submit(nobody, secret, leaf_jpeg + b"0", **again)
    assert (put.status_code, post.status_code) == (202, 202)
    for sent in (
        nobody.put(path, content=leaf_jpeg, headers=headers),
        submit(nobody, secret, leaf_jpeg + b"0", **again),
    ):
        assert (sent.status_code, sent.headers["Idempotency-Replayed"]) == (202, "true")
    for new in (
        nobody.put(path.replace("9b2e", "0000"), content=unread(), headers=headers),
        nobody.post("/v1/jobs", content=unread(), headers=headers | {"Idempotency-Key": "9"}),
        nobody.post("/v1/jobs", content=unread(), headers=headers),
    ):
        assert (new.status_code, new.json()["type"]) == (429, "/problems/quota-used-up")
        assert 0 < int(new.headers["Retry-After"]) <= 86400


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/batches"])
def test_a_key_that_fills_the_queue_is_503_before_its_body_and_another_is_not(
    redis_url: str, home: Path, new_key: NewKey, leaf_jpeg: bytes, path: str
) -> None:
    ada, bob = new_key("Ada"), new_key("Bob")
    settings = ApiSettings(redis_url=redis_url, home=home, keys="on", queue_bound=3)
    with TestClient(create_app(settings)) as client:
        for n in range(2):
            assert submit(client, ada, leaf_jpeg + bytes(n)).status_code == 202
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        refused = client.post(path, content=unread(), headers=with_key(ada, **form))
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/queue-full")
        assert "2 jobs of this key are waiting" in refused.json()["detail"]
        assert int(refused.headers["Retry-After"]) >= 1
        assert submit(client, bob, leaf_jpeg).status_code == 202


def test_a_photo_that_is_refused_costs_no_quota(nobody: TestClient, new_key: NewKey) -> None:
    secret = new_key("Ada", quota=1)
    assert [submit(nobody, secret, b"no photo").status_code for _ in range(3)] == [415] * 3


def test_a_429_is_not_remembered(
    nobody: TestClient, new_key: NewKey, leaf_jpeg: bytes, redis_url: str
) -> None:
    secret, again = new_key("Ada", rate=1), {"Idempotency-Key": "8e03978e"}
    nobody.get("/v1/models", headers=with_key(secret))
    assert submit(nobody, secret, leaf_jpeg, **again).status_code == 429
    with Redis.from_url(redis_url) as client:
        client.delete(f"cropshield:1:rate:{secret[:11]}")
    answer = submit(nobody, secret, leaf_jpeg, **again)
    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer.headers


def test_a_server_without_keys_limits_nobody(client: TestClient) -> None:
    answer = client.get("/v1/models")
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_key_that_is_revoked_meanwhile_gets_no_answer_to_its_wait(
    nobody: TestClient,
    new_key: NewKey,
    leaf_jpeg: bytes,
    revoke: Callable[[str], None],
    once_awaited: HaveDone,
    method: str,
) -> None:
    """Of a job that does not end before the wait does."""
    secret = new_key("Ada")
    path = submit(nobody, secret, leaf_jpeg).headers["Location"]
    once_awaited(lambda: revoke(secret))
    headers = with_key(secret, Prefer="wait=9", **{"Cache-Control": "no-cache"})
    if method == "GET":
        answer = nobody.get(path, headers=headers)
    else:
        answer = nobody.post("/v1/jobs", content=leaf_jpeg, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/wrong-key")


def test_the_stream_of_a_key_that_is_revoked_ends_and_tells_nothing_more(
    nobody: TestClient,
    new_key: NewKey,
    leaf_jpeg: bytes,
    revoke: Callable[[str], None],
    once_awaited: HaveDone,
) -> None:
    secret = new_key("Ada")
    path = submit(nobody, secret, leaf_jpeg).headers["Location"]
    once_awaited(lambda: revoke(secret))
    answer = nobody.get(f"{path}/events", headers=with_key(secret))  # the job never ends
    assert answer.status_code == 200
    assert answer.text.count("event: job") == 1


@pytest.fixture
def revoke(redis_url: str) -> Callable[[str], None]:
    async def run(secret: str) -> None:
        redis = connect_async(redis_url)
        await RedisApiKeyStore(redis).revoke(key_id_of(secret) or "")
        await redis.aclose()

    return lambda secret: asyncio.run(run(secret))
