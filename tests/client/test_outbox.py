"""The outbox: what is kept, what is sent, and what becomes of it, by a server of a few lines."""

import asyncio
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cropshield_client import (
    AccessDenied,
    AsyncCropShield,
    AsyncOutbox,
    CropShield,
    InvalidResponse,
    NotFound,
    Outbox,
    OutboxFailed,
    OutboxFull,
    RateLimited,
    RetryPolicy,
    ServerFailed,
    Unavailable,
    Unreachable,
)

ONCE = RetryPolicy(deadline=0)
JOB = {"created_at": "2026-11-23T08:00:00Z", "expires_at": "2026-11-26T08:00:00Z"}
Answer = Callable[[httpx2.Request], httpx2.Response]


def job(request: httpx2.Request, state: str = "queued", **members: Any) -> httpx2.Response:
    job_id = request.url.path.rpartition("/")[2]
    return httpx2.Response(200, json={**JOB, "id": job_id, "state": state, **members})


def problem(status: int, slug: str, *, retryable: bool = False) -> httpx2.Response:
    document = {"type": f"/problems/{slug}", "title": slug, "status": status, "detail": "because"}
    kind = {"content-type": "application/problem+json"}
    return httpx2.Response(status, json={**document, "retryable": retryable}, headers=kind)


class Server:
    """Answers as `answer` does, and keeps the requests."""

    def __init__(self, answer: Answer = job) -> None:
        self.answer, self.requests = answer, list[httpx2.Request]()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        return self.answer(request)

    def outbox(self, path: Path, **options: Any) -> Outbox:
        http = httpx2.Client(transport=httpx2.MockTransport(self))
        return Outbox(CropShield(http=http, retry=ONCE), path / "outbox.sqlite", **options)


def no_network(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("no route", request=request)


def states(outbox: Outbox) -> list[str]:
    return [item.state for item in outbox.items()]


def test_a_photo_waits_is_sent_and_is_answered(tmp_path: Path) -> None:
    server = Server()
    outbox = server.outbox(tmp_path)
    added = outbox.add(b"leaf", top_k=2, client_ref=None)
    assert (added.state, added.size, outbox.photo(added)) == ("waiting", 4, b"leaf")
    assert outbox.send() == 1
    (sent,) = server.requests
    assert (sent.method, sent.url.path, sent.content) == ("PUT", f"/v1/jobs/{added.id}", b"leaf")
    assert dict(sent.url.params) == {"top_k": "2"}
    assert outbox.receive() == 0
    assert states(outbox) == ["sent"]
    result = {"predictions": [{"class_index": 3, "class_name": "Apple__scab", "confidence": 0.9}]}
    server.answer = lambda request: job(request, "succeeded", result=result)
    assert outbox.receive() == 1
    (answered,) = server.outbox(tmp_path).items("answered")
    assert answered.job
    assert answered.job.best.class_name == "Apple__scab"
    assert (answered.size, outbox.photo(answered)) == (0, None)
    before = len(server.requests)
    assert outbox.send() + outbox.receive() == 0
    assert len(server.requests) == before


def test_without_a_network_photos_wait_and_say_why(tmp_path: Path) -> None:
    server = Server(no_network)
    outbox = server.outbox(tmp_path)
    ids = [outbox.add(photo).id for photo in (b"one", b"two")]
    with pytest.raises(Unreachable):
        outbox.send()
    assert [item.reason is None for item in outbox.items("waiting")] == [False, True]
    server.answer, server.requests = job, []
    assert server.outbox(tmp_path).send() == 2
    assert [request.url.path for request in server.requests] == [f"/v1/jobs/{it}" for it in ids]
    assert [item.reason for item in outbox.items("sent")] == [None, None]


PORTAL = httpx2.Response(200, html="<h1>Welcome to the hotel's network</h1>")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(401, "wrong-key"), AccessDenied),
        (problem(503, "queue-full", retryable=True), Unavailable),
        (problem(429, "quota-used-up", retryable=True), RateLimited),
        (PORTAL, InvalidResponse),
        (httpx2.Response(404, text="404 page not found"), NotFound),
    ],
    ids=["key", "full", "quota", "login page", "no such server"],
)
def test_what_concerns_all_photos_lets_all_of_them_wait(
    tmp_path: Path, answer: httpx2.Response, error: type[Exception]
) -> None:
    server = Server(lambda _: answer)
    outbox = server.outbox(tmp_path)
    outbox.add(b"one")
    outbox.add(b"two")
    with pytest.raises(error):
        outbox.send()
    assert states(outbox) == ["waiting", "waiting"]
    assert len(server.requests) == 1


def test_a_photo_that_the_server_fails_on_does_not_hold_up_the_others(tmp_path: Path) -> None:
    failed = problem(500, "internal", retryable=True)
    server = Server(lambda request: failed if request.content == b"one" else job(request))
    outbox = server.outbox(tmp_path)
    outbox.add(b"one")
    outbox.add(b"two")
    with pytest.raises(ServerFailed):
        outbox.send()
    assert states(outbox) == ["waiting", "sent"]


