"""Resident memory of the API and a worker over mixed jobs: `python -m benchmarks.memory`.

Photos of all formats and sizes, broken ones among them, from several clients; the middle of the
last 500 jobs against that of the first 500.
"""

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2
import psutil

from benchmarks.common.measuring import write
from benchmarks.common.ports import free_port
from benchmarks.queue import redis_server
from pictures.drawn_leaves.leaves import draw_leaf

AIM, EDGE, EVERY = 0.05, 500, 25
_START_SECONDS = 600
_SIZES = ((640, 480), (1200, 900), (4000, 3000))
_OPTIONS: tuple[dict[str, str], ...] = (
    {},
    {"top_k": "5", "colormap": "viridis"},
    {"overlay_format": "png"},
    {"overlay_format": "webp", "priority": "bulk"},
)


def photos() -> list[bytes]:
    """Large ones come once for every five small ones; one is cut off and one is no photo."""
    small, middle, large = (draw_leaf("spots", seed=i).photo.resize(_SIZES[i]) for i in range(3))
    made = []
    for photo, form in ((small, "JPEG"), (small, "PNG"), (middle, "JPEG"), (middle, "WEBP")):
        buffer = io.BytesIO()
        photo.save(buffer, form)
        made.append(buffer.getvalue())
    buffer = io.BytesIO()
    large.save(buffer, "JPEG")
    return [*made, made[0], buffer.getvalue(), made[2][: len(made[2]) // 2], b"no photo at all"]


@contextmanager
def service(redis: str, home: Path) -> Iterator[tuple[str, dict[str, "psutil.Process"]]]:
    """An API and a worker; the address, and the processes by name."""
    port = str(free_port())
    environment = os.environ | {"CROPSHIELD_HOME": str(home), "CROPSHIELD_REDIS_URL": redis}
    commands = {"api": ["api", "--port", port], "worker": ["worker"]}
    with (home / "log").open("wb") as log:
        started = {
            name: subprocess.Popen(
                [sys.executable, "-m", "cli", *command], env=environment, stdout=log, stderr=log
            )
            for name, command in commands.items()
        }
        try:
            address = f"http://127.0.0.1:{port}"
            _until_ready(address)
            yield address, {name: psutil.Process(made.pid) for name, made in started.items()}
        finally:
            for made in started.values():
                made.terminate()
            for made in started.values():
                made.wait(60)


def _until_ready(address: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{address}/readyz").json().get("workers"):
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"not ready within {_START_SECONDS} s")


class Clients:
    """Post, wait, look at the overlay; count, and note the memory as it goes."""

    def __init__(self, address: str, processes: dict[str, "psutil.Process"], jobs: int) -> None:
        self._http = httpx2.Client(base_url=address, timeout=120)
        self._processes, self._jobs = processes, jobs
        self._work = cycle((photo, option) for option in _OPTIONS for photo in photos())
        self._done, self._lock = 0, threading.Lock()
        self.memory: dict[str, dict[int, int]] = {name: {} for name in processes}
        self.states: dict[str, int] = {}

    def run(self, count: int) -> None:
        with ThreadPoolExecutor(count) as threads, self._http:
            for finished in [threads.submit(self._loop) for _ in range(count)]:
                finished.result()

    def _loop(self) -> None:
        while (work := self._next()) is not None:
            state = self._one(*work)
            with self._lock:
                self.states[state] = self.states.get(state, 0) + 1

    def _next(self) -> tuple[bytes, dict[str, str]] | None:
        with self._lock:
            if self._done == self._jobs:
                return None
            self._done += 1
            if self._done % EVERY == 0:
                for name, process in self._processes.items():
                    self.memory[name][self._done] = process.memory_info().rss
            return next(self._work)

    def _one(self, photo: bytes, options: dict[str, str]) -> str:
        headers = {"Prefer": "wait=25", "Cache-Control": "no-cache"}
        answer = self._http.post("/v1/jobs", content=photo, params=options, headers=headers)
        if answer.status_code not in (200, 202):
            return str(answer.status_code)
        job = answer.json()
        while job["state"] in ("queued", "running"):
            job = self._http.get(job["links"]["self"], headers=headers).json()
        if job["state"] == "succeeded":
            self._http.get(job["links"]["overlay"]).raise_for_status()
        return str(job["state"])


def judge(samples: dict[int, int], jobs: int) -> dict[str, Any]:
    """Megabytes at both ends, and how far the second is above the first."""
    first = statistics.median(rss for done, rss in samples.items() if done <= EDGE)
    last = statistics.median(rss for done, rss in samples.items() if done > jobs - EDGE)
    return {"first_mb": round(first / 1e6, 1), "last_mb": round(last / 1e6, 1)} | {
        "growth": round(last / first - 1, 4)
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=5000)
    options.add_argument("--clients", type=int, default=8)
    chosen = options.parse_args()
    with (
        redis_server() as redis,
        tempfile.TemporaryDirectory() as home,
        service(redis, Path(home)) as (address, processes),
    ):
        clients = Clients(address, processes, chosen.jobs)
        clients.run(chosen.clients)
    rows: list[dict[str, Any]] = []
    for name, samples in clients.memory.items():
        row = {"process": name} | judge(samples, chosen.jobs)
        rows.append(row | {"samples_mb": [round(rss / 1e6, 1) for rss in samples.values()]})
        verdict = f"{row['growth']:+.1%} (aim {AIM:.0%})"
        sys.stdout.write(
            f"{name:8} {row['first_mb']:8} MB, then {row['last_mb']:8} MB: {verdict}\n"
        )
    write("memory", vars(chosen) | {"states": clients.states}, rows)


if __name__ == "__main__":
    main()
