"""Connections that are held for nothing, heads without end, readers who do not read."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import Response

from api.settings import ApiSettings
from tests.api.serving import serving, settings_without_redis

GET = b"GET /livez HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /v1/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def settings(home: Path) -> ApiSettings:
    return settings_without_redis(
        home,
        max_header_bytes=2000,
        max_headers=10,
        max_target_bytes=500,
        max_query_parameters=16,
    )


async def send(port: int, data: bytes) -> bytes:
    """All that comes until the server hangs up, which it has to."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(60):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def problem(answer: bytes) -> tuple[int, str, str]:
    """Status, slug and detail of the one problem that was answered."""
    head, body = answer.split(b"\r\n\r\n", 1)
    document: dict[str, Any] = json.loads(body)
    assert b"application/problem+json" in head
    assert document["status"] == int(head.split()[1])
    assert document["request_id"]
    return document["status"], document["type"].removeprefix("/problems/"), document["detail"]


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"\r\n",
        GET + b"X-Slow",
        GET + b"\r\n",
        GET + b"\r\n\r\n",
        GET + b"\r\n" + GET,
        POST + b"Content-Length: 9999\r\n\r\nbegun",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n0\r\nX-Trailer: a",
    ],
)
def test_a_connection_that_is_held_for_nothing_is_closed(
    settings: ApiSettings, begun: bytes
) -> None:
    """Before a request, in a head, after an answer, and with the rest of a body to come."""
    settings = settings.model_copy(update={"header_seconds": 0.2})

    async def act(port: int) -> None:
        answer = await send(port, begun)
        assert answer.count(b"HTTP/1.1 ") == (b"\r\n\r\n" in begun)

    serving(settings, act)


def test_bytes_now_and_then_hold_no_connection(settings: ApiSettings) -> None:
    """Each of them put the only timer off, or ended it."""
    settings = settings.model_copy(update={"header_seconds": 0.2})

    async def act(port: int) -> None:
        for begun, drip in ((GET + b"\r\n", b"\r\n"), (GET, b"a")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            ended = asyncio.create_task(reader.read())
            async with asyncio.timeout(60):
                while not ended.done():
                    writer.write(drip)
                    await asyncio.sleep(0.05)
            ended.exception()
            writer.close()

    serving(settings, act)


BAD_HEADS: list[tuple[bytes, int, str, str]] = [
    (GET + b"a: b\r\n" * 100_000 + b"\r\n", 431, "headers-too-large", "limit is 10"),
    (GET + b"a: " + b"b" * 3000 + b"\r\n\r\n", 431, "headers-too-large", "limit is 2,000"),
    (b"GET /" + b"a" * 600 + b" HTTP/1.1\r\n\r\n", 414, "target-too-long", "limit is 500"),
    (b"GET /?" + b"a&" * 16 + b" HTTP/1.1\r\n\r\n", 414, "target-too-long", "17 or more"),
    (b"no HTTP at all\r\n\r\n", 400, "bad-request", "Invalid HTTP"),
]


@pytest.mark.parametrize(("head", "status", "slug", "said"), BAD_HEADS)
def test_a_head_beyond_its_bounds_is_a_problem(
    settings: ApiSettings, head: bytes, status: int, slug: str, said: str
) -> None:
    async def act(port: int) -> None:
        given, kind, detail = problem(await send(port, head))
        assert (given, kind) == (status, slug)
        assert said in detail

    serving(settings, act)


@pytest.mark.parametrize(
    ("begun", "said"),
    [
        (GET + b"X-Long: ", b"/problems/headers-too-large"),
        (b"GET /", b"/problems/target-too-long"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ", b"/problems/"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n5;x=", b"/problems/"),
    ],
)
def test_a_line_without_end_is_cut_off(settings: ApiSettings, begun: bytes, said: bytes) -> None:
    """Of a head, a trailer or a chunk; the parser keeps each until its end."""
    settings = settings.model_copy(update={"header_seconds": 60, "keep_alive_seconds": 60})

    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        answered = asyncio.create_task(reader.read())
        async with asyncio.timeout(60):
            while not answered.done():
                writer.write(b"a" * 8192)
                await asyncio.sleep(0.01)
        writer.close()
        if not answered.exception():
            assert answered.result().count(b"HTTP/1.1 ") == 1
            assert said in answered.result()

    serving(settings, act)


def test_too_many_requests_at_once_end_the_connection(settings: ApiSettings) -> None:
    """Each would be kept, until the ones before it are answered."""

    async def act(port: int) -> None:
        assert (await send(port, (GET + b"\r\n") * 16)).count(b" 200 ") == 16
        assert (await send(port, (GET + b"\r\n") * 1000)).count(b" 200 ") <= 17

    serving(settings, act)


def test_trailers_are_no_headers(settings: ApiSettings) -> None:
    """A header that comes behind the body, past every check, is not read."""
    body = b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Request-ID: smuggled\r\n\r\n"

    async def act(port: int) -> None:
        answer = await send(port, POST + body)
        assert b"smuggled" not in answer

    serving(settings, act)


def test_the_connection_that_waited_longest_makes_room(settings: ApiSettings) -> None:
    settings = settings.model_copy(
        update={"max_connections": 8, "header_seconds": 60, "keep_alive_seconds": 60}
    )

    async def act(port: int) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(30)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET + b"\r\n")
        async with asyncio.timeout(60):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            assert all([await is_closed(early) for early, _ in held[:20]])
        for _, held_writer in [*held, (reader, writer)]:
            held_writer.close()

    serving(settings, act)


