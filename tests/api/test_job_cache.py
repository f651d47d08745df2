"""A job asked for without waiting: the same answer as with it, and never an old one."""

from typing import Any

import pytest
from redis.asyncio import Redis
from starlette.testclient import TestClient

from jobs.redis import keyspace
from tests.api.conftest import FakeWorker
from tests.api.middleware.test_access_log import lines

ROUTE = {"Prefer": "return=representation"}  # asks for nothing, but is left to the route


@pytest.fixture
def path(client: TestClient, leaf_jpeg: bytes) -> str:
    """Of a queued job."""
    return client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]


def told(client: TestClient, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    answer = client.get(path, headers=headers)
    of_each = {"date", "x-request-id"}
    return (
        answer.status_code,
        answer.content,
        {k: v for k, v in answer.headers.items() if k not in of_each},
    )


def same_both_ways(client: TestClient, path: str) -> Any:
    short, route = told(client, path), told(client, path, **ROUTE)
    assert short == route
    tag = short[2].get("etag", "")
    known = told(client, path, **{"If-None-Match": tag})
    assert known == told(client, path, **{"If-None-Match": tag}, **ROUTE)
    assert known[0] == (304 if tag else short[0])
    return client.get(path).json()


def test_every_state_is_told_as_the_route_tells_it(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    assert same_both_ways(client, path)["state"] == "queued"
    fake_worker.succeed()
    for _ in range(3):  # the later ones from what was kept
        assert same_both_ways(client, path)["state"] == "succeeded"
    assert told(client, path.upper().replace("/V1/JOBS", "/v1/jobs"))[0] == 200


def test_what_was_erased_is_told_at_once(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    fake_worker.succeed()
    assert [client.get(path).json()["erased"] for _ in range(2)] == [False, False]
    client.delete(path)
    for _ in range(2):
        assert same_both_ways(client, path)["erased"] is True


def test_what_has_expired_is_410_then_404_though_it_was_kept(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    job_id = fake_worker.succeed()
    for _ in range(2):
        client.get(path)
    fake_worker.client.delete(keyspace.JOB + job_id)
    problem = client.get(path)
    assert (problem.status_code, problem.json()["type"]) == (410, "/problems/job-gone")
    fake_worker.client.delete(keyspace.GONE + job_id)
    assert client.get(path).json()["type"] == "/problems/job-not-found"


def test_a_store_that_is_down_is_a_problem(
    client: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr(Redis, "execute_command", down)
    answer = client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/store-down")
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["instance"] == path


def test_the_log_and_head_know_it_as_the_route(
    client: TestClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    (record,) = lines(caplog)
    assert record.getMessage() == "HEAD /v1/jobs/{job_id} 200"
    assert vars(record)["job_id"] in path


def test_who_does_not_wait_is_answered_without_the_handler_that_waits(
    client: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("api.routes.jobs.conditional_job_response", asked)
    assert client.get(path).status_code == 200
    assert client.get(path, headers=ROUTE).status_code == 500