@pytest.mark.parametrize(
    "refusal",
    [
        problem(415, "unsupported-format"),
        problem(422, "unknown-model"),
        problem(409, "id-taken"),
        problem(410, "job-gone"),
        httpx2.Response(413, text="<html>Request Entity Too Large</html>"),
    ],
    ids=["format", "model", "id", "gone", "proxy"],
)
def test_a_refused_photo_has_failed_is_kept_and_can_be_retried_as_a_new_job(
    tmp_path: Path, refusal: httpx2.Response
) -> None:
    server = Server(lambda request: refusal if request.content == b"one" else job(request))
    outbox = server.outbox(tmp_path)
    first = outbox.add(b"one", model="nope")
    outbox.add(b"two")
    assert outbox.send() == 1
    (failed,) = outbox.items("failed")
    assert str(refusal.status_code) in (failed.reason or "")
    assert (failed.id, outbox.photo(failed)) == (first.id, b"one")
    server.answer = job
    again = outbox.retry(failed, model="resnet18")
    assert again.id != failed.id
    assert (again.state, again.reason) == ("waiting", None)
    assert outbox.send() == 1
    assert dict(server.requests[-1].url.params) == {"model": "resnet18"}


def test_a_job_without_a_result_has_failed_and_says_why(tmp_path: Path) -> None:
    server = Server()
    outbox = server.outbox(tmp_path)
    for photo in (b"half", b"late", b"gone"):
        outbox.add(photo)
    outbox.send()
    error = {"type": "/problems/undecodable-photo", "detail": "the file breaks off"}
    ends: Iterator[Answer] = iter(
        [
            lambda request: job(request, "failed", error=error),
            lambda request: job(request, "expired"),
            lambda _: problem(410, "job-gone"),
        ]
    )
    server.answer = lambda request: next(ends)(request)
    assert outbox.receive() == 3
    reasons = [item.reason for item in outbox.items("failed")]
    assert reasons == ["the file breaks off", "expired", "job-gone (410): because"]
    assert [outbox.photo(item) for item in outbox.items()] == [b"half", b"late", b"gone"]


def test_adding_the_same_again_changes_nothing(tmp_path: Path) -> None:
    outbox, chosen = Server().outbox(tmp_path), str(uuid.uuid4())
    first = outbox.add(b"leaf", id=chosen, top_k=2)
    outbox.send()
    assert outbox.add(b"leaf", id=chosen, top_k=2).added_at == first.added_at
    assert states(outbox) == ["sent"]
    with pytest.raises(ValueError, match=chosen):
        outbox.add(b"another", id=chosen, top_k=2)
    with pytest.raises(ValueError, match=chosen):
        outbox.add(b"leaf", id=chosen, top_k=3)
    with pytest.raises(ValueError, match="'leaf-1' is no UUID"):
        outbox.add(b"leaf", id="leaf-1")


def test_the_disk_that_photos_take_is_bounded(tmp_path: Path) -> None:
    server = Server(no_network)
    outbox, file = server.outbox(tmp_path, max_bytes=1_000_000), tmp_path / "outbox.sqlite"
    for number in range(10):
        outbox.add(bytes([number]) * 100_000)
    with pytest.raises(OutboxFull, match=r"keeps 1,000,000 bytes .* has 5, .* limit is 1,000,000"):
        outbox.add(b"small")
    assert len(outbox.items()) == 10
    assert file.stat().st_size < 1_100_000
    server.answer = lambda request: job(request, "succeeded")
    outbox.send()
    outbox.add(b"small")
    assert file.stat().st_size < 100_000
    for item in outbox.items():
        outbox.remove(item)
    assert outbox.items() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system can only be mounted by root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_and_what_is_kept_stays(small_disk: Path) -> None:
    outbox = Server().outbox(small_disk)
    outbox.add(b"leaf")
    with pytest.raises(OutboxFull, match="disk is full"):
        outbox.add(b"x" * 2_000_000)
    assert [outbox.photo(item) for item in outbox.items()] == [b"leaf"]
    assert outbox.send() == 1


def test_a_file_that_is_no_outbox_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "outbox.sqlite"
    file.write_text("notes of a journey " * 50)
    with pytest.raises(OutboxFailed, match="not a database"):
        Server().outbox(tmp_path)
    assert file.read_text().startswith("notes")
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE birds (name TEXT)")
    other.close()
    with pytest.raises(OutboxFailed, match="another program or version"):
        Server().outbox(tmp_path)
    with pytest.raises(OutboxFailed, match="unable to open"):
        Server().outbox(tmp_path / "no folder")


def test_what_is_asked_of_a_photo_that_is_not_there_or_has_not_failed_is_refused(
    tmp_path: Path,
) -> None:
    outbox = Server().outbox(tmp_path)
    item = outbox.add(b"leaf")
    with pytest.raises(ValueError, match="is waiting; only failed"):
        outbox.retry(item)
    outbox.remove(item)
    for ask in (outbox.retry, outbox.remove, outbox.photo):
        with pytest.raises(LookupError, match=item.id):
            ask(item)
    with pytest.raises(ValueError, match="'done' is none of waiting, sent, answered, failed"):
        outbox.items("done")


def test_a_photo_that_is_removed_while_others_are_sent_is_not_sent(tmp_path: Path) -> None:
    server = Server()
    outbox = server.outbox(tmp_path)
    outbox.add(b"one")
    second = outbox.add(b"two")

    def remove_the_second(request: httpx2.Request) -> httpx2.Response:
        outbox.remove(second)
        return job(request)

    server.answer = remove_the_second
    assert outbox.send() == 1
    assert len(server.requests) == 1


def test_the_outbox_can_be_awaited(tmp_path: Path) -> None:
    async def two() -> list[str]:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda request: job(request)))
        async with AsyncCropShield(http=http, retry=ONCE) as client:
            outbox = AsyncOutbox(client, tmp_path / "outbox.sqlite")
            await asyncio.gather(outbox.add(b"one"), outbox.add(b"two"))
            assert await outbox.send() == 2
            assert await outbox.receive() == 0
            return [item.state for item in await outbox.items()]

    assert asyncio.run(two()) == ["sent", "sent"]
