"""The states that a client may meet, and how they follow one another."""

import pytest
from starlette.testclient import TestClient

from jobs.ports import Claim, Outcome
from jobs.records.job import State
from jobs.redis import keyspace
from tests.api.conftest import RESULT, FakeWorker


@pytest.fixture
def path(client: TestClient, leaf_jpeg: bytes) -> str:
    """Of a queued job."""
    return client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]


def die(fake_worker: FakeWorker) -> Claim:
    """As a worker in the midst of a job; somebody notices when its lease has run out."""
    (claim,) = fake_worker.queue.claim(1)
    fake_worker.client.zadd(keyspace.LEASES, {claim.job.id: 0})
    fake_worker.queue.reap()
    return claim


def test_a_job_is_queued_then_running_then_succeeded(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    seen = [client.get(path).json()["state"]]
    (claim,) = fake_worker.queue.claim(1)
    seen.append(client.get(path).json()["state"])
    fake_worker.end(claim)
    seen.append(client.get(path).json()["state"])
    assert seen == ["queued", "running", "succeeded"]


def test_running_becomes_queued_again_only_by_recovery_which_adds_one_to_attempts(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    die(fake_worker)
    again = client.get(path).json()
    assert (again["state"], again["attempts"], again["started_at"]) == ("queued", 1, None)
    assert fake_worker.queue.claim(1)[0].job.attempts == 2


def test_after_2_attempts_a_job_is_failed_as_worker_lost(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    for _ in range(2):
        assert client.get(path).json()["state"] == "queued"
        die(fake_worker)
    failed = client.get(path).json()
    assert (failed["state"], failed["attempts"]) == ("failed", 2)
    assert failed["error"]["type"].endswith("/worker-lost")


@pytest.mark.parametrize("late", [State.SUCCEEDED, State.FAILED])
def test_what_has_ended_does_not_change(
    client: TestClient, path: str, fake_worker: FakeWorker, late: State
) -> None:
    (claim,) = fake_worker.queue.claim(1)
    client.delete(path)
    fake_worker.end(claim)
    ended = client.get(path).json()
    assert ended["state"] == "canceled"
    fake_worker.queue.finish(claim, Outcome(late, result=RESULT))
    fake_worker.queue.reap()
    client.delete(path)
    assert client.get(path).json() == ended | {"erased": True}
