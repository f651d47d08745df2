"""How far one Redis and some API processes carry more and more workers: `make bench-scale`.

    make bench-scale ARGS='--workers 1 4 --seconds 3'

Clients post photos and wait; API and Redis are real, workers only sleep instead of explaining
(`benchmarks.scale.workers`). Blobs are kept nowhere, then on disk. Each line says what is full: the
workers, Redis, the API, the clients, or the cores of the machine that all of them share. What a
core of its own would carry follows from the processor time of a job.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self

import psutil

from benchmarks.common.measuring import RESULTS, write
from benchmarks.common.sleeping_workers import model_seconds
from benchmarks.queue import redis_server
from benchmarks.scale.clients import send
from benchmarks.scale.loads import Load, measure, what_is_full
from benchmarks.scale.workers import work
from jobs.redis.connections import connect

WORKERS, STORES = (1, 2, 5, 10, 20, 40), ("none", "disk")
KINDS = ("redis", "api", "clients")
CORES = os.cpu_count() or 1
_IN_A_PROCESS = 5  # workers; clients are dealt to as many processes as the API has
_CLIENTS = 4  # for each photo of a batch: a worker runs one batch, has one loaded and ends others
_WARM_SECONDS, _STOP_SECONDS = 1.0, 30.0
_LIMITS = {"CROPSHIELD_MAX_UPLOADS": "4096", "CROPSHIELD_QUEUE_BOUND": "1000000"}
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["benchmarks.scale.workers", "benchmarks.scale.clients"])


@contextmanager
def api_processes(
    count: int, redis_url: str, folder: str
) -> Iterator[tuple[int, list["psutil.Process"]]]:
    """The port, and the processes that share it."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        command = [sys.executable, "-m", "benchmarks.scale.api", str(descriptor), folder]
        environment = os.environ | _LIMITS | {"CROPSHIELD_REDIS_URL": redis_url}
        started = [
            subprocess.Popen(
                command, env=environment, pass_fds=[descriptor], stdout=subprocess.PIPE
            )
            for _ in range(count)
        ]
        try:
            for process in started:
                assert process.stdout
                assert process.stdout.readline(), "an API process ended; see above"
            yield port, [psutil.Process(process.pid) for process in started]
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.communicate()


