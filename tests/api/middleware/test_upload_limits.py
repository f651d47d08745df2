"""Slow clients and too many of them; other requests go on meanwhile."""

import asyncio
import json
import socket
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from api.context import context_of
from api.middleware import upload_limits
from api.middleware.upload_limits import UploadLimitMiddleware, UploadLimits
from api.problems.exception_handlers import error_response
from api.settings import ApiSettings
from api.uploads.read import FORM_OVERHEAD
from jobs.errors import CropShieldError
from jobs.records.job import LOCAL
from tests.api.serving import serving

RAW = {"Content-Type": "image/jpeg"}
LIMITS = UploadLimits(most=1, grace=60, rate=1000, body_bytes=10_000)


@pytest.fixture
def settings(redis_url: str, home: Path) -> ApiSettings:
    return ApiSettings(
        redis_url=redis_url,
        home=home,
        upload_grace_seconds=0.3,
        upload_bytes_per_second=1000,
    )


@pytest.mark.parametrize("path", [b"/v1/jobs", b"/v1/batches", b"/v1/jobs/x/feedback"])
def test_a_body_that_stops_coming_is_408(settings: ApiSettings, path: bytes) -> None:
    """A photo, a form and JSON, which are read in three ways."""
    form = b"multipart/form-data; boundary=x"
    kind = {b"/v1/jobs": b"image/jpeg", b"/v1/batches": form}.get(path, b"application/json")
    head = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\n" % (path, kind)

    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"Content-Length: 9999\r\n\r\n--x")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"/problems/too-slow" in answer
        assert b"3 bytes of the body came" in answer
        assert b"connection: close" in answer.lower()
        writer.close()

    serving(settings, act)


async def ask(app: ASGIApp, receive: Receive) -> list[Message]:
    """What a request whose body `receive` brings is answered."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": "/v1/jobs", "headers": headers}
    await app(scope, receive, send)
    return sent


def test_one_upload_too_many_is_503_before_its_body() -> None:
    """And when the first one has come, there is room again."""

    async def run() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            while (await receive())["more_body"]:
                begun.set()
            await Response()(scope, receive, send)

        async def slowly() -> Message:
            if begun.is_set():
                await go_on.wait()
            return {"type": "http.request", "body": b"a", "more_body": not begun.is_set()}

        async def never() -> Message:
            pytest.fail("the body was read")

        patient = UploadLimitMiddleware(app, LIMITS)
        first = asyncio.create_task(ask(patient, slowly))
        await begun.wait()
        head, body = await ask(patient, never)
        assert head["status"] == 503
        assert int(dict(head["headers"])[b"retry-after"]) >= 1
        assert json.loads(body["body"])["type"] == "/problems/too-many-uploads"
        go_on.set()
        assert (await first)[0]["status"] == 200
        assert (await ask(patient, slowly))[0]["status"] == 200

    asyncio.run(run())


class Uploading:
    """Bodies that come as they are told to, through one middleware."""

    def __init__(self, most: int = 2) -> None:
        self.middleware = UploadLimitMiddleware(self._read, UploadLimits(most, 60, 1000, 10_000))
        self.read = 0

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (message := await receive())["more_body"]:
                self.read += len(message["body"])
            await Response()(scope, receive, send)
        except CropShieldError as error:
            await error_response(Request(scope), error)(scope, receive, send)

    async def post(self, bodies: "asyncio.Queue[bytes]", owner: str = LOCAL) -> int:
        """Status of a request whose body ends with an empty part."""

        async def receive() -> Message:
            body = await bodies.get()
            return {"type": "http.request", "body": body, "more_body": bool(body)}

        return await self.status("POST", "/v1/jobs", receive, owner)

    async def status(
        self,
        method: str,
        path: str,
        receive: Receive,
        owner: str = LOCAL,
        *headers: tuple[bytes, bytes],
    ) -> int:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        fields = [(b"transfer-encoding", b"chunked"), *headers]
        scope = {"type": "http", "method": method, "path": path, "headers": fields}
        context_of(scope).owner = owner
        await self.middleware(scope, receive, send)
        return int(sent[0]["status"])


def test_the_slowest_of_too_many_uploads_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of one owner, or one address: bodies that trickle keep nobody out."""
    monkeypatch.setattr(upload_limits, "_SETTLED_SECONDS", 0.0)

    async def run() -> None:
        uploading = Uploading(most=2)
        trickle, steady, new = (asyncio.Queue[bytes]() for _ in range(3))
        slow = asyncio.create_task(uploading.post(trickle))
        fast = asyncio.create_task(uploading.post(steady))
        for part, queue in ((b"a", trickle), (b"a" * 9000, steady)):
            queue.put_nowait(part)
        while uploading.read < 9001:
            await asyncio.sleep(0.01)
        last = asyncio.create_task(uploading.post(new))
        assert await slow == 503
        for queue in (steady, new):
            queue.put_nowait(b"")
        assert list(await asyncio.gather(fast, last)) == [200, 200]

    asyncio.run(run())


def test_uploads_that_have_only_just_begun_are_safe() -> None:
    async def run() -> None:
        uploading, queues = Uploading(most=1), [asyncio.Queue[bytes]() for _ in range(2)]
        first = asyncio.create_task(uploading.post(queues[0]))
        await asyncio.sleep(0)
        assert await uploading.post(queues[1]) == 503
        queues[0].put_nowait(b"")
        assert await first == 200

    asyncio.run(run())


