"""Write the tables of what a server carries anew: `python -m scripts.capacity`.

Their figures come from benchmarks/results; run it after a benchmark whose figures are kept. A table
stands between `<!-- NAME -->` and `<!-- end -->`.
"""

import json
import math
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results"
PAGES = [
    ROOT / "docs" / page
    for page in ("explanation/capacity.md", "how-to/grow-from-one-laptop-to-forty-gpus.md")
]
PHOTO, CLIENTS = "1280 x 720", "16 clients"
PEAK, USED = 4, 0.7  # the busiest seconds beside the day's mean; of a core that is planned for
DAYS, SECONDS = (1_000_000, 100_000_000), 86_400
OVERLAY_BYTES, MAPS_BYTES = 94_000, 1_424  # of a photo of 1280 x 720
KEPT_DAYS = 3  # the default ttl
TOMBSTONE_DAYS, TOMBSTONE_BYTES = 7, 176  # how long Redis knows that a job has expired, by its id


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
    worker, api = (_median(served, f"{kind}_cpu_ms") for kind in ("worker", "api"))
    redis, file = redis_cost(served)
    record = result("million")["settings"]["bytes_a_job"]
    photo = result("serve")["settings"]["bytes"]
    return Job(worker, api, redis, file, model["median"], record, photo)


def _median(served: dict[str, Any], figure: str) -> float:
    return float(statistics.median(found[figure] for found in served["rounds"]))


def redis_cost(served: dict[str, Any]) -> tuple[float, str]:
    """Milliseconds a job, and the file: under the load of many workers where that was measured."""
    carried = result("scale").get("settings", {}).get("a_core_carries", {})
    if "disk" in carried:
        return 1000 / carried["disk"]["redis"], "scale.json, blobs on disk"
    return _median(served, "redis_cpu_ms"), f"serve.json, {CLIENTS}"


def costs() -> str:
    """What one of each carries, by its processor time, and the memory of a process."""
    job = one_job()
    (submit,) = rows("api", request="submit", of="processor")
    (poll,) = rows("api", request="poll of one that ended", of="processor")
    (whole,) = rows("stages", photo=PHOTO, version="this", part="total")
    (api,), (worker,) = rows("memory", process="api"), rows("footprint")
    served = f"serve.json, {CLIENTS}"
    lines = [
        ("workers, photos of 300 kB", job.worker, served),
        ("… of it the engine's steps", whole["median"], f"stages.json, {PHOTO}"),
        ("… of these the model", job.model, f"stages.json, {PHOTO}"),
        ("API: upload, wait, overlay", job.api, served),
        ("… of it the submit", submit["median"], "api.json"),
        ("… a poll of a finished job", poll["median"], "api.json"),
        ("Redis, all that a job asks of it", job.redis, job.redis_from),
        ("all of it on the same core", job.worker + job.api + job.redis, "the sum"),
    ]
    body = [
        f"| {what} | {spent:.2f} | {1000 / spent:,.0f} | {SECONDS / spent / 1000:,.1f} | {file} |"
        for what, spent, file in lines
    ]
    table = _table("| | ms a job | jobs/s of a core | millions a day | from |", body)
    return (
        f"{table}\nMemory: {api['last_mb']:,.0f} MB an API process, {worker['after_mb']:,.0f} MB a "
        f"worker, {job.record:,} bytes of Redis a finished job "
        "(memory.json, footprint.json, million.json).\n"
    )


def gpu() -> str:
    """What a worker on a GPU did, by precision."""
    found = rows("gpu", part="worker")
    if not found:
        return "`make bench-gpu` measures it on your card.\n"
    settings, machine = result("gpu")["settings"], result("gpu")["machine"]
    body = [
        f"| {row['precision']} | {row['decode_per_second']:,.0f} | {row['model_per_second']:,.0f}"
        f" | {row['whole_per_second']:,.0f} | {row['model_busy']:.0%} |"
        for row in found
    ]
    table = _table("| | decoding alone, photos/s | the model alone | all | model busy |", body)
    return f"{table}\ngpu.json: {settings.get('gpu', 'a CPU')}, {machine['cores']} cores.\n"


def sizes() -> str:
    """How much of everything a million and a hundred million photos a day take."""
    plans = [_plan(one_job(), photos) for photos in DAYS]
    names = [f"{photos:,} a day" for photos in DAYS]
    head = f"| | {' | '.join(names)} | how |"
    return _table(
        head,
        [
            f"| {what} | {' | '.join(plan[i][1] for plan in plans)} | {plans[0][i][2]} |"
            for i, (what, _, _) in enumerate(plans[0])
        ],
    )


def _plan(job: Job, photos: int) -> list[tuple[str, str, str]]:
    """What there must be for so many photos a day: name, amount, and how it is reckoned."""
    mean = photos / SECONDS
    peak, kept = PEAK * mean, photos * KEPT_DAYS
    return [
        ("mean, photos/s", f"{mean:,.0f}", f"/ {SECONDS:,} s"),
        ("peak, photos/s", f"{peak:,.0f}", f"mean x {PEAK}"),
        *_cores(job, peak),
        *_storage(job, peak, kept),
        *_network(job, peak),
    ]


