"""Requests that hide another one: refused, with the connection, on a real server."""

import asyncio
import re
from pathlib import Path

import pytest

from api.settings import ApiSettings
from tests.api.serving import serving, settings_without_redis

HIDDEN = b"GET /livez?hidden HTTP/1.1\r\nHost: a\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(HIDDEN)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LAST = b"0\r\n\r\n"


def post(headers: bytes, body: bytes = b"", line: bytes = b"POST /v1/nothing HTTP/1.1") -> bytes:
    return line + b"\r\nHost: a\r\n" + headers + b"\r\n" + body


FORMS: dict[str, bytes] = {
    "length and chunks": post(b"Content-Length: 5\r\n" + CHUNKED, LAST),
    "chunks and length": post(CHUNKED + b"Content-Length: 4\r\n", LAST),
    "two lengths": post(b"Content-Length: 0\r\n" + LENGTH),
    "one length twice": post(b"Content-Length: 0\r\n" * 2),
    "a list of lengths": post(b"Content-Length: 0, 40\r\n"),
    "a length with a sign": post(b"Content-Length: +0\r\n"),
    "a length below zero": post(b"Content-Length: -1\r\n"),
    "a length in hexadecimal": post(b"Content-Length: 0x0\r\n"),
    "a length with a line below": post(b"Content-Length: 1_0\r\n"),
    "a length with a space": post(b"Content-Length: 0 0\r\n"),
    "no length": post(b"Content-Length: \r\n"),
    "a length beyond 64 bits": post(b"Content-Length: 18446744073709551616\r\n"),
    "a name with a line below": post(LENGTH.replace(b"-", b"_")),
    "an encoding's name with a line below": post(b"Transfer_Encoding: chunked\r\n"),
    "another encoding": post(b"Transfer-Encoding: xchunked\r\n", LAST),
    "no encoding": post(b"Transfer-Encoding: identity\r\n", LAST),
    "an encoding behind chunks": post(b"Transfer-Encoding: chunked, identity\r\n", LAST),
    "an encoding before chunks": post(b"Transfer-Encoding: gzip, chunked\r\n", LAST),
    "an encoding in a second line": post(CHUNKED + b"Transfer-Encoding: identity\r\n", LAST),
    "chunks twice": post(CHUNKED * 2, LAST),
    "chunks in quotes": post(b'Transfer-Encoding: "chunked"\r\n', LAST),
    "a vertical tab": post(b"Transfer-Encoding:\x0bchunked\r\n", LAST),
    "a space before the colon": post(b"Transfer-Encoding : chunked\r\n", LAST),
    "a space before the colon of a length": post(LENGTH.replace(b":", b" :")),
    "a folded line": post(b"X-Any: a\r\n " + LENGTH),
    "a folded encoding": post(b"Transfer-Encoding:\r\n chunked\r\n", LAST),
    "a header that begins with a space": post(b" " + LENGTH),
    "a bare line feed": post(b"X-Any: a\nContent-Length: 0\r\n"),
    "line feeds alone": post(b"Content-Length: 0\r\n").replace(b"\r\n", b"\n"),
    "a bare carriage return": post(b"X-Any: a\r" + LENGTH),
    "NUL in a value": post(b"X-Any: a\0b\r\nContent-Length: 0\r\n"),
    "NUL in a name": post(b"X\0Any: a\r\nContent-Length: 0\r\n"),
    "a name without a colon": post(b"Content-Length\r\n"),
    "a value without a name": post(b": 40\r\n"),
    "a line feed in a chunk's extension": post(CHUNKED, b"0;a\nb\r\n\r\n"),
    "line feeds around a chunk": post(CHUNKED, b"0\n\n"),
    "a chunk below zero": post(CHUNKED, b"-1\r\n\r\n"),
    "a chunk with 0x": post(CHUNKED, b"0x0\r\n\r\n"),
    "a chunk with a sign": post(CHUNKED, b"+0\r\n\r\n"),
    "a chunk beyond 64 bits": post(CHUNKED, b"10000000000000000\r\n\r\n"),
    "a chunk without a size": post(CHUNKED, b"\r\n\r\n"),
    "a space behind a chunk's size": post(CHUNKED, b"0 \r\n\r\n"),
    "a chunk longer than it says": post(CHUNKED, b"1\r\nabc\r\n0\r\n\r\n"),
    "a chunk without its end": post(CHUNKED, b"1\r\na0\r\n\r\n"),
    "a chunk that a line feed ends": post(CHUNKED, b"1\r\na\n0\r\n\r\n"),
    "two hosts": post(b"Host: b\r\nContent-Length: 0\r\n"),
    "another host in the target": post(b"", line=b"GET http://b/livez HTTP/1.1"),
    "HTTP of no version": post(b"", line=b"GET /livez"),
    "HTTP/0.9": post(b"", line=b"GET /livez HTTP/0.9"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.fixture
def settings(home: Path) -> ApiSettings:
    return settings_without_redis(home)


async def answers(port: int, data: bytes) -> list[bytes]:
    """Statuses of all answers until the server hangs up, which it has to."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(60):
            return re.findall(rb"HTTP/1\.1 (\d+)", await reader.read())
    except ConnectionResetError:
        return []
    finally:
        writer.close()


def test_a_request_that_hides_another_is_refused_and_nothing_behind_it_is_served(
    settings: ApiSettings,
) -> None:
    async def act(port: int) -> None:
        found = {name: await answers(port, form + HIDDEN) for name, form in FORMS.items()}
        assert {name: told for name, told in found.items() if told != [b"400"]} == {}

    serving(settings, act)


def test_what_every_server_reads_alike_is_read(settings: ApiSettings) -> None:
    plain = {
        "a length": post(b"Content-Length: 1\r\n", b"a"),
        "chunks": post(CHUNKED, b"1\r\na\r\n" + LAST),
        "chunks with an extension": post(CHUNKED, b"1;a=b\r\na\r\n" + LAST),
        "chunks in capitals, behind a tab": post(b"TRANSFER-ENCODING:\tChunked\r\n", LAST),
        "the same host in the target": post(b"", line=b"GET http://a/v1/nothing HTTP/1.1"),
    }

    async def act(port: int) -> None:
        for name, request in plain.items():
            assert await answers(port, request + HIDDEN) == [b"404", b"200"], name

    serving(settings, act)