async def is_closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


def app_with(get: Callable[[], Awaitable[Response]]) -> FastAPI:
    app = FastAPI()
    app.add_api_route("/", get)
    return app


def test_when_all_connections_are_busy_a_new_one_is_told(settings: ApiSettings) -> None:
    settings = settings.model_copy(update={"max_connections": 8})
    begun: list[None] = []
    go_on = asyncio.Event()

    async def slow() -> Response:
        begun.append(None)
        await go_on.wait()
        return Response()

    async def act(port: int) -> None:
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        busy = [asyncio.create_task(send(port, request)) for _ in range(8)]
        while len(begun) < 8:
            await asyncio.sleep(0.01)
        answer = await send(port, b"")
        assert problem(answer)[:2] == (503, "too-many-connections")
        assert b"retry-after: " in answer.lower()
        go_on.set()
        for answer in await asyncio.gather(*busy):
            assert answer.startswith(b"HTTP/1.1 200 ")

    serving(settings, act, app_with(slow))


@pytest.mark.parametrize("bytes_a_look", [0, 1])
def test_who_does_not_read_an_answer_is_cut_off(settings: ApiSettings, bytes_a_look: int) -> None:
    settings = settings.model_copy(update={"download_grace_seconds": 0.3})
    picture = os.urandom(30_000_000)

    async def large() -> Response:
        return Response(picture)

    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(60):
            await reader.read(1)
            while not writer.transport.is_closing():
                await asyncio.sleep(0.1)
                await reader.read(bytes_a_look)
                if reader.exception():
                    break
                transport: Any = writer.transport
                if not transport.is_reading() and await _is_cut_off(writer):
                    break
        writer.close()

    serving(settings, act, app_with(large))


async def _is_cut_off(writer: asyncio.StreamWriter) -> bool:
    """A reset is only seen by who writes, while nothing is read."""
    writer.write(b"\r\n")
    await asyncio.sleep(0)
    return writer.transport.is_closing()


def test_who_reads_steadily_gets_all_of_it(settings: ApiSettings) -> None:
    """However long it takes, since it takes no longer than is allowed by its bytes."""
    settings = settings.model_copy(update={"download_grace_seconds": 0.3})
    picture = os.urandom(3_000_000)

    async def large() -> Response:
        return Response(picture)

    async def act(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=50_000)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        got = bytearray()
        async with asyncio.timeout(60):
            while len(got) < len(picture):
                got += await reader.read(50_000)
                await asyncio.sleep(0.01)
        assert got == picture
        writer.close()

    serving(settings, act, app_with(large))
