"""GET /v1/jobs/{id}/events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from api.app import create_app
from api.settings import ApiSettings
from jobs.records.job import LOCAL, Job
from jobs.redis.watch import JobWatch
from tests.api.conftest import FakeWorker, HaveDone


@pytest.fixture
def settings(settings: ApiSettings) -> ApiSettings:
    return settings.model_copy(update={"heartbeat_seconds": 0.2})


@pytest.fixture
def path(client: TestClient, leaf_jpeg: bytes) -> str:
    """Of a queued job."""
    return client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]


def events(text: str) -> list[dict[str, Any]]:
    """Name, id and data of each event; comments are left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if fields:
            found.append(fields | {"data": json.loads(fields["data"])})
    return found


def test_every_change_is_an_event_and_the_last_one_ends_the_stream(
    client: TestClient, path: str, fake_worker: FakeWorker, once_awaited: HaveDone
) -> None:
    once_awaited(fake_worker.succeed)
    answer = client.get(f"{path}/events")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    told = events(answer.text)
    assert {event["event"] for event in told} == {"job"}
    states = [event["data"]["state"] for event in told]
    assert states[0] == "queued"
    assert states[-1] == "succeeded"
    assert told[0]["data"]["queue"]["position"] == 0
    assert told[-1]["data"] == client.get(path).json()
    assert len({event["id"] for event in told}) == len(told)


def test_a_quiet_stream_gives_signs_of_life(
    client: TestClient, path: str, fake_worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, signs = JobWatch.changes, list[None]()

    async def noted(*of: Any) -> AsyncIterator[Job | None]:
        async for change in changes(*of):
            yield change
            if change is None:
                signs.append(change)
                if len(signs) == 2:
                    await asyncio.to_thread(fake_worker.succeed)

    monkeypatch.setattr(JobWatch, "changes", noted)
    assert client.get(f"{path}/events").text.count(": still here\n\n") == 2


def test_who_comes_back_gets_only_what_changed_since(
    client: TestClient, path: str, fake_worker: FakeWorker, once_awaited: HaveDone
) -> None:
    once_awaited(fake_worker.succeed)
    first = events(client.get(f"{path}/events").text)
    since = {"Last-Event-ID": first[0]["id"]}
    again = events(client.get(f"{path}/events", headers=since).text)
    assert [event["data"]["state"] for event in again] == ["succeeded"]
    assert again[0]["id"] == first[-1]["id"]


def test_who_knows_the_end_is_told_not_to_come_back(
    client: TestClient, path: str, fake_worker: FakeWorker
) -> None:
    fake_worker.succeed()
    (end,) = events(client.get(f"{path}/events").text)
    answer = client.get(f"{path}/events", headers={"Last-Event-ID": end["id"]})
    assert (answer.status_code, answer.content) == (204, b"")


def test_an_unknown_job_is_a_problem_and_no_stream(client: TestClient) -> None:
    answer = client.get("/v1/jobs/nope/events")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/job-not-found"


def test_a_client_that_hangs_up_leaves_nothing_behind(
    settings: ApiSettings, client: TestClient, path: str
) -> None:
    """The application as a server calls it, with a client that goes after the first event."""
    app = create_app(settings)
    gone = asyncio.Event()
    watched = []

    async def receive() -> Message:
        if not received:
            received.append(True)
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            watched.append(app.state.services.watch.waiting)
            gone.set()

    received: list[bool] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"{path}/events",
        "raw_path": f"{path}/events".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }

    async def run() -> None:
        async with app.router.lifespan_context(app):
            await asyncio.wait_for(app(scope, receive, send), 300)

    asyncio.run(run())
    assert watched[0] == 1
    assert app.state.services.watch.waiting == 0


def test_as_many_streams_as_may_be_leave_polls_and_answers_alone(
    settings: ApiSettings, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    app = create_app(settings.model_copy(update={"max_streams": 1}))
    with TestClient(app) as client:
        path = client.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
        streams = app.state.services.streams
        assert streams.take(LOCAL)
        refused = client.get(f"{path}/events")
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/too-many-streams")
        assert int(refused.headers["Retry-After"]) >= 1
        polled = client.get(path, headers={"Prefer": "wait=25"})
        assert (polled.status_code, polled.json()["state"]) == (200, "queued")
        assert "Preference-Applied" not in polled.headers
        streams.give_back(LOCAL)
        fake_worker.succeed()
        for _ in range(3):
            assert client.get(f"{path}/events").status_code == 200
        assert streams.total == 0
