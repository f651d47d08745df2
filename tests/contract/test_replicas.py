"""With `CROPSHIELD_REDIS_REPLICAS`, nothing is answered as kept that no replica has."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from benchmarks.chaos.redis_group import RedisGroup, until
from jobs.records.job import new_id
from tests.api.conftest import FakeWorker
from tests.redis_groups import replicated

__all__ = ["replicated"]
Send = Callable[[], Any]


@pytest.fixture
def settings(replicated: RedisGroup, home: Path) -> ApiSettings:
    url = replicated.url_of(replicated.ports[0])
    return ApiSettings(redis_url=url, redis_replicas=1, home=home, max_bytes=200_000)


@pytest.fixture
def client(settings: ApiSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def promises(client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker) -> dict[str, Send]:
    """Requests that promise to keep something, and can be sent again and again."""
    key, job_id = {"Idempotency-Key": "leaf"}, new_id()
    batch = {"images": ("leaf.jpg", leaf_jpeg + b"\0")}
    client.post("/v1/jobs", content=leaf_jpeg)
    ended = f"/v1/jobs/{fake_worker.succeed(leaf_jpeg)}"
    canceled = client.post("/v1/jobs", content=leaf_jpeg + b"\1").headers["location"]
    return {
        "post": lambda: client.post("/v1/jobs", content=leaf_jpeg + b"\2", headers=key),
        "put": lambda: client.put(f"/v1/jobs/{job_id}", content=leaf_jpeg + b"\3"),
        "cached": lambda: client.post("/v1/jobs", content=leaf_jpeg),
        "batch": lambda: client.post("/v1/batches", files=batch, headers=key),
        "feedback": lambda: client.post(f"{ended}/feedback", json={"agree": True}),
        "cancel": lambda: client.delete(canceled),
        "erase": lambda: client.delete(ended),
    }


NAMES = ("post", "put", "cached", "batch", "feedback", "cancel", "erase")


@pytest.mark.parametrize("name", NAMES)
def test_what_a_replica_has_not_got_is_503_and_the_same_request_is_accepted_later(
    replicated: RedisGroup, promises: dict[str, Send], name: str
) -> None:
    send, replica = promises[name], replicated.ports[1]
    replicated.pause(replica)
    for _ in range(2):  # what is stored already is as far from the replica as before
        refused = send()
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/not-replicated")
        assert refused.json()["retryable"]
        assert int(refused.headers["retry-after"]) > 0
    replicated.resume(replica)
    accepted = send()
    assert accepted.status_code in (200, 201, 202), accepted.text
    if name in ("post", "put"):  # it was recorded by the first request
        assert accepted.headers["idempotency-replayed"] == "true"


def test_while_the_replica_is_away_photos_are_refused_unread_and_leave_nothing(
    replicated: RedisGroup, client: TestClient, leaf_jpeg: bytes
) -> None:
    primary, replica = replicated.ports
    replicated.kill(replica)
    until(lambda: not replicated.following(primary), "the primary has noticed")
    assert client.post("/v1/jobs", content=b"no photo").status_code == 503
    assert client.get("/v1/jobs").json()["jobs"] == []
    replicated.start_redis(replica, "--replicaof", "127.0.0.1", str(primary))
    until(lambda: replicated.following(primary) == 1, "the replica is back")
    until(lambda: client.post("/v1/jobs", content=leaf_jpeg).status_code == 202, "accepted")
