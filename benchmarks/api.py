"""What a submit and a poll cost the API, and whether uploads hold others up: `python -m
benchmarks.api`.

A cost is processor time of the server's process, against `benchmarks.common.fastapi_baseline` in
turn; there are no workers. A submit is measured twice, with photos on the disk of the temporary
folder and on a RAM disk, where the file system has no part in it: how long ext4 looks for a free
inode, for one, goes by what has been deleted lately. Then 50 photos of 10 MB come at once, while
/livez is asked.
"""

import argparse
import asyncio
import io
import itertools
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import httpx2
import psutil

from benchmarks.common import fastapi_baseline
from benchmarks.common.drain import NoNotifier
from benchmarks.common.measuring import Spread, row, write
from benchmarks.common.ports import free_port
from benchmarks.common.sleeping_workers import RESULT, TIMINGS
from benchmarks.queue import redis_server
from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.ports import Outcome
from jobs.records.job import State, new_id
from jobs.redis.connections import connect
from jobs.redis.queue import RedisWorkQueue
from pictures.drawn_leaves.leaves import draw_leaf

AIM_SUBMIT_MS, AIM_POLL, AIM_LIVEZ_MS = 1.5, 1.3, 100.0
READS = 5  # to one submit: they are so cheap that few of them would be lost in the clock's steps
PHOTO_BYTES, LARGE_BYTES, AT_ONCE = 300_000, 10_000_000, 50
RAW = {"Content-Type": "image/jpeg"}
BODY, GET = "read a body, bare", "a GET in Redis, bare"


class Server:
    """A process that listens, and a client with one connection to it."""

    def __init__(self, redis_url: str, *command: str, **environment: str) -> None:
        self.port = free_port()
        argv = [sys.executable, "-m", *(part.format(port=self.port) for part in command)]
        known = os.environ | {"CROPSHIELD_REDIS_URL": redis_url} | environment
        self.process = subprocess.Popen(argv, env=known, stderr=subprocess.DEVNULL)
        self._spent = psutil.Process(self.process.pid)
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def until_up(self, path: str) -> None:
        while True:
            try:
                self.http.get(path)
            except httpx2.TransportError:
                time.sleep(0.1)
            else:
                return

    def cost(self, ask: Callable[[], object], times: int) -> tuple[float, float]:
        """Milliseconds of one request: of the server's processors, and on the clock."""
        begun, start = sum(self._spent.cpu_times()[:2]), time.perf_counter()
        for _ in range(times):
            ask()
        spent = sum(self._spent.cpu_times()[:2]) - begun
        return 1000 * spent / times, 1000 * (time.perf_counter() - start) / times

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait()


@contextmanager
def servers(redis_url: str, home: str, memory: str) -> Iterator[tuple[Server, Server, Server]]:
    """The API with photos on the disk, the same with photos in memory, and their measure."""
    ours, light = (
        Server(
            redis_url,
            *("cli", "api", "--port", "{port}"),
            CROPSHIELD_HOME=folder,
            CROPSHIELD_QUEUE_BOUND="1000000",
        )
        for folder in (home, memory)
    )
    base = Server(redis_url, "benchmarks.common.fastapi_baseline", "{port}", redis_url)
    try:
        ours.until_up("/livez")
        light.until_up("/livez")
        base.until_up("/record")
        yield ours, light, base
    finally:
        for server in (ours, light, base):
            server.stop()


def a_photo(size: int) -> bytes:
    """A drawn leaf, filled up to `size` bytes."""
    buffer = io.BytesIO()
    draw_leaf("spots", 1).photo.save(buffer, "JPEG", quality=90)
    return buffer.getvalue().ljust(size, b"\0")


def post(server: Server, path: str) -> Callable[[], object]:
    """Every photo is another one, so that none is known already."""
    photo, number = a_photo(PHOTO_BYTES - 8), itertools.count()

    def ask() -> None:
        body = photo + next(number).to_bytes(8, "big")
        assert server.http.post(path, content=body, headers=RAW).status_code == 202

    return ask


def get(server: Server, path: str) -> Callable[[], object]:
    def ask() -> None:
        assert server.http.get(path).status_code == 200

    return ask


def ended_job(server: Server, redis_url: str) -> str:
    """The path of a job that has succeeded; its JSON is what the other server answers too."""
    post(server, "/v1/jobs")()
    with connect(redis_url) as client:
        queue = RedisWorkQueue(client, NoNotifier(), 15, 5)
        (claim,) = queue.claim(1)
        queue.finish(claim, Outcome(State.SUCCEEDED, result=RESULT, timings_ms=TIMINGS))
        path = f"/v1/jobs/{claim.job.id}"
        client.set(fastapi_baseline.KEY, server.http.get(path).text)
    return path


def stored(home: str) -> Callable[[], object]:
    """What writing the photo costs alone, as the disk store does it, of a submit above."""
    blobs, photo = DiskBlobs(Path(home) / "alone"), a_photo(PHOTO_BYTES)
    return lambda: blobs.put(new_id(), blob_names.ORIGINAL, photo)


