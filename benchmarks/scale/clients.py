"""Clients of one process: each posts a photo, waits in the same request until its job has ended,
and posts the next one.

HTTP is written and read by hand: a library's client takes as much processor time for a request as
the API does, and clients and API share the cores.
"""

import asyncio
import io
import itertools
import os
from collections.abc import Iterator
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event

from pictures.drawn_leaves.leaves import draw_leaf

_PAUSE, _APART = 0.1, 0.005  # seconds: after any answer but 200; between connections


def send(port: int, clients: int, size: int, failed: "Synchronized[int]", stop: Event) -> None:
    """A process: so many clients at once, with photos of `size` bytes, until `stop`. `failed`
    counts the answers that were no ended job."""
    asyncio.run(_send(port, clients, size, failed, stop))


async def _send(
    port: int, clients: int, size: int, failed: "Synchronized[int]", stop: Event
) -> None:
    photos = _photos(size)
    tasks = []
    for _ in range(clients):
        tasks.append(asyncio.create_task(_client(port, photos, failed)))
        await asyncio.sleep(_APART)  # or one API process would accept them all
    await asyncio.to_thread(stop.wait)
    for task in tasks:
        task.cancel()
    for error in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(error, Exception):
            raise error


async def _client(port: int, photos: Iterator[bytes], failed: "Synchronized[int]") -> None:
    """One client, which connects anew where the API hangs up, as it does after a refusal."""
    while True:
        try:
            await _post_each(port, photos, failed)
        except (OSError, asyncio.IncompleteReadError):
            failed.value += 1
            await asyncio.sleep(_PAUSE)


async def _post_each(port: int, photos: Iterator[bytes], failed: "Synchronized[int]") -> None:
    """Over one connection, until that ends. Raises OSError, IncompleteReadError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for photo in photos:
            writer.write(_head(photo))
            writer.write(photo)
            if await _status(reader) != 200:
                failed.value += 1
                await asyncio.sleep(_PAUSE)
    finally:
        writer.close()


def _head(photo: bytes) -> bytes:
    return (
        "POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
        f"Prefer: wait=25\r\nContent-Length: {len(photo)}\r\n\r\n"
    ).encode()


async def _status(reader: asyncio.StreamReader) -> int:
    """Of the answer, whose body is read and forgotten."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").lower()
    await reader.readexactly(int(head.partition("content-length:")[2].split(maxsplit=1)[0]))
    return int(head.split(maxsplit=2)[1])


def _photos(size: int) -> Iterator[bytes]:
    """A drawn leaf, filled up to `size` bytes, each time another file."""
    buffer = io.BytesIO()
    draw_leaf("spots", 1).photo.save(buffer, "JPEG", quality=90)
    filled = buffer.getvalue().ljust(size - 16, b"\0")
    first = int.from_bytes(os.urandom(8), "big")
    for number in itertools.count(first):
        yield filled + number.to_bytes(16, "big")
