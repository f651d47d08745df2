"""Clients: a closed loop of so many at once, and an open one that comes by chance."""

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

SEND_SECONDS = 120.0
Send = Callable[[httpx2.AsyncClient, bytes], Awaitable[int]]
"""One photo in, its overlay out; the status of the last answer, 200 when all went well."""


@dataclass
class Answers:
    """Seconds of those that went well, the statuses of the others; `seconds` of the run."""

    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def add(self, status: int, seconds: float) -> None:
        if status == 200:
            self.taken.append(seconds)
        else:
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def figures(self) -> dict[str, Any]:
        """Jobs a second, and milliseconds at the median and the 95th percentile."""
        cuts = statistics.quantiles(self.taken, n=20) if len(self.taken) > 1 else [0.0] * 19
        return {
            "jobs_per_second": round(len(self.taken) / self.seconds, 2),
            "p50_ms": round(1000 * cuts[9], 1),
            "p95_ms": round(1000 * cuts[18], 1),
            "jobs": len(self.taken),
            "others": {str(status): count for status, count in sorted(self.statuses.items())},
        }


def numbered(photo: bytes, start: int) -> Iterator[bytes]:
    """The same picture again and again, each time another file: a comment counts."""
    for number in itertools.count(start):
        comment = f"{number:016d}".encode()
        yield photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + photo[2:]


async def closed_loop(
    send: Send, address: str, photos: Iterator[bytes], clients: int, seconds: float
) -> Answers:
    """So many clients, each of which sends a photo when it has the overlay of the last one. They
    are made before the clock starts: each takes 20 ms of a core, for certificates."""
    made = [_client(address) for _ in range(clients)]
    answers, begun = Answers(), time.perf_counter()
    end = begun + seconds

    async def run(client: httpx2.AsyncClient) -> None:
        async with client:
            while time.perf_counter() < end:
                await _one(send, client, next(photos), answers)

    await asyncio.gather(*map(run, made))
    answers.seconds = time.perf_counter() - begun
    return answers


async def open_loop(
    send: Send, address: str, photos: Iterator[bytes], rate: float, seconds: float
) -> Answers:
    """Photos come `rate` times a second by chance (Poisson), whether others have ended or not."""
    answers, chance, begun = Answers(), random.Random(0), time.perf_counter()
    running: set[asyncio.Task[None]] = set()
    due = begun
    async with _client(address) as client:
        while (due := due + chance.expovariate(rate)) < begun + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(_one(send, client, next(photos), answers, since=due))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
    answers.seconds = time.perf_counter() - begun
    return answers


async def _one(
    send: Send,
    client: httpx2.AsyncClient,
    photo: bytes,
    answers: Answers,
    since: float | None = None,
) -> None:
    since = time.perf_counter() if since is None else since
    try:
        status = await send(client, photo)
    except httpx2.HTTPError:
        status = 0
    answers.add(status, time.perf_counter() - since)


def _client(address: str) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=256)
    return httpx2.AsyncClient(base_url=address, timeout=SEND_SECONDS, limits=limits)
