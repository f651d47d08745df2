"""Attacks at full size on a running server, and what an honest client sees meanwhile.

    make serve            # in another terminal, without keys
    make siege            # ARGS='--only idle,forms --server http://127.0.0.1:8000'

Each attack is a function of the server's host and port; it returns when it is over. Attack nothing
but a server of your own.
"""

import argparse
import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx2

from cli.serve.preflight import raise_file_limit
from pictures.drawn_leaves.leaves import draw_leaf

Attack = Callable[[str, int], Coroutine[Any, Any, None]]
_SECONDS = 20.0
_LONGEST = 5.0  # seconds that an honest submission may take


def _head(method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def _hold(host: str, port: int, begun: bytes, drip: bytes = b"", pause: float = 1.0) -> None:
    """A connection that sends something now and then, and opens anew when it is closed."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(begun)
                while not reader.at_eof() and not writer.is_closing():
                    await writer.drain()
                    await asyncio.sleep(pause)
                    writer.write(drip)
            finally:
                writer.close()
        await asyncio.sleep(0.05)


async def _many(count: int, host: str, port: int, begun: bytes, drip: bytes = b"") -> None:
    await asyncio.gather(*(_hold(host, port, begun, drip) for _ in range(count)))


async def idle(host: str, port: int) -> None:
    """1,500 connections with one byte more after their answer."""
    await _many(1500, host, port, _head("GET", "/livez") + b"\r\n", b"\r\n")


async def heads(host: str, port: int) -> None:
    """Heads without end."""
    await _many(16, host, port, _head("GET", "/livez")[:-2] + b"a: b\r\n" * 100_000, b"a: b\r\n")


async def slow_bodies(host: str, port: int) -> None:
    """64 photos that come at 9 kB a second."""
    head = _head("POST", "/v1/jobs", "Content-Type: image/jpeg", "Content-Length: 19000000")
    await _many(64, host, port, head, b"\xff" * 9000)


async def feedback(host: str, port: int) -> None:
    """Bodies of a gigabyte where a sentence is expected."""
    head = _head("POST", "/v1/jobs/x/feedback", "Content-Length: 1000000000")
    await _many(8, host, port, head + b" " * 1_000_000, b" " * 10_000_000)


async def forms(host: str, port: int) -> None:
    """Names of a megabyte, in a charset that takes quadratic time."""
    part = (
        b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 1_000_000 + b"\r\n\r\n1\r\n--x--"
    )
    kind = "Content-Type: multipart/form-data; boundary=x; charset=punycode"
    head = _head("POST", "/v1/jobs", kind, f"Content-Length: {len(part)}")
    await _many(8, host, port, head + part)


async def streams(host: str, port: int) -> None:
    """2,000 streams of events of jobs that wait."""
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", timeout=60) as client:
        job = (await client.post("/v1/jobs?priority=bulk", content=_leaf(1))).json()
    await _many(2000, host, port, _head("GET", f"/v1/jobs/{job['id']}/events"))


async def renders(host: str, port: int) -> None:
    """Large overlays, whose clients hang up at once."""
    async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", timeout=60) as client:
        headers = {"Prefer": "wait=25"}
        job = (await client.post("/v1/jobs", content=_leaf(2), headers=headers)).json()

        async def ask(number: int) -> None:
            query = f"size=original&format=png&alpha={number % 997 / 1000}"
            with suppress(httpx2.HTTPError):
                path = f"/v1/jobs/{job['id']}/overlay?{query}"
                await client.get(path, timeout=0.5)

        number = 0
        while True:
            await asyncio.gather(*(ask(number + part) for part in range(40)))
            number += 40


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (idle, heads, slow_bodies, feedback, forms, streams, renders)
}


@asynccontextmanager
async def _under(attack: Attack, host: str, port: int) -> AsyncIterator[None]:
    attacking = asyncio.create_task(attack(host, port))
    try:
        yield
    finally:
        attacking.cancel()
        await asyncio.gather(attacking, return_exceptions=True)


async def _honest(address: str, seconds: float) -> tuple[list[float], int]:
    """Seconds of each submission, and how many were refused for good."""
    taken, refused, end = list[float](), 0, time.monotonic() + seconds
    seed = 100
    while time.monotonic() < end:
        seed += 1
        begun, photo = time.monotonic(), _leaf(seed)
        while True:
            try:
                async with httpx2.AsyncClient(base_url=address, timeout=30) as client:
                    status = (await client.post("/v1/jobs", content=photo)).status_code
            except httpx2.HTTPError:
                status = 503
            if status < 500 or time.monotonic() - begun > 4 * _LONGEST:
                break
            await asyncio.sleep(1)
        refused += status >= 400
        taken.append(time.monotonic() - begun)
        await asyncio.sleep(0.2)
    return taken, refused


def _leaf(seed: int) -> bytes:
    buffer = io.BytesIO()
    draw_leaf("spots", seed=seed).photo.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


async def siege(address: str, names: list[str], seconds: float) -> bool:
    """Prints a line for each attack. Whether every honest photo was taken in time."""
    url, held = urlsplit(address), True
    for name in names:
        async with _under(ATTACKS[name], url.hostname or "127.0.0.1", url.port or 80):
            await asyncio.sleep(1)
            taken, refused = await _honest(address, seconds)
        in_time = max(taken) <= _LONGEST and not refused
        held &= in_time
        print(
            f"{name:12} {len(taken):4} photos, slowest {max(taken):6.2f} s, {refused} refused"
            f"{'' if in_time else '   <- too slow'}",
            flush=True,
        )
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="http://127.0.0.1:8000")
    parser.add_argument("--only", default=",".join(ATTACKS), help="attacks, with commas between")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="of each attack")
    given = parser.parse_args()
    raise_file_limit()
    if not asyncio.run(siege(given.server, given.only.split(","), given.seconds)):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
