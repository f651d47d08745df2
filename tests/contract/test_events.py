"""The row on events; what clients meet beside it is in tests/api."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.settings import ApiSettings
from tests.api.conftest import FakeWorker, HaveDone


@pytest.fixture
def path(client: TestClient, leaf_jpeg: bytes) -> str:
    """Of a queued job."""
    return client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]


def fields(text: str) -> list[dict[str, str]]:
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


def test_a_job_event_comes_on_every_change_and_the_stream_ends_after_the_terminal_one(
    client: TestClient, path: str, fake_worker: FakeWorker, once_awaited: HaveDone
) -> None:
    once_awaited(fake_worker.succeed)
    answer = client.get(f"{path}/events")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    told = fields(answer.text)
    assert {event["event"] for event in told} == {"job"}
    states = [json.loads(event["data"])["state"] for event in told]
    assert (states[0], states[-1]) == ("queued", "succeeded")
    assert states == sorted(states, key=("queued", "running", "succeeded").index)


def test_ids_and_last_event_id_spare_what_was_seen(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    fake_worker.succeed()
    (end,) = fields(client.get(f"{path}/events").text)

    def again(seen: str) -> Any:
        return client.get(f"{path}/events", headers={"Last-Event-ID": seen})

    assert fields(again("another").text) == [end]
    assert (again(end["id"]).status_code, again(end["id"]).content) == (204, b"")


def test_the_heartbeat_is_15_s() -> None:
    """That it beats at all is in tests/api, where it is faster."""
    assert ApiSettings().heartbeat_seconds == 15
