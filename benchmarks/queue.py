"""Jobs per second at several backlogs, with a model that sleeps: `python -m benchmarks.queue`.

The backlog is kept at its length while a worker process drains it, so every figure is one of a
steady state; beside it, one Celery task a job.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks.common.drain import a_job
from benchmarks.common.measuring import write
from benchmarks.common.sleeping_workers import BATCH, make_peer, model_seconds
from cli.serve import private_redis
from jobs.redis.connections import connect_async
from jobs.redis.keyspace import QUEUES
from jobs.redis.notifier import CeleryNotifier, make_celery
from jobs.redis.store import RedisJobStore
from jobs.settings import SharedSettings

AIM_FLAT, AIM_CPU_MS = 0.10, 1.0
BACKLOGS = (10, 1_000, 100_000)
_PEER_BACKLOG = 1_000
_TOGETHER = 64
_QUIET = os.environ | {"PYTHONWARNINGS": "ignore"}


class Ours:
    """A database of its own whose backlog is kept at `length`."""

    def __init__(self, server: str, database: int, length: int, jobs: int) -> None:
        self.name, self.length, self.jobs = f"ours, {length:,} waiting", length, jobs
        self.url = f"{server}?db={database}"
        self.command = "ours"
        self._notifier = CeleryNotifier(make_celery(SharedSettings(redis_url=self.url)))

    def keep_up(self, until: Callable[[], bool]) -> None:
        asyncio.run(self._keep_up(until))

    async def _keep_up(self, until: Callable[[], bool]) -> None:
        redis = connect_async(self.url, _TOGETHER)
        store = RedisJobStore(redis, self._notifier, 10**9, 5)
        while not until():
            waiting = sum([await redis.zcard(queue) for queue in QUEUES])
            short = min(self.length - waiting, _TOGETHER)
            if short <= 0:
                await asyncio.sleep(0.001)
            await asyncio.gather(*(store.enqueue(a_job()) for _ in range(short)))
        await redis.aclose()

    def waiting(self, client: "Redis") -> int:
        return int(sum(client.zcard(queue) for queue in QUEUES))


class Peer:
    """One Celery task a job, whose queue is kept at `length`."""

    def __init__(self, server: str, length: int, jobs: int) -> None:
        self.name, self.length, self.jobs = f"one task a job, {length:,} waiting", length, jobs
        self.url = server
        self.command = "celery"
        self._app = make_peer(self.url)

    def keep_up(self, until: Callable[[], bool]) -> None:
        with Redis.from_url(self.url) as client:
            while not until():
                for _ in range(min(self.length - self.waiting(client), _TOGETHER)):
                    record = a_job().model_dump(mode="json")
                    self._app.send_task("explain", [record])
                time.sleep(0.001)

    def waiting(self, client: "Redis") -> int:
        return int(client.llen("celery"))


def measure(case: "Ours | Peer") -> dict[str, float]:
    """One run of a worker, while the backlog is kept."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.common.sleeping_workers",
        case.command,
        case.url,
        str(case.jobs),
    ]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_QUIET) as worker,
    ):
        case.keep_up(lambda: worker.poll() is not None)
        assert worker.stdout
        found: dict[str, float] = json.loads(worker.stdout.readline())
    return found


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis as `make serve` starts it."""
    with tempfile.TemporaryDirectory() as folder:
        socket = private_redis.socket_path(Path(folder))
        argv = private_redis.command(private_redis.find_server(), Path(folder), socket)
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
            try:
                while not socket.exists():
                    time.sleep(0.05)
                yield f"unix://{socket}"
            finally:
                process.terminate()


def prepare(case: "Ours | Peer") -> None:
    with Redis.from_url(case.url) as client:
        case.keep_up(lambda: case.waiting(client) >= case.length)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--jobs", type=int, default=3000, help="measured in a round")
    options.add_argument("--backlogs", type=int, nargs="+", default=list(BACKLOGS))
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    with redis_server() as server:
        cases: list[Ours | Peer] = [
            Ours(server, number, length, chosen.jobs)
            for number, length in enumerate(chosen.backlogs, 1)
        ]
        cases.append(Peer(server, _PEER_BACKLOG, max(chosen.jobs // 8, 100)))
        for case in cases:
            prepare(case)
        found: dict[str, list[dict[str, float]]] = {case.name: [] for case in cases}
        for _ in range(chosen.rounds):
            for case in cases:
                found[case.name].append(measure(case))
    show(found, vars(chosen))


def show(found: dict[str, list[dict[str, float]]], settings: dict[str, Any]) -> None:
    """The table, the verdict, the file."""
    rows: list[dict[str, Any]] = []
    sys.stdout.write(f"{'':36}{'jobs/s':>8}{'(min to max)':>18}{'CPU ms/job':>12}\n")
    for name, runs in found.items():
        pace = [run["jobs_per_second"] for run in runs]
        spent = statistics.median(run["cpu_ms"] for run in runs)
        middle = statistics.median(pace)
        span = f"({min(pace):,.0f} to {max(pace):,.0f})"
        sys.stdout.write(f"{name:36}{middle:8,.0f}{span:>18}{spent:12.2f}\n")
        rows.append(
            {"case": name, "jobs_per_second": round(middle, 1), "least": round(min(pace), 1)}
        )
        rows[-1] |= {"most": round(max(pace), 1), "cpu_ms": round(spent, 3)}
    *ours, peer = rows
    for row in ours:
        row["of_the_shortest"] = _of_the_shortest(found, row["case"])
    paces = [row["jobs_per_second"] for row in ours]
    drift = max(abs(1 - row["of_the_shortest"]) for row in ours)
    spent = max(row["cpu_ms"] for row in ours)
    ideal = BATCH / model_seconds(BATCH)
    sys.stdout.write(
        f"the model alone allows {ideal:,.0f} jobs/s; "
        f"flat within {drift:.1%} (aim {AIM_FLAT:.0%}); "
        f"{spent:.2f} ms of CPU a job in the worker (aim {AIM_CPU_MS:.0f}); "
        f"{max(paces) / peer['jobs_per_second']:.1f} x one task a job\n"
    )
    write("queue", settings | {"batch": BATCH, "model_allows": round(ideal)}, rows)


def _of_the_shortest(found: dict[str, list[dict[str, float]]], name: str) -> float:
    """Its pace as a share of that of the shortest backlog, round by round, at the median."""
    shortest = next(iter(found.values()))
    pairs = zip(found[name], shortest, strict=True)
    shares = [run["jobs_per_second"] / base["jobs_per_second"] for run, base in pairs]
    return round(statistics.median(shares), 3)


if __name__ == "__main__":
    main()