def test_a_key_has_no_more_uploads_than_there_is_room_left_for_others() -> None:
    async def run() -> None:
        uploading, never = Uploading(most=4), asyncio.Queue[bytes]()
        own = [asyncio.create_task(uploading.post(never, "one")) for _ in range(2)]
        await asyncio.sleep(0)
        assert await uploading.post(never, "one") == 503
        other = asyncio.create_task(uploading.post(asyncio.Queue(), "two"))
        await asyncio.sleep(0)
        assert not other.done()
        for task in (*own, other):
            task.cancel()

    asyncio.run(run())


def test_a_request_whose_body_nobody_reads_takes_no_room_from_uploads() -> None:
    """64 streams of events with a body each kept every photo out."""

    async def run() -> None:
        begun, end = asyncio.Event(), asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            begun.set()
            await end.wait()

        async def never() -> Message:
            raise AssertionError

        uploading = Uploading(most=1)
        uploading.middleware._app = app
        following = asyncio.create_task(uploading.status("GET", "/v1/jobs/a/events", never))
        await begun.wait()
        uploading.middleware._app = uploading._read
        done = asyncio.Queue[bytes]()
        done.put_nowait(b"")
        assert await uploading.post(done) == 200
        following.cancel()

    asyncio.run(run())


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "GZIP"])
def test_a_compressed_body_is_415_and_says_so(client: TestClient, encoding: str) -> None:
    for path in ("/v1/jobs", "/v1/batches", "/v1/jobs/x/feedback"):
        answer = client.post(path, content=b"x", headers={"Content-Encoding": encoding})
        assert (answer.status_code, answer.json()["type"]) == (
            415,
            "/problems/unsupported-encoding",
        )
        assert encoding in answer.json()["detail"]
        assert answer.headers["Accept-Encoding"] == "identity"


def test_no_route_reads_more_of_a_body_than_its_limit(settings: ApiSettings) -> None:
    """Every route, also of those to come; chunked, so that its length is not known before."""
    app = create_app(settings.model_copy(update={"max_bytes": 100_000, "max_batch_bytes": 200_000}))
    limits = {
        "POST /v1/jobs": 100_000,
        "PUT /v1/jobs/{job_id}": 100_000,
        "POST /v1/batches": 200_000 + FORM_OVERHEAD,
    }

    async def run(method: str, path: str) -> int:
        read, part = 0, b"--x\r\n" + b"a" * 16_384

        async def receive() -> Message:
            nonlocal read
            read += len(part)
            assert read < 10_000_000
            return {"type": "http.request", "body": part, "more_body": True}

        async def send(message: Message) -> None:
            pass

        kind = b"multipart/form-data; boundary=x" if path == "/v1/batches" else b"application/json"
        headers = [(b"transfer-encoding", b"chunked"), (b"content-type", kind), (b"host", b"::1")]
        scope = {
            "type": "http",
            "method": method,
            "path": path.replace("{job_id}", str(UUID(int=4))),
        }
        await app(scope | {"headers": headers, "query_string": b""}, receive, send)
        return read

    async def all_routes() -> None:
        for path, operations in app.openapi()["paths"].items():
            for method in map(str.upper, operations):
                most = limits.get(f"{method} {path}", settings.max_body_bytes)
                assert await run(method, path) <= most + 20_000, (method, path)

    asyncio.run(all_routes())


def test_feedback_has_a_limit_by_its_declared_length_too(client: TestClient) -> None:
    answer = client.post("/v1/jobs/x/feedback", content=b" " * 70_000)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-too-large")
    assert "70,000" in answer.json()["detail"]
    assert "65,536" in answer.json()["detail"]


def test_a_store_that_hangs_holds_nobody_else_up(
    settings: ApiSettings, leaf_jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If anything waited on the event loop, the photo would never be stored."""
    app, go_on, hangs = create_app(settings), threading.Event(), threading.Event()
    blobs = app.state.services.jobs.blobs
    put = blobs.put

    def hang(*args: Any) -> None:
        hangs.set()
        assert go_on.wait(60)
        put(*args)

    monkeypatch.setattr(blobs, "put", hang)

    async def act(port: int) -> None:
        address = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
            sent = asyncio.create_task(client.post("/v1/jobs", content=leaf_jpeg, headers=RAW))
            while not hangs.is_set():
                await asyncio.sleep(0.01)
            assert (await client.get("/livez")).status_code == 200
            go_on.set()
            assert (await sent).status_code == 202

    serving(settings, act, app)


def test_a_redis_that_never_answers_holds_nobody_else_up(home: Path) -> None:
    async def act(port: int) -> None:
        address = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
            asked = asyncio.create_task(client.get("/v1/jobs/x"))
            while not silent.connections:
                await asyncio.sleep(0.01)
            assert (await client.get("/livez")).status_code == 200
            silent.let_go()
            assert (await asked).status_code == 503

    silent = _Silent()
    try:
        settings = ApiSettings(home=home, redis_url=f"redis://127.0.0.1:{silent.port}/0")
        serving(settings, act)
    finally:
        silent.close()


class _Silent:
    """Takes connections and says nothing."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open = True
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._socket.settimeout(0.05)
        while self._open:
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.connections.append(connection)
            if self._gone:
                connection.close()

    _gone = False

    def let_go(self) -> None:
        """Hang up, on whoever comes later too."""
        self._gone = True
        for connection in self.connections:
            connection.close()

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self.let_go()
        self._socket.close()
