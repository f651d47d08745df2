"""How many processes with how many threads: `python -m benchmarks.threads`.

Each way splits the cores that this process may use: one worker with all of them, two with half
of them each, …, one worker a core. All ways explain in turn, with a graph where one fits, and
the rate of a way is that of all its workers together. Photos are decoded beforehand.
"""

import argparse
import statistics
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

import numpy as np
import torch

from benchmarks.common.measuring import keep_memory, write
from engine.explainer import Explainer, Request
from engine.hardware import usable_cores
from engine.photos.decode import Photo
from models.catalog import Catalog
from pictures.drawn_leaves.leaves import draw_leaf


def work(pipe: Connection, model: str, threads: int, batch: int, precision: str) -> None:
    """A worker: at each number of seconds that comes, explain for so long; send the count."""
    keep_memory()
    torch.set_num_threads(threads)
    explainer = Explainer(Catalog()[model], "cpu", precision=precision, threads=threads)  # type: ignore[arg-type]
    pixels = np.asarray(draw_leaf("spots", seed=1, size=(448, 448)).photo)
    photos, requests = [Photo(pixels, 448, 448, "PNG")] * batch, [Request()] * batch
    explainer.explain(photos, requests)
    pipe.send(f"{explainer.runtime} {explainer.precision}")
    while seconds := pipe.recv():
        count, end = 0, perf_counter() + seconds
        while perf_counter() < end:
            explainer.explain(photos, requests)
            count += batch
        pipe.send(count)


class Team:
    """The workers of one way, kept between its turns."""

    def __init__(self, processes: int, threads: int, options: argparse.Namespace) -> None:
        context = get_context("spawn")
        self.pipes, self.processes = [], []
        for _ in range(processes):
            ours, theirs = context.Pipe()
            args = theirs, options.model, threads, options.batch, options.precision
            self.processes.append(context.Process(target=work, args=args, daemon=True))
            self.processes[-1].start()
            self.pipes.append(ours)
        self.how = " and ".join({pipe.recv() for pipe in self.pipes})

    def rate(self, seconds: float) -> float:
        """Photos a second."""
        start = perf_counter()
        for pipe in self.pipes:
            pipe.send(seconds)
        counts = [pipe.recv() for pipe in self.pipes]
        return float(sum(counts) / (perf_counter() - start))

    def go_home(self) -> None:
        for pipe, process in zip(self.pipes, self.processes, strict=True):
            pipe.send(0)
            process.join()


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row a way."""
    cores = usable_cores()
    ways = [(count, cores // count) for count in range(1, cores + 1) if cores % count == 0]
    teams = {way: Team(*way, options) for way in ways}
    rates: dict[tuple[int, int], list[float]] = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, team in teams.items():
            rates[way].append(team.rate(options.seconds))
    for team in teams.values():
        team.go_home()
    base = statistics.median(rates[ways[0]])
    rows = []
    for way, found in rates.items():
        median = statistics.median(found)
        rows.append(
            {
                "processes": way[0],
                "threads": way[1],
                "way": teams[way].how,
                "photos_per_second": round(median, 1),
                "ratio": round(median / base, 2),
            }
        )
        print(rows[-1])
        sys.stdout.flush()
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="cropshield_cnn")
    options.add_argument("--precision", default="float32", choices=["auto", "float32", "bfloat16"])
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=float, default=1.5)
    chosen = options.parse_args()
    write(f"threads-{chosen.precision}", vars(chosen), measure(chosen))


if __name__ == "__main__":
    main()