def cost_here(ask: Callable[[], object], times: int) -> tuple[float, float]:
    """As `Server.cost`, of this process."""
    begun, start = time.process_time(), time.perf_counter()
    for _ in range(times):
        ask()
    spent, taken = time.process_time() - begun, time.perf_counter() - start
    return 1000 * spent / times, 1000 * taken / times


def costs(
    ours: Server, light: Server, base: Server, chosen: argparse.Namespace, url: str, home: str
) -> list[dict[str, Any]]:
    """All servers in turn; prints and returns the lines of the table."""
    ended, few = ended_job(ours, url), chosen.requests
    queued = ours.http.post("/v1/jobs", content=a_photo(PHOTO_BYTES), headers=RAW)
    path, many = queued.headers["Location"], READS * few
    things: dict[str, tuple[str, Callable[[], tuple[float, float]]]] = {
        "submit": (BODY, partial(ours.cost, post(ours, "/v1/jobs"), few)),
        "submit, photos in memory": (BODY, partial(light.cost, post(light, "/v1/jobs"), few)),
        "the photo's writing alone": (BODY, partial(cost_here, stored(home), few)),
        BODY: (BODY, partial(base.cost, post(base, "/body"), few)),
        "poll of one that ended": (GET, partial(ours.cost, get(ours, ended), many)),
        "poll of one that waits": (GET, partial(ours.cost, get(ours, path), many)),
        GET: (GET, partial(base.cost, get(base, "/record"), many)),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in things}
    for number in range(chosen.rounds + 1):
        for name, (_, cost) in things.items():
            taken = cost()
            if number:  # the first round warms up
                found[name].append(taken)
    rows = [
        row(spread(found[name], i), spread(found[other], i), request=name, of=of)
        for i, of in enumerate(("processor", "clock"))
        for name, (other, _) in things.items()
    ]
    for one in rows:
        told = "{request:27}{of:10}{median:7.2f} ms ({least:.2f} to {most:.2f})  x {ratio:.2f}\n"
        sys.stdout.write(told.format(**one))
    return rows


def spread(seen: list[tuple[float, float]], which: int) -> Spread:
    values = [pair[which] for pair in seen]
    return Spread(statistics.median(values), min(values), max(values))


def send_large(port: int, ready: Event) -> None:
    """50 photos at once, from a process of its own."""
    photo = a_photo(LARGE_BYTES - 8)
    bodies = [photo + os.urandom(8) for _ in range(AT_ONCE)]
    ready.set()

    async def send() -> None:
        limits = httpx2.Limits(max_connections=AT_ONCE)
        root = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=root, timeout=120, limits=limits) as client:
            sent = (client.post("/v1/jobs", content=body, headers=RAW) for body in bodies)
            for answer in await asyncio.gather(*sent):
                assert answer.status_code == 202, answer.text

    asyncio.run(send())


def livez_while(port: int) -> list[float]:
    """Milliseconds of each /livez while 50 large photos come."""
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    sender = spawn.Process(target=send_large, args=(port, ready))
    taken: list[float] = []
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        sender.start()
        ready.wait()
        while sender.is_alive():
            start = time.perf_counter()
            assert client.get("/livez").status_code == 200
            taken.append(1000 * (time.perf_counter() - start))
            time.sleep(0.005)
    assert sender.exitcode == 0
    return taken


def livez(server: Server, rounds: int) -> dict[str, Any]:
    """p99 of each round; prints and returns a line of the table."""
    tails = [statistics.quantiles(livez_while(server.port), n=100)[98] for _ in range(rounds)]
    found = Spread(statistics.median(tails), min(tails), max(tails))
    line = row(found, found, request="livez, p99 while 50 photos of 10 MB come", of="clock")
    sys.stdout.write("{request}: {median:.0f} ms ({least:.0f} to {most:.0f})\n".format(**line))
    return line


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--requests", type=int, default=200, help="of each kind in a round")
    chosen = options.parse_args()
    with (
        redis_server() as url,
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory(dir="/dev/shm") as memory,
        servers(url, home, memory) as (ours, light, base),
    ):
        rows = costs(ours, light, base, chosen, url, home)
        rows.append(livez(ours, chosen.rounds))
    submit, light_submit, written, body, poll = rows[:5]
    sys.stdout.write(
        f"a submit costs {submit['median'] - body['median']:.2f} ms more than reading its body "
        f"(aim {AIM_SUBMIT_MS}), {light_submit['median'] - body['median']:.2f} with photos in "
        f"memory; writing the photo alone costs {written['median']:.2f}; "
        f"a poll x {poll['ratio']:.2f} of a GET (aim {AIM_POLL}); "
        f"livez p99 {rows[-1]['median']:.0f} ms (aim {AIM_LIVEZ_MS:.0f})\n"
    )
    write("api", vars(chosen) | {"photo_bytes": PHOTO_BYTES, "large_bytes": LARGE_BYTES}, rows)


if __name__ == "__main__":
    main()