def _cores(job: Job, peak: float) -> list[tuple[str, str, str]]:
    def at_peak(spent: float) -> float:
        return peak * spent / 1000 / USED

    workers, api, redis = (at_peak(spent) for spent in (job.worker, job.api, job.redis))
    how, many = f"ms / 1000 / {USED}", "more than 1: several installations"
    return [
        ("cores of workers", f"{math.ceil(workers):,}", f"peak x {job.worker:.1f} {how}"),
        ("API processes, a core each", f"{math.ceil(api):,}", f"peak x {job.api:.1f} {how}"),
        ("cores of Redis", f"{redis:,.2f}", f"peak x {job.redis:.2f} {how}; {many}"),
    ]


def _storage(job: Job, peak: float, kept: int) -> list[tuple[str, str, str]]:
    return [
        (
            f"memory of Redis, {KEPT_DAYS} days",
            _bytes(kept * job.record),
            f"photos x {KEPT_DAYS} x {job.record:,} bytes (million.json)",
        ),
        (
            "memory of Redis, 1 hour at peak",
            _bytes(3600 * peak * job.record),
            "3,600 x peak x the same, `ttl=3600`",
        ),
        (
            f"blobs, {KEPT_DAYS} days",
            _bytes(kept * job.blobs),
            f"photos x {KEPT_DAYS} x {job.blobs:,} bytes: photo, maps, overlay",
        ),
    ]


def _network(job: Job, peak: float) -> list[tuple[str, str, str]]:
    return [
        (
            "network of the API at peak",
            _bits(peak * (job.photo + OVERLAY_BYTES)),
            f"peak x ({job.photo:,} in + {OVERLAY_BYTES:,} out) x 8",
        ),
        (
            "network of the photo store at peak",
            _bits(peak * job.at_the_store),
            f"peak x {job.at_the_store:,} x 8",
        ),
    ]


def steps() -> str:
    """What each step on the way to many machines carries, by the processor time of a job."""
    job = one_job()
    shared, apart = job.worker + job.api + job.redis, job.worker + job.api
    beside = job.worker - job.model  # what a GPU leaves to the cores
    sizes = [
        ("a laptop, 4 cores", 4, shared),
        ("a mini PC, 8 cores", 8, shared),
        ("a server, 32 cores", 32, shared),
        ("four of them, Redis apart", 128, apart),
        ("forty GPUs, 16 cores beside each, API and Redis apart", 640, beside),
    ]
    head = "| | jobs/s | millions a day | how | installations, at most |"
    table = _table(head, [_step(*size, job.redis) for size in sizes])
    spent = f"{job.worker:.1f} - {job.model:.1f} = {beside:.1f} ms"
    told = [
        f"Cores are used to {USED:.0%}; the busiest seconds are {PEAK} times a day's mean.",
        f"{shared:.1f} ms: worker, API and Redis for a job, {apart:.1f} ms without Redis.",
        f"{spent}: a worker without its model, as long as the card keeps up with the cores.",
        f"One Redis, and so one installation, carries {1000 * USED / job.redis:,.0f} jobs/s at "
        f"{job.redis:.2f} ms each ({job.redis_from}), and more where a job takes it less.",
    ]
    return f"{table}\n" + "\n".join(f"- {line}" for line in told) + "\n"


def _step(name: str, cores: int, spent: float, redis: float) -> str:
    rate = cores * USED * 1000 / spent
    day, needed = rate / PEAK * SECONDS / 1e6, math.ceil(rate * redis / 1000 / USED)
    how = f"{cores} x {USED} x 1000 / {spent:.1f} ms"
    return f"| {name} | {rate:,.0f} | {day:,.1f} | {how} | {needed} |"


def scale() -> str:
    """The rows of scale.json."""
    found = result("scale")
    if not found:
        return "`make bench-scale` measures it on your machine.\n"
    body = [
        f"| {row['blobs']} | {row['workers']} | {row['jobs_per_second']:,.0f}"
        f" | {row['of_the_workers_alone']:.0%} | {row['full']}"
        f" | {row['cpu_ms']['redis']:.2f} | {row['cpu_ms']['api']:.2f} |"
        for row in found["rows"]
    ]
    head = "| blobs | workers | jobs/s | of the workers alone | full | Redis, ms | API, ms |"
    machine = found["machine"]
    told = [
        f"- Blobs {store}: a core of its own carries "
        + ", ".join(
            f"{rate:,} jobs/s as {kind}" for kind, rate in carried.items() if kind != "clients"
        )
        for store, carried in found["settings"]["a_core_carries"].items()
    ]
    processes = f"{found['settings']['apis']} API processes"
    where = f"scale.json: {machine['processor']}, {machine['cores']} cores, {processes}.\n"
    return f"{_table(head, body)}\n{where}\n" + "\n".join(told) + "\n"


TABLES: dict[str, Callable[[], str]] = {
    "costs": costs,
    "gpu": gpu,
    "sizes": sizes,
    "scale": scale,
    "steps": steps,
}


def refreshed(page: str) -> str:
    """The page with its tables anew."""
    for name, table in TABLES.items():
        block = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page = block.sub(lambda found, table=table: f"{found[1]}\n{table()}\n{found[2]}", page)  # type: ignore[misc]
    return page


def _table(head: str, body: list[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|---" * columns + "|", *body]) + "\n"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:,.1f} {unit}" if size < 100 else f"{size:,.0f} {unit}"


def _bits(rate: float) -> str:
    """`rate` in bytes a second."""
    return _bytes(8 * rate).replace("B", "bit/s")


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(refreshed(page.read_text("utf-8")), "utf-8")
