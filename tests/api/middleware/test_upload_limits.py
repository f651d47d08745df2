"""Slow clients and too many of them; other requests go on meanwhile."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from api.middleware import upload_limits
from api.middleware.upload_limits import HeaderTimeoutProtocol, UploadLimitMiddleware
from api.settings import ApiSettings

RAW = {"Content-Type": "image/jpeg"}
Act = Callable[[int], Awaitable[None]]


def serving(app: FastAPI, act: Act) -> None:
    """Runs `act` with the port of a real server of `app`, on one loop with it."""

    async def run() -> None:
        config = uvicorn.Config(
            app,
            "127.0.0.1",
            0,
            http=HeaderTimeoutProtocol,
            ws="none",
            log_config=None,
            lifespan="on",
        )
        server = uvicorn.Server(config)
        serve = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            await act(server.servers[0].sockets[0].getsockname()[1])
        finally:
            server.should_exit = True
            await serve

    asyncio.run(run())


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

    serving(create_app(settings), act)


def test_a_head_that_stops_coming_ends_the_connection(
    settings: ApiSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_limits, "HEADER_TIMEOUT_SECONDS", 0.2)

    async def act(port: int) -> None:
        for begun in (b"", b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            assert await reader.read() == b""
            writer.close()

    serving(create_app(settings), act)


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

        patient = UploadLimitMiddleware(app, most=1, grace=60, rate=1000)
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

    serving(app, act)


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
        serving(create_app(settings), act)
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
