"""What a job takes, by the files of benchmarks/results."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.scale.blobs import MAPS_BYTES, OVERLAY_BYTES

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results"
PHOTO, CLIENTS = "1280 x 720", "16 clients"


def result(name: str) -> dict[str, Any]:
    """A file of results; {} where it is missing."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def rows(name: str, **wanted: Any) -> list[dict[str, Any]]:
    """The rows of a file that have these values."""
    found = result(name).get("rows", [])
    return [row for row in found if all(row.get(key) == value for key, value in wanted.items())]


@dataclass(frozen=True)
class Job:
    """What a job takes: milliseconds of processor time, bytes."""

    worker: float
    api: float
    redis: float
    redis_from: str
    model: float
    record: int
    photo: int

    @property
    def blobs(self) -> int:
        """Bytes that stay until the job expires: photo, maps, overlay."""
        return self.photo + MAPS_BYTES + OVERLAY_BYTES

    @property
    def at_the_store(self) -> int:
        """Bytes between store and processes: photo in and out, results in, overlay out."""
        return 2 * self.photo + self.blobs + OVERLAY_BYTES


def one_job() -> Job:
    (served,) = rows("serve", server="ours", load=CLIENTS)
    (model,) = rows("stages", photo=PHOTO, version="this", part="model")
    worker, api = (median_of_rounds(served, f"{kind}_cpu_ms") for kind in ("worker", "api"))
    redis, file = redis_cost(served)
    record = result("million")["settings"]["bytes_a_job"]
    photo = result("serve")["settings"]["bytes"]
    return Job(worker, api, redis, file, model["median"], record, photo)


def median_of_rounds(served: dict[str, Any], figure: str) -> float:
    return float(statistics.median(found[figure] for found in served["rounds"]))


def redis_cost(served: dict[str, Any]) -> tuple[float, str]:
    """Milliseconds a job, and the file: under the load of many workers where that was measured."""
    carried = result("scale").get("settings", {}).get("a_core_carries", {})
    if "disk" in carried:
        return 1000 / carried["disk"]["redis"], "scale.json, blobs on disk"
    return median_of_rounds(served, "redis_cpu_ms"), f"serve.json, {CLIENTS}"
