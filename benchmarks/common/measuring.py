"""Two or more things measured in turn, A B A B, so that a noisy machine is noisy for all."""

import argparse
import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

from workers.allocator import keep_freed_memory

RESULTS = Path(__file__).parents[1] / "results"


@dataclass(frozen=True)
class Spread:
    """Milliseconds of one call."""

    median: float
    least: float
    most: float


def in_turn(things: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Spread]:
    """Each thing once a round after one call that does not count."""
    times: dict[str, list[float]] = {name: [] for name in things}
    for thing in things.values():
        thing()
    for _ in range(rounds):
        for name, thing in things.items():
            start = perf_counter()
            thing()
            times[name].append(1000 * (perf_counter() - start))
    return {
        name: Spread(statistics.median(taken), min(taken), max(taken))
        for name, taken in times.items()
    }


def keep_memory() -> str:
    """Keep what is freed, as workers do; the name of the allocator."""
    return "glibc, memory kept" if keep_freed_memory() else "system"


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    packages = ("torch", "openvino", "grad-cam", "captum", "torchcam", "pillow")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        **{name: _version(name) for name in packages},
    }


def write(
    name: str, settings: Mapping[str, Any], rows: list[dict[str, Any]], folder: Path = RESULTS
) -> Path:
    """One JSON file for machines."""
    folder.mkdir(exist_ok=True)
    target = folder / f"{name}.json"
    content = {"machine": machine(), "settings": dict(settings), "rows": rows}
    target.write_text(json.dumps(content, indent=1) + "\n")
    return target


def row(found: Spread, base: Spread, **labels: Any) -> dict[str, Any]:
    """A line of the results: milliseconds, and the ratio of medians to `base`."""
    rounded = {key: round(value, 2) for key, value in asdict(found).items()}
    return {**labels, **rounded, "ratio": round(found.median / base.median, 3)}


def parser(description: str) -> argparse.ArgumentParser:
    """`--rounds` and `--threads`."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--rounds", type=int, default=7)
    made.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return made


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