class Crew:
    """Processes that run `target`, each with a count of its own, until the context ends."""

    def __init__(self, target: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> None:
        self._stop = _CONTEXT.Event()
        self._counts = [_CONTEXT.Value("Q", 0) for _ in arguments]
        self._running = [
            _CONTEXT.Process(target=target, args=(*own, count, self._stop))
            for own, count in zip(arguments, self._counts, strict=True)
        ]

    def __enter__(self) -> Self:
        for process in self._running:
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for process in self._running:
            process.join(_STOP_SECONDS)
            process.kill()

    def count(self) -> int:
        """Of all together. Raises RuntimeError when one of the processes has ended."""
        if ended := [process.name for process in self._running if not process.is_alive()]:
            raise RuntimeError(f"ended too early, see above: {', '.join(ended)}")
        return sum(count.value for count in self._counts)

    @property
    def processes(self) -> list["psutil.Process"]:
        return [psutil.Process(process.pid) for process in self._running]


def measure_case(
    url: str, apis: tuple[int, list["psutil.Process"]], folder: str, count: int, chosen: Any
) -> tuple[Load, int]:
    """The load with so many workers, and how many requests failed."""
    (port, servers), batch, parts = apis, chosen.batch, chosen.apis
    names = [f"worker{number}" for number in range(count)]
    workers = [
        (url, folder, names[first : first + _IN_A_PROCESS], batch)
        for first in range(0, count, _IN_A_PROCESS)
    ]
    clients = [(port, -(-_CLIENTS * batch * count // parts), chosen.kilobytes * 1000)] * parts
    with connect(url) as redis, Crew(work, workers) as working, Crew(send, clients) as sending:
        server = psutil.Process(redis.info("server")["process_id"])
        while not working.count():
            time.sleep(0.1)
            sending.count()  # raises where no client is left to make work
        time.sleep(_WARM_SECONDS)
        kinds = {"redis": [server], "api": servers, "clients": sending.processes}
        load = measure(kinds | {"workers": working.processes}, working.count, chosen.seconds)
        failed = sending.count()
    return load, failed


def measure_all(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each blob store and number of workers."""
    for store in chosen.blobs:
        with redis_server() as url, tempfile.TemporaryDirectory(dir=chosen.folder) as place:
            folder = place if store == "disk" else ""
            with api_processes(chosen.apis, url, folder) as apis:
                for count in chosen.workers:
                    load, failed = measure_case(url, apis, folder, count, chosen)
                    with connect(url) as redis:
                        redis.flushall()
                    yield row(store, count, count * chosen.batch, load, chosen.batch, failed)


def row(
    store: str, workers: int, photos: int, load: Load, batch: int, failed: int
) -> dict[str, Any]:
    """`photos`: in the batches of all workers together."""
    alone = photos / model_seconds(batch)
    return {
        "blobs": store,
        "workers": workers,
        "jobs_per_second": round(load.jobs_per_second, 1),
        "of_the_workers_alone": round(load.jobs_per_second / alone, 3),
        "full": what_is_full(load, alone),
        "cores": round(load.cores, 3),
        "busy": {kind: round(load.busy[kind], 3) for kind in KINDS},
        "cpu_ms": {kind: round(spent, 3) for kind, spent in load.cpu_ms.items()},
        "failed_requests": failed,
    }


def say(found: dict[str, Any]) -> None:
    busy, spent = found["busy"], found["cpu_ms"]
    print(
        f"{found['blobs']:6}{found['workers']:8}{found['jobs_per_second']:9,.0f}"
        f"{found['of_the_workers_alone']:8.0%}{found['cores']:8.0%}"
        + "".join(f"{busy[kind]:8.0%}{spent[kind]:7.2f}" for kind in KINDS)
        + f"{spent['workers']:9.2f}  {found['full']}",
        flush=True,
    )


def capacities(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """By blob store, jobs a second that a core of its own carries, of each kind of process, from
    the processor time of a job at the highest rate."""
    found = {}
    for store in dict.fromkeys(row["blobs"] for row in rows):
        best = max(
            (row for row in rows if row["blobs"] == store), key=lambda row: row["jobs_per_second"]
        )
        found[store] = {
            kind: round(1000 / spent) for kind, spent in best["cpu_ms"].items() if spent
        }
        carried = ", ".join(f"{kind} {rate:,}" for kind, rate in found[store].items())
        print(f"blobs {store}: jobs/s that a core of its own carries: {carried}")
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, nargs="+", default=list(WORKERS))
    options.add_argument("--blobs", nargs="+", choices=STORES, default=list(STORES))
    options.add_argument("--seconds", type=float, default=6.0, help="of each line")
    options.add_argument("--batch", type=int, default=1, help="most photos of a worker at once")
    options.add_argument("--apis", type=int, default=max(2, CORES // 2), help="API processes")
    options.add_argument("--kilobytes", type=int, default=100, help="of a photo")
    options.add_argument("--folder", type=Path, help="where blobs lie, on the disk to be measured")
    options.add_argument("--out", type=Path, default=RESULTS, help="folder of scale.json")
    chosen = options.parse_args()
    print(
        f"{'blobs':6}{'workers':>8}{'jobs/s':>9}{'alone':>8}{'cores':>8}"
        f"{'Redis':>8}{'ms':>7}{'API':>8}{'ms':>7}{'clients':>8}{'ms':>7}{'workers':>9}  full"
    )
    rows = []
    for found in measure_all(chosen):
        say(found)
        rows.append(found)
    settings = {
        name: value for name, value in vars(chosen).items() if name not in ("folder", "out")
    }
    write("scale", settings | {"a_core_carries": capacities(rows)}, rows, chosen.out)


if __name__ == "__main__":
    main()
