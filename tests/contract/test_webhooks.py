"""The rows of the contract on webhooks: a server, its user, and a receiver on this machine."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from api.webhooks.dispatcher import DELAYS
from api.webhooks.sender import TIMEOUT_SECONDS
from jobs.redis.connections import connect_async
from jobs.webhooks.outbox import WebhookOutbox
from tests.api.conftest import FakeWorker
from tests.contract.conftest import NewKey, with_key

PHOTO = {"Content-Type": "image/jpeg"}
PATIENCE_SECONDS = 300


class Receiver:
    """Notes what it is sent; answers with the statuses given, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses) or [204]
        self.got: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                left = outer.statuses
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/leaf"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def settings(redis_url: str, home: Path) -> ApiSettings:
    return ApiSettings(redis_url=redis_url, home=home, webhook_targets="any")


@pytest.fixture
def client(settings: ApiSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def fake_worker(settings: ApiSettings) -> Iterator[FakeWorker]:
    fake_worker = FakeWorker(settings)
    yield fake_worker
    fake_worker.client.close()


@pytest.fixture
def secret(redis_url: str) -> str:
    return add_secret(redis_url)


def add_secret(url: str, owner: str = "local") -> str:
    async def add() -> str:
        redis = connect_async(url)
        try:
            return await WebhookOutbox(redis).add_secret(owner)
        finally:
            await redis.aclose()

    return asyncio.run(add())


def until(happened: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := happened()):
        if time.monotonic() > end:
            pytest.fail(f"not within {PATIENCE_SECONDS} s: {what}")
        time.sleep(0.02)
    return found


def submit(client: TestClient, photo: bytes, url: str, **headers: str) -> Any:
    path = "/v1/jobs"
    params = {"callback_url": url}
    return client.post(path, content=photo, params=params, headers=PHOTO | headers)


def make_due(redis_url: str) -> None:
    """As time does, to deliveries that wait: one under way would be made twice."""
    with Redis.from_url(redis_url) as client:
        for job_id in client.zrange("cropshield:1:outbox:local", 0, -1):
            client.zadd("cropshield:1:outbox:local", {job_id: 0}, xx=True)
            client.zadd("cropshield:1:outboxes", {"local": 0})


def test_callback_url_gets_the_terminal_job_by_standard_webhooks(
    client: TestClient, fake_worker: FakeWorker, leaf_jpeg: bytes, receiver: Receiver, secret: str
) -> None:
    job_id = submit(client, leaf_jpeg, receiver.url).json()["id"]
    fake_worker.succeed()
    until(lambda: receiver.got, "a webhook")
    (headers, body), *_ = receiver.got
    assert headers["webhook-id"] == f"msg_{job_id}"
    assert headers["content-type"] == "application/json"
    assert Webhook(secret).verify(body, headers) == client.get(f"/v1/jobs/{job_id}").json()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)


def test_two_secrets_are_valid_while_rotating(
    client: TestClient,
    fake_worker: FakeWorker,
    leaf_jpeg: bytes,
    receiver: Receiver,
    secret: str,
    redis_url: str,
) -> None:
    newer = add_secret(redis_url)
    submit(client, leaf_jpeg, receiver.url)
    fake_worker.succeed()
    until(lambda: receiver.got, "a webhook")
    (headers, body), *_ = receiver.got
    assert headers["webhook-signature"].count("v1,") == 2
    for valid in (secret, newer):
        Webhook(valid).verify(body, headers)


