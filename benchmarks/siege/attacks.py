"""The attacks: each is a function of its target, and goes on until it is canceled."""

import asyncio
import io
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx2

from benchmarks.worst_photos import WORST
from pictures.drawn_leaves.leaves import draw_leaf

_WORST_AT_ONCE = 64


@dataclass(frozen=True)
class Target:
    """Host and port of a server; `size`: what share of the full number of clients attacks."""

    host: str
    port: int
    size: float = 1.0

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def of(self, number: int) -> int:
        """So many at full size."""
        return max(1, round(number * self.size))


Attack = Callable[[Target], Coroutine[Any, Any, None]]


def _head(method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def _hold(target: Target, begun: bytes, drip: bytes, pause: float = 1.0) -> None:
    """A connection that sends something now and then, and opens anew when it is closed."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(target.host, target.port)
            try:
                writer.write(begun)
                while not reader.at_eof() and not writer.is_closing():
                    await writer.drain()
                    await asyncio.sleep(pause)
                    writer.write(drip)
            finally:
                writer.close()
        await asyncio.sleep(0.05)


async def _many(count: int, target: Target, begun: bytes, drip: bytes = b"") -> None:
    await asyncio.gather(*(_hold(target, begun, drip) for _ in range(target.of(count))))


async def idle(target: Target) -> None:
    """1,500 connections with one byte more after their answer."""
    await _many(1500, target, _head("GET", "/livez") + b"\r\n", b"\r\n")


async def heads(target: Target) -> None:
    """Heads without end."""
    await _many(16, target, _head("GET", "/livez")[:-2] + b"a: b\r\n" * 100_000, b"a: b\r\n")


async def slow_bodies(target: Target) -> None:
    """64 photos that come at 9 kB a second."""
    head = _head("POST", "/v1/jobs", "Content-Type: image/jpeg", "Content-Length: 19000000")
    await _many(64, target, head, b"\xff" * 9000)


async def feedback(target: Target) -> None:
    """Bodies of a gigabyte where a sentence is expected."""
    head = _head("POST", "/v1/jobs/x/feedback", "Content-Length: 1000000000")
    await _many(8, target, head + b" " * 1_000_000, b" " * 10_000_000)


async def forms(target: Target) -> None:
    """Names of a megabyte, in a charset that takes quadratic time."""
    part = (
        b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 1_000_000 + b"\r\n\r\n1\r\n--x--"
    )
    kind = "Content-Type: multipart/form-data; boundary=x; charset=punycode"
    head = _head("POST", "/v1/jobs", kind, f"Content-Length: {len(part)}")
    await _many(8, target, head + part)


async def streams(target: Target) -> None:
    """2,000 streams of events of jobs that wait."""
    async with httpx2.AsyncClient(base_url=target.address, timeout=60) as client:
        job = (await client.post("/v1/jobs?priority=bulk", content=leaf(1))).json()
    await _many(2000, target, _head("GET", f"/v1/jobs/{job['id']}/events"))


async def renders(target: Target) -> None:
    """Large overlays, whose clients hang up at once."""
    async with httpx2.AsyncClient(base_url=target.address, timeout=60) as client:
        headers = {"Prefer": "wait=25"}
        job = (await client.post("/v1/jobs", content=leaf(2), headers=headers)).json()

        async def ask(number: int) -> None:
            query = f"size=original&format=png&alpha={number % 997 / 1000}"
            with suppress(httpx2.HTTPError):
                path = f"/v1/jobs/{job['id']}/overlay?{query}"
                await client.get(path, timeout=0.5)

        number = 0
        while True:
            await asyncio.gather(*(ask(number + part) for part in range(target.of(40))))
            number += 40


async def photos(target: Target) -> None:
    """64 of the worst photos at once, and again when they have ended."""
    drawn = [make() for make in WORST.values()]

    async def one(number: int) -> None:
        async with httpx2.AsyncClient(base_url=target.address, timeout=60) as client:
            headers = {"Cache-Control": "no-cache"}
            answer = await client.post(
                "/v1/jobs", content=drawn[number % len(drawn)], headers=headers
            )
            path = answer.headers.get("Location", "")
            job = {"state": "queued"} if path else {}
            while job.get("state") in ("queued", "running"):
                await asyncio.sleep(2)
                job = (await client.get(path)).json()

    while True:
        await asyncio.gather(*map(one, range(target.of(_WORST_AT_ONCE))), return_exceptions=True)
        await asyncio.sleep(1)


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (idle, heads, slow_bodies, feedback, forms, streams, renders, photos)
}


def leaf(seed: int) -> bytes:
    buffer = io.BytesIO()
    draw_leaf("spots", seed=seed).photo.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
