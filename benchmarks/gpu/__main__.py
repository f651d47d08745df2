"""The engine and a worker on a GPU: `make bench-gpu`, or `python -m benchmarks.gpu`.

    python -m benchmarks.gpu --device cpu --batches 1 4 --rounds 1   # a dry run without a GPU

Needs no network, and at most 8 minutes. Three parts: the engine's maths beside the plain forward
pass (torch, torchvision and NumPy suffice); the explainer with the bundled model, and with too
little memory for a batch; a worker from bytes to overlay. A part whose packages are not installed
is named and left out. Figures of a CPU are for trying it out.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmarks.common.measuring import RESULTS, write
from benchmarks.gpu import engine
from benchmarks.gpu.floor import Peaks, measure_peaks

Row = dict[str, Any]
ARCHITECTURES, BATCHES = ("cropshield_cnn", "resnet18", "efficientnet_b0"), (1, 4, 16, 64, 256)
MODEL, AIM_EXPLAINED = "cropshield_cnn", 1.03
_MINUTES = {"engine": 4.0, "explainer": 6.0, "worker": 7.0}
"""From the start: no new measurement of that part begins later."""


class Clock:
    """Keeps a run within its minutes."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def in_time(self, part: str, what: str) -> bool:
        """Whether there is time for it; says so where there is none."""
        if time.monotonic() < self._begun + 60 * _MINUTES[part]:
            return True
        print(f"{part}: no time is left for {what}", flush=True)
        return False


def engine_rows(chosen: argparse.Namespace, peaks: Peaks, clock: Clock) -> Iterator[Row]:
    device = torch.device(chosen.device)
    for architecture in chosen.architectures:
        own = engine.Network(architecture, device, chosen.side)
        if not own.has_closed_form:
            print(f"{architecture}: its head was not taken for mean pooling and one linear layer")
        for batch in chosen.batches:
            if not clock.in_time("engine", f"{architecture}, batch {batch}"):
                return
            for found in measured(own, batch, chosen.rounds, peaks):
                memory = "" if found["memory_mib"] is None else f"{found['memory_mib']:7,} MiB"
                print(
                    f"{architecture:16}{batch:4}  {found['way']:46}{found['median']:9.2f} ms"
                    f" x {found['ratio']:5.2f} ({found['of_its_plain']:.2f} of its precision's)"
                    f" floor {found['of_the_floor']:4.0%}{memory}",
                    flush=True,
                )
                yield found


def measured(own: engine.Network, batch: int, rounds: int, peaks: Peaks) -> list[Row]:
    """The rows of a batch; none, and a line that says so, where the card has no room for it."""
    try:
        return engine.measure(own, batch, rounds, peaks)
    except torch.OutOfMemoryError as error:
        print(f"{own.name}, batch {batch}: {error}", flush=True)
        return []


def explainer_rows(chosen: argparse.Namespace, clock: Clock) -> Iterator[Row]:
    from benchmarks.gpu import explainer

    device = torch.device(chosen.device)
    for precision in explainer.PRECISIONS:
        own = explainer.load(MODEL, device, precision)
        for batch in chosen.batches:
            if clock.in_time("explainer", f"{precision}, batch {batch}"):
                found = explainer.measure(own, batch, chosen.rounds)
                say("explainer", found)
                yield found
    if device.type == "cuda":
        found = explainer.halve(MODEL, device, max(chosen.batches))
        say("too little memory", found)
        yield found
    else:
        print("too little memory: a CPU never halves a batch, so that was not tried")


def worker_rows(chosen: argparse.Namespace, clock: Clock) -> Iterator[Row]:
    from benchmarks.gpu import worker

    for precision in worker.PRECISIONS:
        if clock.in_time("worker", precision):
            found = worker.measure(MODEL, torch.device(chosen.device), precision, chosen.jobs)
            say(f"worker (aim {worker.AIM} of the slower of decode and model)", found)
            yield found


def say(part: str, found: Row) -> None:
    print(f"{part}: " + ", ".join(f"{key} {value}" for key, value in found.items()), flush=True)


def collect(part: str, rows: Callable[[], Iterator[Row]], skipped: list[str]) -> list[Row]:
    """The rows of a part, which is named and left out where a package for it is missing."""
    try:
        return [{"part": part} | found for found in rows()]
    except ModuleNotFoundError as error:
        skipped.append(f"{part}: {error.name} is not installed")
        print(f"left out, {skipped[-1]}", flush=True)
        return []


def card_of(device: torch.device) -> dict[str, Any]:
    """The name and memory of the GPU; nothing for a CPU."""
    if device.type != "cuda":
        return {}
    found = torch.cuda.get_device_properties(device)
    return {"gpu": found.name, "gpu_gib": round(found.total_memory / 2**30, 1)} | {
        "cuda": torch.version.cuda
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--device", default="cuda", help="cuda, cuda:1, …, or cpu to try it out")
    options.add_argument("--batches", type=int, nargs="+", default=list(BATCHES))
    options.add_argument("--architectures", nargs="+", default=list(ARCHITECTURES))
    options.add_argument("--side", type=int, default=288, help="pixels of the random inputs")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--jobs", type=int, default=2000, help="of a worker, for each precision")
    options.add_argument("--out", type=Path, default=RESULTS, help="folder of gpu.json")
    chosen = options.parse_args()
    device = torch.device(chosen.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("torch finds no GPU here, so nothing was measured (--device cpu tries it out)")
        sys.exit()
    clock, peaks, skipped = Clock(), measure_peaks(device), list[str]()
    card = card_of(device)
    say("device", {"name": chosen.device} | card | {"torch": torch.__version__})
    say("peaks", {name: f"{rate:.3g}" for name, rate in asdict(peaks).items()})
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "engine": lambda: engine_rows(chosen, peaks, clock),
        "explainer": lambda: explainer_rows(chosen, clock),
        "worker": lambda: worker_rows(chosen, clock),
    }
    settings = {name: value for name, value in vars(chosen).items() if name != "out"}
    settings |= card | {"peaks": asdict(peaks), "skipped": skipped}
    rows: list[Row] = []
    for part, measure in parts.items():
        rows += collect(part, measure, skipped)
        write("gpu", settings, rows, chosen.out)  # after each, lest a later one fails
    print(f"aim: explained at most {AIM_EXPLAINED} of the plain forward of its precision")


if __name__ == "__main__":
    main()