def test_a_failure_is_retried_with_the_same_id_and_listed_under_the_job(
    client: TestClient,
    fake_worker: FakeWorker,
    leaf_jpeg: bytes,
    receiver: Receiver,
    secret: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.webhooks.dispatcher.DELAYS", (3600.0,) * 5)  # none comes by itself
    receiver.statuses = [500, 302, 200]
    job = submit(client, leaf_jpeg, receiver.url).json()
    fake_worker.fail()

    def listed(count: int) -> Any:
        found = client.get(job["links"]["deliveries"]).json()
        return found if len(found) == count else None

    until(lambda: listed(1), "the first delivery")
    make_due(redis_url)
    until(lambda: listed(2), "the second delivery")
    make_due(redis_url)
    found = until(lambda: listed(3), "the third delivery")
    assert [each["status"] for each in found] == [500, 302, 200]
    assert [each["attempt"] for each in found] == [1, 2, 3]
    assert [each["next_at"] is not None for each in found] == [True, True, False]
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {f"msg_{job['id']}"}
    assert json.loads(receiver.got[0][1])["state"] == "failed"
    assert len(receiver.got) == 3


def test_a_receiver_that_answers_410_is_called_no_more(
    client: TestClient,
    fake_worker: FakeWorker,
    leaf_jpeg: bytes,
    receiver: Receiver,
    secret: str,
    redis_url: str,
) -> None:
    receiver.statuses = [410]
    job = submit(client, leaf_jpeg, receiver.url).json()
    fake_worker.succeed()
    (only,) = until(lambda: client.get(job["links"]["deliveries"]).json(), "a delivery")
    assert (only["status"], only["next_at"]) == (410, None)
    with Redis.from_url(redis_url) as redis:
        assert redis.zcard("cropshield:1:outboxes") == 0


def test_an_attempt_has_15_s_and_the_next_ones_come_at_5_s_5_min_30_min_2_h_and_5_h() -> None:
    assert TIMEOUT_SECONDS == 15
    assert DELAYS == (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600)


def test_nothing_is_lost_when_every_api_process_is_away_as_the_job_ends(
    settings: ApiSettings,
    fake_worker: FakeWorker,
    leaf_jpeg: bytes,
    receiver: Receiver,
    secret: str,
) -> None:
    with TestClient(create_app(settings)) as first:
        submit(first, leaf_jpeg, receiver.url)
    fake_worker.succeed()
    assert not receiver.got
    with TestClient(create_app(settings)):
        until(lambda: receiver.got, "a webhook from the next process")


def test_https_and_public_addresses_only(redis_url: str, home: Path, leaf_jpeg: bytes) -> None:
    add_secret(redis_url)
    with TestClient(create_app(ApiSettings(redis_url=redis_url, home=home))) as client:
        for url in ("http://example.org/", "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/"):
            refused = submit(client, leaf_jpeg, url)
            assert refused.status_code == 422
            assert refused.json()["type"] == "/problems/bad-callback"
            assert url in refused.json()["detail"]
        assert submit(client, leaf_jpeg, "https://localhost/").status_code == 202


def test_a_name_that_leads_within_is_listed_as_a_problem(
    redis_url: str, home: Path, leaf_jpeg: bytes
) -> None:
    add_secret(redis_url)
    settings = ApiSettings(redis_url=redis_url, home=home)
    with TestClient(create_app(settings)) as client:
        job = submit(client, leaf_jpeg, "https://localhost:9/").json()
        client.delete(job["links"]["self"])
        (only,) = until(lambda: client.get(job["links"]["deliveries"]).json(), "a delivery")
    assert only["status"] is None
    assert "not public" in only["problem"]


def test_a_webhook_without_a_secret_is_refused(
    client: TestClient, leaf_jpeg: bytes, receiver: Receiver
) -> None:
    refused = submit(client, leaf_jpeg, receiver.url)
    assert refused.status_code == 422
    assert "cropshield webhooks add" in refused.json()["detail"]


def test_each_key_has_secrets_of_its_own(
    redis_url: str, home: Path, leaf_jpeg: bytes, receiver: Receiver, new_key: NewKey
) -> None:
    """Ada cannot make a webhook that Bob would believe."""
    settings = ApiSettings(redis_url=redis_url, home=home, webhook_targets="any", keys="on")
    ada, bob = new_key("Ada"), new_key("Bob")
    hers, his = add_secret(redis_url, ada[:11]), add_secret(redis_url, bob[:11])
    with TestClient(create_app(settings)) as client:
        job = submit(client, leaf_jpeg, receiver.url, **with_key(ada)).json()
        client.delete(job["links"]["self"], headers=with_key(ada))
        until(lambda: receiver.got, "a webhook")
    headers, body = receiver.got[0]
    Webhook(hers).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(his).verify(body, headers)
