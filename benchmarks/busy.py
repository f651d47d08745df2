"""How much of its time a model runs while work waits: `python -m benchmarks.busy`.

A worker drains a queue that was filled before. On a GPU the model should never wait; a model on a
CPU shares the cores with decoding and rendering, so beside it stands how busy the cores are.
"""

import argparse
import asyncio
import io
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common.drain import NoNotifier, a_job, drain
from benchmarks.common.measuring import keep_memory, write
from benchmarks.common.sleeping_workers import SleepingSteps
from benchmarks.queue import redis_server
from jobs.blobs import blob_names
from jobs.blobs.disk import DiskBlobs
from jobs.metrics import Counters
from jobs.redis.connections import connect, connect_async
from jobs.redis.queue import MeteredQueue
from jobs.redis.store import RedisJobStore
from models.catalog import Catalog
from pictures.drawn_leaves.leaves import draw_leaf
from workers.explainers import Explainers, explainer_options
from workers.job_steps import JobSteps
from workers.settings import WorkerSettings

AIM, BATCH, MODEL = 0.90, 16, "cropshield_cnn"
MakeSteps = Callable[[MeteredQueue], Any]


class NoWindow:
    """Nothing is measured by the steps themselves."""

    def tally(self) -> None:
        pass


def sleeping(queue: MeteredQueue) -> Any:
    return SleepingSteps(queue, NoWindow())


def real(blobs: DiskBlobs) -> MakeSteps:
    """A worker's steps with the bundled model, which is warm when this returns."""
    explainers = Explainers(Catalog(), "cpu", None, explainer_options(WorkerSettings()))
    explainers[MODEL]
    return lambda queue: JobSteps(queue, blobs, explainers)


def photo(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    draw_leaf("spots", seed=1).photo.resize((width, height)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


async def fill(url: str, blobs: DiskBlobs, data: bytes, count: int) -> None:
    """Have `count` jobs wait, with their photos where there are to be any."""
    redis = connect_async(url)
    store = RedisJobStore(redis, NoNotifier(), 10**9, 5)
    for _ in range(count):
        job = a_job()
        if data:
            await asyncio.to_thread(blobs.put, job.id, blob_names.ORIGINAL, data)
        await store.enqueue(job)
    await redis.aclose()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--jobs", type=int, default=320, help="drained in a round")
    chosen = options.parse_args()
    keep_memory()
    with redis_server() as url, tempfile.TemporaryDirectory() as folder:
        blobs = DiskBlobs(Path(folder))
        model = real(blobs)
        cases: dict[str, tuple[MakeSteps, bytes]] = {
            "a model that sleeps": (sleeping, b""),
            f"{MODEL}, 1 MP": (model, photo(1200, 900)),
            f"{MODEL}, 12 MP": (model, photo(4000, 3000)),
        }
        found: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
        for _ in range(chosen.rounds):
            for name, (make, data) in cases.items():
                asyncio.run(fill(url, blobs, data, chosen.jobs))
                queue = MeteredQueue(connect(url), NoNotifier(), 15, 5, Counters())
                found[name].append(drain(queue, make(queue), chosen.jobs, BATCH))
    show(found, vars(chosen))


def show(found: dict[str, list[dict[str, float]]], settings: dict[str, Any]) -> None:
    """The table and the file."""
    rows: list[dict[str, Any]] = []
    sys.stdout.write(f"{'':26}{'model busy':>12}{'(min to max)':>18}{'cores':>8}{'jobs/s':>8}\n")
    for name, runs in found.items():
        share = [run["model"] for run in runs]
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        span = f"({min(share):.1%} to {max(share):.1%})"
        sys.stdout.write(f"{name:26}{middle['model']:12.1%}{span:>18}")
        sys.stdout.write(f"{middle['cores']:8.0%}{middle['jobs_per_second']:8,.0f}\n")
        rounded = {key: round(value, 3) for key, value in middle.items()}
        rows.append({"case": name} | rounded | {"least": round(min(share), 3)})
    sys.stdout.write(f"aim: {AIM:.0%} where the model has a processor of its own\n")
    write("busy", settings | {"batch": BATCH}, rows)


if __name__ == "__main__":
    main()
